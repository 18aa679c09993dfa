"""PEP 249's type objects and constructors, and a column's description, with Athena's names of types as PyAthena has them.

https://peps.python.org/pep-0249/#type-objects-and-constructors
https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
"""

from __future__ import annotations

import datetime
import time

from eventlake.dialect.types.spelling import TypeSyntaxError, parse_type
from eventlake.dialect.types.type import Type

Description = tuple[str, str, None, None, int, int, str]
"""Name, type, two that PEP 249 leaves open, precision, scale, and Athena's word on NULLs: it knows nothing of them."""

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = bytes


class TypeObject(frozenset[str]):
    """Names of Athena's types; equal to the type of a description that is one of them."""

    def __eq__(self, other: object) -> bool:
        return other in self if isinstance(other, str) else super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = frozenset.__hash__


STRING = TypeObject({"char", "varchar", "map", "array", "row"})
BINARY = TypeObject({"varbinary"})
BOOLEAN = TypeObject({"boolean"})
NUMBER = TypeObject({"tinyint", "smallint", "bigint", "integer", "real", "double", "float", "decimal"})
DATE = TypeObject({"date"})
TIME = TypeObject({"time", "time with time zone"})
DATETIME = TypeObject({"timestamp", "timestamp with time zone"})
JSON = TypeObject({"json"})
ROWID = TypeObject()
"""Asked for by PEP 249; Athena has none."""


def DateFromTicks(ticks: float) -> Date:
    """Convert seconds since 1970 to the local day."""
    return Date(*time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> Time:
    """Convert seconds since 1970 to the local time of day."""
    return Time(*time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> Timestamp:
    """Convert seconds since 1970 to the local time."""
    return Timestamp(*time.localtime(ticks)[:6])


def description(name: str, spelling: str) -> Description:
    """Describe a column. spelling: its type as `interfaces.Result` spells it."""
    kind = read_type(spelling)
    precision, scale = _digits(kind)
    return name, _ATHENA.get(kind.name, kind.name), None, None, precision, scale, "UNKNOWN"


def read_type(spelling: str) -> Type:
    """Read the type of that spelling; Athena's own API says of an array, a map or a row no more than that."""
    try:
        return parse_type(spelling)
    except TypeSyntaxError:
        return Type(spelling)


def _digits(kind: Type) -> tuple[int, int]:
    """Return precision and scale, as Athena's ColumnInfo has them."""
    if kind.name == "decimal":
        return kind.numbers[0], kind.numbers[1]
    if kind.name in {"varchar", "char"}:
        return (kind.numbers[0] if kind.numbers else _UNBOUNDED), 0
    return _PRECISION.get(kind.name, 0), 0


_UNBOUNDED = 2_147_483_647
_PRECISION = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "double": 17,
    "timestamp": 3,
    "timestamptz": 3,
    "varbinary": 1_073_741_824,
}
_ATHENA = {
    "real": "float",
    "timestamptz": "timestamp with time zone",
    "interval day": "interval day to second",
    "interval month": "interval year to month",
}
