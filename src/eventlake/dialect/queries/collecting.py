"""Aggregates that keep values of theirs: one of them, an array, a map. https://trino.io/docs/current/functions/aggregate.html"""

from __future__ import annotations

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.failures import refusal
from eventlake.dialect.queries.modifiers import Builder, Modifiers, require_arguments, require_count
from eventlake.dialect.sql import Sql, emit, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import hole, require_order, sortable
from eventlake.dialect.types.json_casts import once
from eventlake.dialect.types.type import BIGINT, VARCHAR, Type, array, mapping


def _any(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "any_value", node)
    if how.order:
        raise refused(f"{str(node.this).lower()}() with ORDER BY", node, "write min_by(x, key) or max_by(x, key)")
    return emit("any_value{}", how.over(values[0].sql)), values[0].type


def _array_agg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "array_agg", node)
    return emit("array_agg{}", how.over(values[0].sql)), array(values[0].type)


def _pairs(values: list[Value], how: Modifiers, name: str, node: exp.Expr) -> Sql:
    require_arguments(values, 2, name, node)
    if how.distinct or how.order:
        raise refused(f"{name}() with DISTINCT or ORDER BY", node)
    present = emit("{} IS NOT NULL", values[0])
    return shut("list({{'k': {}, 'v': {}}}){}", values[0], values[1], how.behind(present))


def _map_agg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    pairs = _pairs(values, how, "map_agg", node)
    return once(pairs, lambda made: emit("el_pairs_to_map({})", made)), mapping(values[0].type, values[1].type)


def _multimap_agg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    pairs = _pairs(values, how, "multimap_agg", node)
    return once(pairs, lambda made: emit("el_pairs_to_multimap({})", made)), mapping(values[0].type, array(values[1].type))


def _map_union(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "map_union", node)
    if values[0].type.name != "map" or how.distinct or how.order:
        raise mistyped(f"map_union({values[0].type}) is not in Athena", node)
    present = emit("{} IS NOT NULL", values[0])
    maps = shut("list({}){}", values[0], how.behind(present))
    return once(maps, lambda made: emit("el_map_union({})", made)), values[0].type


def _histogram(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "histogram", node)
    if how.distinct or how.order:
        raise refused("histogram() with DISTINCT or ORDER BY", node)
    return emit("el_counts(histogram{})", how.over(values[0].sql)), mapping(values[0].type, BIGINT)


def _most_frequent(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    """Make `approx_most_frequent(buckets, x, capacity)`, exactly, of no more values than its capacity."""
    require_arguments(values, 3, "approx_most_frequent", node)
    buckets, value, capacity = values
    kind = VARCHAR if value.type.name == "varchar" else BIGINT
    if not (value.type.is_integer or value.type.name == "varchar") or not (buckets.type.is_integer and capacity.type.is_integer):
        raise mistyped(f"approx_most_frequent({buckets.type}, {value.type}, {capacity.type}) is not in Athena", node)
    size, room = buckets.literal, capacity.literal
    if how.distinct or how.order or not (isinstance(size, int) and isinstance(room, int)):
        raise refused("approx_most_frequent() with DISTINCT, ORDER BY or a size that is not a literal", node)
    if size < 2 or room < 1:
        raise mistyped("approx_most_frequent() has two buckets or more, and a capacity", node)
    counts = emit("el_counts(histogram{})", how.over(coerce(value, kind).sql))
    return once(counts, lambda made: emit("el_most_frequent({}, {}, {})", made, size, room)), mapping(kind, BIGINT)


def _unless_null_is_lost(first: Sql, name: str, values: list[Value], how: Modifiers) -> Sql:
    """Refuse the first n of values with a NULL behind them: where Trino had it first, it stays in the place that another takes, in a row's field too."""
    value, key, count = values
    wrong = refusal(f"{name}(x, key, n) with a NULL among the values behind the first n (leave them out with FILTER, or take ARRAY[x]): it")
    present = emit("{} IS NOT NULL AND {} IS NOT NULL", key, value)
    both = how.behind(emit("{} AND NOT {}", present, hole(value)) if value.type.name == "row" else present)
    rows = shut("count({}){}", key, how.behind())
    return shut(
        "(CASE WHEN {0} > {1} AND {0} - count(*){2} > len({4}) - list_count({4}) THEN {3} ELSE {4} END)", rows, count, both, wrong, first
    )


def _by(name: str) -> Builder:
    """Build max_by or min_by: the other value of the row, NULL or not, where the key is greatest or least."""

    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        if how.distinct or how.order:
            raise refused(f"{name}() with DISTINCT or ORDER BY", node)
        if len(values) > 1:
            require_order(values[1].type, node)
            values = [values[0], sortable(values[1]), *values[2:]]
        if len(values) == 3:
            require_count(name, values[2], node)
            key = emit("{}{}", values[1], ours(" DESC" if name == "max_by" else " ASC"))
            if values[1].type.name in {"double", "real"}:  # NaN comes last either way
                key = emit("isnan({}), {}", values[1], key)
            present = emit("{} IS NOT NULL", values[1])
            first = shut("list({} ORDER BY {}){}[1:{}]", values[0], key, how.behind(present), values[2].sql)
            return _unless_null_is_lost(first, name, values, how), array(values[0].type)
        require_arguments(values, 2, name, node)
        duck = "arg_max_null" if name == "max_by" else "arg_min_null"
        made = shut("{}({}, {}){}", ours(duck), values[0].sql, values[1].sql, how.behind())
        if name == "max_by" and values[1].type.name in {
            "double",
            "real",
        }:  # DuckDB has NaN greatest; in Trino it counts where there is nothing else
            number = emit("CASE WHEN NOT isnan({0}) THEN {0} END", values[1])
            best = shut("arg_max_null({}, {}){}", values[0].sql, number, how.behind())
            made = emit("(CASE WHEN {} > 0 THEN {} ELSE {} END)", shut("count({}){}", number, how.behind()), best, made)
        return made, values[0].type

    return build


COLLECTING: dict[str, Builder] = {
    "arbitrary": _any,
    "any_value": _any,
    "array_agg": _array_agg,
    "map_agg": _map_agg,
    "multimap_agg": _multimap_agg,
    "histogram": _histogram,
    "approx_most_frequent": _most_frequent,
    "map_union": _map_union,
    "max_by": _by("max_by"),
    "min_by": _by("min_by"),
}
"""Name -> how it is made."""
