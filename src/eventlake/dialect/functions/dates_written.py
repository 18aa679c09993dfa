"""Dates written by a pattern: date_format with MySQL's letters, format_datetime with Joda's."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.functions.date_patterns import Piece, joda_pieces, mysql_pieces, pattern_of, strftime_of
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import VARCHAR
from eventlake.dialect.types.zones import offset_text, wall, zone_label


def _date_format(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    made = "".join(strftime_of(piece) for piece in mysql_pieces(pattern_of(values[1], "date_format", node), node))
    return derived(emit("strftime({}, {})", _local_millis(values[0]), text(made)), VARCHAR, values)


def _local_millis(value: Value) -> Sql:
    """Make SQL of what a clock shows, rounded to the milliseconds that patterns show."""
    local = wall(value)
    return emit("el_to_digits({}, 1000)", local) if value.type.numbers[0] > 3 else local


def _format_datetime(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    pattern = pattern_of(values[1], "format_datetime", node)
    if not pattern:
        raise mistyped("The pattern of format_datetime() is empty", node)
    made = [_shown(piece, values[0], node) for piece in joda_pieces(pattern, node)]
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


FUNCTIONS = [
    *(F("date_format", f"{kind}, varchar -> varchar", _date_format) for kind in ("timestamp", "timestamptz")),
    *(F("format_datetime", f"{kind}, varchar -> varchar", _format_datetime) for kind in ("timestamp", "timestamptz")),
]

SYNTACTIC: dict[str, Syntactic] = {}
