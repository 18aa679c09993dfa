"""Numbers and conditionals: https://trino.io/docs/current/functions/math.html, bitwise.html, conditional.html"""

from __future__ import annotations

import re

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Builder, Syntactic
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.arithmetic import arithmetic, rescaled, unscaled
from eventlake.dialect.types.casts import coerce, typed_null
from eventlake.dialect.types.comparison import compared, require_order
from eventlake.dialect.types.type import TINYINT, VARCHAR, as_decimal, decimal


def _rounded(name: str) -> object:
    """Build floor, ceil or round of one number: whole numbers stay, decimals lose their scale."""

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        value = coerce(values[0], TINYINT) if values[0].type.name == "unknown" else values[0]
        if value.type.is_integer:
            return value
        if value.type.name == "decimal":
            precision, scale = value.type.numbers
            kind = decimal(precision - scale + min(scale, 1), 0)
            return value.become(emit("CAST({}({}) AS {})", ours(name), value.sql, kind.duckdb), kind)
        return value.become(emit("{}({})", ours(name), value.sql), value.type)

    return build


def _abs(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    value = coerce(values[0], TINYINT) if values[0].type.name == "unknown" else values[0]
    return value.become(emit("abs({})", value.sql), value.type)


def _round_to(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    value, digits = values
    value = coerce(value, TINYINT) if value.type.name == "unknown" else value
    if value.type.is_integer:
        if isinstance(digits.literal, int) and digits.literal >= 0:
            return value
        made = emit("CAST(round({}, CAST({} AS INTEGER)) AS {})", value.sql, digits.sql, value.type.duckdb)
        wrong = failure("Rounded to more digits than a number has: ", digits.sql)
        return derived(_unless_beyond(made, value, digits, -19, wrong), value.type, values)
    if value.type.name == "decimal":
        if digits.is_null:
            return typed_null(digits, decimal(value.type.numbers[0] + 1, value.type.numbers[1]))
        if not isinstance(digits.literal, int):
            raise refused("round() of a decimal to digits that are not a literal", node)
        precision, scale = value.type.numbers
        kind = decimal(precision + 1, scale)
        return (
            # the CASE keeps a NULL, of which DuckDB makes 0 where all digits are rounded away
            derived(
                emit("(CASE WHEN {0} IS NOT NULL THEN CAST(round({0}, {1}) AS {2}) END)", value, digits.literal, kind.duckdb), kind, values
            )
            if digits.literal < scale
            else derived(emit("CAST({} AS {})", value.sql, kind.duckdb), kind, values)
        )
    made = emit("round({}, CAST({} AS INTEGER))", value.sql, digits.sql)
    nothing = emit("(CASE WHEN isinf({0}) THEN {0} ELSE CAST('NaN' AS {1}) END)", value, value.type.duckdb)
    return derived(_unless_beyond(made, value, digits, -324, nothing), value.type, values)


def _unless_beyond(made: Sql, value: Value, digits: Value, least: int, otherwise: Sql) -> Sql:
    """Choose what Trino makes of a number that is rounded to so many digits before its point that the power of ten is none any more."""
    if isinstance(digits.literal, int) and digits.literal > least:
        return made
    return emit("(CASE WHEN {} IS NOT NULL AND {} <= {} THEN {} ELSE {} END)", value, digits, least, otherwise, made)


def _known(value: Value) -> Value:
    """Return a bare NULL as the decimal that Trino takes it for."""
    return coerce(value, decimal(1, 0)) if value.type.name == "unknown" else value


def _truncate(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    value = _known(values[0])
    if value.type.name in {"double", "real"}:
        return value.become(emit("el_truncate({})", value.sql), value.type)
    precision, scale = as_decimal(value.type).numbers
    kind = decimal(max(precision - scale, 1), 0)
    return value.become(emit("CAST(trunc({}) AS {})", value.sql, kind.duckdb), kind)


def _truncate_to(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    value, digits = _known(values[0]), values[1]
    if value.type.name in {"double", "real"}:
        raise mistyped(f"truncate({value.type}, {digits.type}) is not in Athena: cast to decimal", node)
    if digits.is_null:
        return typed_null(digits, as_decimal(value.type))
    if not isinstance(digits.literal, int):
        raise refused("truncate() to digits that are not a literal", node)
    kind = as_decimal(value.type)
    left = kind.numbers[1] - digits.literal
    if left <= 0:
        return coerce(value, kind)
    if left > kind.numbers[0]:
        return derived(emit("(CASE WHEN {} IS NOT NULL THEN CAST(0 AS {}) END)", value.sql, kind.duckdb), kind, values)
    whole = coerce(value, kind).sql
    step = emit("CAST({} AS HUGEINT)", 10**left)
    kept = emit("({} // {}) * {}", unscaled(whole, kind.numbers[1]), step, step)
    return derived(rescaled(kept, kind), kind, values)


_BITS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}


def _shift(macro: str) -> Builder:
    """Make a shift of the bits that the value's type has; the result has the same type. By less than nothing Java takes the last six bits."""
    template = f"CAST({macro}({{}}, el_shift_count({{}}), {{}}) AS {{}})"

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        value = coerce(values[0], TINYINT) if values[0].type.name == "unknown" else values[0]
        return derived(
            emit(template, value, values[1], _BITS[value.type.name], value.type.duckdb),
            value.type,
            values,
        )

    return build


def _sign(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    value = values[0]
    kind = {"decimal": decimal(1, 0), "unknown": TINYINT}.get(value.type.name, value.type)
    if value.type.name in {"double", "real"}:
        return value.become(
            emit("(CASE WHEN isnan({}) THEN {} ELSE CAST(sign({}) AS {}) END)", value.sql, value.sql, value.sql, kind.duckdb), kind
        )
    return value.become(emit("CAST(sign({}) AS {})", value.sql, kind.duckdb), kind)


def _mod(parts: Parts, node: exp.Expr) -> Value:
    if len(node.expressions) != 2:
        raise mistyped("mod() takes two arguments", node)
    return arithmetic("%", parts.value(node.expressions[0]), parts.value(node.expressions[1]), node)


def _extreme(name: str) -> Syntactic:
    def build(parts: Parts, node: exp.Expr) -> Value:
        values, kind = parts.united(node.expressions, name)
        require_order(kind, node)
        if not values or kind.args:
            raise refused(f"{name}() of {kind}", node)
        missing = joined(" OR ", (emit("{} IS NULL", value.sql) for value in values))
        sql = emit("{}({})", ours(name), joined(", ", values))
        if kind.name in {"double", "real"} and name == "greatest":
            sql = emit("el_greatest([{}])", joined(", ", (value.sql for value in values)))
        return derived(emit("(CASE WHEN {} THEN NULL ELSE {} END)", missing, sql), kind, values)

    return build


def _coalesce(parts: Parts, node: exp.Expr) -> Value:
    if len(node.expressions) < 2:
        raise mistyped("coalesce() takes two or more arguments", node)
    values, kind = parts.united(node.expressions, "coalesce()")
    return derived(emit("coalesce({})", joined(", ", (value.sql for value in values))), kind, values)


def _nullif(parts: Parts, node: exp.Expr) -> Value:
    if len(node.expressions) != 2:
        raise mistyped("nullif() takes two arguments", node)
    first, second = (parts.value(argument) for argument in node.expressions)
    equal = compared("=", first, second, node)
    return derived(emit("(CASE WHEN {} THEN NULL ELSE {} END)", equal.sql, first.sql), first.type, (first, second))


def _try(parts: Parts, node: exp.Expr) -> Value:
    if len(node.expressions) != 1:
        raise mistyped("try() takes one argument", node)
    return parts.tried(node.expressions[0])


def _typeof(parts: Parts, node: exp.Expr) -> Value:
    if len(node.expressions) != 1:
        raise mistyped("typeof() takes one argument", node)
    value = parts.value(node.expressions[0])
    if "varchar" in str(value.type) and not _length_is_known(parts, node.expressions[0]):
        raise refused("typeof() of a text whose length is computed", node)
    name = text(str(value.type))
    is_computed = not isinstance(node.expressions[0], exp.Column | exp.Literal)  # which may fail, whatever its type
    sql = emit("(CASE WHEN {} IS NULL THEN {} ELSE {} END)", value.sql, name, name) if is_computed else name
    return Value(sql, VARCHAR, columns=value.columns, aggregate=value.aggregate)


def _length_is_known(parts: Parts, node: exp.Expr) -> bool:
    """Tell whether the varchars of a type are as Trino writes them: of a stored column, a literal, a cast, or computed from texts without a length."""
    while isinstance(node, exp.Anonymous) and node.expressions:
        node = node.expressions[0]
        if parts.value(node).type.numbers:
            return False
    if isinstance(node, exp.Column):
        return "varchar" not in _WITH_LENGTH.sub("", str(parts.value(node).type)) or parts.context.scope.is_stored(node.names)
    return isinstance(node, exp.Literal | exp.Cast)


_WITH_LENGTH = re.compile(r"varchar\(\d+\)")


_ONE = ("sqrt", "cbrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "degrees", "radians", "sinh", "cosh", "tanh")

FUNCTIONS = [
    F("abs", "N -> N", _abs),
    *(F(name, "N -> N", _rounded(duck)) for name, duck in (("floor", "floor"), ("ceil", "ceil"), ("ceiling", "ceil"), ("round", "round"))),  # type: ignore[arg-type]
    F("round", "N, integer -> N", _round_to),
    F("truncate", "N -> N", _truncate),
    F("truncate", "N, bigint -> N", _truncate_to),
    F("sign", "N -> N", _sign),
    *(F(name, "double -> double", f"TRY({name}({{0}}))" if name in {"asin", "acos", "sqrt"} else f"{name}({{0}})") for name in _ONE),
    F("atan2", "double, double -> double", "atan2({0}, {1})"),
    F("ln", "double -> double", "el_ln({0})"),
    F("log2", "double -> double", "(el_ln({0}) / ln(CAST(2 AS DOUBLE)))"),
    F("log10", "double -> double", "el_log10({0})"),
    F("log", "double, double -> double", "(el_ln({1}) / el_ln({0}))"),
    F("pow", "double, double -> double", "el_power({0}, {1})"),
    F("power", "double, double -> double", "el_power({0}, {1})"),
    F("pi", "-> double", "pi()"),
    F("e", "-> double", "exp(CAST(1 AS DOUBLE))"),
    F("nan", "-> double", "CAST('NaN' AS DOUBLE)"),
    F("infinity", "-> double", "CAST('Infinity' AS DOUBLE)"),
    F("is_nan", "double -> boolean", "isnan({0})"),
    F("is_infinite", "double -> boolean", "isinf({0})"),
    F("is_finite", "double -> boolean", "isfinite({0})"),
    F("width_bucket", "double, double, double, bigint -> bigint", "el_width_bucket({0}, {1}, {2}, {3})"),
    F("width_bucket", "double, array(double) -> bigint", "el_width_bucket_of({0}, {1})"),
    F("dot_product", "array(double), array(double) -> double", "el_dot(el_vectors({0}, {1}))"),
    F("euclidean_distance", "array(double), array(double) -> double", "el_distance(el_vectors({0}, {1}))"),
    F("cosine_similarity", "array(double), array(double) -> double", "el_cosine({0}, {1})"),
    F("cosine_distance", "array(double), array(double) -> double", "(1 - el_cosine({0}, {1}))"),
    F("cosine_similarity", "map(varchar,double), map(varchar,double) -> double", "el_cosine_of_maps({0}, {1})"),
    F("wilson_interval_lower", "bigint, bigint, double -> double", "el_wilson({0}, {1}, {2}, -1)"),
    F("wilson_interval_upper", "bigint, bigint, double -> double", "el_wilson({0}, {1}, {2}, 1)"),
    F("bitwise_and", "bigint, bigint -> bigint", "({0} & {1})"),
    F("bitwise_or", "bigint, bigint -> bigint", "({0} | {1})"),
    F("bitwise_xor", "bigint, bigint -> bigint", "xor({0}, {1})"),
    F("bitwise_not", "bigint -> bigint", "(~ {0})"),
    F("bitwise_left_shift", "I, integer -> I", _shift("el_shift_left")),
    F("bitwise_right_shift", "I, integer -> I", _shift("el_shift_right")),
    F("bitwise_right_shift_arithmetic", "I, integer -> I", _shift("el_shift_arithmetic")),
    F("bit_count", "bigint, bigint -> bigint", "el_bit_count({0}, {1})"),
    F("from_base", "varchar, bigint -> bigint", "el_from_base({0}, {1})"),
    F("parse_data_size", "varchar -> decimal(38,0)", "CAST(el_data_size({0}) AS DECIMAL(38,0))"),
    F("parse_presto_data_size", "varchar -> decimal(38,0)", "CAST(el_data_size({0}) AS DECIMAL(38,0))"),
    F("luhn_check", "varchar -> boolean", "el_luhn({0})"),
    F("to_base", "bigint, bigint -> varchar", "el_to_base({0}, {1})"),
    F("now", "-> timestamptz", lambda parts, values, node: parts.value(exp.CurrentTimestamp())),
]

SYNTACTIC: dict[str, Syntactic] = {
    "mod": _mod,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "coalesce": _coalesce,
    "nullif": _nullif,
    "try": _try,
    "typeof": _typeof,
}
