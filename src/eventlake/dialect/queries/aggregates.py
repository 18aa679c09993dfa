"""Every aggregate by name, and those that count, add and compare. https://trino.io/docs/current/functions/aggregate.html"""

from __future__ import annotations

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.queries.collecting import COLLECTING
from eventlake.dialect.queries.modifiers import Builder, Modifiers, require_arguments, require_count
from eventlake.dialect.queries.statistics import STATISTICS, plain
from eventlake.dialect.sql import Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.arithmetic import divided
from eventlake.dialect.types.comparison import require_order, sortable
from eventlake.dialect.types.type import BIGINT, BOOLEAN, DOUBLE, INTEGER, REAL, Type, array, decimal


def _count(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    if not values or values[0].type.name == "star":
        return emit("count{}", how.over(ours("*"))), BIGINT
    require_arguments(values, 1, "count", node)
    value = values[0].sql
    if values[0].type.name == "row" and not how.distinct:
        value = emit("CASE WHEN {} IS NOT NULL THEN 1 END", value)
    return emit("count{}", how.over(value)), BIGINT


def _sum(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "sum", node)
    kind = values[0].type
    if kind.is_integer:
        return emit("CAST(sum{} AS BIGINT)", how.over(values[0].sql)), BIGINT
    if kind.name == "decimal":
        total = decimal(38, kind.numbers[1])
        return emit("CAST(sum{} AS {})", how.over(values[0].sql), total.duckdb), total
    if kind.name in {"double", "real"}:
        return emit("CAST(sum{} AS {})", how.over(values[0].sql), kind.duckdb), kind
    if kind.name == "interval day":
        return emit("to_microseconds(CAST(sum{} AS BIGINT))", how.over(emit("epoch_us({})", values[0].sql))), kind
    if kind.name == "interval month":
        months = how.over(emit("datepart('year', {}) * 12 + datepart('month', {})", values[0].sql, values[0].sql))
        return emit("to_months(CAST(sum{} AS INTEGER))", months), kind
    raise mistyped(f"sum({kind}) is not in Athena", node)


def _avg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "avg", node)
    kind = values[0].type
    if kind.name == "decimal":
        total = emit("CAST(sum{} AS DECIMAL(38,{}))", how.over(values[0].sql), kind.numbers[1])
        count = emit("nullif(count{}, 0)", how.over(values[0].sql))
        return divided(total, kind.numbers[1], count, 0, kind), kind
    if kind.name.startswith("interval"):
        return emit("to_microseconds(CAST(round(avg{} / 1000) AS BIGINT) * 1000)", how.over(emit("epoch_us({})", values[0].sql))), kind
    if not kind.is_number:
        raise mistyped(f"avg({kind}) is not in Athena", node)
    result = REAL if kind == REAL else DOUBLE
    return emit("CAST(avg{} AS {})", how.over(values[0].sql), result.duckdb), result


def _extreme(name: str) -> Builder:
    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        kind = values[0].type if values else BIGINT
        if len(values) == 2:
            return _first(name, values, how, node)
        require_arguments(values, 1, name, node)
        require_order(kind, node)
        values = [sortable(values[0])]
        if kind.name in {"double", "real"} and name == "max":
            numbers = how.over(emit("CASE WHEN NOT isnan({}) THEN {} END", values[0].sql, values[0].sql))
            return emit("coalesce(max{}, max{})", numbers, how.over(values[0].sql)), kind
        return emit("{}{}", ours(name), how.over(values[0].sql)), kind

    return build


def _first(name: str, values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    """Make `max(x, n)` or `min(x, n)`: the first n in order, NULLs left out."""
    value, count = values
    require_order(value.type, node)
    value = sortable(value)
    require_count(name, count, node)
    if how.distinct or how.order:
        raise refused(f"{name}(x, n) with DISTINCT or ORDER BY", node, "take the distinct values in a subquery")
    if value.type.name in {"double", "real"}:  # NaN comes last either way
        first = "list({0} ORDER BY isnan({0}), {0} DESC){1}[1:{2}]" if name == "max" else "list({0} ORDER BY {0}){1}[1:{2}]"
        return shut(first, value, how.behind(emit("{} IS NOT NULL", value)), count), array(value.type)
    return emit("{}{}", ours(name), how.over(value.sql, count.sql)), array(value.type)


def _count_if(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "count_if", node)
    if values[0].type.name not in {"boolean", "unknown"}:
        raise mistyped(f"count_if({values[0].type}) is not in Athena", node)
    return emit("count{}", how.over(emit("CASE WHEN {} THEN true END", values[0].sql))), BIGINT


def _grouping(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    kind = INTEGER if len(values) <= 31 else BIGINT
    return shut("CAST(grouping({}) AS {})", joined(", ", (value.sql for value in values)), kind.duckdb), kind


def _of_lambdas(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:  # pragma: no cover  # has a name here, made above
    raise NotImplementedError


AGGREGATES: dict[str, Builder] = {
    "count": _count,
    "sum": _sum,
    "avg": _avg,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "count_if": _count_if,
    "bool_and": plain("bool_and", BOOLEAN, BOOLEAN),
    "every": plain("bool_and", BOOLEAN, BOOLEAN),
    "bool_or": plain("bool_or", BOOLEAN, BOOLEAN),
    **COLLECTING,
    **STATISTICS,
    "grouping": _grouping,
    "reduce_agg": _of_lambdas,
}
"""Name -> how it is made."""
