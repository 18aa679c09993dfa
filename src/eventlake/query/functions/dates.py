"""Dates and times: https://trino.io/docs/current/functions/datetime.html"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from eventlake.query.arithmetic import shifted
from eventlake.query.binding import Value, derived, mistyped, refused
from eventlake.query.casts import cast, moment_text
from eventlake.query.functions import Builder, Syntactic
from eventlake.query.functions import Function as F
from eventlake.query.types import BIGINT, DATE, INTERVAL_DAY, INTERVAL_MONTH, VARCHAR, Type, text, timestamp
from eventlake.query.zones import instant, wall, zone_label, zone_named

if TYPE_CHECKING:
    from eventlake.query.expressions import Expressions

_CLOCK = {"millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
_CALENDAR = ("day", "week", "month", "quarter", "year")


def _unit(value: Value, kind: Type, name: str, node: exp.Expr, *, allowed: tuple[str, ...] = ()) -> str:
    if not isinstance(value.literal, str):
        raise refused(f"{name}() with a unit that is not a literal", node)
    unit = value.literal.lower()
    if unit not in _CLOCK and unit not in _CALENDAR:
        raise mistyped(f"'{value.literal}' is no unit of {name}(): use {', '.join([*_CLOCK, *_CALENDAR])}", node)
    if kind == DATE and unit in _CLOCK:
        raise mistyped(f"'{unit}' is no unit of a date: cast it to timestamp first", node)
    return unit


def _date_diff(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    unit = _unit(values[0], values[1].type, "date_diff", node)
    a, b = values[1], values[2]
    if unit in _CLOCK:
        x, y = (_millis(value) for value in (a, b))
        return derived(f"(({y} - {x}) // {_CLOCK[unit] // 1000})" if unit != "millisecond" else f"({y} - {x})", BIGINT, values)
    x, y = wall(a), wall(b if b.type.name != "timestamptz" else b.become(b.sql, b.type, a.zone))
    if a.type == DATE:
        x, y = f"CAST({a.sql} AS TIMESTAMP)", f"CAST({b.sql} AS TIMESTAMP)"
    if unit in {"day", "week"}:
        return derived(f"((epoch_ms({y}) - epoch_ms({x})) // {86_400_000 * (7 if unit == 'week' else 1)})", BIGINT, values)
    return derived(f"(el_months({x}, {y}) // {({'month': 1, 'quarter': 3, 'year': 12})[unit]})", BIGINT, values)


def _millis(value: Value) -> str:
    """Milliseconds since 1970, cut off; a timestamp of three digits has nothing to cut."""
    return f"(epoch_us({value.sql}) // 1000)" if value.type.numbers[0] <= 3 else f"el_floor_div(epoch_us({value.sql}), 1000)"


def _date_add(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    unit = _unit(values[0], values[2].type, "date_add", node)
    count, moment = values[1], values[2]
    if moment.type == DATE or unit in {"month", "quarter", "year"}:
        months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
        sql = (
            f"to_months(CAST({count.sql} * {months} AS INTEGER))"
            if months
            else f"to_days(CAST({count.sql} * {7 if unit == 'week' else 1} AS INTEGER))"
        )
        return shifted("+", moment, derived(sql, INTERVAL_MONTH if months else INTERVAL_DAY, [count]), node)
    if unit in _CLOCK:
        made = f"({moment.sql} + to_microseconds({count.sql} * {_CLOCK[unit]}))"
        if moment.type.numbers[0] < 3 and unit == "millisecond":
            made = f"el_to_digits({made}, {10 ** (6 - moment.type.numbers[0])})"
        return derived(made, moment.type, values, moment.zone)
    made = f"({wall(moment)} + to_days(CAST({count.sql} * {7 if unit == 'week' else 1} AS INTEGER)))"
    return derived(instant(made, moment.zone) if moment.type.name == "timestamptz" else made, moment.type, values, moment.zone)


def _date_trunc(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    unit = _unit(values[0], values[1].type, "date_trunc", node)
    moment = values[1]
    if moment.type == DATE:
        return derived(f"CAST(date_trunc('{unit}', {moment.sql}) AS DATE)", DATE, values)
    local = wall(moment)
    if moment.type.name != "timestamptz" or moment.zone == "UTC":
        return derived(f"date_trunc('{unit}', {local})", moment.type, values)
    if unit in _CLOCK:
        return derived(f"({moment.sql} - ({local} - date_trunc('{unit}', {local})))", moment.type, values, moment.zone)
    return derived(instant(f"date_trunc('{unit}', {local})", moment.zone), moment.type, values, moment.zone)


def _part(sql: str) -> Builder:
    """A part of a date as a clock in the value's zone shows it."""

    def build(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
        return derived(f"CAST({sql.format(wall(values[0]))} AS BIGINT)", BIGINT, values)

    return build


def _day(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    return cast(values[0], DATE, node)


def _from_iso8601(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    value = values[0]
    return Value(
        f"el_iso8601({value.sql})",
        timestamp(zoned=True),
        f"=el_iso_offset({value.sql})",
        None,
        value.columns,
        value.aggregate,
        value.window,
    )


def _to_iso8601(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    value = values[0]
    if value.type == DATE:
        return value.become(f"strftime({value.sql}, '%Y-%m-%d')", VARCHAR)
    shown = f"replace({moment_text(wall(value), max(value.type.numbers[0], 0))}, ' ', 'T')"
    if value.type.name == "timestamp":
        return value.become(shown, VARCHAR)
    offset = "'Z'" if value.zone == "UTC" else f"replace({_offset(value, node)}, '+00:00', 'Z')"
    return value.become(f"({shown} || {offset})", VARCHAR)


def _offset(value: Value, node: exp.Expr) -> str:
    minutes = f"CAST((epoch_us({wall(value)}) - epoch_us({value.sql})) // 60000000 AS INTEGER)"
    return f"replace(el_offset_label({minutes}), 'UTC', '+00:00')"


def _with_timezone(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    zone = zone_named(values[1].literal) if isinstance(values[1].literal, str) else None
    if zone is None:
        raise refused("with_timezone() with a zone that is no literal or not known", node)
    return derived(instant(values[0].sql, zone), timestamp(values[0].type.numbers[0], zoned=True), values, zone)


def _at_timezone(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    return parts.at_zone(values[0], values[1], node)


def _from_unixtime(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    zone: str | None = "UTC"
    if len(values) == 2:
        zone = zone_named(values[1].literal) if isinstance(values[1].literal, str) else None
    if zone is None:
        raise refused("from_unixtime() with a zone that is no literal or not known", node)
    return derived(f"el_from_unixtime({values[0].sql})", timestamp(zoned=True), values, zone)


# patterns

_MYSQL = {
    "a": "%a",
    "b": "%b",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "f": "%f",
    "H": "%H",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "j": "%j",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "m": "%m",
    "p": "%p",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "W": "%A",
    "x": "%G",
    "Y": "%Y",
    "y": "%y",
    "%": "%%",
}


def _mysql(pattern: str, node: exp.Expr) -> str:
    """strftime's pattern for MySQL's, as date_format() takes it."""
    made, at = "", 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "%" and at + 1 < len(pattern):
            at += 1
            if pattern[at] in "DUuVwX":
                raise mistyped(f"%{pattern[at]} is not in Athena's date patterns", node)
            made += _MYSQL.get(pattern[at], pattern[at])
        elif letter == "%":
            raise refused("A date pattern that ends with %", node)
        else:
            made += letter
        at += 1
    return made


def _literal(value: Value, name: str, node: exp.Expr) -> str:
    if not isinstance(value.literal, str):
        raise refused(f"{name}() with a pattern that is not a literal", node)
    return value.literal


def _date_format(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    pattern = _mysql(_literal(values[1], "date_format", node), node)
    return derived(f"strftime({wall(values[0])}, {text(pattern)})", VARCHAR, values)


def _date_parse(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    pattern = _literal(values[1], "date_parse", node)
    made = _mysql(pattern, node)
    if re.search(r"%[abjlhIpraWvxyMf]", pattern):
        known = re.sub(r"%[bMhIlprf]", "", pattern)
        if re.search(r"%[ajWvxy]", known):
            raise refused(f"The pattern '{pattern}' of date_parse()", node)
    if not pattern or pattern[0].isspace():
        raise refused(f"The pattern '{pattern}' of date_parse()", node)
    parsed = f"el_parsed({values[0].sql}, {_strptime(values[0].sql, made)})"
    return derived(f"date_trunc('millisecond', {parsed})" if "%f" in pattern else parsed, timestamp(), values)


def _strptime(sql: str, pattern: str) -> str:
    """A timestamp read by strftime's pattern; parts it does not name are 1970-01-01."""
    lead, lead_pattern = "", ""
    for given, value, letters in (("%Y", "1970", "YyG"), ("%m", "01", "mBb"), ("%d", "01", "dj")):
        if not any(re.search(rf"%-?{letter}", pattern) for letter in letters):
            lead, lead_pattern = f"{lead}{value} ", f"{lead_pattern}{given} "
    source = f"({text(lead)} || {sql})" if lead else sql
    return f"strptime({source}, {text(lead_pattern + pattern.replace('%-', '%'))})"


_JODA = {
    "y": {1: "%-Y", 2: "%y", 4: "%Y"},
    "Y": {1: "%-Y", 2: "%y", 4: "%Y"},
    "M": {1: "%-m", 2: "%m", 3: "%b", 4: "%B"},
    "d": {1: "%-d", 2: "%d"},
    "H": {1: "%-H", 2: "%H"},
    "h": {1: "%-I", 2: "%I"},
    "m": {1: "%-M", 2: "%M"},
    "s": {1: "%-S", 2: "%S"},
    "a": {1: "%p", 2: "%p"},
    "E": {1: "%a", 2: "%a", 3: "%a", 4: "%A"},
    "D": {1: "%-j", 3: "%j"},
    "e": {1: "%u"},
    "w": {2: "%V"},
    "x": {4: "%G"},
}
_JODA_PART = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")


def _joda(pattern: str, node: exp.Expr) -> list[tuple[str, str]]:
    """Pieces of a Joda pattern: (kind, strftime's pattern or literal)."""
    pieces = []
    matched = "".join(match[0] for match in _JODA_PART.finditer(pattern))
    if matched != pattern:
        raise mistyped(f"The pattern '{pattern}' has a quote that is not closed", node)
    for match in _JODA_PART.finditer(pattern):
        piece = match[0]
        if not match[1]:
            pieces.append(("text", "'" if piece == "''" else piece[1:-1].replace("''", "'") if piece[0] == "'" else piece))
            continue
        if match[1] in "SZw" and not (match[1] == "w" and len(piece) == 2):
            pieces.append((match[1], piece))
            continue
        known = _JODA.get(match[1], {})
        if len(piece) not in known:
            raise refused(f"{piece} in a date pattern", node)
        pieces.append(("part", known[len(piece)].replace("%-Y", "%Y")))
    return pieces


def _format_datetime(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    pattern = _literal(values[1], "format_datetime", node)
    if not pattern:
        raise mistyped("The pattern of format_datetime() is empty", node)
    local, made = wall(values[0]), []
    for kind, piece in _joda(pattern, node):
        made.append(_joda_sql(kind, piece, local, values[0], node))
    return derived(f"({' || '.join(made)})", VARCHAR, values)


def _joda_sql(kind: str, piece: str, local: str, value: Value, node: exp.Expr) -> str:
    if kind == "text":
        return text(piece)
    if kind == "part":
        return f"strftime({local}, {text(piece)})"
    if kind == "S":
        digits = len(piece)
        return f"rpad(substring(strftime({local}, '%f'), 1, {min(digits, 3)}), {digits}, '0')"
    if kind == "w":
        return f"CAST(weekofyear({local}) AS VARCHAR)"
    if value.type.name != "timestamptz":
        raise mistyped(f"{piece} shows a time zone, which a timestamp without zone has not", node)
    if len(piece) >= 3:
        return zone_label(value)
    offset = _offset(value, node)
    return offset if len(piece) == 2 else f"replace({offset}, ':', '')"


def _parse_datetime(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    pattern = _literal(values[1], "parse_datetime", node)
    pieces = _joda(pattern, node)
    made = ""
    for kind, piece in pieces:
        if kind == "text":
            made += piece.replace("%", "%%")
        elif kind == "part" and piece not in {"%y", "%V", "%G", "%u", "%j", "%a", "%A"}:
            made += piece
        elif kind == "S" and len(piece) == 3:
            made += "%g"
        else:
            raise refused(f"{piece} in the pattern of parse_datetime()", node)
    return derived(_strptime(values[0].sql, made), timestamp(zoned=True), values)


def _human(parts: Expressions, values: list[Value], node: exp.Expr) -> Value:
    return derived(f"el_human(CAST(round({values[0].sql}) AS BIGINT))", VARCHAR, values)


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
    *_for("date_diff", ("date", *_KINDS), "varchar, {0}, {0} -> bigint", _date_diff),
    *_for("date_add", ("date", *_KINDS), "varchar, bigint, {0} -> {0}", _date_add),
    *_for("date_trunc", ("date", *_KINDS), "varchar, {0} -> {0}", _date_trunc),
    *_for("date", ("varchar", *_KINDS), "{0} -> date", _day),
    F("date", "date -> date", _day),
    F("last_day_of_month", "date -> date", "last_day({0})"),
    F("last_day_of_month", "timestamp -> date", "last_day({0})"),
    F("last_day_of_month", "timestamptz -> date", lambda parts, values, node: derived(f"last_day({wall(values[0])})", DATE, values)),
    F("from_iso8601_timestamp", "varchar -> timestamptz", _from_iso8601),
    F("from_iso8601_date", "varchar -> date", "CAST(el_iso_day({0}) AS DATE)"),
    *_for("to_iso8601", ("date", *_KINDS), "{0} -> varchar", _to_iso8601),
    F("with_timezone", "timestamp, varchar -> timestamptz", _with_timezone),
    F("at_timezone", "timestamptz, varchar -> timestamptz", _at_timezone),
    F("from_unixtime", "double -> timestamptz", _from_unixtime),
    F("from_unixtime", "double, varchar -> timestamptz", _from_unixtime),
    F("to_unixtime", "timestamptz -> double", "(CAST(epoch_us({0}) AS DOUBLE) / 1000000)"),
    F("to_unixtime", "timestamp -> double", "(CAST(epoch_us({0}) AS DOUBLE) / 1000000)"),
    *_for("date_format", _KINDS, "{0}, varchar -> varchar", _date_format),
    F("date_parse", "varchar, varchar -> timestamp", _date_parse),
    *_for("format_datetime", _KINDS, "{0}, varchar -> varchar", _format_datetime),
    F("parse_datetime", "varchar, varchar -> timestamptz", _parse_datetime),
    F("human_readable_seconds", "double -> varchar", _human),
    F("to_milliseconds", "interval day -> bigint", "(epoch_us({0}) // 1000)"),
    F("current_timezone", "-> varchar", "'UTC'"),
]

SYNTACTIC: dict[str, Syntactic] = {}
