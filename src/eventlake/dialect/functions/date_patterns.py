"""Dates written and read by a pattern: MySQL's letters (date_format, date_parse) and Joda's (format_datetime, parse_datetime).

https://trino.io/docs/current/functions/datetime.html#mysql-date-functions, https://www.joda.org/joda-time/key_format.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import VARCHAR, timestamp
from eventlake.dialect.types.zones import each_zoned, offset_text, wall, zone_label


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a pattern. part: what it stands for, `text` for itself. strftime: how DuckDB writes it, empty if it cannot."""

    part: str
    strftime: str = ""
    size: int = 1


def _literal(value: Value, name: str, node: exp.Expr) -> str:
    if not isinstance(value.literal, str):
        raise refused(f"{name}() with a pattern that is not a literal", node)
    return value.literal


# MySQL's letters

_MYSQL = {
    "a": ("weekday", "%a"),
    "b": ("month name", "%b"),
    "c": ("month", "%-m"),
    "d": ("day", "%d"),
    "e": ("day", "%-d"),
    "f": ("fraction", "%g000"),
    "H": ("hour", "%H"),
    "h": ("clock hour", "%I"),
    "I": ("clock hour", "%I"),
    "i": ("minute", "%M"),
    "j": ("day of year", "%j"),
    "k": ("hour", "%-H"),
    "l": ("clock hour", "%-I"),
    "M": ("month name", "%B"),
    "m": ("month", "%m"),
    "p": ("half", "%p"),
    "S": ("second", "%S"),
    "s": ("second", "%S"),
    "v": ("week", "%V"),
    "W": ("weekday", "%A"),
    "x": ("week year", "%G"),
    "Y": ("year", "%Y"),
    "y": ("year of century", "%y"),
}
_MYSQL_SHORT = {"r": "%h:%i:%s %p", "T": "%H:%i:%s"}


def _mysql(pattern: str, node: exp.Expr) -> list[Piece]:
    """Read a pattern with % into pieces. Raises QuerySyntaxError for letters that Athena refuses."""
    for letter, meaning in _MYSQL_SHORT.items():
        pattern = re.sub(rf"(?<!%)((?:%%)*)%{letter}", lambda match, meaning=meaning: match[1] + meaning, pattern)  # type: ignore[misc]
    pieces = []
    for match in re.finditer(r"%(.)|[^%]+|%$", pattern, re.DOTALL):
        letter = match[1]
        if match[0] == "%":
            raise refused("A date pattern that ends with %", node)
        if letter is None or letter not in _MYSQL:
            if letter is not None and letter in "DUuVwX":
                raise mistyped(f"%{letter} is not in Athena's date patterns", node)
            pieces.append(Piece("text", letter or match[0]))
        else:
            pieces.append(Piece(*_MYSQL[letter]))
    return pieces


def _date_format(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = "".join(_written(piece) for piece in _mysql(_literal(values[1], "date_format", node), node))
    return derived(emit("strftime({}, {})", _local_millis(values[0]), text(made)), VARCHAR, values)


def _local_millis(value: Value) -> Sql:
    """Make SQL of what a clock shows, rounded to the milliseconds that patterns show."""
    local = wall(value)
    return emit("el_to_digits({}, 1000)", local) if value.type.numbers[0] > 3 else local


def _written(piece: Piece) -> str:
    return piece.strftime.replace("%", "%%") if piece.part == "text" else piece.strftime


def _date_parse(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    pattern = _literal(values[1], "date_parse", node)
    if not pattern:
        raise mistyped("The pattern of date_parse() is empty", node)
    pieces = _mysql(pattern, node)
    if not _by_strptime(pieces):
        return derived(_Reading(values[0].sql, pieces, 2020, node).moment, timestamp(), values)
    if pattern[0].isspace():
        raise refused(f"The pattern '{pattern}' of date_parse()", node)
    parsed = emit("el_parsed({}, {})", values[0], _strptime(values[0].sql, pieces))
    fraction = any(piece.part == "fraction" for piece in pieces)
    return derived(emit("date_trunc('millisecond', CAST({} AS TIMESTAMP))", parsed) if fraction else parsed, timestamp(), values)


# Joda's letters

_JODA = {
    "y": ("year", {1: "%Y", 2: "%y", 4: "%Y"}),
    "Y": ("year", {1: "%Y", 2: "%y", 4: "%Y"}),
    "M": ("month", {1: "%-m", 2: "%m", 3: "%b", 4: "%B"}),
    "d": ("day", {1: "%-d", 2: "%d"}),
    "H": ("hour", {1: "%-H", 2: "%H"}),
    "h": ("clock hour", {1: "%-I", 2: "%I"}),
    "m": ("minute", {1: "%-M", 2: "%M"}),
    "s": ("second", {1: "%-S", 2: "%S"}),
    "a": ("half", {1: "%p", 2: "%p"}),
    "E": ("weekday", {1: "%a", 2: "%a", 3: "%a", 4: "%A"}),
    "D": ("day of year", {1: "%-j", 3: "%j"}),
    "e": ("day of week", {1: "%u"}),
    "w": ("week", {1: "", 2: "%V"}),
    "x": ("week year", {4: "%G"}),
    "S": ("fraction", dict.fromkeys(range(1, 10), "")),
    "K": ("hour of half", {1: "", 2: ""}),
    "k": ("late hour", {1: "", 2: ""}),
    "C": ("century", {1: "", 2: ""}),
    "G": ("era", {1: "", 2: "", 3: ""}),
    "Z": ("offset", {1: "", 2: "", 3: ""}),
    "z": ("zone", {1: "", 2: "", 3: ""}),
}
_JODA_PART = re.compile(r"'(?:[^']|'')*(?:'|$)|([A-Za-z])\1*|[^A-Za-z']+")


def _joda(pattern: str, node: exp.Expr) -> list[Piece]:
    """Read a pattern of repeated letters into pieces."""
    pieces = []
    for match in _JODA_PART.finditer(pattern):
        piece, letter = match[0], match[1]
        if not letter:
            shown = "'" if piece == "''" else re.sub(r"^'|'$", "", piece).replace("''", "'") if piece[0] == "'" else piece
            pieces.append(Piece("text", shown))
            continue
        part, known = _JODA.get(letter, ("", {}))
        if len(piece) not in known:
            raise refused(f"{piece} in a date pattern", node)
        part = {"%y": "year of century", "%b": "month name", "%B": "month name"}.get(known[len(piece)], part)
        pieces.append(Piece(part, known[len(piece)], len(piece)))
    return pieces


def _format_datetime(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    pattern = _literal(values[1], "format_datetime", node)
    if not pattern:
        raise mistyped("The pattern of format_datetime() is empty", node)
    made = [_shown(piece, values[0], node) for piece in _joda(pattern, node)]
    return derived(emit("({})", joined(" || ", made)), VARCHAR, values)


def _shown(piece: Piece, value: Value, node: exp.Expr) -> Sql:
    """Make SQL that writes one piece of Joda's pattern."""
    local = _local_millis(value)
    if piece.part == "text":
        return text(piece.strftime)
    if piece.strftime:
        return emit("strftime({}, {})", local, text(piece.strftime))
    match piece.part:
        case "fraction":
            return emit("rpad(substring(strftime({}, '%f'), 1, {}), {}, '0')", local, min(piece.size, 3), piece.size)
        case "week":
            return emit("CAST(weekofyear({}) AS VARCHAR)", local)
        case "hour of half":
            return emit("printf({}, CAST(hour({}) % 12 AS INTEGER))", text(f"%0{piece.size}d"), local)
        case "late hour":
            return emit("printf({}, CAST((hour({}) + 23) % 24 + 1 AS INTEGER))", text(f"%0{piece.size}d"), local)
        case "century":
            return emit("CAST(year({}) // 100 AS VARCHAR)", local)
        case "era":
            return emit("(CASE WHEN year({}) > 0 THEN 'AD' ELSE 'BC' END)", local)
    if value.type.name != "timestamptz":
        raise mistyped(f"{'zZ'[piece.part == 'offset'] * piece.size} shows a time zone, which a timestamp without zone has not", node)
    if piece.part == "zone":
        if value.type.zone != "UTC":
            raise refused("The short name of a time zone other than UTC", node, "use ZZ or ZZZ")
        return text("UTC")
    if piece.size == 3:
        return zone_label(value)
    return offset_text(value) if piece.size == 2 else emit("replace({}, ':', '')", offset_text(value))


def _parse_datetime(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    pattern = _literal(values[1], "parse_datetime", node)
    if not pattern:
        raise mistyped("The pattern of parse_datetime() is empty", node)
    pieces = _joda(pattern, node)
    if _by_strptime(pieces):
        return derived(_strptime(values[0].sql, pieces), timestamp(zoned=True), values)
    reading = _Reading(values[0].sql, pieces, int(parts.context.moment[:4]) - 30, node)
    made = derived(reading.moment, timestamp(zoned=True), values)
    if reading.minutes is None:
        return made
    moment = emit("({} - to_minutes({}))", made, reading.minutes)
    return each_zoned(moment, emit("el_offset_label({})", reading.minutes), timestamp(zoned=True), values, reading.minutes)


# reading

_PLAIN = frozenset(("text", "year", "month", "month name", "day", "hour", "minute", "second"))


def _by_strptime(pieces: Sequence[Piece]) -> bool:
    """Tell whether DuckDB's strptime reads the pattern as Joda does."""
    halves = {piece.part for piece in pieces} >= {"half", "clock hour"}
    return all(
        piece.part in _PLAIN
        or piece.strftime == "%g000"
        or (piece.part == "fraction" and piece.size == 3)
        or (halves and piece.part in {"half", "clock hour"})
        for piece in pieces
    )


def _strptime(sql: Sql, pieces: Sequence[Piece]) -> Sql:
    """Make SQL of a timestamp read by strptime; parts that the pattern does not name are 01-01, of 2000 if it names a month or a day, else 1970."""
    pattern = "".join("%n" if piece.strftime == "%g000" else _written(piece) or "%g" for piece in pieces)
    named = {piece.part.removesuffix(" name") for piece in pieces}
    lead, lead_pattern = "", ""
    year = "2000" if named & {"month", "day"} else "1970"
    for part, given, value in (("year", "%Y", year), ("month", "%m", "01"), ("day", "%d", "01")):
        if part not in named:
            lead, lead_pattern = f"{lead}{value} ", f"{lead_pattern}{given} "
    source = emit("({} || {})", text(lead), sql) if lead else sql
    return emit("strptime({}, {})", source, text(lead_pattern + pattern.replace("%-", "%")))


_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _names(names: Sequence[str]) -> str:
    return "(?i:" + "|".join(f"{name}|{name[:3]}" for name in names) + ")"


_EXPRESSIONS = {
    "year": r"[0-9]{1,4}",
    "year of century": r"[0-9]{2}",
    "month": r"[0-9]{1,2}",
    "month name": _names(_MONTHS),
    "day": r"[0-9]{1,2}",
    "day of year": r"[0-9]{1,3}",
    "week year": r"[0-9]{1,4}",
    "week": r"[0-9]{1,2}",
    "day of week": r"[0-9]",
    "weekday": _names(_WEEKDAYS),
    "hour": r"[0-9]{1,2}",
    "clock hour": r"[0-9]{1,2}",
    "hour of half": r"[0-9]{1,2}",
    "late hour": r"[0-9]{1,2}",
    "half": r"(?i:am|pm)",
    "minute": r"[0-9]{1,2}",
    "second": r"[0-9]{1,2}",
    "fraction": r"[0-9]{1,9}",
    "offset": r"Z|[+-][0-9]{2}:?[0-9]{2}",
}
"""What each part looks like in a text; numbers may have fewer digits than they are written with."""


_OF_2000 = frozenset(("month", "month name", "day", "day of year", "weekday", "day of week"))
"""Parts that are of the year 2000 for Joda where no year is named; what names none of them is of 1970."""


class _Reading:
    """A timestamp read by a regular expression made of the pattern, for patterns that strptime does not know."""

    def __init__(self, sql: Sql, pieces: Sequence[Piece], pivot: int, node: exp.Expr) -> None:
        parts = [piece.part for piece in pieces if piece.part != "text"]
        unknown = [part for part in parts if part not in _EXPRESSIONS]
        if unknown or len(set(parts)) < len(parts) or any(piece.part == "offset" and piece.size > 2 for piece in pieces):
            raise refused(f"A pattern that reads a {unknown[0] if unknown else 'part twice or a name of a zone'}", node)
        if "week" in parts and "week year" not in parts:
            raise refused("A pattern that reads a week without its year", node)
        self.sql = sql
        self.pivot = pivot
        self.places = {part: index + 1 for index, part in enumerate(parts)}
        made = "".join(re.escape(piece.strftime) if piece.part == "text" else f"({_EXPRESSIONS[piece.part]})" for piece in pieces)
        self.pattern = text(f"^(?s:{made})$")
        self.minutes = emit("el_offset_minutes({})", self._text("offset")) if "offset" in self.places else None
        self.moment = self._moment()

    def _text(self, part: str) -> Sql:
        return emit("regexp_extract({}, {}, {})", self.sql, self.pattern, self.places[part])

    def _number(self, part: str, default: int) -> Sql:
        return emit("TRY_CAST({} AS INTEGER)", self._text(part)) if part in self.places else emit("{}", default)

    def _moment(self) -> Sql:
        clock = [
            emit("to_hours({})", self._hour()),
            emit("to_minutes({})", self._ranged("minute", 59)),
            emit("to_seconds({})", self._ranged("second", 59)),
        ]
        if "fraction" in self.places:
            clock.append(emit("to_milliseconds(TRY_CAST(rpad({}, 3, '0')[1:3] AS INTEGER))", self._text("fraction")))
        found = emit("(CAST({} AS TIMESTAMP) + {})", self._day(), joined(" + ", clock))
        wrong = failure("A text is not of its date pattern: ", self.sql)
        return emit(
            "(CASE WHEN {0} IS NULL THEN NULL WHEN regexp_matches({0}, {1}) THEN {2} ELSE {3} END)", self.sql, self.pattern, found, wrong
        )

    def _day(self) -> Sql:
        if "day of year" in self.places:
            return emit("el_ordinal_date({}, {})", self._year(), self._number("day of year", 1))
        if "week" in self.places or "week year" in self.places:
            return emit("el_week_date({}, {}, {})", self._number("week year", 1970), self._number("week", 1), self._day_of_week())
        month = self._named("month name", _MONTHS) if "month name" in self.places else self._number("month", 1)
        day = emit("make_date({}, {}, {})", self._year(), month, self._number("day", 1))
        if not self.places.keys() & {"weekday", "day of week"}:
            return day
        return emit("({0} - CAST(isodow({0}) AS INTEGER) + {1})", day, self._day_of_week())  # the day so named of the same week

    def _day_of_week(self) -> Sql:
        return self._named("weekday", _WEEKDAYS) if "weekday" in self.places else self._number("day of week", 1)

    def _named(self, part: str, names: Sequence[str]) -> Sql:
        listed = joined(", ", [text(name[:3]) for name in names])
        return emit("list_position([{}], lower({})[1:3])", listed, self._text(part))

    def _year(self) -> Sql:
        if "year of century" not in self.places:
            return self._number("year", 2000 if self.places.keys() & _OF_2000 else 1970)
        first = self.pivot - 50
        return emit("({0} + (({1} - {2}) % 100 + 100) % 100)", first, self._number("year of century", 0), first % 100)

    def _hour(self) -> Sql:
        half = emit("CASE WHEN lower({}) = 'pm' THEN 12 ELSE 0 END", self._text("half")) if "half" in self.places else ours("0")
        if "clock hour" in self.places:
            return emit("({} % 12 + {})", self._ranged("clock hour", 12, 1), half)
        if "hour of half" in self.places:
            return emit("({} + {})", self._ranged("hour of half", 11), half)
        return emit("({} % 24)", self._ranged("late hour", 24, 1)) if "late hour" in self.places else self._ranged("hour", 23)

    def _ranged(self, part: str, last: int, first: int = 0) -> Sql:
        if part not in self.places:
            return ours("0")
        wrong = failure(f"Not a {part}: ", self._text(part))
        return emit("(CASE WHEN {0} BETWEEN {1} AND {2} THEN {0} ELSE {3} END)", self._number(part, 0), first, last, wrong)


FUNCTIONS = [
    *(F("date_format", f"{kind}, varchar -> varchar", _date_format) for kind in ("timestamp", "timestamptz")),
    F("date_parse", "varchar, varchar -> timestamp", _date_parse),
    *(F("format_datetime", f"{kind}, varchar -> varchar", _format_datetime) for kind in ("timestamp", "timestamptz")),
    F("parse_datetime", "varchar, varchar -> timestamptz", _parse_datetime),
]

SYNTACTIC: dict[str, Syntactic] = {}
