"""Values and types as Trino and Athena give them -> Python values and `query.types.Type`, the same that DuckDB's engine gives.

Trino gives JSON with the type of every part: https://trino.io/docs/current/develop/client-protocol.html
Athena gives text with the type of the column alone: https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
So Athena's arrays, maps and rows stay text as Athena prints them, `[1, 2]` and `{owner=AWS}`: where a string ends is not in it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eventlake.dialect.types.type import Type, timestamp

Convert = Callable[[Any], Any]
"""A value of the protocol, never NULL, -> the Python value."""

_UNBOUNDED = 2_147_483_647
"""The length of a varchar that has none."""
_NAMES = {
    "float": "real",
    "int": "integer",
    "interval day to second": "interval day",
    "interval year to month": "interval month",
    "timestamp with time zone": "timestamptz",
}
NESTED = frozenset({"array", "map", "row"})
"""The types that hold others."""


def trino_type(signature: Mapping[str, Any]) -> Type:  # JSON as Trino defines it
    """Return the type of a `typeSignature`."""
    name = _NAMES.get(signature["rawType"], signature["rawType"])
    arguments = signature.get("arguments", [])
    if name == "row":
        names = tuple((part["value"].get("fieldName") or {}).get("name") for part in arguments)
        return Type("row", tuple(trino_type(part["value"]["typeSignature"]) for part in arguments), names=names)
    if name in NESTED:
        return Type(name, tuple(trino_type(part["value"]) for part in arguments))
    return _scalar(name, tuple(part["value"] for part in arguments if part["kind"] == "LONG"))


def athena_type(column: Mapping[str, Any]) -> Type:  # ColumnInfo
    """Return the type of a column of Athena's, which does not say what an array, a map or a row holds."""
    name = _NAMES.get(column["Type"], column["Type"])
    numbers = (column.get("Precision", 0), column.get("Scale", 0)) if name == "decimal" else (column.get("Precision", 0),)
    return _scalar(name, numbers if name in {"decimal", "char", "varchar"} else ())


def _scalar(name: str, numbers: tuple[int, ...]) -> Type:
    if name in {"timestamp", "timestamptz"}:
        return timestamp(numbers[0] if numbers else 3, zoned=name == "timestamptz")
    if name == "varchar" and numbers == (_UNBOUNDED,):
        return Type(name)
    return Type(name, numbers=numbers if name in {"decimal", "char", "varchar"} else ())


def from_text(kind: Type) -> Convert | None:
    """Return what turns Athena's text into the type's value; None where the text is the value."""
    return _hexadecimal if kind.name == "varbinary" else _SCALARS.get(kind.name)


def from_json(kind: Type) -> Convert | None:
    """Return what turns Trino's JSON into the type's value; None where the JSON is the value."""
    if kind.name == "array":
        item = _or_none(from_json(kind.args[0]))
        return lambda value: [item(one) for one in value]
    if kind.name == "map":
        key, item = _or_none(from_json(kind.args[0])), _or_none(from_json(kind.args[1]))
        return lambda value: {key(name): item(one) for name, one in value.items()}
    if kind.name == "row":
        parts = [(name, _or_none(from_json(part))) for name, part in kind.fields()]
        return lambda value: {name: make(one) for (name, make), one in zip(parts, value, strict=True)}
    return base64.b64decode if kind.name == "varbinary" else _SCALARS.get(kind.name)


def _or_none(convert: Convert | None) -> Convert:
    """Let a conversion pass NULL through."""
    if convert is None:
        return lambda value: value
    return lambda value: None if value is None else convert(value)


def _boolean(value: bool | str) -> bool:
    return value is True or value == "true"


def _hexadecimal(text: str) -> bytes:
    return bytes.fromhex(text.replace("\n", " "))


def _unless_unheard_of(make: Convert) -> Convert:
    """Keep the text where Python has no such day or moment: before the year 1 and after 9999."""

    def convert(text: str) -> Any:
        try:
            return make(text)
        except ValueError:
            return text

    return convert


_datetime = _unless_unheard_of(datetime.fromisoformat)


def _zoned(text: str) -> datetime | str:
    """Convert `2026-11-07 10:00:00.123 Europe/Berlin` to the instant in UTC; keep the text in the hour that its clock shows twice."""
    written, _, zone = text.rpartition(" ")
    moment = _datetime(written)
    place = _zone(zone)
    if isinstance(moment, str) or place is None:
        return text
    first, second = (moment.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first == second else text


def _zone(name: str) -> tzinfo | None:
    if name in {"UTC", "Z"}:
        return UTC
    if re.fullmatch(r"[+-]\d\d:\d\d", name):
        return datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


_SCALARS: dict[str, Convert] = {
    "boolean": _boolean,
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "real": float,
    "double": float,
    "decimal": Decimal,
    "date": _unless_unheard_of(date.fromisoformat),
    "time": _unless_unheard_of(time.fromisoformat),
    "timestamp": _datetime,
    "timestamptz": _zoned,
    "uuid": UUID,
}
