"""Aggregates of statistics: shares, moments of a distribution, correlation, bits. https://trino.io/docs/current/functions/aggregate.html"""

from __future__ import annotations

from decimal import Decimal

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.failures import failure, refusal
from eventlake.dialect.queries.modifiers import Builder, Modifiers, require_arguments
from eventlake.dialect.sql import Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.type import BIGINT, DOUBLE, REAL, Type, array


def plain(sql: str, given: Type, result: Type) -> Builder:
    """Build an aggregate of one argument that DuckDB has with the same meaning."""

    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        name = str(node.this).lower() if isinstance(node, exp.Anonymous) else sql
        require_arguments(values, 1, name, node)
        kind = values[0].type
        if not (kind.name in {given.name, "unknown"} or (given == DOUBLE and kind.is_number)):
            raise mistyped(f"{name}({kind}) is not in Athena", node)
        return emit("{}{}", ours(sql), how.over(coerce(values[0], given).sql)), result

    return build


def _spread(sql: str) -> Builder:
    """Build var_pop or stddev_pop: of one value DuckDB says 0 whatever it is, Trino NaN where it is no finite number."""

    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        made, kind = plain(sql, DOUBLE, DOUBLE)(values, how, node)
        any_one = emit("any_value{}", how.over(coerce(values[0], DOUBLE).sql))
        return shut("({0} + ({1} - {1}))", made, any_one), kind

    return build


_LEAST_ERROR, _LARGEST_ERROR = Decimal("0.0040625"), Decimal("0.26")


def _approx_distinct(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    if len(values) == 2:
        values, error = values[:1], node.expressions[1] if isinstance(node, exp.Anonymous) else None
        if isinstance(error, exp.Literal) and not error.is_string and not _LEAST_ERROR <= Decimal(str(error.this)) <= _LARGEST_ERROR:
            raise mistyped(f"The standard error of approx_distinct() is from {_LEAST_ERROR} to {_LARGEST_ERROR}", node)
    require_arguments(values, 1, "approx_distinct", node)
    if values[0].type.name in {"unknown"}:
        return emit("count{}", how.over(ours("NULL"))), BIGINT
    return shut("count(DISTINCT {}){}", values[0].sql, how.behind()), BIGINT


def _percentile(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    if len(values) != 2:
        raise refused(
            "approx_percentile() with weights or an accuracy",
            node,
            "repeat each row w times, CROSS JOIN UNNEST(sequence(1, w)), and leave the weights out",
        )
    value, share = values
    if not value.type.is_number and value.type.name != "unknown":
        raise mistyped(f"approx_percentile({value.type}, ...) is not in Athena", node)
    value = coerce(value, REAL if value.type.name == "decimal" else value.type if value.type.name in {"double", "real"} else BIGINT)
    if value.type != BIGINT:
        wrong = failure("approx_percentile() takes finite numbers, not ", value.sql)
        value = value.become(emit("(CASE WHEN NOT isfinite({0}) THEN {1} ELSE {0} END)", value, wrong), value.type)
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
        require_arguments(values, 2, name, node)
        if not all(value.type.is_number or value.type.name == "unknown" for value in values):
            raise mistyped(f"{name}({values[0].type}, {values[1].type}) is not in Athena", node)
        kind = DOUBLE if any(value.type.name == "double" for value in values) else REAL  # the narrower of the two that Trino has
        made = emit("CAST({}{} AS {})", ours(sql), how.over(*(coerce(value, kind).sql for value in values)), kind.duckdb)
        return (emit("el_number_or_null({})", made) if sql in {"corr", "regr_slope"} else made), kind

    return build


def _skewness(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "skewness", node)
    if not (values[0].type.is_number or values[0].type.is_unknown) or how.distinct:
        raise mistyped(f"skewness({values[0].type}) is not in Athena", node)
    n, made = emit("count{}", how.over(values[0].sql)), _of_finite("skewness", values[0], how)
    return shut("(CASE WHEN {0} >= 3 THEN {1} * ({0} - 2) / sqrt(CAST({0} AS DOUBLE) * ({0} - 1)) END)", n, made), DOUBLE


def _kurtosis(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    plain("kurtosis", DOUBLE, DOUBLE)(values, how, node)
    return shut("(CASE WHEN count{} > 3 THEN {} END)", how.over(values[0].sql), _of_finite("kurtosis", values[0], how)), DOUBLE


def _of_finite(sql: str, value: Value, how: Modifiers) -> Sql:
    """Make a moment of a distribution: NaN where a value is not finite, for which DuckDB fails, and where it has none."""
    number = coerce(value, DOUBLE)
    huge = refusal(f"{sql}() of a number beyond 1e60")  # whose fourth power DuckDB does not have
    finite = how.over(emit("CASE WHEN NOT isfinite({0}) THEN NULL WHEN abs({0}) > 1e60 THEN {1} ELSE {0} END", number, huge))
    whole = how.over(emit("isfinite({})", number))
    return shut(
        "(CASE WHEN bool_and{} THEN coalesce({}{}, CAST('NaN' AS DOUBLE)) ELSE CAST('NaN' AS DOUBLE) END)", whole, ours(sql), finite
    )


def _geometric(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
    require_arguments(values, 1, "geometric_mean", node)
    if not values[0].type.is_number and values[0].type.name != "unknown":
        raise mistyped(f"geometric_mean({values[0].type}) is not in Athena", node)
    kind = REAL if values[0].type.name in {"decimal", "real"} else DOUBLE
    return emit("CAST(exp(avg{}) AS {})", how.over(emit("el_ln({})", coerce(values[0], DOUBLE).sql)), kind.duckdb), kind


def _bits(sql: str) -> Builder:
    def build(values: list[Value], how: Modifiers, node: exp.Expr) -> tuple[Sql, Type]:
        require_arguments(values, 1, sql, node)
        if not (values[0].type.is_integer or values[0].type.is_unknown):
            raise mistyped(f"{sql}({values[0].type}) is not in Athena", node)
        return emit("{}{}", ours(sql), how.over(coerce(values[0], BIGINT).sql)), BIGINT

    return build


STATISTICS: dict[str, Builder] = {
    "approx_distinct": _approx_distinct,
    "approx_percentile": _percentile,
    "stddev": plain("stddev_samp", DOUBLE, DOUBLE),
    "stddev_samp": plain("stddev_samp", DOUBLE, DOUBLE),
    "stddev_pop": _spread("stddev_pop"),
    "variance": plain("var_samp", DOUBLE, DOUBLE),
    "var_samp": plain("var_samp", DOUBLE, DOUBLE),
    "var_pop": _spread("var_pop"),
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
}
"""Name -> how it is made."""
