"""Queries: SELECT, set operations, VALUES, WITH, and what stands in FROM, each emitted anew for DuckDB.

Columns of an emitted query have names of their own (`stored`), because Trino allows two columns of one name and columns without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from eventlake.errors import NameNotFoundError
from eventlake.model import PARTITION_KEYS, Table
from eventlake.query.binding import Field, Scope, Value, mistyped, nearest, refused, unknown
from eventlake.query.casts import coerce
from eventlake.query.expressions import Context, Expressions
from eventlake.query.pruning import conjuncts, partition_predicate
from eventlake.query.scan import SCAN_MARK, Scan
from eventlake.query.syntax import position
from eventlake.query.types import BIGINT, UNKNOWN, Type, common, parse_type, quoted


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a query: the name a user sees, the name in the emitted SQL, its type, and the zone of a zoned timestamp."""

    name: str
    stored: str
    type: Type
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Relation:
    """A query understood: its SQL for DuckDB and its columns."""

    sql: str
    fields: tuple[Column, ...]


class Queries:
    """Reads queries over the tables of a catalog."""

    def __init__(self, tables: Sequence[Table], moment: str) -> None:
        self.tables = tables
        self.moment = moment
        self.scans: list[Scan] = []
        self._with: list[dict[str, Relation]] = []

    def query(self, node: exp.Query, outer: Scope | None = None) -> Relation:
        """A whole query: WITH, body, ORDER BY, OFFSET and LIMIT. Raises QueryError."""
        definitions = self._definitions(node)
        try:
            relation = self._body(node, outer)
        finally:
            self._with.pop()
        prefix = f"WITH {'RECURSIVE ' if definitions[1] else ''}{', '.join(definitions[0])} " if definitions[0] else ""
        return Relation(prefix + relation.sql, relation.fields)

    # WITH

    def _definitions(self, node: exp.Query) -> tuple[list[str], bool]:
        clause = node.args.get("with_")
        self._with.append({})
        if clause is None:
            return [], False
        made = []
        for table in clause.expressions:
            name, names = table.alias.lower(), [column.name.lower() for column in table.args["alias"].columns]
            if table.args.get("materialized") is not None or table.args.get("scalar"):
                raise refused("This WITH", table)
            stored = f"el_with{sum(map(len, self._with))}_{name}"
            if clause.args.get("recursive") and isinstance(table.this, exp.Union) and _names_table(table.this.expression, name):
                relation = self._recursive(table.this, name, names, stored, table)
            else:
                relation = self.query(table.this)
            fields = _renamed(relation.fields, names, table)
            self._with[-1][name] = Relation(quoted(stored), fields)
            made.append(f"{quoted(stored)} AS ({relation.sql})")
        return made, bool(clause.args.get("recursive"))

    def _recursive(self, node: exp.Union, name: str, names: list[str], stored: str, where: exp.Expr) -> Relation:
        if not names:
            raise mistyped("A recursive WITH names its columns", where)
        if node.args.get("distinct"):
            raise refused("A recursive WITH with UNION instead of UNION ALL", where)
        first = self.query(node.this)
        self._with[-1][name] = Relation(quoted(stored), _renamed(first.fields, names, where))
        second = self.query(node.expression)
        for left, right in zip(first.fields, second.fields, strict=False):
            if common(left.type, right.type) is None:
                raise mistyped(f"The parts of a recursive WITH differ: {left.type} and {right.type}", where)
        right_sql = _recast(second, [column.type for column in first.fields], first.fields)
        return Relation(f"{first.sql} UNION ALL {right_sql}", first.fields)

    # bodies

    def _body(self, node: exp.Query, outer: Scope | None) -> Relation:
        if isinstance(node, exp.Select):
            from eventlake.query.select import select

            return select(self, node, outer)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer)
        if isinstance(node, exp.Subquery):
            if node.args.get("alias"):
                raise mistyped("An alias stands behind a whole query", node)
            relation = self.query(node.this, outer)
            return self._ordered(Relation(f"({relation.sql})", relation.fields), node)
        if isinstance(node, exp.Values):
            return self._ordered(self.values(node, outer), node)
        if isinstance(node, exp.Table):
            return self.query(exp.select("*").from_(node), outer)
        raise refused(f"{type(node).__name__.upper()}", node)

    def _set_operation(self, node: exp.SetOperation, outer: Scope | None) -> Relation:
        if node.args.get("by_name") or node.args.get("side") or node.args.get("kind") or node.args.get("on"):
            raise mistyped("This set operation is not in Athena", node)
        left, right = self.query(node.this, outer), self.query(node.expression, outer)
        if len(left.fields) != len(right.fields):
            raise mistyped(f"The sides of {type(node).__name__.upper()} have {len(left.fields)} and {len(right.fields)} columns", node)
        kinds = []
        for a, b in zip(left.fields, right.fields, strict=True):
            both = common(a.type, b.type)
            if both is None:
                raise mistyped(f'{type(node).__name__.upper()} mixes {a.type} and {b.type} in column "{a.name}"', node)
            kinds.append(both)
        fields = tuple(
            replace(column, type=kind, stored=f"c{index}") for index, (column, kind) in enumerate(zip(left.fields, kinds, strict=True))
        )
        word = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}[type(node)] + (
            "" if node.args.get("distinct") else " ALL"
        )
        sql = f"({_recast(left, kinds, fields)}) {word} ({_recast(right, kinds, fields)})"
        return self._ordered(Relation(sql, fields), node)

    def _ordered(self, relation: Relation, node: exp.Query) -> Relation:
        """ORDER BY, OFFSET and LIMIT of a query that is no SELECT: only its own columns have names there."""
        order = node.args.get("order")
        ending = ""
        if order is not None:
            scope = Scope(
                [Field(column.name, "", Value(f"el_o.{quoted(column.stored)}", column.type, column.zone)) for column in relation.fields]
            )
            parts = Expressions(Context(scope, "ORDER BY", self.query, self.moment))
            ending = " ORDER BY " + ", ".join(self._order_term(parts, term, relation) for term in order.expressions)
        ending += limits(node)
        if not ending:
            return relation
        return Relation(f"SELECT * FROM ({relation.sql}) AS el_o{ending}", relation.fields)

    def _order_term(self, parts: Expressions, term: exp.Ordered, relation: Relation) -> str:
        number = ordinal(term.this, len(relation.fields))
        value = parts.value(term.this).sql if number is None else f"el_o.{quoted(relation.fields[number].stored)}"
        return value + direction(term)

    def values(self, node: exp.Values, outer: Scope | None) -> Relation:
        """`VALUES (1, 'a'), (2, 'b')`: each column brought to one type."""
        parts = Expressions(Context(outer or Scope(), "VALUES", self.query, self.moment))
        rows = [_row_of(item) for item in node.expressions]
        width = len(rows[0])
        if any(len(line) != width for line in rows):
            raise mistyped("The rows of VALUES have different numbers of columns", node)
        columns = [parts.united([line[index] for line in rows], "VALUES") for index in range(width)]
        fields = tuple(Column(f"_col{i}", f"c{i}", kind, parts.one_zone(values, node)) for i, (values, kind) in enumerate(columns))
        first = [f"CAST({values[0].sql} AS {kind.duckdb})" for values, kind in columns]
        lines = [first] + [[columns[c][0][r].sql for c in range(width)] for r in range(1, len(rows))]
        body = ", ".join(f"({', '.join(line)})" for line in lines)
        return Relation(f"SELECT * FROM (VALUES {body}) AS el_v({', '.join(column.stored for column in fields)})", fields)

    # FROM

    def sources(self, node: exp.Select, outer: Scope | None) -> tuple[str, Scope, list[int]]:
        """The FROM clause: its SQL, the columns it gives, and the scans whose rows no outer join makes up."""
        clause = node.args.get("from_")
        if clause is None:
            return "", Scope([], outer), []
        source = Source(self, Scope([], outer))
        source.first(clause.this)
        for join in node.args.get("joins") or ():
            source.join(join)
        return f" FROM {source.sql}", source.scope, source.prunable

    def table(self, node: exp.Table) -> tuple[str, list[Column], int | None]:
        """A table of the catalog or of a WITH around: SQL, columns, and the number of its scan."""
        parts = [part.name.lower() for part in node.parts]
        if len(parts) == 1:
            for level in reversed(self._with):
                if parts[0] in level:
                    relation = level[parts[0]]
                    return f"(SELECT * FROM {relation.sql})", list(relation.fields), None
        table = self._catalog_table(parts, node)
        scan = Scan(table, {column.stored_name: parse_type(column.type) for column in table.columns})
        if table.prefix:  # a table without one has no partitions
            scan.columns.update({name: parse_type(kind) for name, kind in PARTITION_KEYS})
        self.scans.append(scan)
        number = len(self.scans) - 1
        return f"{SCAN_MARK}{number}{SCAN_MARK}", [Column(name, name, kind) for name, kind in scan.columns.items()], number

    def _catalog_table(self, parts: list[str], node: exp.Table) -> Table:
        catalog, database, name = ([""] * (3 - len(parts)) + parts)[-3:]
        found = [
            t for t in self.tables if t.name.lower() == name and database in {"", t.database.lower()} and catalog in {"", "awsdatacatalog"}
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise NameNotFoundError(f'"{name}" is a table of {len(found)} databases: write {found[0].database}.{name}.')
        known = [t.name.lower() for t in self.tables] + [name for level in self._with for name in level]
        if any(t.name.lower() == name for t in self.tables):
            right = next(t for t in self.tables if t.name.lower() == name)
            raise NameNotFoundError(
                f'There is no table "{".".join(p for p in parts)}"{position(node)}. Did you mean "{right.database}.{right.name}"?'
            )
        hint = nearest(name, known) or (f" Tables: {', '.join(sorted(set(known)))}." if known else " The lake has no tables yet.")
        raise NameNotFoundError(f'There is no table "{".".join(parts)}"{position(node)}.{hint}')


class Source:
    """The FROM clause of one SELECT, joined from left to right."""

    def __init__(self, queries: Queries, scope: Scope) -> None:
        self.queries = queries
        self.scope = scope
        self.sql = ""
        self.prunable: list[int] = []
        self._aliases = 0

    def first(self, node: exp.Expr) -> None:
        """What stands behind FROM, with the joins bracketed or chained to it."""
        if isinstance(node, exp.Unnest):
            self.sql, fields = self._unnest(node, left_join=False)
            self.scope.fields = fields
            return
        self.sql, self.scope.fields, scans = self._one(node)
        self.prunable += scans
        for join in node.args.get("joins") or ():
            self.join(join)

    def join(self, node: exp.Join) -> None:
        """One more relation: JOIN with ON or USING, CROSS JOIN, a comma, UNNEST, LATERAL."""
        if node.args.get("method") or node.args.get("hint") or node.args.get("match_condition"):
            raise refused(
                f"{node.args.get('method') or 'This'} JOIN", node, "write JOIN ... USING (column)" if node.args.get("method") else ""
            )
        side, kind = (node.args.get("side") or "").upper(), (node.args.get("kind") or "").upper()
        if kind in {"SEMI", "ANTI", "ASOF", "STRAIGHT", "POSITIONAL"} or side not in {"", "LEFT", "RIGHT", "FULL"}:
            raise mistyped(f"{kind or side} JOIN is not in Athena", node)
        right = node.this
        if isinstance(right, exp.Unnest):
            self._join_unnest(right, side, node)
            return
        before = list(self.scope.fields)
        sql, fields, scans = self._one(right, Scope(before, self.scope.outer))
        self._keep(side, scans)
        on, using = node.args.get("on"), node.args.get("using")
        if using:
            self._join_using(sql, fields, side, [name.name.lower() for name in using], node)
            return
        if on is None:
            if side or kind not in {"", "CROSS"}:
                raise mistyped("A JOIN wants ON or USING", node)
            self.scope.fields = before + fields
            self.sql = f"{self.sql} CROSS JOIN {sql}"
            return
        self.scope.fields = before + fields
        condition = self._expressions("JOIN ... ON").boolean(on, "ON")
        self._prune_on(on, side, scans)
        self.sql = f"{self.sql} {side or 'INNER'} JOIN {sql} ON {condition.sql}"

    def _expressions(self, clause: str) -> Expressions:
        return Expressions(Context(self.scope, clause, self.queries.query, self.queries.moment))

    def _keep(self, side: str, scans: list[int]) -> None:
        """WHERE may prune only scans whose missing rows no outer join would replace by NULLs."""
        if side in {"RIGHT", "FULL"}:
            self.prunable.clear()
        if side in {"", "RIGHT"}:
            self.prunable += scans

    def _prune_on(self, on: exp.Expr, side: str, scans: list[int]) -> None:
        allowed = scans if side == "LEFT" else self.prunable if not side else []
        prune(self.queries, self.scope, conjuncts(on), allowed)

    def _join_using(self, sql: str, fields: list[Field], side: str, names: list[str], node: exp.Join) -> None:
        conditions, merged = [], []
        parts = self._expressions("USING")
        for name in names:
            left = [f for f in self.scope.fields if f.name == name and not f.hidden]
            right = [f for f in fields if f.name == name]
            if len(left) != 1 or len(right) != 1:
                raise unknown("column to join on", name, [f.name for f in fields], node)
            conditions.append(parts.compared("=", left[0].value, right[0].value, node).sql)
            both = common(left[0].value.type, right[0].value.type) or UNKNOWN
            a, b = coerce(left[0].value, both), coerce(right[0].value, both)
            value = {"": a, "LEFT": a, "RIGHT": b}.get(side) or a.become(f"coalesce({a.sql}, {b.sql})", both)
            merged.append(Field(name, "", value))
        rest = [replace(f, hidden=True) if f.name in names and not f.hidden else f for f in [*self.scope.fields, *fields]]
        self.scope.fields = merged + rest
        self.sql = f"{self.sql} {side or 'INNER'} JOIN {sql} ON {' AND '.join(conditions)}"

    def _join_unnest(self, node: exp.Unnest, side: str, join: exp.Join) -> None:
        on = join.args.get("on")
        if side not in {"", "LEFT"} or (on is not None and not (isinstance(on, exp.Boolean) and on.this)):
            raise refused("A JOIN of UNNEST with a condition", join, "use CROSS JOIN UNNEST, or LEFT JOIN UNNEST ... ON TRUE")
        if side == "LEFT" and on is None:
            raise mistyped("LEFT JOIN UNNEST wants ON TRUE", join)
        sql, fields = self._unnest(node, left_join=side == "LEFT")
        self.sql = f"{self.sql} CROSS JOIN LATERAL {sql}"
        self.scope.fields = self.scope.fields + fields

    def _one(self, node: exp.Expr, lateral_scope: Scope | None = None) -> tuple[str, list[Field], list[int]]:
        if isinstance(node, exp.Lateral):
            if not isinstance(node.this, exp.Subquery) or node.args.get("view"):
                raise refused("This LATERAL", node)
            relation = self.queries.query(node.this.this, lateral_scope)
            sql, fields = self._aliased(f"({relation.sql})", relation.fields, node, None)
            return f"LATERAL {sql}", fields, []
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            _only(node, {"this", "db", "catalog", "alias", "joins"})
            sql, columns, scan = self.queries.table(node)
            made, fields = self._aliased(sql, columns, node, scan)
            return made, fields, [] if scan is None else [scan]
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Anonymous | exp.Func):
            raise refused(f"The table function {node.this.name or type(node.this).__name__}", node, "only the lake's tables stand in FROM")
        if isinstance(node, exp.Values):
            relation = self.queries.values(node, self.scope.outer)
            return (*self._aliased(f"({relation.sql})", relation.fields, node, None), [])
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Query) and not isinstance(node.this, exp.Table):
            _only(node, {"this", "alias", "joins"})
            relation = self.queries.query(node.this, self.scope.outer)
            return (*self._aliased(f"({relation.sql})", relation.fields, node, None), [])
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            inner = Source(self.queries, Scope([], self.scope.outer))
            inner.first(node.this)
            return f"({inner.sql})", inner.scope.fields, inner.prunable
        raise refused(f"{type(node).__name__.upper()} in FROM", node)

    def _aliased(self, sql: str, columns: Sequence[Column], node: exp.Expr, scan: int | None) -> tuple[str, list[Field]]:
        alias = node.args.get("alias")
        names = [column.name.lower() for column in alias.columns] if alias is not None else []
        shown = alias.name.lower() if alias is not None and alias.name else node.name.lower() if isinstance(node, exp.Table) else ""
        relation = shown
        if isinstance(node, exp.Table) and not (alias is not None and alias.name):
            relation = ".".join(part.name.lower() for part in node.parts)
        stored = self.alias(shown)
        fields = _renamed(columns, names, node)
        keys = {name for name, _ in PARTITION_KEYS}
        made = [
            Field(
                column.name.lower(),
                relation,
                Value(f"{stored}.{quoted(original.stored)}", column.type, column.zone),
                scan if original.name in keys else None,
            )
            for column, original in zip(fields, columns, strict=True)
        ]
        return f"{sql} AS {stored}", made

    def alias(self, name: str) -> str:
        """A name for a relation that no other in this FROM or around it has."""
        self._aliases += 1
        depth = 0
        outer = self.scope.outer
        while outer is not None:
            depth, outer = depth + 1, outer.outer
        taken = {f.value.sql.partition(".")[0] for f in self.scope.fields}
        return quoted(name) if name and not depth and quoted(name) not in taken else quoted(f"{name or 'el'}_{depth}_{self._aliases}")

    def _unnest(self, node: exp.Unnest, *, left_join: bool) -> tuple[str, list[Field]]:
        parts = self._expressions("UNNEST")
        values = [parts.value(part) for part in node.expressions]
        for value in values:
            if value.type.name not in {"array", "map", "unknown"}:
                raise mistyped(f"UNNEST wants an array or a map, not {value.type}", node)
        lists = [f"map_entries({v.sql})" if v.type.name == "map" else v.sql for v in values]
        ordinality = bool(node.args.get("offset"))
        if ordinality:
            size = (
                f"greatest({', '.join(f'coalesce(len({part}), 0)' for part in lists)})"
                if len(lists) > 1
                else f"coalesce(len({lists[0]}), 0)"
            )
            lists.append(f"range(1, {size} + 1)")
        whole = lists[0] if len(lists) == 1 else f"list_zip({', '.join(f'coalesce({part}, [])' for part in lists)})"
        if left_join:
            whole = f"CASE WHEN len({whole}) > 0 THEN {whole} ELSE [NULL] END"
        stored = self.alias("")
        item = f"{stored}.u"
        columns: list[Column] = []
        sqls: list[str] = []
        unnested: list[Value | None] = [*values, None] if ordinality else [*values]
        for index, item_value in enumerate(unnested):
            sql = item if len(lists) == 1 else f"struct_extract_at({item}, {index + 1})"
            for name, kind, part in _unnested(item_value, sql):
                columns.append(Column(name, "", kind, item_value.zone if item_value is not None else "UTC"))
                sqls.append(part)
        alias = node.args.get("alias")
        names = [column.name.lower() for column in alias.columns] if alias is not None else []
        if isinstance(node.args.get("offset"), exp.Identifier) and names:
            names.append(node.args["offset"].name.lower())
        relation = alias.name.lower() if alias is not None else ""
        named = _renamed(columns, names, node)
        fields = [Field(column.name, relation, Value(sql, column.type, column.zone)) for column, sql in zip(named, sqls, strict=True)]
        return f"(SELECT unnest({whole}) AS u) AS {stored}", fields


def _unnested(value: Value | None, sql: str) -> Iterable[tuple[str, Type, str]]:
    """Names, types and SQL of the columns that one item of UNNEST gives; None is WITH ORDINALITY."""
    if value is None:
        yield "_ordinality", BIGINT, f"CAST({sql} AS BIGINT)"
        return
    if value.type.name == "map":
        yield "_key", value.type.args[0], f"struct_extract({sql}, 'key')"
        yield "_value", value.type.args[1], f"struct_extract({sql}, 'value')"
        return
    element = value.type.args[0] if value.type.name == "array" else UNKNOWN
    if element.name != "row":
        yield "_element", element, sql
        return
    for index, (stored, kind) in enumerate(element.fields()):
        yield (element.names[index] or f"_field{index}"), kind, f"struct_extract({sql}, '{stored}')"


def prune(queries: Queries, scope: Scope, parts: Iterable[exp.Expr], scans: Iterable[int]) -> None:
    """Hand each scan the predicates that only hours it does not need can fail."""
    allowed = set(scans)
    for part in parts if allowed else ():
        found = partition_predicate(part, lambda names: _partition_key(scope, names), queries.moment)
        if found is not None and found[0] in allowed:
            queries.scans[found[0]].predicates.append(found[1])


def _partition_key(scope: Scope, names: Sequence[str]) -> tuple[int, str] | None:
    try:
        found = scope.find(names)
    except NameNotFoundError:
        return None
    if found is None or found[2] or found[1] or found[0].partition_of is None:
        return None
    key = found[0].value.sql.rpartition(".")[2].strip('"')
    return found[0].partition_of, key


def limits(node: exp.Expr) -> str:
    """OFFSET and LIMIT, or FETCH FIRST, of a query."""
    offset, limit = node.args.get("offset"), node.args.get("limit")
    sql = ""
    if limit is not None:
        if isinstance(limit, exp.Fetch):
            options = limit.args.get("limit_options")
            if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
                raise refused("FETCH FIRST ... WITH TIES", limit, "number the rows with rank() and filter")
            sql += f" LIMIT {_count(limit.args.get('count') or exp.Literal.number(1), 'FETCH FIRST')}"
        elif not _is_all(limit.expression):
            sql += f" LIMIT {_count(limit.expression, 'LIMIT')}"
    if offset is not None:
        sql += f" OFFSET {_count(offset.expression, 'OFFSET')}"
    return sql


def _is_all(node: exp.Expr) -> bool:
    return node.name.lower() == "all" and not isinstance(node, exp.Literal)


def _count(node: exp.Expr, what: str) -> int:
    if not isinstance(node, exp.Literal) or node.is_string or not str(node.this).isdigit():
        raise mistyped(f"{what} wants a whole number", node)
    return int(str(node.this))


def ordinal(node: exp.Expr, size: int) -> int | None:
    """The place, from 0, that a bare number in ORDER BY or GROUP BY names. Raises QuerySyntaxError if it is out of range."""
    if not isinstance(node, exp.Literal) or node.is_string or not str(node.this).isdigit():
        return None
    number = int(str(node.this))
    if not 1 <= number <= size:
        raise mistyped(f"Position {number} is not one of the {size} columns", node)
    return number - 1


def direction(term: exp.Ordered) -> str:
    """` ASC NULLS LAST` and the like; NULLs come last unless it says otherwise."""
    first = "nulls_first" in term.args and bool(term.args["nulls_first"])
    return f"{' DESC' if term.args.get('desc') else ' ASC'} NULLS {'FIRST' if first else 'LAST'}"


def _renamed(columns: Sequence[Column], names: Sequence[str], node: exp.Expr) -> tuple[Column, ...]:
    if not names:
        return tuple(columns)
    if len(names) != len(columns):
        raise mistyped(f"{len(names)} names are given to {len(columns)} columns", node)
    return tuple(replace(column, name=name) for column, name in zip(columns, names, strict=True))


def _recast(relation: Relation, kinds: Sequence[Type], fields: Sequence[Column]) -> str:
    made = [
        f"{coerce(Value(f'el_s.{quoted(column.stored)}', column.type, column.zone), kind).sql} AS {quoted(target.stored)}"
        for column, kind, target in zip(relation.fields, kinds, fields, strict=True)
    ]
    return f"SELECT {', '.join(made)} FROM ({relation.sql}) AS el_s"


def _row_of(node: exp.Expr) -> list[exp.Expr]:
    """The columns of one row of VALUES, which may be written (1, 2), row(1, 2) or 1."""
    if isinstance(node, exp.Tuple) and len(node.expressions) == 1 and not isinstance(node.expressions[0], exp.Literal):
        return _row_of(node.expressions[0])
    return list(node.expressions) if _is_row(node) else [node]


def _is_row(node: exp.Expr) -> bool:
    return isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and str(node.this).lower() == "row")


def _names_table(node: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name and not table.args.get("db") for table in node.find_all(exp.Table))


def _only(node: exp.Expr, known: set[str]) -> None:
    extra = [key for key, part in node.args.items() if part and key not in known]
    if extra:
        raise refused(f"{extra[0].replace('_', ' ').upper()} in FROM", node)
