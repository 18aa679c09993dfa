"""The values of DuckDB's Python client as `interfaces.Result` has them: text for intervals and addresses, UTC for moments with a zone."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import c_float
from datetime import UTC, timedelta
from ipaddress import IPv6Address
from typing import Any

from eventlake.dialect.types.type import Type
from eventlake.errors import QueryRefusedError


def converted(rows: list[tuple[Any, ...]], types: tuple[Type, ...]) -> list[tuple[Any, ...]]:
    """Return DuckDB's rows as `interfaces.Result` has them. Raises QueryRefusedError for a map that no Python dict can be."""
    makers = [_maker(kind) for kind in types]
    if not any(makers):
        return rows
    return [tuple(value if make is None or value is None else make(value) for value, make in zip(row, makers, strict=True)) for row in rows]


def _maker(kind: Type) -> Callable[[Any], Any] | None:
    """Return what turns DuckDB's Python value into one of the type; None where it is one already."""
    if kind.name == "timestamptz":
        return lambda value: _in_range(value).replace(tzinfo=UTC)
    if kind.name in {"date", "timestamp"}:
        return _in_range
    if kind.name == "real":
        return _shortest
    if kind.name == "interval day":
        return _days_text
    if kind.name == "interval month":
        return _months_text
    if kind.name == "uuid":
        return str
    if kind.name == "ipaddress":
        return _address
    if kind.name == "array":
        inner = _maker(kind.args[0])
        return None if inner is None else lambda value: [None if item is None else inner(item) for item in value]
    if kind.name == "map":
        return _map_maker(kind)
    if kind.name == "row":
        makers = [_maker(part) for part in kind.args]
        return lambda value: {
            name: item if make is None or item is None else make(item) for (name, item), make in zip(value.items(), makers, strict=True)
        }
    return None


def _in_range(value: Any) -> Any:
    """Return a date or a timestamp; those of other years come as texts, as DuckDB writes them. Raises QueryRefusedError."""
    if isinstance(value, str):
        raise QueryRefusedError(f"A year before 1 or after 9999 ({value}) cannot be given as an answer here.")
    return value


def _map_maker(kind: Type) -> Callable[[Any], Any] | None:
    if kind.args[0].name in {"array", "map", "row"}:  # no key of a Python dict
        raise QueryRefusedError(f"A {kind} cannot be given as an answer here: its keys are no single values. Ask for map_entries() of it.")
    key, item = (_maker(part) for part in kind.args)
    if key is None and item is None:
        return None
    return lambda value: {(key(k) if key else k): (item(v) if item and v is not None else v) for k, v in value.items()}


def _shortest(value: float) -> float:
    """Return the float with the fewest digits that is this one in four bytes, as Athena prints it: 1.1, not 1.100000023841858."""
    candidates = (float(f"{value:.{digits}g}") for digits in range(6, 9))
    return next((short for short in candidates if _in_four_bytes(short) == value), value)


def _in_four_bytes(value: float) -> float:
    return c_float(value).value


def _address(value: bytes) -> str:
    """Return `192.0.2.1` or `2001:db8::1` for an address's 16 bytes."""
    address = IPv6Address(value)
    return str(address.ipv4_mapped or address)


def _days_text(value: timedelta) -> str:
    """Return `1 02:03:04.005`, as Athena prints an interval of days."""
    millis = value // timedelta(milliseconds=1) if value >= timedelta() else -(-value // timedelta(milliseconds=1))
    sign, rest = "-" if millis < 0 else "", abs(millis)
    seconds, rest = divmod(rest, 1000)
    return f"{sign}{seconds // 86400} {seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _months_text(value: timedelta) -> str:
    """Return `1-2`, as Athena prints an interval of months; DuckDB's client gives a month as 30 days."""
    months = value.days // 30
    return f"{'-' if months < 0 else ''}{abs(months) // 12}-{abs(months) % 12}"
