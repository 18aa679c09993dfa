"""What an event holds that no column of its table kept: the content of `extra`.

Called by a mapping for events with something odd about them. Undeclared fields stand under their own names if they lie under the table's
root (`$.detail`), nested as they were; those outside it stand under `envelope`.
"""

from __future__ import annotations

from typing import Any

from eventlake.model import Column, Table
from eventlake.pipeline import convert
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.path import Holding, Path, parse_path, value_at

ENVELOPE_KEYS = frozenset({"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"})
"""The keys of every event: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html"""

_STANDARD_KEYS = ENVELOPE_KEYS - {"resources", "detail", "source", "detail-type"}
"""Keys whose values are the envelope's own business or columns of every table."""

EXTRA = "extra"
"""The column that keeps, as JSON text, what no other column does."""

_NONE_LEFT: Any = object()


def settled_keys(table: Table) -> frozenset[str]:
    """The keys of the envelope that need no look: standard ones, and those for which the table's pattern allows one value only."""
    return _STANDARD_KEYS | {key for key in ("source", "detail-type") if _is_one_value(table.pattern.get(key))}


def _is_one_value(condition: object) -> bool:
    return isinstance(condition, list) and len(condition) == 1 and isinstance(condition[0], str)


Known = dict[str, "Known | None"]
"""The keys of an object that columns read: below a key, what is known there, or None where a column keeps all of it."""


def remainder(value: dict[str, Any], known: Known) -> dict[str, Any]:
    """The fields of an object that no column reads, nested as they were.

    For the common case that undeclared fields are all that is odd about an event; whether the declared ones fit was seen already.
    """
    left: dict[str, Any] = {}
    for key, inner in value.items():
        if key not in known:
            if inner is not None:
                left[key] = inner
        elif inner.__class__ is dict and (below := known[key]) is not None and (rest := remainder(inner, below)):
            left[key] = rest
    return left


class Leftovers:
    """Finds what no column of one table keeps."""

    def __init__(self, table: Table, codec: Codec) -> None:
        self._root = parse_path(table.root)
        self._settled = settled_keys(table)
        self._readers: dict[Path, list[tuple[Column, convert.Converter]]] = {}
        self._inside: set[Path] = set()
        self._held: dict[Path, list[Holding]] = {}
        self._paths: dict[Column, list[Path]] = {}
        for column in table.columns:
            if column.name == EXTRA:
                continue
            self._paths[column] = [parse_path(path) for path in column.paths]
            self._add(column, convert.parse_type(column.type), codec)

    def _add(self, column: Column, kind: convert.Type, codec: Codec) -> None:
        for path in self._paths[column]:
            self._inside |= {path[:depth] for depth in range(len(path))}
            if path and isinstance(path[-1], Holding):
                self._held.setdefault(path[:-1], []).append(path[-1])
            self._add_reader(column, path, kind, column.converter, codec)

    def _add_reader(self, column: Column, path: Path, kind: convert.Type, converter: str, codec: Codec) -> None:
        """Note what reads the value at a path; of a struct, what reads each of its fields."""
        if kind.name != "struct":
            self._readers.setdefault(path, []).append((column, convert.converter(converter, kind, codec)))
            return
        self._inside.add(path)
        for name, field in zip(kind.fields, kind.items, strict=True):
            self._add_reader(column, (*path, name), field, convert.default_converter(field), codec)

    def of(self, event: dict[str, Any]) -> dict[str, Any]:
        """The undeclared fields of an event, {} if every value is in a column."""
        within = self._left(event, value_at(event, self._root), self._root)
        around = self._left(event, event, (), skip=self._root)
        rest = within if isinstance(within, dict) else {} if within is _NONE_LEFT else {str(self._root[-1]): within}
        if around is not _NONE_LEFT:
            rest = {**rest, ("$" if "envelope" in rest else "envelope"): around}
        return rest

    def _left(self, event: dict[str, Any], value: Any, path: Path, skip: Path | None = None) -> Any:
        """The part of the value at `path` that no column keeps, or _NONE_LEFT."""
        if value is None or path == skip or self._is_kept(event, value, path):
            return _NONE_LEFT
        if path not in self._inside and path != self._root:
            return value
        if isinstance(value, dict):
            return self._left_of_object(event, value, path, skip)
        if isinstance(value, list):
            return self._left_of_array(event, value, path)
        return value

    def _left_of_object(self, event: dict[str, Any], value: dict[str, Any], path: Path, skip: Path | None) -> Any:
        left = {
            key: self._left(event, inner, (*path, key), skip) for key, inner in value.items() if path or not self._is_settled(key, inner)
        }
        left = {key: inner for key, inner in left.items() if inner is not _NONE_LEFT}
        return left or _NONE_LEFT

    def _is_settled(self, key: str, value: Any) -> bool:  # any JSON value
        """Whether a key of the envelope needs no place: it is no news, and a column that reads it can hold it."""
        readers = self._readers.get((key,), ())
        return key in self._settled and (not readers or any(converter(value) is not convert.MISFIT for _, converter in readers))

    def _left_of_array(self, event: dict[str, Any], value: list[Any], path: Path) -> Any:
        """An array stays whole if any of its elements is left, so that places in it keep their meaning."""
        left = any(self._is_left(event, value, path, index) for index in range(len(value)))
        return value if left else _NONE_LEFT

    def _is_left(self, event: dict[str, Any], array: list[Any], path: Path, index: int) -> bool:
        segments: list[int | Holding] = [index, *(held for held in self._held.get(path, ()) if held.index(array) == index)]
        return all(self._left(event, array[index], (*path, segment)) is not _NONE_LEFT for segment in segments)

    def _is_kept(self, event: dict[str, Any], value: Any, path: Path) -> bool:
        if path == ("resources",) and value in ([], ""):
            return True
        return any(self._keeps(event, column, converter, value, path) for column, converter in self._readers.get(path, ()))

    def _keeps(self, event: dict[str, Any], column: Column, converter: convert.Converter, value: Any, path: Path) -> bool:
        """Whether this column holds this value: it was the one chosen among the column's paths (or says the same), and it fits."""
        paths = self._paths[column]
        if path in paths and len(paths) > 1 and value != "" and value != chosen(event, paths):
            return False
        converted = converter(value)
        return converted is not convert.MISFIT and convert.is_whole(converted, value)


def chosen(event: dict[str, Any], paths: list[Path]) -> Any:  # any JSON value
    """The value that a column takes: the first that is neither null nor empty text, else the first that is not null."""
    present = [value for value in (value_at(event, path) for path in paths) if value is not None]
    return next((value for value in present if value != ""), present[0] if present else None)


def first_fitting(event: dict[str, Any], paths: list[Path], converter: convert.Converter) -> Any:  # a column's value
    """What a column takes where the chosen value does not fit: the first of the others that does, or MISFIT."""
    values = (value_at(event, path) for path in paths)
    converted = (converter(value) for value in values if value is not None and value != "")
    return next((value for value in converted if value is not convert.MISFIT), convert.MISFIT)
