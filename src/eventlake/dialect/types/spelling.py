"""Types as Glue and Trino spell them, read: `struct<a:string>`, `row(a varchar)`, `decimal(10,2)`."""

from __future__ import annotations

import re
from functools import lru_cache

from eventlake.dialect.types.type import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL_DAY,
    INTERVAL_MONTH,
    JSON,
    REAL,
    TIME,
    TINYINT,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    mapping,
    row,
    timestamp,
)


class TypeSyntaxError(ValueError):
    """Text that names no type."""


@lru_cache(maxsize=512)
def parse_type(spelling: str) -> Type:
    """Read the type that Glue (`struct<a:string>`) or Trino (`row(a varchar)`) spells so. Raises TypeSyntaxError."""
    reader = _Reader(spelling.strip().lower())
    kind = reader.type()
    if reader.rest.strip():
        raise TypeSyntaxError(f'"{spelling}" is not a type of Athena.')
    return kind


_PLAIN = {
    "string": VARCHAR,
    "varchar": VARCHAR,
    "boolean": BOOLEAN,
    "tinyint": TINYINT,
    "smallint": Type("smallint"),
    "int": INTEGER,
    "integer": INTEGER,
    "bigint": BIGINT,
    "double": DOUBLE,
    "float": REAL,
    "real": REAL,
    "date": DATE,
    "timestamp": timestamp(),
    "binary": VARBINARY,
    "varbinary": VARBINARY,
    "json": JSON,
    "time": TIME,
    "unknown": UNKNOWN,
    "uuid": Type("uuid"),
    "ipaddress": Type("ipaddress"),
    "timestamptz": timestamp(zoned=True),
}


_INTERVALS = {"interval day to second": INTERVAL_DAY, "interval year to month": INTERVAL_MONTH}
_SIZED = frozenset(("varchar", "char", "decimal", "timestamp", "time"))
_FIELD = re.compile(r'"((?:[^"]|"")+)"\s+|(?!interval (?:day|year) to )(\w+)\s+(?!with(?:out)? time zone)(?=[a-z"])')


class _Reader:
    """Reads a type from the front of `rest`."""

    def __init__(self, rest: str) -> None:
        self.rest = rest

    def type(self) -> Type:
        for spelling, kind in _INTERVALS.items():
            if self.rest.lstrip().startswith(spelling):
                self.rest = self.rest.lstrip()[len(spelling) :]
                return kind
        name = self._word()
        bracket = self._take("<(")
        if not bracket:
            return self._zoned(_plain(name))
        inner = self._inner(name, ":" if bracket == "<" else " ")
        if not self._take(">)"):
            raise TypeSyntaxError(f'"{self.rest}" does not close a type of Athena.')
        return self._zoned(inner)

    def _inner(self, name: str, separator: str) -> Type:
        if name == "array":
            return array(self.type())
        if name == "map":
            key = self.type()
            self._take(",")
            return mapping(key, self.type())
        if name in {"struct", "row"}:
            fields = [(self._field_name(separator), self.type())]
            while self._take(","):
                fields.append((self._field_name(separator), self.type()))
            return row(*fields)
        if name not in _SIZED:
            raise TypeSyntaxError(f'"{name}" is not a type of Athena.')
        numbers = [int(self._word())]
        while self._take(","):
            numbers.append(int(self._word()))
        return Type(name, numbers=tuple(numbers) if name != "decimal" or len(numbers) == 2 else (numbers[0], 0))

    def _field_name(self, separator: str) -> str | None:
        """Read the name before a field's type; Trino writes none for a field that has none."""
        rest = self.rest.lstrip()
        match = _FIELD.match(rest) if separator == " " else re.match(r'\s*"?([^":]+)"?\s*:', rest)
        if match is None:
            return None
        self.rest = rest[match.end() :]
        return next(part for part in match.groups() if part is not None).replace('""', '"').strip()

    def _zoned(self, kind: Type) -> Type:
        zone = "with time zone"
        if self.rest.strip().startswith(zone):
            self.rest = self.rest.strip()[len(zone) :]
            return timestamp(kind.numbers[0], zoned=True)
        return kind

    def _word(self) -> str:
        rest = self.rest.lstrip()
        size = next((index for index, letter in enumerate(rest) if not (letter.isalnum() or letter == "_")), len(rest))
        word, self.rest = rest[:size], rest[size:]
        return word

    def _take(self, letters: str) -> str:
        rest = self.rest.lstrip()
        if rest and rest[0] in letters:
            self.rest = rest[1:]
            return rest[0]
        return ""


def _plain(name: str) -> Type:
    if name not in _PLAIN:
        raise TypeSyntaxError(f'"{name}" is not a type of Athena.')
    return _PLAIN[name]
