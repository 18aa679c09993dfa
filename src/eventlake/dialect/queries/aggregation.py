"""A call of an aggregate: where it may stand, and its DISTINCT, ORDER BY and FILTER; LISTAGG with its own grammar.

https://trino.io/docs/current/functions/aggregate.html
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.functions.refusals import REFUSED
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.queries.folding import folded
from eventlake.dialect.queries.modifiers import DISTINCT, Modifiers
from eventlake.dialect.queries.ordering import in_order
from eventlake.dialect.queries.relation import is_constant, unbracketed
from eventlake.dialect.queries.subqueries import members
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.comparison import may_differ_from_itself, require_order
from eventlake.dialect.types.json_casts import distinguished
from eventlake.dialect.types.type import EACH, VARCHAR, Type
from eventlake.dialect.types.zones import as_instants, each_zoned, instant, zone_label

_MODIFIED = exp.Distinct | exp.Order
_WHOLE = Value(ours("*"), Type("star"))


def aggregate(
    parts: Parts, name: str, arguments: Sequence[exp.Expr], node: exp.Expr, where: exp.Expr | None = None, *, over: Sql = NOTHING
) -> Value:
    """Make the value of an aggregate, as itself or under OVER. Raises QueryError where none may stand."""
    context = parts.context
    if context.inside_aggregate:
        raise mistyped(f"{name}() stands inside another aggregate", node)
    if not context.aggregates:
        raise mistyped(f"{name}() is an aggregate and cannot stand in {context.clause}", node)
    with parts.within(inside_aggregate=True, sealed=not over):
        if name == "reduce_agg":
            return _folded(parts, arguments, where, node)
        values, modifiers = _arguments(parts, arguments, where, node, over)
    if name == "grouping" and any(not parts.context.scope.read[id(column)].whole for column in arguments):
        raise mistyped("grouping() takes columns, not fields of them", node)
    if name in {"min", "max"} and len(values) == 1 and values[0].type.zone == EACH:
        return _extreme_moment(name, values[0], modifiers)
    held = [value if _carries(name, place, modifiers) else as_instants(value) for place, value in enumerate(values)]
    if modifiers.distinct or name in {"histogram", "approx_distinct", "grouping"}:
        held = [distinguished(value, f"{name}(DISTINCT)" if modifiers.distinct else f"{name}()", node) for value in held]
    sql, kind = AGGREGATES[name](held, modifiers, node)
    return Value(sql, kind, aggregate=True)


def _folded(parts: Parts, nodes: Sequence[exp.Expr], where: exp.Expr | None, node: exp.Expr) -> Value:
    """Make the value of reduce_agg(), whose last arguments are lambdas; it leaves NULLs out."""
    if any(isinstance(part, _MODIFIED) for part in nodes):
        raise refused("reduce_agg() with DISTINCT or ORDER BY", node)
    condition = _condition(parts, where)
    present = [emit("{} IS NOT NULL", parts.value(nodes[0]))] if nodes else []
    return folded(parts, nodes, node, Modifiers(where=condition).behind(*present))


_CARRIERS = {"arbitrary": 0, "any_value": 0, "array_agg": 0, "max_by": 0, "min_by": 0, "map_agg": 1, "multimap_agg": 1}
"""Aggregates that give a value of theirs again, and which of their arguments that is; others only compare."""


def _carries(name: str, place: int, how: Modifiers) -> bool:
    return _CARRIERS.get(name) == place and not how.distinct


def _extreme_moment(name: str, value: Value, how: Modifiers) -> Value:
    """Return the first or last of moments that have each a zone of their own, with its zone."""
    moment = instant(value)
    label = shut("{}({}, {}){}", ours(f"arg_{name}"), zone_label(value), moment, how.behind())
    made = each_zoned(emit("{}{}", ours(name), how.over(moment)), label, value.type, ())
    return made._replace(aggregate=True)


def filtered(parts: Parts, node: exp.Expr) -> Value:
    """Make the value of `aggregate(...) FILTER (WHERE ...)`."""
    inner, where = node.this, node.expression
    if isinstance(inner, exp.GroupConcat):
        return listagg(parts, inner, where.this)
    if isinstance(inner, exp.Anonymous) and inner.name.lower() in REFUSED:
        raise refused(f"{inner.name}()", node, REFUSED[inner.name.lower()])
    if not isinstance(inner, exp.Anonymous) or inner.name.lower() not in AGGREGATES:
        raise mistyped("FILTER stands only behind an aggregate", node)
    return aggregate(parts, inner.name.lower(), inner.expressions, inner, where.this)


def _condition(parts: Parts, where: exp.Expr | None) -> Sql | None:
    """Make the condition of FILTER, if there is one."""
    if where is None:
        return None
    made = parts.boolean(where, "FILTER").sql
    if any(may_differ_from_itself(parts.value(member.this).type) for member in members(where)):
        raise refused("FILTER by a double, a row or an array IN a subquery", where, "filter a subquery by WHERE")
    return made


def _arguments(
    parts: Parts, nodes: Sequence[exp.Expr], where: exp.Expr | None, node: exp.Expr, window: Sql
) -> tuple[list[Value], Modifiers]:
    nodes = list(nodes)
    distinct, terms = False, list[tuple[Value, exp.Ordered]]()
    if nodes and isinstance(nodes[-1], exp.Order):
        terms = ordered(parts, nodes[-1].expressions)
        nodes[-1] = nodes[-1].this
    if len(nodes) == 1 and isinstance(nodes[0], exp.Distinct):
        distinct = True
        nodes = list(nodes[0].expressions)
    if any(isinstance(part, _MODIFIED) for part in nodes):
        raise refused("This order of words in an aggregate", node)
    values = [_WHOLE if isinstance(part, exp.Star) else parts.value(part) for part in nodes]
    if any(value.aggregate or value.window for value in values):
        raise mistyped("An aggregate stands inside another", node)
    _require_among(terms, values if distinct else None)
    condition = _condition(parts, where)
    return values, Modifiers(distinct, _ordered_by(terms), condition, window)


def listagg(parts: Parts, node: exp.Expr, where: exp.Expr | None = None, *, over: Sql = NOTHING) -> Value:
    """Return the value of `LISTAGG(x, ',') WITHIN GROUP (ORDER BY y)`, as itself or under OVER."""
    inner = node.this.this
    distinct = isinstance(inner, exp.Distinct)
    if not parts.context.aggregates or parts.context.inside_aggregate:
        raise mistyped(f"listagg() is an aggregate and cannot stand in {parts.context.clause}", node)
    with parts.within(inside_aggregate=True, sealed=not over):
        value = parts.value(inner.expressions[0] if distinct else inner)
        separator = parts.value(node.args["separator"]) if node.args.get("separator") is not None else Value(emit("''"), VARCHAR)
        terms = ordered(parts, node.this.expressions)
        _require_among(terms, [value] if distinct else None)
        order = _ordered_by(terms)
        how = Modifiers(where=_condition(parts, where), window=over)
    if value.type.name != "varchar" or separator.type.name != "varchar":
        raise mistyped(f"listagg({value.type}) is not in Athena: cast it to varchar", node)
    made = shut("string_agg({}{}, {}{}){}", DISTINCT if distinct else NOTHING, value, separator, order, how.behind())
    bounded = emit("el_listagg_cut({})" if node.args.get("is_cut") else "el_listagg({})", made)
    return Value(bounded, VARCHAR, columns=value.columns, aggregate=True)


def ordered(parts: Parts, terms: Sequence[exp.Expr]) -> list[tuple[Value, exp.Ordered]]:
    """Read the terms of an ORDER BY inside an aggregate or a window. Raises QuerySyntaxError for what has no order."""
    made = []
    for term in terms:
        if not isinstance(term, exp.Ordered):
            raise refused("This ORDER BY", term)
        value = parts.value(term.this)
        require_order(value.type, term.this)
        made.append((value, term))
    return made


def ordered_by(terms: Sequence[tuple[Value, exp.Ordered]]) -> Sql:
    """Write ` ORDER BY a DESC NULLS LAST`."""
    return emit(" ORDER BY {}", joined(", ", [in_order(value, term) for value, term in terms]))


def _ordered_by(terms: Sequence[tuple[Value, exp.Ordered]]) -> Sql:
    """Write ` ORDER BY a DESC NULLS LAST` of an aggregate, without the constants, which DuckDB does not take there."""
    ordering = [(value, term) for value, term in terms if not is_constant(unbracketed(term.this))]
    return ordered_by(ordering) if ordering else NOTHING


def _require_among(terms: Sequence[tuple[Value, exp.Ordered]], values: Sequence[Value] | None) -> None:
    """Refuse to order what DISTINCT keeps by anything else. values: what is kept, None without DISTINCT. Raises QuerySyntaxError."""
    for value, term in terms if values is not None else ():
        if value.sql not in [kept.sql for kept in values or ()]:
            raise mistyped("With DISTINCT, ORDER BY in an aggregate takes only its arguments", term)
