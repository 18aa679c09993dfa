"""Timestamps with time zone: the instant as a DuckDB TIMESTAMP in UTC, and a zone.

The zone is part of the type if it is known when the query is translated. If each timestamp has its own (type.EACH), it is the name `z` beside
the instant `t` in a struct. A zone is an IANA name or an offset, `+05:30`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from eventlake.dialect.binding import Clock, Value, derived, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, text
from eventlake.dialect.types.type import EACH, LOST, Type, instants


def each_zoned(instant: Sql, label: Sql, kind: Type, parts: Iterable[Value], minutes: Sql | None = None, wall: Sql | None = None) -> Value:
    """Return a timestamp with a zone of its own in each row. label: SQL of the zone's name; minutes and wall: as of a `Clock`."""
    made = derived(emit("el_zoned({}, {})", instant, label), kind.at(EACH), parts)
    return made._replace(clock=Clock(instant, label, minutes, wall))


def each_in(moment: Sql, label: Sql, kind: Type, parts: Iterable[Value]) -> Value:
    """Return such a timestamp whose zone is costly to find, so that it is only used as a whole."""
    return derived(emit("el_zoned({}, {})", moment, label), kind.at(EACH), parts)


def once_held(value: Value, made: Callable[[Value], Value]) -> Value:
    """Return what is made of a value, which is computed once although the zone and the instant of it are asked for often."""
    if value.type.zone != EACH or value.clock is not None or value.sql.simple:
        return made(value)
    result = made(value.become(ours("el_m"), value.type))
    return result.become(emit("list_transform([{}], lambda el_m: {})[1]", value, result), result.type)


def instant(value: Value) -> Sql:
    """Make SQL of the instant in UTC; a date or timestamp without zone is itself."""
    if value.type.zone != EACH:
        return value.sql
    return value.clock.instant if value.clock is not None else emit("struct_extract({}, 't')", value.sql)


def wall(value: Value) -> Sql:
    """Make SQL of what a clock in the value's own zone shows, as a TIMESTAMP; a date or timestamp without zone is itself.

    Raises QueryRefusedError if the zone is not known.
    """
    if value.type.name != "timestamptz" or value.type.zone == "UTC":
        return value.sql
    if value.type.zone == EACH:
        if value.clock is not None and value.clock.wall is not None:
            return value.clock.wall
        if value.clock is not None and value.clock.minutes is not None:
            return emit("({} + to_minutes({}))", value.clock.instant, value.clock.minutes)
        return emit("el_wall({}, {})", instant(value), _label(value))
    zone = _known(value)
    minutes = offset_minutes(zone)
    if minutes is not None:
        return emit("({} + to_minutes({}))", value.sql, minutes)
    return emit("timezone({}, timezone('UTC', {}))", text(zone), value.sql)


def shown_at(local: Sql, value: Value, kind: Type, parts: Iterable[Value]) -> Value:
    """Return the moment, in the zone of `value`, at which a clock there shows this TIMESTAMP.

    Where it shows it twice, as clocks are put back, it is the one with the offset of `value`.
    """
    if value.clock is not None and value.clock.minutes is not None:
        return moved(emit("({} - to_minutes({}))", local, value.clock.minutes), value, kind, parts)
    near = emit("({} + ({} - {}))", instant(value), local, wall(value))
    if value.type.zone == EACH:
        return moved(emit("el_unwall_near({}, {}, {})", local, near, _label(value)), value, kind, parts)
    return moved(_at_wall_near(local, near, _known(value)), value, kind, parts)


def moved(made: Sql, value: Value, kind: Type, parts: Iterable[Value]) -> Value:
    """Return another instant in the zone of `value`."""
    if value.type.zone != EACH:
        return derived(made, kind.at(value.type.zone), parts)
    return each_zoned(made, _label(value), kind, parts, value.clock.minutes if value.clock is not None else None)


def with_zone(local: Sql, zone: str) -> Sql:
    """Make SQL of what with_timezone gives: of two instants, in UTC, the one with the offset that the zone has where its clock is read as UTC."""
    return _at_wall_near(local, emit("({0} + ({0} - timezone({1}, timezone('UTC', {0}))))", local, text(zone)), zone)


def _at_wall_near(local: Sql, near: Sql, zone: str) -> Sql:
    if is_fixed(zone):
        return at_wall(local, zone)
    return emit(
        "(CASE WHEN timezone({0}, timezone('UTC', {1})) = {2} THEN {1} ELSE {3} END)", text(zone), near, local, at_wall(local, zone)
    )


def at_wall(local: Sql, zone: str) -> Sql:
    """Make SQL of the instant, in UTC, at which a clock in the zone shows this TIMESTAMP: the later one where it shows it twice."""
    if zone == "UTC":
        return local
    minutes = offset_minutes(zone)
    if minutes is not None:
        return emit("({} - to_minutes({}))", local, minutes)
    return emit("timezone('UTC', timezone({}, {}))", text(zone), local)


def zone_label(value: Value) -> Sql:
    """Make SQL of the zone's name, as Trino writes it behind a timestamp."""
    return _label(value) if value.type.zone == EACH else text(_known(value))


def _label(value: Value) -> Sql:
    return value.clock.label if value.clock is not None else emit("struct_extract({}, 'z')", value.sql)


def _known(value: Value) -> str:
    if value.type.zone == LOST:
        raise refused("What a clock shows at one of several moments in several time zones", None, "bring them to one with AT TIME ZONE")
    return value.type.zone


def minutes_east(value: Value) -> Sql:
    """Make SQL of the minutes by which a clock in the value's zone is ahead of UTC at that moment."""
    if value.clock is not None and value.clock.minutes is not None:
        return value.clock.minutes
    return emit("CAST((epoch_us({}) - epoch_us({})) // 60000000 AS INTEGER)", wall(value), instant(value))


def offset_text(value: Value) -> Sql:
    """Make SQL of the offset from UTC at that moment, `+05:30`."""
    return emit("replace(el_offset_label({}), 'UTC', '+00:00')", minutes_east(value))


def held_as(value: Value, kind: Type) -> Value:
    """Return a value as its own type but for the zones, which are those of `kind`: a zone goes into a struct, or a struct to its instant."""
    if value.type is kind or value.type.zones == kind.zones:
        return value
    if value.type.args:
        return _parts_held_as(value, kind)
    if kind.zone != EACH:
        return value.become(instant(value), value.type.at(kind.zone))
    return each_zoned(value.sql, text(_known(value)), value.type, (value,))._replace(is_null=value.is_null)


def _parts_held_as(value: Value, kind: Type) -> Value:
    made = replace(value.type, args=tuple(_held(a, b) for a, b in zip(value.type.args, kind.args, strict=True)))
    if kind.name == "array":
        return value.become(emit("list_transform({}, lambda el_x: {})", value.sql, _item("el_x", value.type.args[0], kind.args[0])), made)
    if kind.name == "map":
        pair = [_item(f"el_x.{name}", a, b) for name, a, b in zip(("key", "value"), value.type.args, kind.args, strict=True)]
        return value.become(emit("map_from_entries(list_transform(map_entries({}), lambda el_x: row({}, {})))", value.sql, *pair), made)
    parts = [
        emit("{} := {}", quoted(name), held_as(Value(emit("struct_extract({}, {})", value.sql, text(name)), part), target).sql)
        for (name, part), target in zip(value.type.fields(), kind.args, strict=True)
    ]
    return value.become(emit("(CASE WHEN {} IS NOT NULL THEN struct_pack({}) END)", value.sql, joined(", ", parts)), made)


def _held(source: Type, target: Type) -> Type:
    if source.args:
        return replace(source, args=tuple(_held(a, b) for a, b in zip(source.args, target.args, strict=True)))
    return source.at(target.zone)


def _item(words: str, source: Type, target: Type) -> Sql:
    return held_as(Value(ours(words), source), target).sql


def as_instants(value: Value) -> Value:
    """Return the value without the zone that each timestamp in it has: so it is compared, grouped and looked for."""
    return held_as(value, instants(value.type)) if EACH in value.type.zones else value


_UTC = frozenset(("UTC", "Z", "GMT", "UT", "UCT", "Zulu", "Universal", "Greenwich", "GMT0", "GMT+0", "GMT-0"))
_NOT_JAVAS = frozenset(("EST", "MST", "HST", "ROC", "Factory", "localtime", "posixrules", "UCT"))
_OFFSET = re.compile(r"(?:UTC|GMT|UT)([+-])(\d{1,2})(?::(\d\d))?|([+-])(\d\d):?(\d\d)|([+-])(\d{1,2})")
_ETC = re.compile(r"Etc/GMT([+-])(\d{1,2})")


def zone_named(name: str) -> str | None:
    """Return the zone that Trino knows by this name, None if there is none. Names are Java's, letter for letter, and offsets to 14 hours."""
    if name.removeprefix("Etc/") in _UTC:
        return "UTC"
    etc = _ETC.fullmatch(name)
    minutes = offset_minutes(name) if etc is None else int(etc[2]) * (60 if etc[1] == "-" else -60)  # Etc/GMT+5 is west
    if minutes is not None:
        return offset_named(minutes) if abs(minutes) <= 14 * 60 else None
    return name if name not in _NOT_JAVAS and _is_place(name) else None


def zone_of(value: Value) -> Sql:
    """Make SQL of the zone that the text in each row names, as Trino writes it; a text that names none fails."""
    if isinstance(value.literal, str):
        name = zone_named(value.literal)
        return text(name) if name is not None else failure(f"There is no time zone {value.literal}")
    return emit("el_zone_named({}, [{}])", value, joined(", ", map(text, _places())))


@cache
def _places() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if zone_named(name) == name))


def offset_named(minutes: int) -> str:
    """Return the zone so many minutes east of UTC, `+05:30`."""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"


@cache
def _is_place(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return not name.startswith(("posix/", "right/", "SystemV/"))


def offset_minutes(zone: str) -> int | None:
    """Return the minutes east of UTC of `+05:30`, None for a name."""
    match = _OFFSET.fullmatch(zone)
    if match is None:
        return None
    sign, hours, rest = next((match[i], match[i + 1], match[i + 2] if i < 7 else None) for i in (1, 4, 7) if match[i])
    minutes = int(hours) * 60 + int(rest or 0)
    return -minutes if sign == "-" else minutes


def is_fixed(zone: str) -> bool:
    """Tell whether the clocks of a zone are never put forward or back: of UTC, and of an offset."""
    return zone == "UTC" or offset_minutes(zone) is not None


def is_skipped(clock: datetime, zone: str) -> bool:
    """Tell whether no clock in the zone ever shows this date and time, because it was put forward."""
    if is_fixed(zone):
        return False
    return first_shown(clock, zone).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != clock


def first_shown(clock: datetime, zone: str) -> datetime:
    """Return the instant in UTC at which a clock in the zone shows this date and time for the first time."""
    return clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
