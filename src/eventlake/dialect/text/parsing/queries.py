"""Queries: WITH, SELECT and its clauses, set operations, VALUES and TABLE, ORDER BY, OFFSET and LIMIT."""

from __future__ import annotations

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import END
from eventlake.dialect.text.parsing.cursor import is_name, place
from eventlake.dialect.text.parsing.relations import Relations, bracketed
from eventlake.errors import QueryRefusedError, QuerySyntaxError


class Queries(Relations):
    """Reads queries."""

    def statement(self) -> tree.Query:
        """Read a query and nothing behind it but a semicolon."""
        query = self.query()
        self.require_end()
        return query

    def require_end(self) -> None:
        """Raise the error of what stands behind a statement, unless it is a semicolon."""
        if self.accept(";") and self.token.kind != END:
            raise QuerySyntaxError(f"A second statement begins at {place(self.token)}: send one statement at a time.")
        if self.token.kind != END:
            self._misplaced()

    def _misplaced(self) -> None:
        """Raise the error of what stands behind a query."""
        if self.word in {"OFFSET", "LIMIT"}:
            raise QuerySyntaxError(f"OFFSET stands after LIMIT at {place(self.token)}: Athena wants OFFSET first.")
        self.fail()

    def query(self) -> tree.Query:
        """Read a query, WITH and all."""
        definitions = self._with() if self.word == "WITH" else None
        body = self._ordered_query(self._term())
        if definitions is not None:
            body.set("with_", definitions)
        return body

    def query_behind(self, first: tree.Query) -> tree.Query:
        """Read the rest of a query that begins with one in brackets."""
        return self._ordered_query(self._united(self._intersected(first)))

    def _with(self) -> tree.With:
        token = self.step()
        recursive = self.accept("RECURSIVE")
        tables = self.listed(self._definition)
        names = [table.alias.lower() for table in tables]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise QuerySyntaxError(f'WITH gives the name "{name}" twice: give the second another.')
        return tree.With(token, expressions=tables, recursive=recursive)

    def _definition(self) -> tree.CTE:
        name = self.identifier()
        alias = tree.TableAlias(name.token, this=name, columns=self.column_names())
        self.expect("AS", "(")
        query = self.query()
        self.expect(")")
        return tree.CTE(this=query, alias=alias)

    def _ordered_query(self, body: tree.Query) -> tree.Query:
        """Read ORDER BY, OFFSET, and LIMIT or FETCH FIRST, in this order."""
        for key, part in (("order", self.order()), ("offset", self._offset()), ("limit", self._limit())):
            if part is not None:
                body.set(key, part)
        return body

    def _offset(self) -> tree.Offset | None:
        if not self.accept("OFFSET"):
            return None
        count = self.whole_number("OFFSET")
        self.one_of("ROW", "ROWS")
        return tree.Offset(expression=count)

    def _limit(self) -> tree.Expr | None:
        if self.accept("LIMIT"):
            return None if self.accept("ALL") else tree.Limit(expression=self.whole_number("LIMIT"))
        if self.word != "FETCH":
            return None
        token = self.step()
        self.one_of("FIRST", "NEXT") or self.fail("FIRST or NEXT is wanted here")
        count = None if self.word in {"ROW", "ROWS"} else self.whole_number("FETCH FIRST")
        self.one_of("ROW", "ROWS") or self.fail("ROWS is wanted here")
        ties = self.accept("WITH", "TIES")
        if not ties:
            self.expect("ONLY")
        return tree.Fetch(token, count=count, with_ties=ties)

    # set operations

    def _term(self) -> tree.Query:
        return self._united(self._intersected(self._primary_query()))

    def _united(self, left: tree.Query) -> tree.Query:
        while self.word in {"UNION", "EXCEPT"}:
            kind = tree.Union if self.step().word == "UNION" else tree.Except
            distinct = self.one_of("ALL", "DISTINCT") != "ALL"
            left = kind(this=left, expression=self._intersected(self._primary_query()), distinct=distinct)
        return left

    def _intersected(self, left: tree.Query) -> tree.Query:
        while self.accept("INTERSECT"):
            distinct = self.one_of("ALL", "DISTINCT") != "ALL"
            left = tree.Intersect(this=left, expression=self._primary_query(), distinct=distinct)
        return left

    def _primary_query(self) -> tree.Query:
        if self.word == "SELECT":
            return self._select()
        token = self.token
        if self.accept("VALUES"):
            return tree.Values(token, expressions=self.listed(self._line))
        if self.accept("TABLE"):
            return tree.Select(token, expressions=[tree.Star(token)], from_=tree.From(this=self._table()))
        if self.accept("("):
            query = self._ordered_query(self._term())
            self.expect(")")
            return tree.Subquery(token, this=query)
        return self.fail("a query is wanted here: SELECT, VALUES or one in brackets")

    def _line(self) -> tree.Expr:
        """Read a row of VALUES; brackets round one value change nothing."""
        row = self.expression()
        while isinstance(row, tree.Paren):
            row = row.this
        return row

    # SELECT

    def _select(self) -> tree.Select:
        token = self.step()
        distinct = tree.Distinct() if self.quantifier() == "DISTINCT" else None
        select = tree.Select(token, expressions=self.listed(self._item), distinct=distinct)
        if self.accept("FROM"):
            self._from(select)
        if self.accept("WHERE"):
            select.set("where", tree.Where(this=self.expression()))
        if self.accept("GROUP"):
            self.expect("BY")
            select.set("group", self._group())
        if self.accept("HAVING"):
            select.set("having", tree.Having(this=self.expression()))
        if self.word == "WINDOW" and is_name(self.ahead()):
            self.step()
            windows = self.listed(self._window_definition)
            select.args["windows"] = windows
        return select

    def _item(self) -> tree.Expr:
        if self.word == "*":
            return tree.Star(self.step())
        if self.word in {"", "FROM", ")"} and not self.is_name and self.token.kind == END:
            self.fail("a column is wanted here")
        value = self.expression()
        if self.word == "." and self.ahead().word == "*":
            return self._starred(value)
        if self.accept("AS") or self.begins_alias():
            return tree.Alias(this=value, alias=self.identifier())
        return value

    def _starred(self, value: tree.Expr) -> tree.Expr:
        self.step()
        star = tree.Star(self.step())
        if self.accept("AS"):
            star.set("names", self.names())
        if type(value) is tree.Column:
            return column_of_all(value, star)
        return tree.Dot(this=value, expression=star)

    def _from(self, select: tree.Select) -> None:
        first = self.relation()
        joins: list[tree.Expr] = first.args.pop("joins", None) or []
        while self.accept(","):
            joins.append(tree.Join(this=bracketed(self.relation())))
        select.set("from_", tree.From(this=first))
        if joins:
            select.set("joins", joins)

    def _window_definition(self) -> tree.Window:
        name = self.identifier()
        self.expect("AS")
        return self.window(name)

    # GROUP BY

    def _group(self) -> tree.Group:
        if self.word == "AUTO":
            raise QueryRefusedError(f"GROUP BY AUTO cannot be answered here: name the columns ({place(self.token)}).")
        if self.word == "ALL" and self.ahead().word in {"ROLLUP", "CUBE"}:
            self.step()
        distinct = self.quantifier() == "DISTINCT"
        sets: dict[str, list[tree.Expr]] = {"expressions": [], "rollup": [], "cube": [], "grouping_sets": []}
        while True:
            key, element = self._grouping_element()
            sets[key].append(element)
            if not self.accept(","):
                return tree.Group(None, **sets, distinct=distinct)

    def _grouping_element(self) -> tuple[str, tree.Expr]:
        token = self.token
        if self.accept("ROLLUP"):
            return "rollup", tree.Rollup(token, expressions=self._sets())
        if self.accept("CUBE"):
            return "cube", tree.Cube(token, expressions=self._sets())
        if self.accept("GROUPING", "SETS"):
            return "grouping_sets", tree.GroupingSets(token, expressions=self._sets())
        return "expressions", self._set()

    def _sets(self) -> list[tree.Expr]:
        self.expect("(")
        sets = self.listed(self._set) if self.word != ")" else []
        self.expect(")")
        return sets

    def _set(self) -> tree.Expr:
        if self.word == "(" and self.ahead().word == ")":
            token = self.step()
            self.step()
            return tree.Tuple(token, expressions=[])
        return self.expression()


def column_of_all(names: tree.Column, star: tree.Star) -> tree.Column:
    """Make the node of `t.*` from that of `t`."""
    return tree.Column(None, **dict(zip(("this", "table", "db", "catalog"), [star, *reversed(names.parts)], strict=False)))
