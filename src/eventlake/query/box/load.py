"""What an answer weighs for its owner: its bytes as they came, and the values they hold, of which one byte may make 64 bytes.

Both are counted before anything is kept, so that no answer takes more of its owner's memory than its query was allowed.
"""

from __future__ import annotations

from collections.abc import Callable

from eventlake.dialect.types.type import Type
from eventlake.errors import QueryLimitError
from eventlake.query.box.weight import at_most, weight

FRAME_BYTES = 1 << 18
"""A frame of more rows than one is not longer: its owner holds the values of one frame at a time."""
_ROW, _CELL = 56, 72
"""About the bytes of a row, and of a value of a plain type in it with its place."""
_NESTED = frozenset({"array", "map", "row"})


class Load:
    """Counts the frames of an answer.

    types: of its columns. most: of the bytes as they came. most_values: of the values in Python. look: raises if the time is over.
    """

    def __init__(self, types: tuple[Type, ...], most: int, most_values: int, look: Callable[[], None]) -> None:
        self._most, self._most_values, self._look = most, most_values, look
        self._is_plain = not any(kind.name in _NESTED for kind in types)
        self._row = _ROW + _CELL * len(types)
        self._bytes = self._values = 0

    def add(self, frame: bytes) -> None:
        """Count a frame before it is decoded: values within values, and a frame that is no short one. Raises QueryLimitError."""
        self._bytes += len(frame)
        if self._bytes > self._most:
            raise QueryLimitError(f"The answer has more than {self._most >> 20} MB: add LIMIT, or select fewer columns.")
        if self._is_plain and len(frame) <= FRAME_BYTES:
            self._add_values(len(frame))
            return
        bound = at_most(frame)
        if self._values + bound > self._most_values // 2:  # as few answers ever come to: only then it is worth counting one by one
            bound = weight(frame, self._most_values - self._values, self._look)
        self._add_values(bound)

    def add_rows(self, rows: int) -> None:
        """Count the rows of the frame, now that it is known how many. Raises QueryLimitError."""
        if self._is_plain:
            self._add_values(rows * self._row)

    def _add_values(self, size: int) -> None:
        self._values += size
        if self._values > self._most_values:
            raise QueryLimitError(
                f"The values of the answer take more than {self._most_values >> 20} MB of memory: add LIMIT, or select fewer columns."
            )
