"""The Python types of an answer's rows, so that what comes over the wire is exactly that or is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict

from eventlake.dialect.types.type import Type

_PYTHON: dict[str, Any] = {  # types are values here
    "boolean": bool,
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "unknown": int,
    "real": float,
    "double": float,
    "decimal": Decimal,
    "varbinary": bytes,
    "date": date,
    "timestamp": datetime,
    "timestamptz": datetime,
    "time": time,
}
"""Whatever is not here is text: varchar, char, json, uuid, ipaddress and intervals, as Athena prints them."""


def python_type(kind: Type) -> Any:  # a type, for msgspec
    """Return the type of a value of `interfaces.Result`; None is always one."""
    if kind.name == "array":
        return list[python_type(kind.args[0])] | None  # type: ignore[misc]  # made at run time
    if kind.name == "map":
        return dict[_key_type(kind.args[0]), python_type(kind.args[1])] | None  # type: ignore[misc]  # made at run time
    if kind.name == "row":
        made: Any = TypedDict("Row", {name: python_type(part) for name, part in kind.fields()})  # type: ignore[misc]  # made at run time
        return made | None
    return _PYTHON.get(kind.name, str) | None


def _key_type(kind: Type) -> Any:  # a type, for msgspec
    return _PYTHON.get(kind.name, str)


@lru_cache(maxsize=256)
def rows_decoder(types: tuple[Type, ...]) -> Any:  # msgspec.msgpack.Decoder
    """Return what decodes a frame of rows of these types, and raises msgspec.ValidationError or DecodeError for anything else."""
    import msgspec

    return msgspec.msgpack.Decoder(list[tuple[tuple(map(python_type, types))]])  # type: ignore[misc]  # made at run time


def encoded(rows: Sequence[Sequence[Any]]) -> bytes:  # values are the query's
    """Return a frame's body. Raises OverflowError or TypeError for what no type of Athena holds."""
    import msgspec

    return msgspec.msgpack.encode(rows)
