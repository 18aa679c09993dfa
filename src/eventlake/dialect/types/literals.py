"""Literals: numbers, `DATE '...'`, `TIMESTAMP '...'`, `INTERVAL '...'`, each with the type Trino gives it.

https://trino.io/docs/current/language/types.html
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.sql import emit, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast
from eventlake.dialect.types.java import java_double
from eventlake.dialect.types.type import BIGINT, DOUBLE, INTEGER, INTERVAL_DAY, INTERVAL_MONTH, TIME, VARCHAR, Type, decimal, timestamp
from eventlake.dialect.types.zones import at_wall, first_shown, is_fixed, is_skipped, zone_named
from eventlake.errors import NameNotFoundError


def number_literal(written: str, node: exp.Expr) -> Value:
    """Read a number as Trino types it: integer or bigint, decimal with a point, double with an exponent."""
    if "e" in written.lower():
        return Value(emit("CAST({} AS DOUBLE)", text(written)), DOUBLE)
    if "." in written:
        digits, _, fraction = written.lstrip("-").partition(".")
        size = max(len(digits.lstrip("0") + fraction), len(fraction), 1)
        if size > 38:
            raise mistyped(f"{written} has more than 38 digits", node)
        kind = decimal(size, len(fraction))
        return Value(emit("CAST({} AS {})", text(written), kind.duckdb), kind)
    number = int(written)
    if -(2**31) <= number < 2**31:
        return Value(emit("{}" if number >= 0 else "({})", number), INTEGER, literal=number)
    if -(2**63) <= number < 2**63:
        return Value(emit("CAST({} AS BIGINT)", text(written)), BIGINT, literal=number)
    raise mistyped(f"{written} does not fit into bigint: write it with a point for a decimal", node)


def unescaped(node: exp.Expr) -> str:
    """Return the text of `U&'...'`. Raises QuerySyntaxError for a sign behind UESCAPE, or a number, that is none.

    https://trino.io/docs/current/language/types.html#varchar
    """
    given = node.args.get("escape")
    sign = "\\" if given is None else str(given.this)
    if not re.fullmatch(r"[!-~]", sign) or re.fullmatch(r"[0-9a-fA-F+'\"]", sign):
        raise mistyped(f"'{sign}' cannot stand behind UESCAPE: write one sign that is no digit, letter from A to F, plus or quote", node)

    def character(found: re.Match[str]) -> str:
        number = int(found[1] or found[2] or "110000", 16)
        if found[0] != sign * 2 and (number > 0x10FFFF or 0xD800 <= number <= 0xDFFF):
            raise mistyped(f"'{found[0]}' is no character: write four digits behind {sign}, or six behind {sign}+", node)
        return sign if found[0] == sign * 2 else chr(number)

    mark = re.escape(sign)
    return re.sub(rf"{mark}(?:{mark}|\+([0-9a-fA-F]{{6}})|([0-9a-fA-F]{{4}})|)", character, str(node.this))


def typed_literal(written: str, kind: Type, node: exp.Expr) -> Value:
    """Read a literal with its type before it: `DATE '2026-11-07'`, `TIMESTAMP '... UTC'`, `BIGINT '5'`, `JSON '{}'`."""
    if kind.name in {"timestamp", "timestamptz"}:
        return timestamp_literal(written, node)
    if kind.name == "decimal" and not node.args["to"].expressions:
        return (
            number_literal(written if "." in written else written + ".", node)
            if re.fullmatch(r"-?\d+(\.\d*)?", written)
            else _not_literal(written, kind, node)
        )
    if kind.name == "date":
        _require_date(written, kind, node)
    if kind.name == "time":
        return _time_literal(written, node)
    if kind.name == "char" and not node.args["to"].expressions:
        kind = Type("char", numbers=(len(written),))
    if kind.name == "json":
        return Value(text(json_literal(written, node)), kind, json="normal")
    if kind.name in _SPELLINGS and not _is_spelt(written, kind):
        _not_literal(written, kind, node)
    return cast(Value(text(written), VARCHAR, literal=written), kind, node)


def _require_date(written: str, kind: Type, node: exp.Expr) -> None:
    """Raise QuerySyntaxError for what is no date, QueryRefusedError for one before the year 1."""
    match = re.fullmatch(r"\s*([+-]?)(\d{4,})-(\d{1,2})-(\d{1,2})\s*", written)
    if match is None or not _is_day(int(match[2]), int(match[3]), int(match[4])):
        _not_literal(written, kind, node)
    elif match[1] == "-":
        raise refused("A date before the year 1", node)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year % 400 + 400, month, day)  # the calendar repeats itself every 400 years
    except ValueError:
        return False
    return True


_WHOLE = r"\s*[+-]?\d+\s*"
_FRACTION = r"\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?|NaN|Infinity|0[xX][\da-fA-F.]+[pP][+-]?\d+[dDfF]?)\s*"
_SPELLINGS = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), _WHOLE),
    **dict.fromkeys(("double", "real"), _FRACTION),
    "boolean": "(?i:t|f|true|false|1|0)",
}
_BITS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}


def _is_spelt(written: str, kind: Type) -> bool:
    """Tell whether a text is a value of the type, so that a literal of it is one."""
    if not re.fullmatch(_SPELLINGS[kind.name], written):
        return False
    return kind.name not in _BITS or -(2 ** (_BITS[kind.name] - 1)) <= int(written) < 2 ** (_BITS[kind.name] - 1)


def _not_literal(written: str, kind: Type, node: exp.Expr) -> Value:
    raise mistyped(f"'{written}' is not a {kind}", node)


_TIME = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]?\d)(?::(?P<second>[0-5]?\d)(?:\.(?P<fraction>\d{1,12}))?)?\s*")


def _time_literal(written: str, node: exp.Expr) -> Value:
    match = _TIME.fullmatch(written)
    if match is None and not re.search(r"[+-]\d", written):
        return _not_literal(written, TIME, node)
    if match is None or len(match["fraction"] or "") > 6:  # with a time zone, or in parts of a microsecond
        raise refused(f"TIME '{written}'", node)
    fraction = match["fraction"] or ""
    clock = ":".join(f"{int(match[part] or 0):02}" for part in ("hour", "minute", "second"))
    return Value(emit("CAST({} AS TIME)", text(f"{clock}.{fraction or 0}")), Type("time", numbers=(len(fraction),)))


def json_literal(written: str, node: exp.Expr) -> str:
    """Return the canonical text of a JSON literal: keys sorted, the last of equal ones, numbers as Java prints them."""
    try:
        whole = json.loads(written, parse_float=float, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise mistyped(f"'{written}' is not JSON", node) from error
    made = _canonical(whole)
    if _SURROGATE.search(made):
        raise refused("JSON with half of a surrogate pair", node)
    return made


_SURROGATE = re.compile("[\ud800-\udfff]")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _canonical(value: Any) -> str:  # JSON
    if isinstance(value, dict):
        return "{" + ",".join(f"{_canonical(key)}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, float):
        return f'"{java_double(value)}"' if math.isinf(value) else java_double(value)
    return json_text(value) if isinstance(value, str) else json.dumps(value)


def json_text(value: str) -> str:
    """Return a text as Java's writer of JSON spells it, in quotes."""
    return _ABOVE.sub(lambda match: "\\u{:04X}\\u{:04X}".format(*_halves(match[0])), json.dumps(value, ensure_ascii=False))


_ABOVE = re.compile("[\U00010000-\U0010ffff]")
"""Characters that Java's writer of JSON spells as two escapes."""


def _halves(letter: str) -> tuple[int, int]:
    """Return the two code units that UTF-16 has for a character beyond U+FFFF."""
    offset = ord(letter) - 0x10000
    return 0xD800 + (offset >> 10), 0xDC00 + (offset & 0x3FF)


_MOMENT = re.compile(
    r"\s*(?P<date>\d{4}-\d{1,2}-\d{1,2})(?: (?P<time>(?:[01]?\d|2[0-3]):\d{1,2}(?::\d{1,2}(?:\.(?P<fraction>\d{1,12}))?)?))?"
    r"\s*(?P<zone>[A-Za-z][\w/+-]*|[+-]\d\d?(?::?\d\d)?)?\s*"
)


def timestamp_literal(written: str, node: exp.Expr | None) -> Value:
    """Read a timestamp with the digits it is written with, and the zone behind it, if any."""
    match = _MOMENT.fullmatch(written)
    if match is None or not _is_day(*map(int, match["date"].split("-"))) or not _is_clock(match["time"] or "0:0"):
        raise mistyped(f"'{written}' is not a timestamp", node)
    digits = len(match["fraction"] or "")
    if digits > 6:
        raise refused(f"A timestamp with {digits} digits of a second", node, "write at most 6")
    clock = match["time"] or "00:00:00"
    clock += ":00" if clock.count(":") == 1 else ""
    sql = emit("CAST({} AS TIMESTAMP)", text(match["date"] + " " + clock))
    if not match["zone"]:
        return Value(sql, timestamp(digits))
    zone = zone_named(match["zone"])
    if zone is None:
        raise NameNotFoundError(f'There is no time zone "{match["zone"]}": write it as Area/City or +05:30.')
    year, month, day, hour, minute, second = map(int, re.split(r"\D", f"{match['date']} {clock.partition('.')[0]}"))
    local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # what a clock shows
    if is_skipped(local, zone):
        raise mistyped(f"'{written}' is a time that the clocks of {zone} leave out", node)
    if not is_fixed(zone):
        sql = emit("CAST({} AS TIMESTAMP)", text(first_shown(local, zone).isoformat(" ") + clock[len(clock.partition(".")[0]) :]))
        return Value(sql, timestamp(digits, zoned=True).at(zone))
    return Value(at_wall(sql, zone), timestamp(digits, zoned=True).at(zone))


def _is_clock(written: str) -> bool:
    return all(float(part) < 60 for part in written.split(":")[1:])


_UNITS = {
    "second": "seconds",
    "minute": "minutes",
    "hour": "hours",
    "day": "days",
    "week": "weeks",
    "month": "months",
    "year": "years",
    "quarter": "quarters",
}


def interval_literal(node: exp.Expr) -> Value:
    """Read `INTERVAL '7' DAY`, `INTERVAL '1 02:03' DAY TO SECOND`, `INTERVAL '1-2' YEAR TO MONTH`."""
    unit = node.args.get("unit")
    if not isinstance(node.this, exp.Literal) or unit is None or not node.this.is_string:
        raise mistyped("An interval is written as INTERVAL '7' DAY", node)
    written = str(node.this.this)
    if isinstance(unit, exp.IntervalSpan):
        return _spanned(written, unit.this.name.lower(), unit.expression.name.lower(), node)
    name = unit.name.lower()
    if name not in {"second", "minute", "hour", "day", "month", "year", "week"} or not re.fullmatch(
        r"[+-]?\d+(\.\d+)?" if name == "second" else r"[+-]?\d+", written
    ):
        raise mistyped(f"INTERVAL '{written}' {name.upper()} is not an interval of Athena", node)
    kind = INTERVAL_MONTH if name in {"month", "year"} else INTERVAL_DAY
    return Value(emit("INTERVAL {}", text(f"{written.lstrip('+')} {_UNITS[name]}")), kind)


def _spanned(written: str, first: str, last: str, node: exp.Expr) -> Value:
    months = re.fullmatch(r"([+-]?)(\d+)(?:-(\d+))?", written)
    if (first, last) == ("year", "month") and months:
        total = int(months[2]) * 12 + int(months[3] or 0)
        return Value(emit("INTERVAL {}", text(f"{months[1].replace('+', '')}{total} months")), INTERVAL_MONTH)
    order = ("day", "hour", "minute", "second")
    parts = re.fullmatch(r"([+-]?)(\d+)(?:[ :](\d+))?(?::(\d+))?(?::(\d+))?(\.\d+)?", written)
    if first not in order or last not in order or parts is None:
        raise mistyped(f"INTERVAL '{written}' {first.upper()} TO {last.upper()} is not an interval of Athena", node)
    names = order[order.index(first) : order.index(last) + 1]
    numbers = [part for part in parts.groups()[1:5] if part is not None]
    separator = re.search(r"\d([ :])\d", written)
    if (
        len(numbers) > len(names)
        or (parts[6] and (last != "second" or len(numbers) < len(names)))
        or (separator is not None and separator[1] != (" " if first == "day" else ":"))
    ):
        raise mistyped(f"INTERVAL '{written}' {first.upper()} TO {last.upper()} is not an interval of Athena", node)
    seconds = sum(
        int(number) * {"day": 86400, "hour": 3600, "minute": 60, "second": 1}[name] for name, number in zip(names, numbers, strict=False)
    )
    return Value(emit("INTERVAL {}", text(f"{parts[1].replace('+', '')}{seconds}{parts[6] or ''} seconds")), INTERVAL_DAY)


def is_of_whole_days(node: exp.Expr) -> bool:
    """Tell whether an interval that is written out has neither hours, minutes nor seconds."""
    unit, written = node.args.get("unit"), node.this
    if not isinstance(node, exp.Interval) or unit is None or isinstance(unit, exp.IntervalSpan) or not written.is_string:
        return False
    size = {"day": 86_400, "week": 604_800, "hour": 3_600, "minute": 60, "second": 1}.get(unit.name.lower(), 0)
    return Decimal(str(written.this)) * size % 86_400 == 0
