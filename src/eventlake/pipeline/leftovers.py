"""What an event holds that no column of its table kept: the content of `extra`.

Called by a mapping for events with something odd about them. Undeclared fields stand under their own names if they lie under the table's
root (`$.detail`), nested as they were; those outside it stand under `envelope`.
"""

from __future__ import annotations

from eventlake.pipeline.nested import is_whole
from eventlake.pipeline.path import Holding, parse_path, value_at
from eventlake.pipeline.values import MISFIT

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from eventlake.pipeline.path import Path
    from eventlake.pipeline.values import Converter

    Fields = Mapping[str, "Converter | Fields"]
    """The fields of a struct, by name."""

ENVELOPE_KEYS = frozenset({"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"})
"""The keys of every event: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html"""

ORIGIN = "eventlake-origin"
"""The key of an envelope that we made from something else, and says from what; no event that EventBridge delivers has it."""

EXTRA = "extra"
"""The column that keeps, as JSON text, what no other column does."""

_NONE_LEFT: Any = object()


class _Reader:
    """What reads the value at a path: a column, or a field of a column's struct.

    place: the path of the column. others: all paths of the column if it has several, of which one is chosen.
    """

    __slots__ = ("converter", "others", "place")

    def __init__(self, converter: Converter, place: Path, others: Sequence[Path]) -> None:
        self.converter = converter
        self.place = place
        self.others = others

    def keeps(self, event: dict[str, Any], value: Any) -> bool:  # any JSON value
        """Return True if the column holds this value: it fits, and it was chosen among the column's paths or equals the one chosen."""
        if self.others and value != "" and value_at(event, self.place) != chosen_value(event, self.others):
            return False
        converted = self.converter(value)
        return converted is not MISFIT and is_whole(converted, value)


class Leftovers:
    """Finds what no column of one table keeps.

    root: the path under which undeclared fields stand by their own names. settled: the keys of the envelope that need no look.
    columns: what each column converts with (the fields of a struct one by one), and the paths it reads.
    """

    def __init__(self, root: str, settled: Iterable[str], columns: Iterable[tuple[Converter | Fields, Sequence[str]]]) -> None:
        self._root = parse_path(root)
        self._settled = frozenset(settled)
        self._readers: dict[Path, list[_Reader]] = {}
        self._inside: set[Path] = set()
        self._held: dict[Path, list[Holding]] = {}
        for converter, written in columns:
            paths = [parse_path(path) for path in written]
            for path in paths:
                self._add(converter, path, paths if len(paths) > 1 else ())

    def _add(self, converter: Converter | Fields, place: Path, others: Sequence[Path]) -> None:
        for path, inner in _scalars(converter, place):
            self._inside |= {path[:depth] for depth in range(len(path))}
            self._readers.setdefault(path, []).append(_Reader(inner, place, others))
        if place and isinstance(place[-1], Holding):
            self._held.setdefault(place[:-1], []).append(place[-1])

    def of(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the undeclared fields of an event, {} if every value is in a column."""
        within = self._left(event, value_at(event, self._root), self._root)
        around = self._left(event, event, (), skip=self._root)
        rest = within if isinstance(within, dict) else {} if within is _NONE_LEFT else {str(self._root[-1]): within}
        if around is not _NONE_LEFT:
            rest = {**rest, ("$" if "envelope" in rest else "envelope"): around}
        return rest

    def _left(self, event: dict[str, Any], value: Any, path: Path, skip: Path | None = None) -> Any:
        """Return the part of the value at `path` that no column keeps, or _NONE_LEFT."""
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
        """Return True if an envelope key need not go to `extra`: its value is implied by the table, and its column (if any) holds it."""
        readers = self._readers.get((key,), ())
        return key in self._settled and (not readers or any(reader.converter(value) is not MISFIT for reader in readers))

    def _left_of_array(self, event: dict[str, Any], value: list[Any], path: Path) -> Any:
        """Return the whole array if any of its elements is left, so that places in it keep their meaning."""
        chosen: dict[int | None, list[Holding]] = {}
        for held in self._held.get(path, ()):
            chosen.setdefault(held.index(value), []).append(held)
        left = any(self._is_left(event, element, path, (index, *chosen.get(index, ()))) for index, element in enumerate(value))
        return value if left else _NONE_LEFT

    def _is_left(self, event: dict[str, Any], element: Any, path: Path, segments: Sequence[int | Holding]) -> bool:
        """Return True if no column keeps an element of an array, under any of the segments that lead to it."""
        return all(self._left(event, element, (*path, segment)) is not _NONE_LEFT for segment in segments)

    def _is_kept(self, event: dict[str, Any], value: Any, path: Path) -> bool:
        if path == ("resources",) and value in ([], ""):
            return True
        return any(reader.keeps(event, value) for reader in self._readers.get(path, ()))


def _scalars(converter: Converter | Fields, path: Path) -> Iterator[tuple[Path, Converter]]:
    """Yield the path itself, or for a struct the paths of its fields, each with its converter."""
    if callable(converter):
        yield path, converter
    else:
        for name, field in converter.items():
            yield from _scalars(field, (*path, name))


def chosen_value(event: dict[str, Any], paths: Sequence[Path]) -> Any:  # any JSON value
    """Return the value that a column takes: the first that is neither null nor empty text, else the first that is not null."""
    present = [value for value in (value_at(event, path) for path in paths) if value is not None]
    return next((value for value in present if value != ""), present[0] if present else None)
