"""Glue types, and which converter makes a column's value.

A declaration's `type` is parsed here, and its `as` is checked; the code of a mapping names its converters by what this module writes.
The converters themselves are in `eventlake.pipeline.values` and `eventlake.pipeline.nested`.
Glue types: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GlueType:
    """A parsed Glue type: its name, and for array, map and struct what it holds."""

    name: str
    items: tuple[GlueType, ...] = ()
    fields: tuple[str, ...] = ()
    """Names of a struct's fields, in the order of `items`."""


SCALARS = ("string", "boolean", "int", "bigint", "double", "timestamp", "date")
NESTED = ("array<...>", "map<string,...>", "struct<name:...>")
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_-]*|[<>,:])")


def parse_glue_type(declared: str) -> GlueType:
    """Read a Glue type from its text. Raises ValueError with the part that is wrong."""
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


def _read_type(tokens: list[str]) -> GlueType:
    name = _next(tokens)
    if name in SCALARS:
        return GlueType(name)
    if name == "array":
        return GlueType(name, (_enclosed(tokens, lambda: _read_type(tokens)),))
    if name == "map":
        return GlueType(name, _enclosed(tokens, lambda: _read_map(tokens)))
    if name == "struct":
        fields = _enclosed(tokens, lambda: _read_fields(tokens))
        return GlueType(name, tuple(kind for _, kind in fields), tuple(field for field, _ in fields))
    raise ValueError(f'"{name}"')


def _enclosed(tokens: list[str], read: Callable[[], Any]) -> Any:
    _expect(tokens, "<")
    inner = read()
    _expect(tokens, ">")
    return inner


def _read_map(tokens: list[str]) -> tuple[GlueType, GlueType]:
    key = _read_type(tokens)
    if key.name != "string":
        raise ValueError(f'"{key.name}" as the key of a map')
    _expect(tokens, ",")
    return key, _read_type(tokens)


def _read_fields(tokens: list[str]) -> list[tuple[str, GlueType]]:
    fields = [_read_field(tokens)]
    while tokens and tokens[-1] == ",":
        tokens.pop()
        fields.append(_read_field(tokens))
    names = [name.lower() for name, _ in fields]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the field "{twice}" twice, where case does not count')
    return fields


def _read_field(tokens: list[str]) -> tuple[str, GlueType]:
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


def default_converter(kind: GlueType) -> str:
    """Return the name of the converter that a type has when the declaration names none."""
    return _DEFAULTS.get(kind.name, kind.name)


def allowed_converters(kind: GlueType) -> tuple[str, ...]:
    """Return the names of the converters that give this type."""
    return _FOR_STRING if kind.name == "string" else (default_converter(kind),)


_CONVERTERS = {"json": "whole", "date": "day"}
"""Named differently in a declaration and in `eventlake.pipeline.values`."""


def converter(name: str, kind: GlueType) -> str:
    """Return the converter of that name to that type, as a Python expression over the names of `values` and `nested`."""
    match name:
        case "integer":
            return "int32" if kind.name == "int" else "int64"
        case "array":
            return f"array_of({field_converter(kind.items[0])})"
        case "map":
            return f"map_of({field_converter(kind.items[1])})"
        case "struct":
            fields = (f'"{field}": {field_converter(item)}' for field, item in zip(kind.fields, kind.items, strict=True))
            return f"struct_of({{{', '.join(fields)}}})"
    return _CONVERTERS.get(name, name)


def field_converter(kind: GlueType) -> str:
    """Return the converter of a type that lies inside another one, for which a declaration cannot name one."""
    return converter(default_converter(kind), kind)
