"""Moments: the clock, their parts, and the zone that shows them."""

from __future__ import annotations

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.functions.calls import call
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import emit, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import DATE, INTERVAL_DAY, UNKNOWN, timestamp
from eventlake.dialect.types.zones import each_in, each_zoned, instant, zone_named, zone_of
from eventlake.errors import NameNotFoundError


def at_time_zone(parts: Parts, node: exp.Expr) -> Value:
    """Return a moment AT TIME ZONE."""
    zone = parts.value(node.args["zone"])
    return parts.at_zone(parts.value(node.this), zone, node)


def at_zone(parts: Parts, value: Value, zone: Value, node: exp.Expr) -> Value:
    """Return the instant of a value as a clock in another zone shows it; a timestamp without zone is UTC."""
    if value.type.name == "time":
        raise refused("A time with time zone", node)
    if value.type.name not in {"timestamp", "timestamptz"}:
        raise mistyped(f"AT TIME ZONE wants a timestamp, not {value.type}", node)
    kind = timestamp(value.type.numbers[0], zoned=True)
    if zone.type == INTERVAL_DAY:
        minutes = emit("el_zone_minutes({})", zone)
        return each_zoned(instant(value), emit("el_offset_label({})", minutes), kind, (value, zone), minutes)
    if zone.type.name not in {"varchar", "unknown"}:
        raise mistyped(f"A time zone is a text or an interval of hours and minutes, not {zone.type}", node)
    if not isinstance(zone.literal, str):
        return each_in(emit("(CASE WHEN {} IS NOT NULL THEN {} END)", zone, instant(value)), zone_of(zone), kind, (value, zone))
    name = zone_named(zone.literal)
    if name is None and parts.context.outside is not None:
        return each_in(instant(value), zone_of(zone), kind, (value,))
    if name is None:
        raise NameNotFoundError(f'There is no time zone "{zone.literal}": write it as Area/City or +05:30.')
    return value.become(instant(value), kind.at(name))


def extracted(parts: Parts, node: exp.Expr) -> Value:
    """Return EXTRACT of a moment: the function of that name."""
    name = str(node.this.name).lower()
    name = {"dow": "day_of_week", "day_of_week": "day_of_week", "doy": "day_of_year", "yow": "year_of_week"}.get(name, name)
    if name == "millisecond":
        raise mistyped("EXTRACT(MILLISECOND ...) is not in Athena: write millisecond(x)", node)
    if parts.value(node.expression).type == UNKNOWN:
        raise mistyped(f"EXTRACT({name.upper()} FROM NULL) is not in Athena: cast the NULL", node)
    if name in {"hour", "minute", "second"} and parts.value(node.expression).type == DATE:
        raise mistyped(f"A date has no {name}", node)
    if name.startswith("timezone_") and parts.value(node.expression).type.name != "timestamptz":
        raise mistyped(f"EXTRACT({name.upper()} ...) wants a timestamp with time zone", node)
    return call(parts, name, [node.expression], node)


def current_date(parts: Parts, node: exp.Expr) -> Value:
    """Return the day on which the statement runs."""
    return Value(emit("DATE {}", text(parts.context.moment[:10])), DATE)


def current_timestamp(parts: Parts, node: exp.Expr) -> Value:
    """Return the moment at which the statement runs."""
    return Value(emit("TIMESTAMP {}", text(parts.context.moment)), timestamp(zoned=True))


def local_timestamp(parts: Parts, node: exp.Expr) -> Value:
    """Return the moment at which the statement runs, without a zone."""
    return Value(emit("TIMESTAMP {}", text(parts.context.moment)), timestamp())
