"""A field of a Sigma rule -> the column of a table that holds it, or the part of a column of JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventlake.model import Column, Table
from eventlake.naming import nearest

_PART = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_TEXTS, _NUMBERS = frozenset({"string"}), frozenset({"int", "bigint", "double"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field. sql: its value; kind: text or number. path: where the event has it, for a test."""

    sql: str
    kind: str
    path: str


def field_of(name: str, table: Table) -> Field | str:
    """Return the field of a table that a rule means, or the sentence why there is none.

    A rule names it by its path in the event (`data.details.request.method`), in the entry (`details.request.method`), or by its column.
    """
    places = [f"{table.root}.{name}", f"$.detail.{name}", f"$.{name}"]
    for column in table.columns:
        if (path := next((place for place in places if place in column.paths), None)) is not None:
            return _whole(name, column, path)
    inside = [
        (len(path), column, place)
        for place in places
        for column in table.columns
        if column.converter == "json"
        for path in column.paths
        if path != "$" and place.startswith(f"{path}.")
    ]
    if inside:
        _, column, place = max(inside, key=lambda one: one[0])
        return _part(name, column, place)
    if (found := table.column(name)) is not None:
        return _whole(name, found, found.paths[0])
    known = [column.stored_name for column in table.columns]
    return (
        f'the table {table.name} has no column for the field "{name}".{nearest(name, known)} `eventlake sources {table.source}` lists them'
    )


def _whole(name: str, column: Column, path: str) -> Field | str:
    quoted = f'"{column.stored_name}"'
    if column.type in _TEXTS:
        return Field(quoted, "text", path)
    if column.type in _NUMBERS:
        return Field(quoted, "number", path)
    if column.type == "boolean":
        return Field(f"cast({quoted} as varchar)", "text", path)
    return f'the field "{name}" is the column {column.stored_name} of the type {column.type}, with which a rule compares nothing'


def _part(name: str, column: Column, place: str) -> Field | str:
    path = next(path for path in column.paths if place.startswith(f"{path}."))
    parts = place[len(path) + 1 :].split(".")
    if not all(_PART.fullmatch(part) for part in parts):
        return f'the field "{name}" lies in the JSON of the column {column.stored_name} where no path of letters leads'
    return Field(f"json_extract_scalar(\"{column.stored_name}\", '$.{'.'.join(parts)}')", "text", place)
