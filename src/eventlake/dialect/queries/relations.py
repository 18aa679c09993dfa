"""Queries: SELECT, set operations, VALUES and WITH, each emitted anew for DuckDB."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import count

from eventlake.dialect.binding import Field, Scope, Value, mistyped, refused
from eventlake.dialect.parts import Context
from eventlake.dialect.queries.expressions import Expressions
from eventlake.dialect.queries.from_clause import Source
from eventlake.dialect.queries.listings import (
    CATALOG,
    IMPLICIT,
    INFORMATION_SCHEMA,
    LISTINGS,
    OBJECT_COLUMNS,
    PARTITIONS,
    WHOLE_CATALOG,
    require_partitions,
    require_relation,
)
from eventlake.dialect.queries.ordering import in_order
from eventlake.dialect.queries.recursion import references, require_step, require_types, unrolled
from eventlake.dialect.queries.relation import Column, Relation, is_constant, limits, ordinal, renamed, unbracketed
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.queries.select import select
from eventlake.dialect.queries.set_operations import recast, set_operation
from eventlake.dialect.queries.showing import show
from eventlake.dialect.queries.ties import first_and_ties, ranks, wants_ties
from eventlake.dialect.sql import NOTHING, Sql, emit, gap, joined, ours, quoted, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.comparison import require_order
from eventlake.dialect.types.spelling import parse_type
from eventlake.dialect.types.type import Type
from eventlake.errors import NameNotFoundError
from eventlake.model import PARTITION_KEYS, Table
from eventlake.naming import nearest


class Queries:
    """Reads queries over the tables of a catalog. repeats: see `parts.Statement`."""

    def __init__(self, tables: Sequence[Table], moment: str, *, repeats: bool = False) -> None:
        self.tables = tables
        self.moment = moment
        self.repeats = repeats
        self.scans: list[Scan] = []
        self._with: list[dict[str, Relation]] = []
        self._aliases = count(1)
        self._columns: dict[int, tuple[list[Column], dict[str, Type]]] = {}  # of each table read so far, and the types of its own

    def query(self, node: exp.Query, outer: Scope | None = None) -> Relation:
        """Make a whole query: WITH, body, ORDER BY, OFFSET and LIMIT. Raises QueryError."""
        definitions = self._definitions(node, outer if self.repeats else None)
        try:
            relation = self._body(node, outer)
        finally:
            self._with.pop()
        if not definitions:
            return relation
        return Relation(shut("WITH {} {}", joined(", ", definitions), relation), relation.fields)

    # WITH

    def _definitions(self, node: exp.Query, outer: Scope | None) -> list[Sql]:
        clause = node.args.get("with_")
        self._with.append({})
        if clause is None:
            return []
        made = []
        for table in clause.expressions:
            name, names = table.alias.lower(), [column.name for column in table.args["alias"].columns]
            stored = f"el_with{sum(map(len, self._with))}_{name}"
            if clause.args.get("recursive") and not names:
                raise mistyped("Each query of WITH RECURSIVE names its columns", table)
            if clause.args.get("recursive") and isinstance(table.this, exp.Union) and references(table.this.expression, name):
                relation = self._recursive(table.this, name, names, stored, table)
            else:
                relation = self.query(table.this, outer)
            _require_distinct(names, table)
            fields = renamed(relation.fields, names, table)
            self._with[-1][name] = Relation(quoted(stored), fields)
            made.append(emit("{} AS ({})", quoted(stored), relation.sql))
        return made

    def _recursive(self, node: exp.Union, name: str, names: list[str], stored: str, where: exp.Expr) -> Relation:
        require_step(node, name, where)
        first = self.query(node.this)
        fields = tuple(field._replace(origins=frozenset()) for field in first.fields)  # the step may give other texts
        self._with[-1][name] = Relation(quoted(stored), renamed(fields, names, where))
        second = self.query(node.expression)
        require_types(first.fields, second.fields, where)
        step = recast(second, [column.type for column in first.fields], first.fields)
        return Relation(unrolled(first.sql, step, stored, first.fields, node, where), fields)

    # bodies

    def _body(self, node: exp.Query, outer: Scope | None) -> Relation:
        if isinstance(node, exp.Select):
            return select(self, node, outer)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer)
        if isinstance(node, exp.Subquery):
            relation = self.query(node.this, outer)
            return self._ordered(Relation(emit("({})", relation.sql), relation.fields), node)
        if isinstance(node, exp.Values):
            return self._ordered(self.values(node, outer), node)
        if isinstance(node, exp.Show):
            return show(self, node)
        raise refused(f"{type(node).__name__.upper()}", node)

    def _set_operation(self, node: exp.SetOperation, outer: Scope | None) -> Relation:
        return self._ordered(set_operation(self.query(node.this, outer), self.query(node.expression, outer), node), node)

    def _ordered(self, relation: Relation, node: exp.Query) -> Relation:
        """ORDER BY, OFFSET and LIMIT of a query that is no SELECT: only its own columns have names there."""
        order = node.args.get("order")
        ending = NOTHING
        if order is not None:
            scope = Scope([Field(column.name, "", column.value(ours("el_o"))) for column in relation.fields])
            parts = Expressions(Context(scope, "ORDER BY", self.query, self.moment))
            terms = [(self._order_term(parts, term, relation), term) for term in order.expressions]
            kept = [(value, term) for value, term in terms if _orders(term.this)]
            if wants_ties(node):
                ranked = emit("SELECT *, {} FROM ({}) AS el_o", ranks(kept), relation.sql)
                return Relation(first_and_ties(ranked, node), relation.fields)
            made = [in_order(value, term) for value, term in kept]
            ending = emit(" ORDER BY {}", joined(", ", made)) if made else NOTHING
        wants_ties(node)
        ending = joined("", [part for part in (ending, limits(node)) if part])
        if not ending:
            return relation
        return Relation(emit("SELECT * FROM ({}) AS el_o{}", relation.sql, ending), relation.fields)

    def _order_term(self, parts: Expressions, term: exp.Ordered, relation: Relation) -> Value:
        number = ordinal(term.this, len(relation.fields))
        value = parts.value(term.this) if number is None else relation.fields[number].value(ours("el_o"))
        require_order(value.type, term)
        return value

    def values(self, node: exp.Values, outer: Scope | None) -> Relation:
        """Make the rows of `VALUES (1, 'a'), (2, 'b')`, each column brought to one type."""
        parts = Expressions(Context(outer or Scope(), "VALUES", self.query, self.moment))
        rows = [_row_of(item) for item in node.expressions]
        width = len(rows[0])
        if any(len(line) != width for line in rows):
            raise mistyped("The rows of VALUES have different numbers of columns", node)
        columns = [parts.united([line[index] for line in rows], "VALUES") for index in range(width)]
        fields = tuple(Column("", f"c{i}", kind) for i, (_, kind) in enumerate(columns))
        first = [emit("CAST({} AS {})", values[0].sql, kind.duckdb) for values, kind in columns]
        lines = [first] + [[columns[c][0][r].sql for c in range(width)] for r in range(1, len(rows))]
        body = joined(", ", (emit("({})", joined(", ", line)) for line in lines))
        return Relation(
            emit("SELECT * FROM (VALUES {}) AS el_v({})", body, joined(", ", (quoted(column.stored) for column in fields))), fields
        )

    # FROM

    def alias(self, name: str) -> Sql:
        """Make a name for a relation that no other relation of the statement has, whatever its user calls the others."""
        return quoted(f"{name or 'el'}_{next(self._aliases)}")

    def sources(self, node: exp.Select, outer: Scope | None) -> tuple[Sql, Scope, list[int]]:
        """Make the FROM clause: its SQL, the columns it gives, and the scans whose rows no outer join makes up."""
        clause = node.args.get("from_")
        if clause is None:
            return NOTHING, Scope([], outer), []
        source = Source(self, Scope([], outer))
        source.first(clause.this)
        for join in node.args.get("joins") or ():
            source.join(join)
        return emit(" FROM {}", source.sql), source.scope, source.prunable

    def table(self, node: exp.Table) -> tuple[Sql, list[Column], int | None]:
        """Find a table of the catalog or of a WITH around: SQL, columns, and the number of its scan."""
        parts = node.names
        if len(parts) == 1:
            for level in reversed(self._with):
                if parts[0] in level:
                    relation = level[parts[0]]
                    return emit("(SELECT * FROM {})", relation.sql), list(relation.fields), None
        if parts[-2:-1] == [INFORMATION_SCHEMA] and parts[:-2] in ([], [CATALOG]):
            require_relation(parts[-1], node, position(node))
            return (*self.listing(parts[-1]), None)
        if parts[-1].endswith(PARTITIONS):
            return (*self._partitions(parts, node), None)
        table = self.catalog_table(parts, node)
        if id(table) not in self._columns:
            made = _columns_of(table)
            self._columns[id(table)] = made, {column.name: column.type for column in made if not column.implicit}
        columns, types = self._columns[id(table)]
        self.scans.append(Scan(table, types))
        number = len(self.scans) - 1
        return gap(number), columns, number

    def listing(self, name: str, table: Table = WHOLE_CATALOG) -> tuple[Sql, list[Column]]:
        """Read what the catalog says of itself, or of a table: SQL and columns. name: one of LISTINGS."""
        self.scans.append(Scan(table, dict(LISTINGS[name]), listing=name))
        hidden = IMPLICIT.get(name, frozenset())
        columns = [Column(column, column, kind, implicit=column in hidden) for column, kind in LISTINGS[name].items()]
        return gap(len(self.scans) - 1), columns

    def _partitions(self, parts: list[str], node: exp.Expr) -> tuple[Sql, list[Column]]:
        table = self.catalog_table([*parts[:-1], parts[-1].removesuffix(PARTITIONS)], node)
        require_partitions(table, position(node))
        return self.listing("partitions", table)

    def catalog_table(self, parts: list[str], node: exp.Expr) -> Table:
        """Return the table of the catalog that a name in parts means. Raises NameNotFoundError."""
        catalog, database, name = ([""] * (3 - len(parts)) + parts)[-3:]
        found = [t for t in self.tables if t.name.lower() == name and database in {"", t.database.lower()} and catalog in {"", CATALOG}]
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


def _columns_of(table: Table) -> list[Column]:
    """List the columns of a table of the catalog, and behind them what its objects say of themselves."""
    kinds = {column.stored_name: parse_type(column.type) for column in table.columns}
    if table.prefix:  # a table without one has no partitions
        kinds |= {name: parse_type(kind) for name, kind in PARTITION_KEYS}
    own = [Column(name, name, kind, implicit=True) for name, kind in OBJECT_COLUMNS.items() if table.prefix or name != "$partition"]
    return [*(Column(name, name, kind) for name, kind in kinds.items()), *own]


def _require_distinct(names: Sequence[str], node: exp.Expr) -> None:
    """Refuse names of columns of WITH that are given twice."""
    lower = [name.lower() for name in names]
    for name in lower:
        if lower.count(name) > 1:
            raise mistyped(f'WITH gives the name "{name}" to two columns', node)


def _orders(node: exp.Expr) -> bool:
    """Tell whether a term of ORDER BY orders anything: a position does, another constant does not."""
    return ordinal(node, sys.maxsize) is not None or not is_constant(unbracketed(node))


def _row_of(node: exp.Expr) -> list[exp.Expr]:
    """Return the columns of one row of VALUES, which may be written (1, 2), row(1, 2) or 1."""
    if isinstance(node, exp.Tuple) and len(node.expressions) == 1 and not isinstance(node.expressions[0], exp.Literal):
        return _row_of(node.expressions[0])
    return list(node.expressions) if _is_row(node) else [node]


def _is_row(node: exp.Expr) -> bool:
    return isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and str(node.this).lower() == "row")
