"""Who may ask next: so many at once, the others in the order they came, and no more of them than may wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eventlake.errors import QueryLimitError

_LOOK_S = 0.1


class Line:
    """A line before a counter with `at_once` places. waiting: how many may stand in it."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self.at_once = at_once
        self.waiting = waiting
        self._free = at_once
        self._line: deque[object] = deque()
        self._moved = threading.Condition()

    @contextmanager
    def turn(self, deadline: float, look: Callable[[], None] | None = None) -> Iterator[None]:
        """Give a place, for as long as the `with` lasts.

        deadline: of time.monotonic(). look: raises if nobody wants the place any more.
        Raises QueryLimitError at once if the line is full, or at the deadline.
        """
        self._come(deadline, look)
        try:
            yield
        finally:
            with self._moved:
                self._free += 1
                self._moved.notify_all()

    def _come(self, deadline: float, look: Callable[[], None] | None) -> None:
        me = object()
        with self._moved:
            if len(self._line) >= self.waiting and (self._line or not self._free):
                raise QueryLimitError(
                    f"{self.at_once} queries are answered at once and {len(self._line)} wait already: ask again in a moment."
                )
            self._line.append(me)
            try:
                while not (self._free and self._line[0] is me):
                    if look is not None:
                        look()
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise QueryLimitError("The query waited in line until its time was over, behind others: ask again in a moment.")
                    self._moved.wait(min(left, _LOOK_S))
                self._free -= 1
            finally:
                self._line.remove(me)
                self._moved.notify_all()
