"""Dates read by a pattern: date_parse with MySQL's letters, parse_datetime with Joda's; Joda reads both for Athena."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.date_patterns import Piece, joda_pieces, mysql_pieces, pattern_of, strftime_of
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import timestamp
from eventlake.dialect.types.zones import each_zoned


def _date_parse(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    pattern = pattern_of(values[1], "date_parse", node)
    if not pattern:
        raise mistyped("The pattern of date_parse() is empty", node)
    pieces = mysql_pieces(pattern, node)
    if not _by_strptime(pieces):
        return derived(_Reading(values[0].sql, pieces, 2020, node).moment, timestamp(), values)
    if pattern[0].isspace():
        raise refused(f"The pattern '{pattern}' of date_parse()", node)
    parsed = _strptime(values[0].sql, pieces)
    fraction = any(piece.part == "fraction" for piece in pieces)
    return derived(emit("date_trunc('millisecond', CAST({} AS TIMESTAMP))", parsed) if fraction else parsed, timestamp(), values)


def _parse_datetime(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    pattern = pattern_of(values[1], "parse_datetime", node)
    if not pattern:
        raise mistyped("The pattern of parse_datetime() is empty", node)
    pieces = joda_pieces(pattern, node)
    if _by_strptime(pieces):
        return derived(_strptime(values[0].sql, pieces), timestamp(zoned=True), values)
    reading = _Reading(values[0].sql, pieces, int(parts.context.moment[:4]) - 30, node)
    made = derived(reading.moment, timestamp(zoned=True), values)
    if reading.minutes is None:
        return made
    moment = emit("({} - to_minutes({}))", made, reading.minutes)
    return each_zoned(moment, emit("el_offset_label({})", reading.minutes), timestamp(zoned=True), values, reading.minutes)


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
    pattern = "".join("%n" if piece.strftime == "%g000" else strftime_of(piece) or "%g" for piece in pieces)
    named = {piece.part.removesuffix(" name") for piece in pieces}
    lead, lead_pattern = "", ""
    year = "2000" if named & {"month", "day"} else "1970"
    for part, given, value in (("year", "%Y", year), ("month", "%m", "01"), ("day", "%d", "01")):
        if part not in named:
            lead, lead_pattern = f"{lead}{value} ", f"{lead_pattern}{given} "
    source = emit("({} || {})", text(lead), sql) if lead else sql
    parsed = emit("try_strptime({}, {})", source, text(lead_pattern + pattern.replace("%-", "%")))
    return emit("el_parsed({}, {}, {})", sql, parsed, text(_expression(pieces, {**_EXPRESSIONS, "year": "([+-][0-9]{1,9}|[0-9]{5,9})"})))


_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _names(names: Sequence[str]) -> str:
    return "(?i:" + "|".join(f"{name}|{name[:3]}" for name in names) + ")"


_EXPRESSIONS = {
    "year": r"[+-]?[0-9]{1,4}",
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


def _expression(pieces: Sequence[Piece], expressions: dict[str, str]) -> str:
    """Return the regular expression of a whole text of that pattern, with a group for each part that is no text of its own."""
    made = "".join(re.escape(piece.strftime) if piece.part == "text" else f"({expressions[piece.part]})" for piece in pieces)
    return f"^(?s:{made})$"


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
        self.pattern = text(_expression(pieces, _EXPRESSIONS))
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
        if "week" in self.places or "week year" in self.places:
            return emit("el_week_date({}, {}, {})", self._number("week year", 1970), self._number("week", 1), self._day_of_week())
        weekday = bool(self.places.keys() & {"weekday", "day of week"})
        if "day of year" in self.places:
            day = emit("el_ordinal_date({}, {})", self._year(), self._number("day of year", 1))
            return emit("el_in_week({}, {})", day, self._day_of_week()) if weekday else day
        month = self._named("month name", _MONTHS) if "month name" in self.places else self._number("month", 1)
        named = [self.places.keys() & {"month", "month name"}, self.places.keys() & {"day"}]
        if not weekday or all(named):
            day = emit("make_date({}, {}, {})", self._year(), month, self._number("day", 1))
            return emit("el_in_week({}, {})", day, self._day_of_week()) if weekday else day
        given = [number if name else ours("NULL") for number, name in zip((month, self._number("day", 1)), named, strict=True)]
        return emit("el_weekday_date({}, {}, {}, {})", self._year(), *given, self._day_of_week())

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
    F("date_parse", "varchar, varchar -> timestamp", _date_parse),
    F("parse_datetime", "varchar, varchar -> timestamptz", _parse_datetime),
]

SYNTACTIC: dict[str, Syntactic] = {}
