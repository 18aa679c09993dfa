"""A stretch of time in pieces that memory holds, each with how many rows every table has there.

Called by `eventlake.pipeline.played`. The first piece is small, so that its events are there soon, and those after it larger, for each statement
costs as much as thousands of rows; how large tells what the rows of the last one weighed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

PIECE = 60_000
"""About how many rows are held at once, at most."""
PIECE_BYTES = 80_000_000
"""About how many bytes of events are."""
_FIRST = 10_000
_FEW = 100
"""A piece of fewer rows is not parted."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the stretch, with how many rows each table has there."""

    start: datetime
    end: datetime
    tables: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return sum(self.tables.values())

    def joined(self, other: Piece) -> Piece:
        """Return this piece with one that comes after it."""
        rows = {name: self.tables.get(name, 0) + other.tables.get(name, 0) for name in {**self.tables, **other.tables}}
        return Piece(self.start, other.end, rows)

    def halves(self) -> list[Piece]:
        """Return it as two, nothing known of where its rows lie; as none where it has few, or is a moment."""
        middle = self.start + (self.end - self.start) / 2
        middle -= timedelta(microseconds=middle.microsecond % 1000)  # moments are written so
        if self.rows < _FEW or middle <= self.start:
            return []
        half = {name: (count + 1) // 2 for name, count in self.tables.items()}
        return [Piece(self.start, middle, half), Piece(middle, self.end, half)]


class Pieces:
    """What is left of a stretch. spans: its parts, in order. most: rows of a piece."""

    def __init__(self, spans: Iterable[Piece], most: int) -> None:
        self._left = deque(spans)
        self._most = most
        self._now = min(most, _FIRST)

    def next(self) -> Piece | None:
        """Take spans that follow each other as a piece of about so many rows; None where none is left."""
        if not self._left:
            return None
        piece = self._left.popleft()
        while self._left and piece.rows + self._left[0].rows <= self._now:
            piece = piece.joined(self._left.popleft())
        return piece

    def weighed(self, rows: int, size_bytes: int) -> None:
        """Note what the rows of a piece weighed: the next is no larger than three times as many, and as so many bytes."""
        by_bytes = PIECE_BYTES * rows // size_bytes if size_bytes else self._most
        self._now = max(min(self._most, self._now * 3, by_bytes), 1)

    def parted(self, piece: Piece) -> bool:
        """Take a piece back that was too much, in halves, and give none any more that is larger than they; False where it cannot be parted."""
        halves = piece.halves()
        self._left.extendleft(reversed(halves))
        self._now = self._most = min(self._most, (piece.rows + 1) // 2)
        return bool(halves)
