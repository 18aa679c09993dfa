"""Athena's types: coerced as Trino does, named as DuckDB does; `spelling` reads them.

Trino's rules: https://trino.io/docs/current/language/types.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, quoted_name

MAX_DIGITS = 38
"""The widest decimal of Trino and of DuckDB."""

EACH = "each"
"""The zone of timestamps of which each has its own: their SQL is a struct of the instant `t` and the zone's name `z`."""

LOST = "lost"
"""The zone of timestamps out of several zones of which only the instants are known."""


@dataclass(frozen=True, slots=True)
class Type:
    """A Trino type.

    name: `bigint`, `varchar`, `timestamp`, `array`, ... args: element types. numbers: precision and scale, or a length.
    names: field names of a row, None where a field has none. zone: of a timestamp with time zone, an IANA name, `+05:30`, EACH or LOST;
    Trino has it in the value, so types that differ only there are equal.
    """

    name: str
    args: tuple[Type, ...] = ()
    numbers: tuple[int, ...] = ()
    names: tuple[str | None, ...] = ()
    zone: str = field(default="UTC", compare=False)

    def __str__(self) -> str:
        if self.name == "row":
            return f"row({', '.join(_field(name, kind) for name, kind in zip(self.names, self.args, strict=True))})"
        if self.args:
            return f"{self.name}({', '.join(map(str, self.args))})"
        if self.name == "timestamptz":
            return f"timestamp({self.numbers[0]}) with time zone"
        if self.name in _SPELT:
            return _SPELT[self.name]
        return f"{self.name}({','.join(map(str, self.numbers))})" if self.numbers else self.name

    @property
    def duckdb(self) -> Sql:
        """Return the type that holds it in DuckDB."""
        return self.in_duckdb(_held)

    def in_duckdb(self, spell: Callable[[Type], Sql]) -> Sql:
        """Spell the type for DuckDB, whatever it is made of. spell: what a type without parts is there."""
        if self.name == "row":
            return emit("STRUCT({})", joined(", ", (emit("{} {}", quoted(name), kind.in_duckdb(spell)) for name, kind in self.fields())))
        if self.name == "array":
            return emit("{}[]", self.args[0].in_duckdb(spell))
        if self.name == "map":
            return emit("MAP({}, {})", self.args[0].in_duckdb(spell), self.args[1].in_duckdb(spell))
        return spell(self)

    def fields(self) -> Iterator[tuple[str, Type]]:
        """Yield field names as DuckDB's struct has them, and their types; a field without a name is `field0`, `field1`, ..."""
        seen: set[str] = set()
        for index, (name, kind) in enumerate(zip(self.names, self.args, strict=True)):
            stored = name if name is not None and name.lower() not in seen else f"field{index}"
            seen.add(stored.lower())
            yield stored, kind

    @property
    def zones(self) -> tuple[str, ...]:
        """Collect the zones of the timestamps in it, which decide how it is held; types that are equal have as many."""
        if self.args:
            return tuple(zone for part in self.args for zone in part.zones)
        return (self.zone,)

    def at(self, zone: str) -> Type:
        """Return the type of a timestamp with time zone in another zone."""
        return replace(self, zone=zone)

    @property
    def is_number(self) -> bool:
        """Tell whether it can be added and compared as a number."""
        return self.name in _NUMBERS or self.name == "decimal"

    @property
    def is_integer(self) -> bool:
        """Tell whether it is tinyint, smallint, integer or bigint."""
        return self.name in _INTEGERS

    @property
    def is_moment(self) -> bool:
        """Tell whether it is a date or a timestamp of either kind."""
        return self.name in {"date", "timestamp", "timestamptz"}

    def holds(self, name: str) -> bool:
        """Tell whether it is the type of that name, or has one among its elements, keys, values or fields."""
        return self.name == name or (bool(self.args) and any(part.holds(name) for part in self.args))

    @property
    def is_unknown(self) -> bool:
        """Tell whether it is the type of a bare NULL, or holds one."""
        return self.name == "unknown" or (bool(self.args) and any(part.is_unknown for part in self.args))


_SPELT = {"interval day": "interval day to second", "interval month": "interval year to month"}
_INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_NUMBERS = (*_INTEGERS, "real", "double")
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_DUCKDB = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP",
    "time": "TIME",
    "json": "VARCHAR",
    "interval day": "INTERVAL",
    "interval month": "INTERVAL",
    "unknown": "INTEGER",
    "uuid": "UUID",
    "ipaddress": "BLOB",
}

BOOLEAN = Type("boolean")
TINYINT = Type("tinyint")
INTEGER = Type("integer")
BIGINT = Type("bigint")
DOUBLE = Type("double")
REAL = Type("real")
VARCHAR = Type("varchar")
VARBINARY = Type("varbinary")
DATE = Type("date")
TIME = Type("time", numbers=(3,))
JSON = Type("json")
UNKNOWN = Type("unknown")
INTERVAL_DAY = Type("interval day")
INTERVAL_MONTH = Type("interval month")


def _held(kind: Type) -> Sql:
    """Return the type that holds a type without parts."""
    if kind.name == "decimal":
        return emit("DECIMAL({},{})", kind.numbers[0], kind.numbers[1])
    return ours("STRUCT(t TIMESTAMP, z VARCHAR)" if kind.zone == EACH else _DUCKDB[kind.name])


def timestamp(precision: int = 3, *, zoned: bool = False) -> Type:
    """Return the type of a timestamp with that many digits of a second, with or without time zone."""
    return Type("timestamptz" if zoned else "timestamp", numbers=(precision,))


@lru_cache(maxsize=1024)
def text_type(length: int) -> Type:
    """Make the type of a literal text of so many letters."""
    return Type("varchar", numbers=(length,))


def decimal(precision: int, scale: int) -> Type:
    """Make a decimal, cut to the widest there is."""
    return Type("decimal", numbers=(min(precision, MAX_DIGITS), scale))


def array(element: Type) -> Type:
    """Make an array of these elements."""
    return Type("array", (element,))


def mapping(key: Type, value: Type) -> Type:
    """Make a map from key to value."""
    return Type("map", (key, value))


def row(*fields: tuple[str | None, Type]) -> Type:
    """Make a row of these fields."""
    return Type("row", tuple(kind for _, kind in fields), names=tuple(name for name, _ in fields))


def as_decimal(kind: Type) -> Type:
    """Return the decimal that holds every value of an integer type; a decimal is itself."""
    return decimal(_DIGITS[kind.name], 0) if kind.is_integer else kind


def common(left: Type, right: Type) -> Type | None:
    """Return the type both are coerced to where Trino wants one type, None if there is none."""
    if left is right or right.name == "unknown":
        return left
    if left == right:
        return left if left.zones == right.zones else _in_both_zones(left, right)
    if left.name == "unknown":
        return right
    if left.name == right.name:
        return _same_name(left, right)
    if left.is_number and right.is_number:
        return _common_number(left, right)
    pair = {left.name, right.name}
    if pair <= {"date", "timestamp", "timestamptz"}:
        digits = max((kind.numbers[0] for kind in (left, right) if kind.numbers), default=3)
        return timestamp(digits, zoned="timestamptz" in pair).at(_one_zone(left.zone, right.zone))
    if pair == {"varchar", "char"}:
        return Type("char", numbers=(max(kind.numbers[0] if kind.numbers else _LONGEST_CHAR for kind in (left, right)),))
    return None


_LONGEST_CHAR = 65_536


def _in_both_zones(left: Type, right: Type) -> Type:
    """Return a type that holds the timestamps of two that differ in nothing but their zones."""
    if left.args:
        return replace(left, args=tuple(_in_both_zones(a, b) for a, b in zip(left.args, right.args, strict=True)))
    return left.at(_one_zone(left.zone, right.zone))


def _one_zone(left: str, right: str) -> str:
    if left == right:
        return left
    return LOST if LOST in {left, right} else EACH


def instants(kind: Type) -> Type:
    """Return the type without the zone that each timestamp in it has: what is compared, grouped or looked for is the instant."""
    if EACH not in kind.zones:
        return kind
    return replace(kind, args=tuple(map(instants, kind.args))) if kind.args else kind.at(LOST)


def in_zones_of(kind: Type, source: Type) -> Type:
    """Return the type that a cast to `kind` gives a value of type `source`: a timestamp keeps its zone, a text brings its own."""
    if kind.args and source.name == kind.name and len(source.args) == len(kind.args):
        return replace(kind, args=tuple(map(in_zones_of, kind.args, source.args)))
    if kind.name != "timestamptz":
        return kind
    return kind.at(source.zone if source.name == "timestamptz" else EACH if source.name in {"varchar", "char"} else "UTC")


def _same_name(left: Type, right: Type) -> Type | None:
    if left.name == "varchar":
        return max(left, right, key=lambda kind: kind.numbers) if left.numbers and right.numbers else VARCHAR
    if left.name == "decimal":
        scale = max(left.numbers[1], right.numbers[1])
        return decimal(max(kind.numbers[0] - kind.numbers[1] for kind in (left, right)) + scale, scale)
    if left.name in {"char", "time", "timestamp", "timestamptz"}:
        return replace(left, numbers=(max(left.numbers[0], right.numbers[0]),), zone=_one_zone(left.zone, right.zone))
    if len(left.args) != len(right.args):
        return None
    parts = [common(a, b) for a, b in zip(left.args, right.args, strict=True)]
    if any(part is None for part in parts):
        return None
    names = tuple(a if a == b else None for a, b in zip(left.names, right.names, strict=True))
    return Type(left.name, tuple(part for part in parts if part is not None), names=names)


def _common_number(left: Type, right: Type) -> Type:
    for name in ("double", "real"):
        if name in {left.name, right.name}:
            return Type(name)
    if left.is_integer and right.is_integer:
        return max(left, right, key=lambda kind: _INTEGERS.index(kind.name))
    both = _same_name(as_decimal(left), as_decimal(right))
    return both or DOUBLE


def coercible(source: Type, target: Type) -> bool:
    """Tell whether Trino turns a value of `source` into `target` by itself."""
    if source.name == target.name == "varchar":
        return True
    if source.name == target.name and source.name in {"time", "timestamp", "timestamptz", "decimal"}:
        return common(source, target) == target
    both = common(source, target)
    return both is not None and (
        both == target or (both.name == target.name and target.name in {"varchar", "row", "array", "map"} and _alike(both, target))
    )


def _alike(left: Type, right: Type) -> bool:
    return left.name == right.name and all(_alike(a, b) for a, b in zip(left.args, right.args, strict=True))


def _field(name: str | None, kind: Type) -> str:
    return str(kind) if name is None else f"{name if name.isidentifier() else quoted_name(name)} {kind}"
