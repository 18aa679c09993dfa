"""How the columns of a table find back into an event: which stand for themselves, which need care, and what an envelope has besides.

Called by `eventlake.pipeline.restoring`, which puts values in their places, and by `eventlake.pipeline.wording`, which writes them there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from eventlake.model import Table
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.leftovers import EXTRA
from eventlake.pipeline.path import Holding, Path, parse_path
from eventlake.pipeline.readable import Readable

ORDER = ("version", "id", "detail-type", "source", "account", "time", "region", "resources")
"""The keys of an envelope, as EventBridge writes them, but for `detail` at the end."""
_EXACTNESS = ("json", "struct", "map", "array", "text", "joined", "number", "integer", "boolean", "date", "timestamp")
"""Which of the columns that read one place says most of it: those before write it first."""


class Placement:
    """The columns of one table by how they find back.

    straight: have one place, of which no other says more. alone: have several, of which no other says anything, or lead. first: keep the text
    that is the first of an array. careful: all but the straight, each with the places where events say it once more and the column that says
    the same; difficult: those of them that nothing above covers.
    """

    def __init__(self, table: Table, codec: Codec) -> None:
        columns = [Readable.of(column, codec, is_key=column.name == table.key) for column in table.columns if column.name != EXTRA]
        self._pattern = table.pattern
        self.columns = sorted(columns, key=lambda one: _EXACTNESS.index(one.converter))
        self.root = parse_path(table.root)
        self.beside = {one.name: [other for other in columns if other is not one and one.meets(other)] for one in columns}
        needed = [one for one in self.columns if not self._is_implied(one)]
        self.straight = [one for one in needed if self._is_straight(one)]
        led = [one for one in needed if one not in self.straight and self._is_led(one)]
        self.alone = [one for one in needed if one not in self.straight and self._is_alone(one)] + led
        self.first = [one for one in needed if self._is_first(one)]
        self.leading: list[tuple[str, str, Callable[[Any], Any]]] = [
            (one.name, other.name, other.convert) for one in led for other in self.beside[one.name]
        ]
        """Columns of texts, each with one of the moment that its text names, and how that is read."""
        self.careful = [(one, repeated(one), "") for one in needed if one not in self.straight]
        said = {other: one.name for one in led for other in self.beside[one.name] if other.paths[0] == one.paths[0]}
        self.difficult = [
            (one, again, said.get(one, "")) for one, again, _ in self.careful if one not in self.alone and one not in self.first
        ]

    @property
    def plain(self) -> list[tuple[Readable, Path, bool]]:
        """Return the columns with each place at which they are put where nothing is odd, and whether they are put there in an array."""
        places = [(one, path, False) for one in (*self.straight, *self.alone) for path in (one.paths[0], *repeated(one))]
        return [*places, *((one, one.paths[0][:-1], True) for one in self.first)]

    @property
    def taken(self) -> list[Path]:
        """Return the places that must be free for that."""
        return [path for one in self.alone for path in one.paths] + [one.paths[0][:-1] for one in self.first]

    @cached_property
    def ambiguous(self) -> frozenset[str]:
        """Return the keys of `extra` that make it doubtful which fields lie outside the table's root, or are the root itself."""
        return frozenset({"envelope", "$", str(self.root[-1])})

    @cached_property
    def chosen(self) -> dict[Path, list[Readable]]:
        """Return the arrays from which columns choose texts by what they hold, each with the columns that read it."""
        places = {path[:-1]: None for one in self.columns for path in one.paths if isinstance(path[-1], Holding)}
        return {place: [one for one in self.columns if any(path[:-1] == place for path in one.paths)] for place in places}

    @cached_property
    def constants(self) -> dict[str, str]:
        """Return the keys of an envelope that have one text alone."""
        found = {key: _constant(self._pattern.get(key)) for key in ("source", "detail-type")}
        return {"version": "0", **{key: constant for key, constant in found.items() if constant}}

    @cached_property
    def said(self) -> set[str]:
        """Return the keys of an envelope of which a column says everything, that there was nothing too."""
        said = {str(path[0]) for one in self.columns for path in one.paths if len(path) == 1} - {"time"}
        return said - {key for key in self.constants if key != "version"}

    @cached_property
    def timed(self) -> list[str] | None:
        """Return the columns that would read the moment if they found nothing before; None if one would read it first, or others behind it."""
        timed = [one for one in self.columns if ("time",) in one.paths]
        are_last = all(len(one.paths) > 1 and one.paths[-1] == ("time",) for one in timed)
        return [one.name for one in timed] if are_last else None

    def _is_straight(self, one: Readable) -> bool:
        """Return True if a column has one place, of which no other column says more than it does itself."""
        place = one.paths[0]
        if len(one.paths) > 1 or not _is_of_keys(place):
            return False
        others = [path for other in self.beside[one.name] for path in other.paths if one.is_at(path)]
        return not others or (one.converter == "json" and all(path[: len(place)] == place for path in others))

    def _is_implied(self, one: Readable) -> bool:
        """Return True if a column reads a part of what a column of JSON holds, and nothing else."""
        leading = [other for other in self.beside[one.name] if other.converter == "json" and self._is_straight(other)]
        return len(one.paths) == 1 and any(len(other.paths[0]) < len(one.paths[0]) for other in leading)

    def _is_alone(self, one: Readable) -> bool:
        """Return True if a column has several places, of which no other column says anything."""
        return not self.beside[one.name] and all(map(_is_of_keys, (*one.paths, *repeated(one))))

    def _is_first(self, one: Readable) -> bool:
        """Return True if a column keeps the text that is the first of an array, of which no other column says anything."""
        *way, last = one.paths[0]
        is_text = len(one.paths) == 1 and one.converter == "text"
        return is_text and not self.beside[one.name] and last == 0 and bool(way) and _is_of_keys((*way,))

    def _is_led(self, one: Readable) -> bool:
        """Return True if a column keeps the text of a place of which others keep the moment that it names."""
        beside = self.beside[one.name]
        is_text = one.converter == "text" and len(one.paths) == 1 and _is_of_keys(one.paths[0])
        return is_text and all(other.converter == "timestamp" and other.paths[0] == one.paths[0] for other in beside)


def repeated(one: Readable) -> list[Path]:
    """Return the places where events say a text once more: further out than its first, and as the first of `resources`.

    Other names in one object are those of other versions, of which an event has one.
    """
    first, *others = one.paths
    outer = [first[:depth] for depth in range(len(first) - 1)]
    return [path for path in others if one.converter == "text" and (path[:-1] in outer or path == ("resources", 0))]


def _is_of_keys(path: Path) -> bool:
    return all(isinstance(segment, str) for segment in path)


def _constant(condition: Any) -> str | None:  # of a pattern: any JSON value
    """Return the one text that a pattern allows a key, None if it allows several."""
    return condition[0] if isinstance(condition, list) and len(condition) == 1 and isinstance(condition[0], str) else None
