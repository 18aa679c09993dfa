"""Aggregates: what they take, what they give, and their DISTINCT, ORDER BY and FILTER.

https://trino.io/docs/current/functions/aggregate.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.functions.refusals import REFUSED
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.folding import folded
from eventlake.dialect.queries.relation import direction
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.arithmetic import divided
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import require_order
from eventlake.dialect.types.json_casts import distinguished
from eventlake.dialect.types.type import BIGINT, BOOLEAN, DOUBLE, EACH, INTEGER, REAL, VARCHAR, Type, array, decimal, mapping
from eventlake.dialect.types.zones import as_instants, each_zoned, instant, zone_label


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What stands inside and behind the brackets of an aggregate.

    where: the condition of FILTER. window: ` OVER (...)` if it is one over a window.
    """

    distinct: bool = False
    order: Sql = NOTHING
    where: Sql | None = None
    window: Sql = NOTHING

    def over(self, *arguments: Sql) -> Sql:
        """Write `(DISTINCT a, b ORDER BY c) FILTER (WHERE d) OVER (e)`."""
        return shut("({}{}{}){}", DISTINCT if self.distinct else NOTHING, joined(", ", arguments), self.order, self.behind())

    def behind(self, *conditions: Sql) -> Sql:
        """Write what stands behind the brackets, with further conditions in the filter."""
        wanted = [*([self.where] if self.where is not None else []), *conditions]
        return emit(" FILTER (WHERE {}){}", joined(" AND ", wanted), self.window) if wanted else self.window


DISTINCT = ours("DISTINCT ")

Builder = Callable[[list[Value], Modifiers, exp.Expr], tuple[Sql, Type]]
"""Makes the SQL and the type of an aggregate over these values."""


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
    if name in {"min", "max"} and len(values) == 1 and values[0].type.zone == EACH:
        return _extreme_moment(name, values[0], modifiers)
    held = [value if _carries(name, place, modifiers) else as_instants(value) for place, value in enumerate(values)]
    if modifiers.distinct or name in {"histogram", "approx_distinct", "grouping"}:
        held = [distinguished(value, f"{name}(DISTINCT)" if modifiers.distinct else f"{name}()", node) for value in held]
    sql, kind = AGGREGATES[name](held, modifiers, node)
    return Value(sql, kind, aggregate=True)


def _folded(parts: Parts, nodes: Sequence[exp.Expr], where: exp.Expr | None, node: exp.Expr) -> Value:
    """Make the value of reduce_agg(), whose last arguments are lambdas; it leaves NULLs out."""
    if any(isinstance(part, exp.Distinct | exp.Order) for part in nodes):
        raise refused("reduce_agg() with DISTINCT or ORDER BY", node)
    condition = parts.boolean(where, "FILTER").sql if where is not None else None
    present = [emit("{} IS NOT NULL", parts.value(nodes[0]))] if nodes else []
    return folded(parts, nodes, node, Modifiers(where=condition).behind(*present))


def _of_lambdas(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:  # pragma: no cover  # has a name here, made above
    raise NotImplementedError


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
    if any(isinstance(part, exp.Distinct | exp.Order) for part in nodes):
        raise refused("This order of words in an aggregate", node)
    values = [_whole(part, parts, node) if isinstance(part, exp.Star) else parts.value(part) for part in nodes]
    if any(value.aggregate or value.window for value in values):
        raise mistyped("An aggregate stands inside another", node)
    _require_among(terms, values if distinct else None)
    condition = parts.boolean(where, "FILTER").sql if where is not None else None
    return values, Modifiers(distinct, ordered_by(terms) if terms else NOTHING, condition, window)


def _whole(part: exp.Expr, parts: Parts, node: exp.Expr) -> Value:
    return Value(emit("*"), Type("star"))


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
    return emit(" ORDER BY {}", joined(", ", [emit("{}{}", as_instants(value), direction(term)) for value, term in terms]))


def _takes(values: list[Value], count: int, name: str, node: exp.Expr) -> None:
    if len(values) != count:
        raise mistyped(f"{name}() takes {count} argument{'s' if count != 1 else ''}", node)
    if any(value.type.name == "star" for value in values):
        raise mistyped(f"{name}(*) is not in Athena", node)


def _count(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    if not values or values[0].type.name == "star":
        return emit("count{}", how.over(ours("*"))), BIGINT
    _takes(values, 1, "count", node)
    value = values[0].sql
    if values[0].type.name == "row" and not how.distinct:
        value = emit("CASE WHEN {} IS NOT NULL THEN 1 END", value)
    return emit("count{}", how.over(value)), BIGINT


def _sum(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "sum", node)
    kind = values[0].type
    if kind.is_integer or kind.name == "unknown":
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
    _takes(values, 1, "avg", node)
    kind = values[0].type
    if kind.name == "decimal":
        total = emit("CAST(sum{} AS DECIMAL(38,{}))", how.over(values[0].sql), kind.numbers[1])
        count = emit("nullif(count{}, 0)", how.over(values[0].sql))
        return divided(total, kind.numbers[1], count, 0, kind), kind
    if kind.name.startswith("interval"):
        return emit("to_microseconds(CAST(round(avg{} / 1000) AS BIGINT) * 1000)", how.over(emit("epoch_us({})", values[0].sql))), kind
    if not kind.is_number and kind.name != "unknown":
        raise mistyped(f"avg({kind}) is not in Athena", node)
    result = REAL if kind == REAL else DOUBLE
    return emit("CAST(avg{} AS {})", how.over(values[0].sql), result.duckdb), result


def _extreme(name: str) -> Builder:
    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        kind = values[0].type if values else BIGINT
        if len(values) == 2:
            return _first(name, values, how, node)
        _takes(values, 1, name, node)
        require_order(kind, node)
        if kind.name in {"double", "real"} and name == "max":
            numbers = how.over(emit("CASE WHEN NOT isnan({}) THEN {} END", values[0].sql, values[0].sql))
            return emit("coalesce(max{}, max{})", numbers, how.over(values[0].sql)), kind
        return emit("{}{}", ours(name), how.over(values[0].sql)), kind

    return build


def _first(name: str, values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    """Make `max(x, n)` or `min(x, n)`: the first n in order, NULLs left out."""
    value, count = values
    require_order(value.type, node)
    _require_count(name, count, node)
    if how.distinct or how.order:
        raise refused(f"{name}(x, n) with DISTINCT or ORDER BY", node, "take the distinct values in a subquery")
    if value.type.name in {"double", "real"}:  # NaN comes last either way
        first = "list({0} ORDER BY isnan({0}), {0} DESC){1}[1:{2}]" if name == "max" else "list({0} ORDER BY {0}){1}[1:{2}]"
        return shut(first, value, how.behind(emit("{} IS NOT NULL", value)), count), array(value.type)
    return emit("{}{}", ours(name), how.over(value.sql, count.sql)), array(value.type)


_MOST = 10_000
"""How many values Trino's aggregates of the first n take."""


def _require_count(name: str, count: Value, node: exp.Expr) -> None:
    """Raise the QueryError of a number of values that is none, or none that is known here."""
    if not count.type.is_integer and count.type.name != "unknown":
        raise mistyped(f"{name}() by {count.type} is not in Athena", node)
    if not isinstance(count.literal, int):
        raise refused(f"{name}() with a count that is not a literal", node)
    if not 0 < count.literal <= _MOST:
        raise mistyped(f"The count of {name}() is from 1 to {_MOST:,}, not {count.literal}", node)


def _plain(sql: str, given: Type, result: Type) -> Builder:
    """Build an aggregate of one argument that DuckDB has with the same meaning."""

    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        name = str(node.this).lower() if isinstance(node, exp.Anonymous) else sql
        _takes(values, 1, name, node)
        kind = values[0].type
        if not (kind.name in {given.name, "unknown"} or (given == DOUBLE and kind.is_number)):
            raise mistyped(f"{name}({kind}) is not in Athena", node)
        return emit("{}{}", ours(sql), how.over(coerce(values[0], given).sql)), result

    return build


def _count_if(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "count_if", node)
    if values[0].type.name not in {"boolean", "unknown"}:
        raise mistyped(f"count_if({values[0].type}) is not in Athena", node)
    return emit("count{}", how.over(emit("CASE WHEN {} THEN true END", values[0].sql))), BIGINT


def _any(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "any_value", node)
    if how.order:
        raise refused(f"{str(node.this).lower()}() with ORDER BY", node, "write min_by(x, key) or max_by(x, key)")
    return emit("any_value{}", how.over(values[0].sql)), values[0].type


def _array_agg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "array_agg", node)
    return emit("array_agg{}", how.over(values[0].sql)), array(values[0].type)


def _pairs(values: list[Value], how: Modifiers, name: str, node: exp.Expr) -> Sql:
    _takes(values, 2, name, node)
    if how.distinct or how.order:
        raise refused(f"{name}() with DISTINCT or ORDER BY", node)
    present = emit("{} IS NOT NULL", values[0])
    return shut("list({{'k': {}, 'v': {}}}){}", values[0], values[1], how.behind(present))


def _map_agg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    pairs = _pairs(values, how, "map_agg", node)
    return emit("el_pairs_to_map({})", pairs), mapping(values[0].type, values[1].type)


def _multimap_agg(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    pairs = _pairs(values, how, "multimap_agg", node)
    return emit("el_pairs_to_multimap({})", pairs), mapping(values[0].type, array(values[1].type))


def _map_union(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "map_union", node)
    if values[0].type.name != "map" or how.distinct or how.order:
        raise mistyped(f"map_union({values[0].type}) is not in Athena", node)
    present = emit("{} IS NOT NULL", values[0])
    return emit("el_map_union({})", shut("list({}){}", values[0], how.behind(present))), values[0].type


def _histogram(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "histogram", node)
    if how.distinct or how.order:
        raise refused("histogram() with DISTINCT or ORDER BY", node)
    return emit("el_counts(histogram{})", how.over(values[0].sql)), mapping(values[0].type, BIGINT)


def _by(name: str) -> Builder:
    """Build max_by or min_by: the other value of the row, NULL or not, where the key is greatest or least."""

    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        if how.distinct or how.order:
            raise refused(f"{name}() with DISTINCT or ORDER BY", node)
        if len(values) > 1:
            require_order(values[1].type, node)
        if len(values) == 3:
            _require_count(name, values[2], node)
            first = "list({} ORDER BY {} DESC){}[1:{}]" if name == "max_by" else "list({} ORDER BY {} ASC){}[1:{}]"
            present = emit("{} IS NOT NULL", values[1])
            return shut(first, values[0], values[1], how.behind(present), values[2].sql), array(values[0].type)
        _takes(values, 2, name, node)
        duck = "arg_max_null" if name == "max_by" else "arg_min_null"
        return shut("{}({}, {}){}", ours(duck), values[0].sql, values[1].sql, how.behind()), values[0].type

    return build


def _approx_distinct(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    if len(values) == 2:
        values = values[:1]
    _takes(values, 1, "approx_distinct", node)
    if values[0].type.name in {"unknown"}:
        return emit("count{}", how.over(ours("NULL"))), BIGINT
    return shut("count(DISTINCT {}){}", values[0].sql, how.behind()), BIGINT


def _percentile(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    if len(values) != 2:
        raise refused("approx_percentile() with weights or an accuracy", node, "leave the weights out by repeating rows")
    value, share = values
    if not value.type.is_number:
        raise mistyped(f"approx_percentile({value.type}, ...) is not in Athena", node)
    value = coerce(value, REAL if value.type.name == "decimal" else BIGINT if value.type.is_integer else value.type)
    if share.type.name == "array" and isinstance(node, exp.Anonymous) and isinstance(node.expressions[1], exp.Array):
        places = [_descending(part, node) for part in node.expressions[1].expressions]
        made = joined(", ", (emit("quantile_disc{}", how.over(value.sql, place)) for place in places))
        return emit("(CASE WHEN {} = 0 THEN NULL ELSE [{}] END)", shut("count({}){}", value, how.behind()), made), array(value.type)
    return emit("quantile_disc{}", how.over(value.sql, _descending(node.expressions[1], node))), value.type


def _descending(share: exp.Expr, node: exp.Expr) -> Sql:
    """Turn Trino's share into DuckDB's: Trino takes the value at floor(share * n) from below, which is ceil((1 - share) * n) from above."""
    if not isinstance(share, exp.Literal) or share.is_string:
        raise refused("approx_percentile() with a share that is not a literal", node)
    rest = 1 - Decimal(str(share.this))
    if not 0 <= rest <= 1:
        raise mistyped("The share of approx_percentile() is from 0 to 1", node)
    return ours(f"-{rest:f}" if rest else "1.0")


def _two(sql: str) -> Builder:
    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        name = str(node.this).lower()
        _takes(values, 2, name, node)
        if not all(value.type.is_number or value.type.name == "unknown" for value in values):
            raise mistyped(f"{name}({values[0].type}, {values[1].type}) is not in Athena", node)
        kind = DOUBLE if any(value.type.name == "double" for value in values) else REAL  # the narrower of the two that Trino has
        made = emit("CAST({}{} AS {})", ours(sql), how.over(*(coerce(value, kind).sql for value in values)), kind.duckdb)
        return (emit("el_number_or_null({})", made) if sql in {"corr", "regr_slope"} else made), kind

    return build


def _skewness(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "skewness", node)
    if not values[0].type.is_number or how.distinct:
        raise mistyped(f"skewness({values[0].type}) is not in Athena", node)
    n, made = emit("count{}", how.over(values[0].sql)), emit("skewness{}", how.over(values[0].sql))
    return emit(
        "(CASE WHEN {} < 3 THEN NULL ELSE coalesce({}, CAST('NaN' AS DOUBLE)) * ({} - 2) / sqrt(CAST({} AS DOUBLE) * ({} - 1)) END)",
        n,
        made,
        n,
        n,
        n,
    ), DOUBLE


def _kurtosis(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    made, _ = _plain("kurtosis", DOUBLE, DOUBLE)(values, how, node)
    return emit("(CASE WHEN count{} > 3 THEN coalesce({}, CAST('NaN' AS DOUBLE)) END)", how.over(values[0].sql), made), DOUBLE


def _geometric(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    _takes(values, 1, "geometric_mean", node)
    if not values[0].type.is_number:
        raise mistyped(f"geometric_mean({values[0].type}) is not in Athena", node)
    kind = REAL if values[0].type.name in {"decimal", "real"} else DOUBLE
    return emit("CAST(exp(avg{}) AS {})", how.over(emit("el_ln({})", coerce(values[0], DOUBLE).sql)), kind.duckdb), kind


def _bits(sql: str) -> Builder:
    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        _takes(values, 1, sql, node)
        if not (values[0].type.is_integer or values[0].type.is_unknown):
            raise mistyped(f"{sql}({values[0].type}) is not in Athena", node)
        return emit("{}{}", ours(sql), how.over(coerce(values[0], BIGINT).sql)), BIGINT

    return build


def _grouping(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    kind = INTEGER if len(values) <= 31 else BIGINT
    return shut("CAST(grouping({}) AS {})", joined(", ", (value.sql for value in values)), kind.duckdb), kind


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
        order = ordered_by(terms)
        how = Modifiers(where=parts.boolean(where, "FILTER").sql if where is not None else None, window=over)
    if value.type.name != "varchar" or separator.type.name != "varchar":
        raise mistyped(f"listagg({value.type}) is not in Athena: cast it to varchar", node)
    made = shut("string_agg({}{}, {}{}){}", DISTINCT if distinct else NOTHING, value, separator, order, how.behind())
    bounded = emit("el_listagg_cut({})" if node.args.get("is_cut") else "el_listagg({})", made)
    return Value(bounded, VARCHAR, columns=value.columns, aggregate=True)


def _require_among(terms: Sequence[tuple[Value, exp.Ordered]], values: Sequence[Value] | None) -> None:
    """Refuse to order what DISTINCT keeps by anything else. values: what is kept, None without DISTINCT. Raises QuerySyntaxError."""
    for value, term in terms if values is not None else ():
        if value.sql not in [kept.sql for kept in values or ()]:
            raise mistyped("With DISTINCT, ORDER BY in an aggregate takes only its arguments", term)


AGGREGATES: dict[str, Builder] = {
    "count": _count,
    "sum": _sum,
    "avg": _avg,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "count_if": _count_if,
    "bool_and": _plain("bool_and", BOOLEAN, BOOLEAN),
    "every": _plain("bool_and", BOOLEAN, BOOLEAN),
    "bool_or": _plain("bool_or", BOOLEAN, BOOLEAN),
    "arbitrary": _any,
    "any_value": _any,
    "array_agg": _array_agg,
    "map_agg": _map_agg,
    "multimap_agg": _multimap_agg,
    "histogram": _histogram,
    "map_union": _map_union,
    "max_by": _by("max_by"),
    "min_by": _by("min_by"),
    "approx_distinct": _approx_distinct,
    "approx_percentile": _percentile,
    "stddev": _plain("stddev_samp", DOUBLE, DOUBLE),
    "stddev_samp": _plain("stddev_samp", DOUBLE, DOUBLE),
    "stddev_pop": _plain("stddev_pop", DOUBLE, DOUBLE),
    "variance": _plain("var_samp", DOUBLE, DOUBLE),
    "var_samp": _plain("var_samp", DOUBLE, DOUBLE),
    "var_pop": _plain("var_pop", DOUBLE, DOUBLE),
    "kurtosis": _kurtosis,
    "skewness": _skewness,
    "geometric_mean": _geometric,
    "corr": _two("corr"),
    "covar_pop": _two("covar_pop"),
    "covar_samp": _two("covar_samp"),
    "regr_slope": _two("regr_slope"),
    "regr_intercept": _two("regr_intercept"),
    "bitwise_and_agg": _bits("bit_and"),
    "bitwise_or_agg": _bits("bit_or"),
    "bitwise_xor_agg": _bits("bit_xor"),
    "grouping": _grouping,
    "reduce_agg": _of_lambdas,
}
"""Name -> how it is made."""
