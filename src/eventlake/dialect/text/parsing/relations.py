"""What stands in FROM: tables, queries, UNNEST and LATERAL, their names and their joins."""

from __future__ import annotations

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import END
from eventlake.dialect.text.parsing.conditions import Conditions
from eventlake.dialect.text.parsing.cursor import is_name, place
from eventlake.dialect.text.parsing.values import QUERIES
from eventlake.dialect.text.words import RESERVED
from eventlake.errors import QueryRefusedError

_JOINS = {"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL"}


class Relations(Conditions):
    """Reads relations."""

    def relation(self) -> tree.Expr:
        """Read a relation and the joins behind it, which become its `joins`."""
        return self._joined(self._sampled())

    def _joined(self, left: tree.Expr) -> tree.Expr:
        joins: list[tree.Expr] = []
        while self.word in _JOINS:
            joins.append(self._join())
        if joins:
            left.set("joins", joins)
        return left

    def _join(self) -> tree.Join:
        token = self.token
        if self.word == "NATURAL":
            self.refuse("NATURAL")
        if self.accept("CROSS"):
            self.expect("JOIN")
            right = self._sampled()
            if self.word in {"ON", "USING"}:
                self.fail("a CROSS JOIN takes no condition")
            return tree.Join(token, this=right, kind="CROSS")
        side = self.one_of("LEFT", "RIGHT", "FULL")
        kind = self.one_of("OUTER") if side else self.one_of("INNER")
        self.expect("JOIN")
        right = bracketed(self.relation())
        if self.accept("ON"):
            return tree.Join(token, this=right, side=side, kind=kind, on=self.expression())
        if self.accept("USING"):
            return tree.Join(token, this=right, side=side, kind=kind, using=self.names())
        return self.fail("a JOIN wants ON or USING, unless it is a CROSS JOIN")

    def _sampled(self) -> tree.Expr:
        relation = self._aliased()
        if self.word == "TABLESAMPLE" and self.ahead().word in {"BERNOULLI", "SYSTEM"}:
            self.refuse("TABLESAMPLE")
        if self.word == "MATCH_RECOGNIZE" and self.ahead().word == "(":
            self.refuse("MATCH_RECOGNIZE")
        return relation

    def _aliased(self) -> tree.Expr:
        relation = self._primary_relation()
        named = self.accept("AS")
        if named or self.begins_alias():
            name = self.identifier()
            alias = tree.TableAlias(name.token, this=name, columns=self.column_names())
            if relation.args.get("alias") is not None or relation.args.get("joins"):
                relation = tree.Subquery(this=relation)
            relation.set("alias", alias)
        return relation

    def begins_alias(self) -> bool:
        """Tell whether a name stands here, and no clause that begins with a word that may be a name."""
        if not self.is_name:
            return False
        following = self.ahead()
        match self.word:
            case "LIMIT" | "OFFSET":
                return following.kind == END or following.word in {",", ")", "(", ";"} or following.word in RESERVED
            case "FETCH":
                return following.word not in {"FIRST", "NEXT"}
            case "WINDOW":
                return not (is_name(following) and self.ahead(2).word == "AS" and self.ahead(3).word == "(")
            case "TABLESAMPLE":
                return following.word not in {"BERNOULLI", "SYSTEM"}
            case "MATCH_RECOGNIZE":
                return following.word != "(" or self.ahead(3).word in {",", ")"}
        return True

    def _primary_relation(self) -> tree.Expr:
        following = self.ahead().word
        if self.word == "(":
            return self._bracketed()
        if self.word == "UNNEST":
            return self._unnest()
        if self.word == "LATERAL" and following == "(":
            token = self.step()
            return tree.Lateral(token, this=self._bracketed_query())
        if self.word == "TABLE" and following == "(":
            raise QueryRefusedError(f"A table function cannot be answered here: only tables stand in FROM ({place(self.token)}).")
        if self.word == "JSON_TABLE":
            self.refuse("JSON_TABLE")
        return self._table()

    def _table(self) -> tree.Table:
        names = self.qualified_name()
        if len(names) > 3:
            self.fail("the name of a table has at most three parts, catalog.database.table")
        if self.word == "(":
            raise QueryRefusedError(
                f"The table function {names[-1].name}() cannot be answered here: only tables stand in FROM ({place(self.token)})."
            )
        if self.word == "FOR" and self.ahead().word in {"TIMESTAMP", "VERSION"}:
            raise QueryRefusedError(f"A table as it was at another time cannot be answered here ({place(self.token)}).")
        return tree.Table(None, **dict(zip(("this", "db", "catalog"), reversed(names), strict=False)))

    def _unnest(self) -> tree.Unnest:
        token = self.step()
        self.expect("(")
        values = self.listed(self.expression)
        self.expect(")")
        return tree.Unnest(token, expressions=values, offset=self.accept("WITH", "ORDINALITY"))

    def _bracketed(self) -> tree.Expr:
        """Read a query in brackets, or relations in brackets."""
        token = self.step()
        if self.word in QUERIES and not (self.word == "TABLE" and self.ahead().word == "("):
            return self._ended(tree.Subquery(token, this=self.query()))
        inner = self._bracketed() if self.word == "(" else None
        if isinstance(inner, tree.Subquery) and is_bare_query(inner) and self.continues_query():
            return self._ended(tree.Subquery(token, this=self.query_behind(inner)))
        relation = self._joined(self._behind(inner)) if inner is not None else self.relation()
        return self._ended(relation if is_plain(relation) else tree.Subquery(token, this=relation))

    def _behind(self, relation: tree.Expr) -> tree.Expr:
        """Read the alias behind a relation in brackets that has been read."""
        if self.accept("AS") or self.begins_alias():
            name = self.identifier()
            if relation.args.get("alias") is not None or relation.args.get("joins"):
                relation = tree.Subquery(this=relation)
            relation.set("alias", tree.TableAlias(name.token, this=name, columns=self.column_names()))
        return relation

    def _ended(self, relation: tree.Expr) -> tree.Expr:
        self.expect(")")
        return relation


def is_bare_query(relation: tree.Expr) -> bool:
    """Tell whether a relation is a query in brackets and nothing more."""
    inner = relation.this
    return not relation.args.get("alias") and not relation.args.get("joins") and isinstance(inner, tree.Query)


def is_plain(relation: tree.Expr) -> bool:
    """Tell whether brackets around a relation change nothing: it has no joins that they would hold together."""
    return not relation.args.get("joins")


def bracketed(relation: tree.Expr) -> tree.Expr:
    """Put brackets round a relation with joins, so that it joins as one."""
    return tree.Subquery(this=relation) if relation.args.get("joins") else relation
