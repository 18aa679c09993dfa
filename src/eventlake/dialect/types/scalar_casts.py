"""Casts between types without parts, each as SQL of DuckDB, by the families that they lead from and to.

Trino's rules: https://trino.io/docs/current/functions/conversion.html
"""

from __future__ import annotations

import re

from eventlake.dialect.binding import Value, mistyped
from eventlake.dialect.expansion import LARGE
from eventlake.dialect.failures import lasting_failure
from eventlake.dialect.sql import Sql, emit, shut, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import once
from eventlake.dialect.types.moments import moment_text
from eventlake.dialect.types.type import BIGINT, VARCHAR, Type
from eventlake.dialect.types.zones import each_in, once_held, wall, zone_label, zone_of


def _plain(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST({} AS {})", value.sql, kind.duckdb)


def _text_to_integer(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST({} AS {})", _checked("el_integer_text({})", "^[+-]?[0-9]+$", value), kind.duckdb)


def _text_to_double(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST({} AS {})", _checked("el_double_text({})", _PLAIN_NUMBER, value), kind.duckdb)


def _text_to_decimal(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST({} AS {})", _checked("el_decimal_text({})", _PLAIN_NUMBER, value), kind.duckdb)


_PLAIN_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"


def _checked(check: str, plain: str, value: Value) -> Sql:
    """Make SQL of a text that is checked by a macro; one that is costly is computed once where it has the plain form, as most have."""
    checked = emit(check, value)
    if value.sql.simple or value.sql.asks or value.sql.size > LARGE:
        return checked
    return shut("coalesce(nullif(regexp_extract({}, {}), ''), {})", value, text(plain), checked)


def _text_to_boolean(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("el_boolean({})", value.sql)


def _text_to_date(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST(el_date_text({}) AS DATE)", value.sql)


def _text_to_moment(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return to_precision(emit("CAST(el_moment_text(el_without_zone({})) AS TIMESTAMP)", value.sql), Type("timestamp", numbers=(6,)), kind)


def text_to_zoned(value: Value, kind: Type) -> Value:
    """Return the moment that a text gives with the zone behind it; without one it is of UTC."""
    place = zone_of(_zone_text(value))
    local = emit("CAST(el_moment_text(el_clock_text({})) AS TIMESTAMP)", value)
    instant = to_precision(emit("el_unwall_first((el_m).t, (el_m).z)"), Type("timestamp", numbers=(6,)), kind)
    return once_held(each_in(local, place, kind, (value,)), lambda moment: each_in(instant, emit("(el_m).z"), kind, (moment,)))


def _zone_text(value: Value) -> Value:
    if not isinstance(value.literal, str):
        return value.become(emit("el_zone_text({})", value), VARCHAR)
    written = re.fullmatch(r"\s*[+-]?\d+-\d+-\d+(?: [\d:.]+)?\s*([A-Za-z+-].*?)\s*", value.literal, re.ASCII)
    return value._replace(literal=written[1] if written else "UTC")


def _text_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    if not kind.numbers:
        return value.sql
    size = kind.numbers[0]
    if isinstance(value.literal, str) and len(value.literal) <= size and kind.name == "varchar":
        return value.sql
    cut = emit("substring({}, 1, {})", value.sql, size)
    return emit("rpad({}, {}, ' ')", cut, size) if kind.name == "char" else cut


def _text_of(sql: Sql, kind: Type) -> Sql:
    if not kind.numbers:
        return sql
    return emit("el_fitting({}, {})", sql, kind.numbers[0]) if kind.name == "varchar" else emit("rpad({}, {}, ' ')", sql, kind.numbers[0])


def _integer_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return _text_of(emit("CAST({} AS VARCHAR)", value.sql), kind)


def _double_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return _text_of(emit("el_double_to_text({})", value.sql), kind)


def _real_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return _text_of(emit("el_real_to_text({})", value.sql), kind)


def _double_to_real(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("el_real({})", value.sql)


def _text_to_real(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    read = emit("el_double_text({})", value.sql)
    return once(read, lambda item: emit("coalesce(TRY_CAST({0} AS FLOAT), el_real(CAST({0} AS DOUBLE)))", item))


def _boolean_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    made = emit("CAST({} AS VARCHAR)", value.sql)
    return _text_within(made, kind, "A boolean") if not kind.numbers or kind.numbers[0] <= len("true") else _text_of(made, kind)


def _text_within(made: Sql, kind: Type, what: str) -> Sql:
    """Make the text of a boolean, a moment or an interval; one that does not fit is an error of Trino's own, which TRY_CAST does not hide."""
    if kind.name != "varchar" or not kind.numbers:
        return _text_of(made, kind)
    wrong = lasting_failure(f"{what} does not fit into {kind}")
    return emit("(CASE WHEN length({0}) > {1} THEN {2} ELSE {0} END)", made, kind.numbers[0], wrong)


def _moment_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return _text_within(moment_text(value.sql, value.type.numbers[0]), kind, "A timestamp")


def _zoned_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    shown = emit("({} || ' ' || {})", moment_text(wall(value), value.type.numbers[0]), zone_label(value))
    return _text_within(shown, kind, "A timestamp")


def _double_to_integer(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST(el_finite(round({})) AS {})", value.sql, kind.duckdb)


def _real_to_integer(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("el_real_to_bigint({})", value.sql) if kind == BIGINT else _double_to_integer(value, kind, node)


def _decimal_to_integer(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST(round({}) AS {})", value.sql, kind.duckdb)


def _double_to_decimal(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST(CAST({} AS VARCHAR) AS {})", value.sql, kind.duckdb)


def _decimal_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    precision, scale = value.type.numbers
    shown = (
        emit("CAST({} AS VARCHAR)", value.sql)
        if precision > scale
        else emit("regexp_replace(CAST({} AS VARCHAR), '^(-?)\\.', '\\10.')", value.sql)
    )
    return _text_of(shown, kind)


def _number_to_boolean(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("({} <> 0)", value.sql)


def _boolean_to_double(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST(CAST({} AS INTEGER) AS {})", value.sql, kind.duckdb)


def to_precision(sql: Sql, source: Type, kind: Type) -> Sql:
    """Round a moment to the digits of the type, if it has more."""
    digits, have = kind.numbers[0], source.numbers[0] if source.numbers else 0
    if digits >= have or have > 6:
        return sql
    return emit("el_to_digits({}, {})", sql, 10 ** (6 - digits))


def _time_to_precision(sql: Sql, kind: Type) -> Sql:
    step = 10 ** (6 - kind.numbers[0])
    return sql if step == 1 else emit("el_time_to_digits({}, {})", sql, step)


def _time_text(value: Value) -> Sql:
    return emit("substring({}, 12)", moment_text(emit("(DATE '1970-01-01' + {})", value.sql), value.type.numbers[0]))


def _address_to_text(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    if kind.numbers:
        raise mistyped(f"A cast from ipaddress to {kind} is not in Athena: leave the length out", node)
    return emit("el_ip_text({})", value.sql)


def _moment_to_date(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST({} AS DATE)", wall(value))


def _date_to_moment(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return emit("CAST({} AS TIMESTAMP)", value.sql)


def _zoned_to_moment(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return to_precision(wall(value), value.type, kind)


def _moment_to_moment(value: Value, kind: Type, node: exp.Expr | None) -> Sql:
    return to_precision(value.sql, value.type, kind)


SCALARS = {
    ("integer", "integer"): _plain,
    ("integer", "double"): _plain,
    ("integer", "real"): _plain,
    ("integer", "decimal"): _plain,
    ("integer", "varchar"): _integer_to_text,
    ("integer", "boolean"): _number_to_boolean,
    ("double", "integer"): _double_to_integer,
    ("real", "integer"): _real_to_integer,
    ("double", "real"): _double_to_real,
    ("real", "double"): _plain,
    ("double", "decimal"): _double_to_decimal,
    ("real", "decimal"): _double_to_decimal,
    ("double", "varchar"): _double_to_text,
    ("double", "boolean"): _number_to_boolean,
    ("real", "boolean"): _number_to_boolean,
    ("real", "varchar"): _real_to_text,
    ("decimal", "integer"): _decimal_to_integer,
    ("decimal", "double"): _plain,
    ("decimal", "real"): _plain,
    ("decimal", "decimal"): _plain,
    ("decimal", "varchar"): _decimal_to_text,
    ("decimal", "boolean"): _number_to_boolean,
    ("boolean", "varchar"): _boolean_to_text,
    ("boolean", "integer"): _plain,
    ("boolean", "double"): _boolean_to_double,
    ("boolean", "real"): _boolean_to_double,
    ("boolean", "decimal"): _plain,
    ("boolean", "boolean"): _plain,
    ("varchar", "integer"): _text_to_integer,
    ("varchar", "double"): _text_to_double,
    ("varchar", "real"): _text_to_real,
    ("varchar", "decimal"): _text_to_decimal,
    ("varchar", "boolean"): _text_to_boolean,
    ("varchar", "date"): _text_to_date,
    ("varchar", "moment"): _text_to_moment,
    ("varchar", "zoned"): _text_to_moment,
    ("varchar", "varchar"): _text_to_text,
    ("varchar", "char"): _text_to_text,
    ("char", "varchar"): _text_to_text,
    ("char", "char"): _text_to_text,
    ("date", "varchar"): _integer_to_text,
    ("date", "moment"): _date_to_moment,
    ("date", "zoned"): _date_to_moment,
    ("date", "date"): _plain,
    ("moment", "varchar"): _moment_to_text,
    ("moment", "date"): _moment_to_date,
    ("moment", "moment"): _moment_to_moment,
    ("moment", "zoned"): _moment_to_moment,
    ("zoned", "varchar"): _zoned_to_text,
    ("zoned", "date"): _moment_to_date,
    ("zoned", "moment"): _zoned_to_moment,
    ("zoned", "zoned"): _moment_to_moment,
    ("varchar", "time"): lambda value, kind, node: _time_to_precision(emit("CAST(el_time_text({}) AS TIME)", value.sql), kind),
    ("moment", "time"): lambda value, kind, node: _time_to_precision(emit("CAST({} AS TIME)", value.sql), kind),
    ("zoned", "time"): lambda value, kind, node: _time_to_precision(emit("CAST({} AS TIME)", wall(value)), kind),
    ("time", "time"): lambda value, kind, node: _time_to_precision(value.sql, kind),
    ("time", "varchar"): lambda value, kind, node: _text_within(_time_text(value), kind, "A time"),
    ("interval day", "varchar"): lambda value, kind, node: _text_within(emit("el_interval_text({})", value.sql), kind, "An interval"),
    ("interval month", "varchar"): lambda value, kind, node: _text_within(emit("el_months_text({})", value.sql), kind, "An interval"),
    ("varchar", "ipaddress"): lambda value, kind, node: emit("el_ip({})", value.sql),
    ("varbinary", "ipaddress"): lambda value, kind, node: emit("el_ip_of({})", value.sql),
    ("ipaddress", "varchar"): _address_to_text,
    ("ipaddress", "varbinary"): lambda value, kind, node: value.sql,
    ("varchar", "varbinary"): lambda value, kind, node: emit("encode({})", value.sql),
}
"""From one family to another -> how it is cast."""
