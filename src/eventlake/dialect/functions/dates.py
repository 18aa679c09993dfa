"""Dates and times: https://trino.io/docs/current/functions/datetime.html"""

from __future__ import annotations

from collections.abc import Callable

from eventlake.dialect.binding import Value, derived, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Builder, Syntactic
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.arithmetic import shifted
from eventlake.dialect.types.casts import cast
from eventlake.dialect.types.json_casts import once
from eventlake.dialect.types.moments import moment_text
from eventlake.dialect.types.type import BIGINT, DATE, DOUBLE, INTERVAL_DAY, INTERVAL_MONTH, VARCHAR, Type, timestamp
from eventlake.dialect.types.zones import (
    each_in,
    each_zoned,
    instant,
    minutes_east,
    moved,
    offset_named,
    offset_text,
    once_held,
    shown_at,
    wall,
    with_zone,
    zone_label,
    zone_named,
    zone_of,
)

_CLOCK = {"millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
_CALENDAR = ("day", "week", "month", "quarter", "year")


def _unit(value: Value) -> str:
    """Return the unit that a literal names, which the type is known to have."""
    return str(value.literal).lower()


def _units(kind: Type) -> tuple[str, ...]:
    if kind.name == "time":
        return tuple(_CLOCK)
    return _CALENDAR if kind == DATE else (*_CLOCK, *_CALENDAR)


def _no_unit(name: str, values: list[Value]) -> Value:
    """Return what a function gives with a unit that it does not know: NULL for a NULL, else a failure."""
    unit, moment = values[0], values[-1]
    kind = BIGINT if name == "date_diff" else moment.type
    advice = "cast it to timestamp first" if str(unit.literal).lower() in _CLOCK else f"use {', '.join(_units(moment.type))}"
    wrong = failure(f"{unit.literal} is no unit of {name}() of {moment.type}: {advice}")
    missing = joined(" OR ", (emit("{} IS NULL", value) for value in values[1:]))
    return derived(emit("(CASE WHEN {} THEN CAST(NULL AS {}) ELSE {} END)", missing, kind.duckdb, wrong), kind, values)


def _by_unit(name: str, build: Builder) -> Builder:
    """Build a function whose unit may stand in a column: one way for each unit."""

    def chosen(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        unit, moment = values[0], values[-1]
        if isinstance(unit.literal, str) and unit.literal.lower() not in _units(moment.type):
            return _no_unit(name, values)
        if isinstance(unit.literal, str):
            return build(parts, values, node)
        units = _units(moment.type)
        made = [build(parts, [Value(text(one), VARCHAR, literal=one), *values[1:]], node) for one in units]
        whens = joined(" ", (emit("WHEN {} THEN {}", text(one), value) for one, value in zip(units, made, strict=True)))
        wrong = failure(f"Not a unit of {name}: ", unit.sql)
        return derived(
            emit("(CASE lower({}) {} ELSE CASE WHEN {} IS NOT NULL THEN {} END END)", unit.sql, whens, unit.sql, wrong),
            made[0].type,
            values,
        )

    return chosen


def _date_diff(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    unit = _unit(values[0])
    a, b = values[1], values[2]
    if a.type.name == "time":
        return derived(emit("((epoch_us({}) - epoch_us({})) // {})", b, a, _CLOCK[unit]), BIGINT, values)
    if unit in _CLOCK:
        x, y = (_millis(value) for value in (a, b))
        return derived(
            emit("(({} - {}) // {})", y, x, _CLOCK[unit] // 1000) if unit != "millisecond" else emit("({} - {})", y, x), BIGINT, values
        )
    x, y = wall(a), wall(b if b.type.name != "timestamptz" else moved(instant(b), a, b.type, values))
    if a.type == DATE:
        x, y = emit("CAST({} AS TIMESTAMP)", a.sql), emit("CAST({} AS TIMESTAMP)", b.sql)
    if unit in {"day", "week"}:
        return derived(emit("((epoch_ms({}) - epoch_ms({})) // {})", y, x, 86400000 * (7 if unit == "week" else 1)), BIGINT, values)
    return derived(emit("(el_months({}, {}) // {})", x, y, {"month": 1, "quarter": 3, "year": 12}[unit]), BIGINT, values)


def _millis(value: Value) -> Sql:
    """Count milliseconds since 1970, cut off; a timestamp of three digits has nothing to cut."""
    made = emit("epoch_us({})", instant(value))
    return emit("({} // 1000)", made) if value.type.numbers[0] <= 3 else emit("el_floor_div({}, 1000)", made)


def _date_add(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    unit = _unit(values[0])
    count, moment = values[1], values[2]
    if moment.type.name == "time":
        made, digits = emit("({} + to_microseconds({} * {}))", moment, count, _CLOCK[unit]), moment.type.numbers[0]
        if digits < 3 and unit == "millisecond":
            made = emit("el_time_to_digits({}, {})", made, 10 ** (6 - digits))
        return derived(made, moment.type, values)
    if moment.type == DATE or unit in {"month", "quarter", "year"}:
        months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
        sql = (
            emit("to_months(CAST({} * {} AS INTEGER))", count.sql, months)
            if months
            else emit("to_days(CAST({} * {} AS INTEGER))", count.sql, 7 if unit == "week" else 1)
        )
        return shifted("+", moment, derived(sql, INTERVAL_MONTH if months else INTERVAL_DAY, [count]), node)
    if unit in _CLOCK:
        made = emit("({} + to_microseconds({} * {}))", instant(moment), count.sql, _CLOCK[unit])
        if moment.type.numbers[0] < 3 and unit == "millisecond":
            made = emit("el_to_digits({}, {})", made, 10 ** (6 - moment.type.numbers[0]))
        return moved(made, moment, moment.type, values)
    made = emit("({} + to_days(CAST({} * {} AS INTEGER)))", wall(moment), count.sql, 7 if unit == "week" else 1)
    return shown_at(made, moment, moment.type, values) if moment.type.name == "timestamptz" else derived(made, moment.type, values)


def _date_trunc(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    unit = _unit(values[0])
    moment = values[1]
    if moment.type.name == "time":
        return derived(emit("CAST(date_trunc({}, DATE '1970-01-01' + {}) AS TIME)", text(unit), moment), moment.type, values)
    if moment.type == DATE:
        return derived(emit("CAST(date_trunc({}, {}) AS DATE)", text(unit), moment), DATE, values)
    local = wall(moment)
    if moment.type.name != "timestamptz" or moment.type.zone == "UTC":
        return derived(emit("date_trunc({}, {})", text(unit), local), moment.type, values)
    if unit in _CLOCK:
        return moved(emit("({0} - ({1} - date_trunc({2}, {1})))", instant(moment), local, text(unit)), moment, moment.type, values)
    return shown_at(emit("date_trunc({}, {})", text(unit), local), moment, moment.type, values)


def _from_unixtime_at(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    hours, minutes = values[1].literal, values[2].literal
    if not isinstance(hours, int) or not isinstance(minutes, int) or not -14 * 60 <= hours * 60 + minutes <= 14 * 60:
        raise refused("from_unixtime() with an offset that is not two literals of at most 14 hours", node)
    total = hours * 60 + minutes
    return derived(emit("el_from_unixtime({})", values[0].sql), timestamp(zoned=True).at(offset_named(total)), values)


def _interval_part(name: str) -> Builder:
    """Build a function that gives a part of an interval: `minute(interval '90' minute)` is 30."""
    unit, modulo = {
        "day": (86_400_000, 0),
        "hour": (3_600_000, 24),
        "minute": (60_000, 60),
        "second": (1000, 60),
        "millisecond": (1, 1000),
    }[name]

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        whole = emit("(epoch_us({}) // 1000 // {})", values[0].sql, unit)
        return values[0].become(emit("({} % {})", whole, modulo) if modulo else whole, BIGINT)

    return build


def _part(template: str) -> Builder:
    """Build a function that gives a part of a date as a clock in the value's zone shows it."""

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        return derived(emit("CAST({} AS BIGINT)", emit(template, wall(values[0]))), BIGINT, values)

    return build


def _day(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return cast(values[0], DATE, node)


def _from_iso8601(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    minutes = emit("el_iso_offset({})", values[0])
    instant, wall = emit("el_iso8601({})", values[0]), emit("el_iso_clock({})", values[0])
    return each_zoned(instant, emit("el_offset_label({})", minutes), timestamp(zoned=True), values, minutes, wall)


def _to_iso8601(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    value = values[0]
    if value.type == DATE:
        return value.become(emit("strftime({}, '%Y-%m-%d')", value.sql), VARCHAR)
    shown = emit("replace({}, ' ', 'T')", moment_text(wall(value), max(value.type.numbers[0], 0)))
    if value.type.name == "timestamp":
        return value.become(shown, VARCHAR)
    offset = emit("'Z'") if value.type.zone == "UTC" else emit("replace({}, '+00:00', 'Z')", offset_text(value))
    return value.become(emit("({} || {})", shown, offset), VARCHAR)


def _offset_part(operator: str) -> Builder:
    """Build a function that gives the hours or the minutes that the value's zone is east of UTC at that moment."""

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        return values[0].become(emit("CAST({} {} 60 AS BIGINT)", minutes_east(values[0]), ours(operator)), BIGINT)

    return build


def _with_timezone(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    local, zone = values
    kind = timestamp(local.type.numbers[0], zoned=True)
    name = zone_named(zone.literal) if isinstance(zone.literal, str) else None
    if name is not None:
        return derived(with_zone(local.sql, name), kind.at(name), values)
    shown = each_in(local.sql, zone_of(zone), kind, values)
    made = emit("el_unwall_near((el_m).t, (el_m).t + ((el_m).t - el_wall((el_m).t, (el_m).z)), (el_m).z)")
    return once_held(shown, lambda moment: each_in(made, emit("(el_m).z"), kind, (moment,)))


def _at_timezone(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return parts.at_zone(values[0], values[1], node)


def _from_unixtime(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    moment = derived(emit("el_from_unixtime({})", values[0].sql), timestamp(zoned=True), values)
    return parts.at_zone(moment, values[1], node) if len(values) == 2 else moment


def _to_unixtime(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return values[0].become(emit("(CAST(epoch_us({}) AS DOUBLE) / 1000000)", instant(values[0])), DOUBLE)


def _zone_name(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return values[0].become(emit("(CASE WHEN {} IS NOT NULL THEN {} END)", instant(values[0]), zone_label(values[0])), VARCHAR)


def _human(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    whole = "CASE WHEN isfinite({0}) AND abs({0}) > 9.2233720368547750e18 THEN 9223372036854775807 ELSE CAST(round({0}) AS BIGINT) END"
    return derived(emit("el_human({})", once(values[0].sql, lambda seconds: emit(whole, seconds))), VARCHAR, values)


_PARTS: dict[str, str] = {
    "year": "year({})",
    "quarter": "quarter({})",
    "month": "month({})",
    "week": "weekofyear({})",
    "week_of_year": "weekofyear({})",
    "day": "day({})",
    "day_of_month": "day({})",
    "day_of_week": "isodow({})",
    "dow": "isodow({})",
    "day_of_year": "dayofyear({})",
    "doy": "dayofyear({})",
    "year_of_week": "isoyear({})",
    "yow": "isoyear({})",
    "hour": "hour({})",
    "minute": "minute({})",
    "second": "second({})",
    "millisecond": "(millisecond({}) % 1000)",
}
_KINDS = ("timestamp", "timestamptz")


def _for(name: str, kinds: tuple[str, ...], signature: str, build: Callable[..., Value] | str) -> list[F]:
    return [F(name, signature.format(kind), build) for kind in kinds]


FUNCTIONS = [
    *(
        way
        for name, sql in _PARTS.items()
        for way in _for(
            name, (*(() if name in {"hour", "minute", "second", "millisecond"} else ("date",)), *_KINDS), "{} -> bigint", _part(sql)
        )
    ),
    *(F(name, "interval day -> bigint", _interval_part(name)) for name in ("day", "hour", "minute", "second", "millisecond")),
    *(F(name, "time -> bigint", _part(_PARTS[name])) for name in ("hour", "minute", "second", "millisecond")),
    *_for("day_of_month", ("interval day",), "{} -> bigint", _interval_part("day")),
    *(F(name, "interval month -> bigint", f"CAST({name}({{0}}) AS BIGINT)") for name in ("year", "month")),
    *_for("date_diff", ("date", "time", *_KINDS), "varchar, {0}, {0} -> bigint", _by_unit("date_diff", _date_diff)),
    *_for("date_add", ("date", "time", *_KINDS), "varchar, bigint, {0} -> {0}", _by_unit("date_add", _date_add)),
    *_for("date_trunc", ("date", "time", *_KINDS), "varchar, {0} -> {0}", _by_unit("date_trunc", _date_trunc)),
    *_for("date", ("varchar", *_KINDS), "{0} -> date", _day),
    F("date", "date -> date", _day),
    F("last_day_of_month", "date -> date", "last_day({0})"),
    F("last_day_of_month", "timestamp -> date", "last_day({0})"),
    F("last_day_of_month", "timestamptz -> date", lambda parts, values, node: derived(emit("last_day({})", wall(values[0])), DATE, values)),
    F("from_iso8601_timestamp", "varchar -> timestamptz", _from_iso8601),
    F("from_iso8601_date", "varchar -> date", "CAST(el_iso_day({0}) AS DATE)"),
    *_for("to_iso8601", ("date", *_KINDS), "{0} -> varchar", _to_iso8601),
    F("with_timezone", "timestamp, varchar -> timestamptz", _with_timezone),
    F("at_timezone", "timestamptz, varchar -> timestamptz", _at_timezone),
    F("from_unixtime", "double -> timestamptz", _from_unixtime),
    F("from_unixtime", "double, varchar -> timestamptz", _from_unixtime),
    *_for("to_unixtime", _KINDS, "{0} -> double", _to_unixtime),
    *_for("timezone_hour", ("timestamptz",), "{0} -> bigint", _offset_part("//")),
    *_for("timezone_minute", ("timestamptz",), "{0} -> bigint", _offset_part("%")),
    *(F(f"timezone_{part}", "time -> bigint", "(hour({0}) * 0)") for part in ("hour", "minute")),  # a time is taken as one in UTC
    F("timezone", "timestamptz -> varchar", _zone_name),
    F("from_unixtime", "double, bigint, bigint -> timestamptz", _from_unixtime_at),
    F("parse_duration", "varchar -> interval day", "el_duration({0})"),
    F("human_readable_seconds", "double -> varchar", _human),
    F("to_milliseconds", "interval day -> bigint", "(epoch_us({0}) // 1000)"),
    F("current_timezone", "-> varchar", "'UTC'"),
]

SYNTACTIC: dict[str, Syntactic] = {}
