"""A value of an event becomes a value of its column's type, or MISFIT.

Called by the mapping of a table for each column. Every converter takes any JSON value but null and never raises: what does not fit
is MISFIT, and the mapping stores NULL and keeps the value in `extra`.
Glue types: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
Timestamps leave as `YYYY-MM-DD HH:MM:SS.fff` in UTC, the one form that Athena's JSON SerDe, Firehose's conversion and DuckDB all read:
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-concepts.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from eventlake.pipeline.codec import Codec


class _Misfit:
    """What a converter gives for a value that its type cannot hold."""

    def __repr__(self) -> str:
        return "MISFIT"


MISFIT: Final = _Misfit()

Converter = Callable[[Any], Any]
"""Any JSON value but null -> the column's value, or MISFIT."""

_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_AMERICAN = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}),? (\d{1,2}:\d\d:\d\d)[ \u202f]([AP]M)", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PLAIN = (len("2026-11-20T10:00:00Z"), len("2026-11-20T10:00:00.123Z"))
_EPOCH_MS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would lie after the year 5138."""


def text(value: Any) -> Any:  # JSON in, column value out
    """A scalar as text: `6.0` is "6" (CodePipeline's `version` is a float), true is "true"."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float and isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return MISFIT


def joined(value: Any) -> Any:  # JSON in, column value out
    """Text as it is, a list of scalars joined by blanks: Auth0 sends `scope` in both shapes."""
    if value.__class__ is str:
        return value
    if value.__class__ is not list:
        return MISFIT
    parts = [text(part) for part in value]
    return MISFIT if MISFIT in parts else " ".join(parts)


def boolean(value: Any) -> Any:  # JSON in, column value out
    """true or false, also as the texts "true" and "false"."""
    if value.__class__ is bool:
        return value
    return {"true": True, "false": False}.get(value, MISFIT) if value.__class__ is str else MISFIT


def number(value: Any) -> Any:  # JSON in, column value out
    """A finite double, also from its text."""
    kind = value.__class__
    if kind is str and _NUMBER.fullmatch(value):
        value = float(value)
    elif kind is int:
        value = float(value) if abs(value) < 1 << 1023 else float("inf")
    elif kind is not float:
        return MISFIT
    return value if isfinite(value) else MISFIT


def integer(bits: int) -> Converter:
    """The converter to integers of that many bits: whole numbers, also as floats (`1.0`) and as text."""
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(value: Any) -> Any:  # JSON in, column value out
        kind = value.__class__
        if (kind is float and value.is_integer()) or (kind is str and _INTEGER.fullmatch(value)):
            value = int(value)
        elif kind is not int:
            return MISFIT
        return value if low <= value <= high else MISFIT

    return convert


def timestamp(value: Any) -> Any:  # JSON in, column value out
    """ISO 8601 text or epoch seconds or milliseconds, as UTC text cut to milliseconds; without an offset it is UTC.

    CodeBuild's `Sep 1, 2017 4:12:29 PM` too, with the comma and the narrow blank that newer Java versions put into it.
    """
    if value.__class__ is str and value[-1:] == "Z" and value[10:11] == "T" and len(value) in _PLAIN:
        return _plain(value)
    moment = _moment(value)
    return MISFIT if moment is None else moment.isoformat(" ", "milliseconds")[:23]


def _plain(value: str) -> Any:
    """The form that nearly all timestamps have, which needs no arithmetic: the parser only says whether the moment exists."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return MISFIT
    fraction = value[19:-1] or ".000"
    return f"{value[:10]} {value[11:19]}{fraction}" if value.isascii() else MISFIT


def day(value: Any) -> Any:  # JSON in, column value out
    """A date as `YYYY-MM-DD`; of a timestamp its day in UTC."""
    if value.__class__ is str and _DATE.fullmatch(value):
        value += "T00:00:00Z"
    moment = _moment(value)
    return MISFIT if moment is None else moment.date().isoformat()


def _moment(value: Any) -> datetime | None:  # any JSON value
    try:
        if value.__class__ is str:
            return _utc(datetime.fromisoformat(value)) if _ISO.fullmatch(value) else _american(value)
        if value.__class__ is int or value.__class__ is float:
            seconds = value / 1000 if abs(value) >= _EPOCH_MS_FROM else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _american(value: str) -> datetime | None:
    match = _AMERICAN.fullmatch(value)
    if match is None or match[1] not in _MONTHS:
        return None
    hour, minute, second = map(int, match[4].split(":"))
    if not 1 <= hour <= 12:
        return None
    return datetime(
        int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2]), hour % 12 + 12 * (match[5] == "PM"), minute, second, tzinfo=UTC
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None or moment.tzinfo is UTC else moment.astimezone(UTC)


def json_text(codec: Codec) -> Converter:
    """The converter of any value to its JSON text, compact, with keys as they came."""
    return codec.dumps


@dataclass(frozen=True, slots=True)
class Type:
    """A parsed Glue type: its name, and for array, map and struct what it holds."""

    name: str
    items: tuple[Type, ...] = ()
    fields: tuple[str, ...] = ()
    """Names of a struct's fields, in the order of `items`."""


SCALARS = ("string", "boolean", "int", "bigint", "double", "timestamp", "date")
NESTED = ("array<...>", "map<string,...>", "struct<name:...>")
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_-]*|[<>,:])")


def parse_type(declared: str) -> Type:
    """A Glue type from its text. Raises ValueError with the part that is wrong."""
    tokens = _tokens(declared)
    parsed = _read_type(tokens)
    if tokens:
        raise ValueError(f'"{tokens[-1]}" after the type')
    return parsed


def _tokens(declared: str) -> list[str]:
    found, at = [], 0
    while declared[at:].strip():
        match = _TOKEN.match(declared, at)
        if match is None:
            raise ValueError(f'"{declared[at:]}"')
        found.append(match[1])
        at = match.end()
    return found[::-1]


def _read_type(tokens: list[str]) -> Type:
    name = _next(tokens)
    if name in SCALARS:
        return Type(name)
    if name == "array":
        return Type(name, (_enclosed(tokens, lambda: _read_type(tokens)),))
    if name == "map":
        return Type(name, _enclosed(tokens, lambda: _read_map(tokens)))
    if name == "struct":
        fields = _enclosed(tokens, lambda: _read_fields(tokens))
        return Type(name, tuple(kind for _, kind in fields), tuple(field for field, _ in fields))
    raise ValueError(f'"{name}"')


def _enclosed(tokens: list[str], read: Callable[[], Any]) -> Any:
    _expect(tokens, "<")
    inner = read()
    _expect(tokens, ">")
    return inner


def _read_map(tokens: list[str]) -> tuple[Type, Type]:
    key = _read_type(tokens)
    if key.name != "string":
        raise ValueError(f'"{key.name}" as the key of a map')
    _expect(tokens, ",")
    return key, _read_type(tokens)


def _read_fields(tokens: list[str]) -> list[tuple[str, Type]]:
    fields = [_read_field(tokens)]
    while tokens and tokens[-1] == ",":
        tokens.pop()
        fields.append(_read_field(tokens))
    names = [name.lower() for name, _ in fields]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the field "{twice}" twice, where case does not count')
    return fields


def _read_field(tokens: list[str]) -> tuple[str, Type]:
    name = _next(tokens)
    _expect(tokens, ":")
    return name, _read_type(tokens)


def _next(tokens: list[str]) -> str:
    if not tokens:
        raise ValueError("an end too early")
    return tokens.pop()


def _expect(tokens: list[str], wanted: str) -> None:
    found = tokens.pop() if tokens else "the end"
    if found != wanted:
        raise ValueError(f'"{found}" where "{wanted}" belongs')


NAMED = ("text", "json", "joined", "boolean", "number", "integer", "timestamp", "date", "array", "map", "struct")
"""The converters' names, as `as = "..."` in a declaration."""

_DEFAULTS = {"string": "text", "int": "integer", "bigint": "integer", "double": "number"}
_FOR_STRING = ("text", "json", "joined")


def default_converter(kind: Type) -> str:
    """The name of the converter that a type has when the declaration names none."""
    return _DEFAULTS.get(kind.name, kind.name)


def allowed_converters(kind: Type) -> tuple[str, ...]:
    """The names of the converters that give this type."""
    return _FOR_STRING if kind.name == "string" else (default_converter(kind),)


def converter(name: str, kind: Type, codec: Codec) -> Converter:
    """The converter of that name to that type."""
    match name:
        case "text":
            return text
        case "json":
            return json_text(codec)
        case "joined":
            return joined
        case "boolean":
            return boolean
        case "number":
            return number
        case "integer":
            return integer(32 if kind.name == "int" else 64)
        case "timestamp":
            return timestamp
        case "date":
            return day
    return _nested(kind, codec)


def _nested(kind: Type, codec: Codec) -> Converter:
    inner = [converter(default_converter(item), item, codec) for item in kind.items]
    if kind.name == "array":
        return _array(inner[0])
    if kind.name == "map":
        return _map(inner[1])
    return _struct(dict(zip(kind.fields, inner, strict=True)))


def _array(item: Converter) -> Converter:
    def convert(value: Any) -> Any:  # JSON in, column value out
        if value.__class__ is not list:
            return MISFIT
        converted = [None if element is None else item(element) for element in value]
        return MISFIT if MISFIT in converted else converted

    return convert


def _map(item: Converter) -> Converter:
    def convert(value: Any) -> Any:  # JSON in, column value out
        if value.__class__ is not dict:
            return MISFIT
        converted = {key: None if element is None else item(element) for key, element in value.items()}
        return MISFIT if MISFIT in converted.values() else converted

    return convert


def _struct(fields: dict[str, Converter]) -> Converter:
    """Fields that are null, do not fit or are not named are left out; the mapping finds them again for `extra`."""
    each = tuple(fields.items())

    def convert(value: Any) -> Any:  # JSON in, column value out
        if value.__class__ is not dict:
            return MISFIT
        converted = {}
        for name, field in each:
            inner = value.get(name)
            if inner is not None and (fitting := inner if inner.__class__ is str and field is text else field(inner)) is not MISFIT:
                converted[name] = fitting
        return converted

    return convert


def is_whole(converted: Any, value: Any) -> bool:  # column value and the JSON it came from
    """Whether a converted value holds all of the original: structs leave out what they do not name and what does not fit."""
    if value.__class__ is dict and converted.__class__ is dict:
        return all(inner is None or (key in converted and is_whole(converted[key], inner)) for key, inner in value.items())
    if value.__class__ is list and converted.__class__ is list:
        return all(map(is_whole, converted, value))
    return True
