"""Subqueries inside expressions: IN, EXISTS, ALL and ANY, and one that stands for a value."""

from __future__ import annotations

from collections.abc import Callable

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.queries.correlation import Use, reads_outside, require_joinable
from eventlake.dialect.queries.guarding import chains
from eventlake.dialect.queries.modifiers import Modifiers
from eventlake.dialect.queries.pruning import conjuncts
from eventlake.dialect.queries.relation import Relation, unbracketed
from eventlake.dialect.sql import NOTHING, Sql, emit, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast, coerce
from eventlake.dialect.types.comparison import advice, compared, may_differ_from_itself, row_part
from eventlake.dialect.types.json_casts import distinguished, once
from eventlake.dialect.types.type import BOOLEAN, Type, common, instants, row


def _read(parts: Parts, query: exp.Query, use: Use) -> Relation:
    """Read a subquery. Raises QueryError, also for one that reads columns from outside where Trino takes none."""
    relation = parts.context.subquery(query, parts.context.scope)
    require_joinable(use, query, parts.context.scope)
    return relation


def quantified(parts: Parts, node: exp.Expr, sign: str) -> Value:
    """Make the condition `x > ALL (SELECT ...)` or `x = ANY (VALUES ...)`."""
    left = parts.value(node.this)
    inner = node.expression.this
    query = inner.this if isinstance(inner, exp.Subquery) else inner
    if not isinstance(query, exp.Query):
        raise refused("ALL or ANY without a subquery", node)
    membership = (type(node.expression), sign) in {(exp.Any, "="), (exp.All, "<>")}
    relation = _read(parts, query, Use.IN if membership else Use.QUANTIFIED)
    if membership:
        found = _within(parts, left, query, relation, node)
        return found if sign == "=" else found.become(emit("(NOT {})", found), BOOLEAN)
    column = _column_beside(parts, left, relation, node)
    both = _comparable(left, column, f"{left.type} and {column.type} cannot be compared", node)
    if both.args or both.name == "json":
        raise refused(f"{sign} ALL or ANY of {both}", node, "write = ANY or <> ALL, or join")
    if sign in {"=", "<>"}:
        return _all_alike(coerce(left, both), coerce(column, both), relation, node)
    word, value = "ALL" if isinstance(node.expression, exp.All) else "ANY", coerce(column, both)
    if both.name in {"double", "real"}:  # DuckDB's own has NaN greatest
        return _in_bounds(sign, coerce(left, both), value, relation, node)
    sql = emit("({} {} {} (SELECT {} FROM ({}) AS el_q))", coerce(left, both), ours(sign), ours(word), value, relation)
    return derived(sql, BOOLEAN, (left,))


_BOUNDS = "{{'x': {}, 's': (SELECT {{'n': count(*), 'k': count({}), 'low': {}, 'high': {}}} FROM ({}) AS el_q)}}"
_ALL = "CASE WHEN (({0}).s).n = 0 THEN true ELSE {1} AND (CASE WHEN (({0}).s).n = (({0}).s).k THEN true END) END"
_ANY = "CASE WHEN (({0}).s).n = 0 THEN false ELSE {1} OR (CASE WHEN (({0}).s).n = (({0}).s).k THEN false END) END"


def _all_alike(left: Value, item: Value, relation: Relation, node: exp.Expr) -> Value:
    """Make `= ALL`, or `<> ANY`, which says that it is not so, as Trino does: by the least and the greatest value, whether these are one.

    Where they are two, even a NULL is not equal to all of them.
    """
    is_all = isinstance(node.expression, exp.All)

    def alike(mine: Value, least: Value, greatest: Value) -> Sql:
        return emit("{} AND {}", compared("=", least, greatest, node), compared("=", mine, greatest, node))

    made = _by_bounds(_ALL, left, item, relation, node, alike)
    return derived(made if is_all else emit("(NOT {})", made), BOOLEAN, (left,))


def _in_bounds(sign: str, left: Value, item: Value, relation: Relation, node: exp.Expr) -> Value:
    """Make `< ALL` and its like of doubles as Trino does: by the least or the greatest value alone, of which NaN is neither beside a number."""
    is_all = isinstance(node.expression, exp.All)

    def fits(mine: Value, least: Value, greatest: Value) -> Sql:
        return compared(sign, mine, least if sign.startswith("<") == is_all else greatest, node).sql

    return derived(_by_bounds(_ALL if is_all else _ANY, left, item, relation, node, fits), BOOLEAN, (left,))


def _by_bounds(
    template: str, left: Value, item: Value, relation: Relation, node: exp.Expr, condition: Callable[[Value, Value, Value], Sql]
) -> Sql:
    """Make what is decided by a value and by the least and the greatest of others, which are found once."""
    low, high = (AGGREGATES[name]([item], Modifiers(), node)[0] for name in ("min", "max"))
    bounds = emit(_BOUNDS, left, item, low, high, relation)

    def decided(held: Sql) -> Sql:
        least, greatest = (item.become(emit("(({}).s).{}", held, ours(name)), item.type) for name in ("low", "high"))
        return emit(template, held, condition(left.become(emit("({}).x", held), left.type), least, greatest))

    return shut("{}", once(bounds, decided))


def in_subquery(parts: Parts, node: exp.Expr, query: exp.Query) -> Value:
    """Make the condition `x IN (SELECT ...)`."""
    left = parts.value(node.this)
    return _within(parts, left, query, _read(parts, query, Use.IN), node)


def _within(parts: Parts, left: Value, query: exp.Query, relation: Relation, node: exp.Expr) -> Value:
    """Make SQL of whether the value is one of the relation's.

    Where rows are kept by that, and where the subquery reads columns from outside, Trino joins both, so that a value must equal itself to be
    found: neither NaN does nor what holds a NULL. Elsewhere it looks for the value in a set, which has either.
    """
    column = _column_beside(parts, left, relation, node)
    both = _comparable(left, column, f"{left.type} IN a subquery of {column.type}{advice(left.type, column.type)}", node)
    left, column = (_single(coerce(side, both)) for side in (left, column))
    there = NOTHING
    if may_differ_from_itself(column.type) and (id(node) in parts.context.kept_by or reads_outside(query, parts.context.scope)):
        there = emit(" WHERE {} OR {} IS NULL", compared("=", column, column, node), column)
    sides = [distinguished(side, "IN a subquery", node).sql for side in (left, column)]
    return derived(emit("({} IN (SELECT {} FROM ({}) AS el_q{}))", *sides, relation, there), BOOLEAN, (left,))


def _single(value: Value) -> Value:
    """Return the one field of a row of one field, which is what Trino looks for; what is no such row is itself."""
    while value.type.name == "row" and len(value.type.args) == 1:
        value = row_part(value, 0)
    return value


def kept(parts: Parts, condition: exp.Expr, clause: str) -> Value:
    """Make a condition that rows are kept by."""
    with parts.within(kept_by=frozenset(map(id, (*members(condition), *chains(condition))))):
        return parts.boolean(condition, clause)


def members(condition: exp.Expr) -> list[exp.Expr]:
    """Return those of the conditions joined by AND that say of a value that it is in a subquery."""
    return [part for one in conjuncts(condition) if _is_member(part := _twice_negated(unbracketed(one)))]


def _is_member(condition: exp.Expr) -> bool:
    if isinstance(condition, exp.In):
        return condition.args.get("query") is not None
    return isinstance(condition, exp.EQ) and isinstance(condition.expression, exp.Any)


def _twice_negated(condition: exp.Expr) -> exp.Expr:
    """Return what stands inside NOT (NOT ...)."""
    inner = unbracketed(condition.this) if isinstance(condition, exp.Not) else condition
    return unbracketed(inner.this) if isinstance(condition, exp.Not) and isinstance(inner, exp.Not) else condition


def _comparable(left: Value, right: Value, sentence: str, node: exp.Expr) -> Type:
    """Return the type that both have in common. Raises QueryError if there is none, or if it compares otherwise in DuckDB."""
    both = common(left.type, right.type)
    if both is None:
        raise mistyped(sentence, node)
    return instants(both)


def _column_beside(parts: Parts, left: Value, relation: Relation, node: exp.Expr) -> Value:
    """Return what each row of the relation is for a comparison: beside a row all of its columns as one, else its one column."""
    is_row = left.type.name == "row" or (left.type.name == "unknown" and len(relation.fields) > 1)
    return _whole(parts, relation) if is_row else _one_column(relation, node)


def _whole(parts: Parts, relation: Relation) -> Value:
    """Return all columns of a relation as one row, their names left out."""
    return parts.row_of([column.value(ours("el_q")) for column in relation.fields])


def _one_column(relation: Relation, node: exp.Expr) -> Value:
    if len(relation.fields) != 1:
        raise mistyped(f"A subquery with {len(relation.fields)} columns stands where one is wanted", node)
    column = relation.fields[0]
    return column.value(ours("el_q"))


def exists(parts: Parts, node: exp.Expr) -> Value:
    """Make the condition `EXISTS (SELECT ...)`."""
    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    relation = _read(parts, query, Use.EXISTS)
    return Value(emit("EXISTS ({})", relation.sql), BOOLEAN)


def scalar(parts: Parts, node: exp.Expr) -> Value:
    """Make the value that a subquery stands for."""
    if node.args.get("alias") or not isinstance(node.this, exp.Query):
        raise refused("This subquery", node)
    relation = _read(parts, node.this, Use.VALUE)
    if len(relation.fields) == 1:
        column = relation.fields[0].value(ours("el_q"))
        return Value(emit("(SELECT {} FROM ({}) AS el_q)", column.sql, relation.sql), column.type)
    whole = _whole(parts, relation)
    whole = cast(whole, row(*((column.name or None, kind) for column, kind in zip(relation.fields, whole.type.args, strict=True))), node)
    # of NULLs where there is no row
    return Value(emit("(SELECT {} FROM (SELECT 1) AS el_o LEFT JOIN ({}) AS el_q ON true)", whole, relation), whole.type)
