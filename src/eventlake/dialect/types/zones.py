"""Time zones: a timestamp with time zone is its instant as a DuckDB TIMESTAMP in UTC, and a zone known when the query is translated.

A zone is an IANA name, an offset `+05:30`, or SQL that gives the minutes east of UTC of each row.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eventlake.dialect.binding import Value, Zone
from eventlake.dialect.sql import Sql, emit, text

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d\d))?")


def wall(value: Value) -> Sql:
    """What a clock in the value's own zone shows, as a TIMESTAMP; a date or timestamp without zone is itself."""
    if value.type.name != "timestamptz" or value.zone == "UTC":
        return value.sql
    if isinstance(value.zone, Sql):
        return emit("({} + to_minutes({}))", value.sql, value.zone)
    minutes = offset_minutes(value.zone)
    if minutes is not None:
        return emit("({} + to_minutes({}))", value.sql, minutes)
    return emit("timezone({}, timezone('UTC', {}))", text(value.zone), value.sql)


def instant(sql: Sql, zone: Zone) -> Sql:
    """The instant, in UTC, at which a clock in the zone shows this TIMESTAMP."""
    if zone == "UTC":
        return sql
    if isinstance(zone, Sql):
        return emit("({} - to_minutes({}))", sql, zone)
    minutes = offset_minutes(zone)
    if minutes is not None:
        return emit("({} - to_minutes({}))", sql, minutes)
    return emit("timezone('UTC', timezone({}, {}))", text(zone), sql)


def zone_label(value: Value) -> Sql:
    """SQL of the zone's name, as Trino writes it behind a timestamp."""
    return emit("el_offset_label({})", value.zone) if isinstance(value.zone, Sql) else text(value.zone)


def minutes_east(value: Value) -> Sql:
    """SQL of the minutes by which a clock in the value's zone is ahead of UTC at that moment."""
    return emit("CAST((epoch_us({}) - epoch_us({})) // 60000000 AS INTEGER)", wall(value), value.sql)


def offset_text(value: Value) -> Sql:
    """SQL of the offset from UTC at that moment, `+05:30`."""
    return emit("replace(el_offset_label({}), 'UTC', '+00:00')", minutes_east(value))


def zone_named(name: str) -> str | None:
    """The zone that Trino knows by this name, None if there is none."""
    if name.upper() in {"UTC", "Z", "GMT", "UT", "UCT", "ETC/UTC"}:
        return "UTC"
    minutes = offset_minutes(name)
    if minutes is not None:
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return name if "/" in name else None


def offset_minutes(zone: str) -> int | None:
    """Minutes east of UTC of `+05:30`, None for a name."""
    match = _OFFSET.fullmatch(zone)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes
