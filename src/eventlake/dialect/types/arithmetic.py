"""`+ - * / %` as Trino computes them: integers stay integers, decimals keep their digits, dates stay dates.

Decimals: https://trino.io/docs/current/functions/decimal.html
"""

from __future__ import annotations

from dataclasses import replace

from eventlake.dialect.binding import Value, derived, mistyped
from eventlake.dialect.sql import Sql, emit, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.type import INTERVAL_DAY, INTERVAL_MONTH, MAX_DIGITS, TINYINT, Type, as_decimal, common, decimal
from eventlake.dialect.types.zones import instant, moved, once_held, shown_at, wall


def arithmetic(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    """Join two values by an operator. Raises QuerySyntaxError for types that Trino does not join."""
    if left.type.is_number and right.type.is_number:
        return _numbers(sign, left, right)
    if {left.type.name, right.type.name} & {"unknown"}:
        return _with_null(sign, left, right, node)
    if left.type.name == "time" and sign in "+-" and right.type == INTERVAL_DAY:
        return _clock(sign, left, right)
    if sign == "+" and right.type.name == "time" and left.type == INTERVAL_DAY:
        return _clock(sign, right, left)
    if sign in "+-" and left.type.is_moment and right.type.name.startswith("interval"):
        return shifted(sign, left, right, node)
    if sign == "+" and right.type.is_moment and left.type.name.startswith("interval"):
        return shifted(sign, right, left, node)
    if sign == "-" and ((left.type.is_moment and right.type.is_moment) or left.type.name == right.type.name == "time"):
        return _difference(left, right)
    if left.type.name.startswith("interval") or right.type.name.startswith("interval"):
        return _intervals(sign, left, right, node)
    raise mistyped(f"{left.type} {sign} {right.type} is not in Athena", node)


def _with_null(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    known = left if right.type.name == "unknown" else right
    if not known.type.is_number and known.type.name != "unknown":
        kind = _type_with_null(sign, known.type, known is left)
        if kind is None:
            raise mistyped(f"{left.type} {sign} {right.type} is not in Athena: cast the NULL", node)
        return derived(emit("CAST(NULL AS {})", kind.duckdb), kind, (left, right))
    # Trino cannot choose where an interval would do as well as the NULL
    if known.type.name == "unknown" and sign == "%":
        return _numbers(sign, coerce(left, TINYINT), coerce(right, TINYINT))
    scales = sign == "*" and known.type.name in {"double", "bigint"}
    if known.type.name == "unknown" or scales or (known.type.name == "double" and sign == "/" and known is right):
        raise mistyped(f"A bare NULL {sign} is ambiguous: cast it", node)
    kind = decimal(1, 0) if known.type.name == "decimal" else known.type  # the narrowest that there is
    return _numbers(sign, *(coerce(value, kind) if value.type.name == "unknown" else value for value in (left, right)))


def _type_with_null(sign: str, kind: Type, is_left: bool) -> Type | None:
    """Return the type of a moment, a time or an interval joined with a bare NULL; None where Trino finds no operator or several."""
    if kind.name.startswith("interval"):
        return kind if sign == "*" or (is_left and sign in "-/") else None
    if sign == "-" and not is_left and (kind.is_moment or kind.name == "time"):
        return INTERVAL_DAY
    if kind.name == "date" and sign in "+-":
        return kind
    if kind.name == "time" and sign == "+":
        return replace(kind, numbers=(max(kind.numbers[0], 3),))
    return kind if sign == "+" and kind.is_moment and kind.numbers[0] >= 3 else None


def _numbers(sign: str, left: Value, right: Value) -> Value:
    both = common(left.type, right.type)
    if both is None:
        raise mistyped(f"{left.type} {sign} {right.type} is not in Athena")
    if both.name == "decimal":
        return _decimals(sign, left, right)
    a, b = coerce(left, both).sql, coerce(right, both).sql
    if both.is_integer and sign in "/%":
        if sign == "%" and right.literal in {None, -1}:
            return derived(emit("el_modulo({}, {})", a, b), both, (left, right))
        return derived(emit("({} // {})" if sign == "/" else "({} % {})", a, b), both, (left, right))
    if sign == "%":
        return derived(emit("el_double_modulo({}, {})", a, b), both, (left, right))
    return derived(emit("({} {} {})", a, ours(sign), b), both, (left, right))


def _decimals(sign: str, left: Value, right: Value) -> Value:
    a, b = as_decimal(left.type), as_decimal(right.type)
    (p1, s1), (p2, s2) = a.numbers, b.numbers
    x, y = coerce(left, a).sql, coerce(right, b).sql
    scale = max(s1, s2)
    if sign in "+-":
        kind = decimal(max(p1 - s1, p2 - s2) + scale + 1, scale)
        return derived(
            emit("({} {} {})", _wide(x, kind), ours(sign), _wide(y, kind))
            if kind.numbers[0] == MAX_DIGITS or _outgrows(a, b, kind)
            else emit("CAST(({} {} {}) AS {})", x, ours(sign), y, kind.duckdb),
            kind,
            (left, right),
        )
    if sign == "*":
        kind = decimal(p1 + p2, s1 + s2)
        x = _wide(x, decimal(_IN_A_WORD + 1, s1)) if _outgrows(a, b, kind) else x
        return derived(emit("CAST(({} * {}) AS {})", x, y, kind.duckdb), kind, (left, right))
    if sign == "/":
        kind = decimal(p1 + s2 + max(0, s2 - s1), scale)
        return derived(divided(x, s1, y, s2, kind), kind, (left, right))
    kind = decimal(min(p2 - s2, p1 - s1) + scale, scale)
    x, y = (emit("CAST({} AS DECIMAL(38,{}))", part, scale) for part in (x, y))
    return derived(
        emit(
            "CAST(({} - {} * CAST(el_whole_quotient({}, {}) AS DECIMAL(38,0))) AS {})",
            x,
            y,
            unscaled(x, scale),
            unscaled(y, scale),
            kind.duckdb,
        ),
        kind,
        (left, right),
    )


_IN_A_WORD = 18
"""How many digits a decimal of DuckDB has in 64 bits; of two such it makes another, and fails where that has more."""


def _outgrows(a: Type, b: Type, kind: Type) -> bool:
    """Return True if DuckDB would compute in 64 bits what needs more."""
    return kind.numbers[0] > _IN_A_WORD >= max(a.numbers[0], b.numbers[0])


def _wide(sql: Sql, kind: Type) -> Sql:
    return emit("CAST({} AS {})", sql, kind.duckdb)


def divided(x: Sql, s1: int, y: Sql, s2: int, kind: Type) -> Sql:
    """Divide decimals of scales s1 and s2, rounded half up to the scale of `kind`."""
    scale = kind.numbers[1]
    quotient = emit("el_rounded_quotient({} * {}::HUGEINT, {})", unscaled(x, s1), 10 ** (scale - s1 + s2), unscaled(y, s2))
    return rescaled(quotient, kind)


def rescaled(sql: Sql, kind: Type) -> Sql:
    """Make the decimal whose digits are this whole number."""
    return emit("CAST(CAST({} AS DECIMAL(38,0)) * {} AS {})", sql, _unit(kind.numbers[1]), kind.duckdb)


def unscaled(sql: Sql, scale: int) -> Sql:
    """Return the digits of a decimal as a whole number."""
    if not scale:
        return emit("CAST({} AS HUGEINT)", sql)
    return emit("CAST({} * CAST({} AS DECIMAL({},0)) AS HUGEINT)", sql, 10**scale, scale + 1)


def _unit(scale: int) -> Sql:
    return emit("CAST({} AS DECIMAL({},{}))", text(f"0.{'0' * (scale - 1)}1"), scale + 1, scale) if scale else ours("1")


def shifted(sign: str, moment: Value, interval: Value, node: exp.Expr | None) -> Value:
    """Return a date or timestamp plus or minus an interval; a date stays a date."""
    return once_held(moment, lambda one: _shifted(sign, one, interval))


def _shifted(sign: str, moment: Value, interval: Value) -> Value:
    if moment.type.name == "date":
        made = emit("(CAST({} AS TIMESTAMP) {} {})", moment.sql, ours(sign), interval.sql)
        if interval.type == INTERVAL_MONTH:
            return derived(emit("CAST({} AS DATE)", made), moment.type, (moment, interval))
        return derived(emit("el_whole_days({})", made), moment.type, (moment, interval))
    if moment.type.name == "timestamptz" and interval.type == INTERVAL_MONTH:
        return shown_at(emit("({} {} {})", wall(moment), ours(sign), interval.sql), moment, moment.type, (moment, interval))
    digits = moment.type.numbers[0]
    kind = moment.type if interval.type == INTERVAL_MONTH else replace(moment.type, numbers=(max(digits, 3),))
    return moved(emit("({} {} {})", instant(moment), ours(sign), interval.sql), moment, kind, (moment, interval))


def _clock(sign: str, time: Value, interval: Value) -> Value:
    """Return a time of the day plus or minus an interval, round the clock."""
    kind = replace(time.type, numbers=(max(time.type.numbers[0], 3),))
    return derived(emit("CAST((DATE '2000-01-01' + {} {} {}) AS TIME)", time, ours(sign), interval), kind, (time, interval))


def _difference(left: Value, right: Value) -> Value:
    a, b = map(_on_the_clock, (left, right))
    return derived(emit("el_interval_between({}, {})", a, b), INTERVAL_DAY, (left, right))


def _on_the_clock(value: Value) -> Sql:
    """Make the timestamp of a date, of a timestamp, or of a time on a day that is the same for all times."""
    if value.type.name == "time":
        return emit("(DATE '1970-01-01' + {})", value)
    return emit("CAST({} AS TIMESTAMP)", value) if value.type.name == "date" else instant(value)


def _intervals(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    if sign in "+-" and left.type == right.type:
        return derived(emit("({} {} {})", left.sql, ours(sign), right.sql), left.type, (left, right))
    interval, number = (left, right) if left.type.name.startswith("interval") else (right, left)
    if sign == "*" and number.type.is_integer:
        return derived(emit("({} * {})", interval.sql, number.sql), interval.type, (left, right))
    if sign in "*/" and number.type.is_number and (sign == "*" or interval is left) and interval.type == INTERVAL_DAY:
        millis = emit("trunc(epoch_us({}) {} CAST({} AS DOUBLE) / 1000)", interval.sql, ours(sign), number.sql)
        if sign == "*":
            millis = emit("trunc(epoch_us({}) / 1000 * CAST({} AS DOUBLE))", interval.sql, number.sql)
        return derived(emit("to_microseconds(CAST({} AS BIGINT) * 1000)", millis), interval.type, (left, right))
    if sign in "*/" and number.type.is_number and (sign == "*" or interval is left):
        months = emit("(year({0}) * 12 + month({0}))", interval)
        if sign == "/" and number.type.is_integer:
            return derived(emit("to_months(CAST({} // {} AS INTEGER))", months, number), interval.type, (left, right))
        scaled = emit("trunc({} {} CAST({} AS DOUBLE))", months, ours(sign), number)
        return derived(emit("to_months(CAST({} AS INTEGER))", scaled), interval.type, (left, right))
    raise mistyped(f"{left.type} {sign} {right.type} is not in Athena", node)
