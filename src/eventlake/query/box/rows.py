"""The rows of an answer, kept as they came over the wire and made into Python values as they are fetched.

A frame is small, so whoever reads row by row holds the values of one frame at a time, however many rows there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, overload

from eventlake.interfaces import Each, Row


class Rows(Sequence[Row]):
    """A list of rows in frames. decoder: makes the rows of one frame, each time it is wanted, but for the last one."""

    def __init__(self, decoder: Any) -> None:  # msgspec.msgpack.Decoder
        self._decoder = decoder
        self._frames: list[bytes] = []
        self._ends: list[int] = []
        self._made: tuple[int, list[Row]] = (-1, [])

    def append(self, frame: bytes) -> int:
        """Take one frame more, once it proves to hold rows, and return how many. Raises msgspec.DecodeError or RecursionError if it holds none."""
        rows = self._decoder.decode(frame)
        if rows:
            self._made = (len(self._frames), rows)
            self._frames.append(frame)
            self._ends.append(len(self) + len(rows))
        return len(rows)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Row]:
        for number in range(len(self._frames)):
            yield from self._rows_of(number)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            begin, end, step = index.indices(len(self))
            return list(self._between(begin, end)) if step == 1 else [self[place] for place in range(begin, end, step)]
        place = range(len(self))[index]  # which raises IndexError as a list does, and counts from the end
        number = bisect_right(self._ends, place)
        return self._rows_of(number)[place - (self._ends[number - 1] if number else 0)]

    def _between(self, begin: int, end: int) -> Iterator[Row]:
        """Yield the rows of these places, each frame made once."""
        while begin < end:
            number = bisect_right(self._ends, begin)
            first = self._ends[number - 1] if number else 0
            yield from self._rows_of(number)[begin - first : end - first]
            begin = self._ends[number]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows | list):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __repr__(self) -> str:
        return repr(list(self))

    def _rows_of(self, number: int) -> list[Row]:
        made = self._made  # another thread may put another one there meanwhile
        if made[0] != number:
            made = (number, self._decoder.decode(self._frames[number]))
            self._made = made
        return made[1]


class PassedOn(Rows):
    """Rows that are passed on as they come, each made once; how many there were is all that is kept."""

    def __init__(self, decoder: Any, each: Each) -> None:  # msgspec.msgpack.Decoder
        super().__init__(decoder)
        self._each = each
        self._count = 0

    def append(self, frame: bytes) -> int:
        """Pass the rows of a frame on, and return how many there were. Raises msgspec.DecodeError or RecursionError if it holds none."""
        rows = self._decoder.decode(frame)
        self._each(rows)
        self._count += len(rows)
        return len(rows)

    def __len__(self) -> int:
        return self._count
