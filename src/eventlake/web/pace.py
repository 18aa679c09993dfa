"""How often browsers are told what changed: so seldom that what they then ask for takes a small share of one processor.

What it costs is counted in seconds of the processor, of this process and of its queries. Where that is little, nobody notices; where events
pour into tables whose tiles are dear, what follows them rests as long as it takes to pay for it: between two looks, and between two tiles.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.03
"""What following may take of one processor."""
AHEAD_S = 2.0
"""For how many seconds of rest more may be asked before they are over: a page that costs little is not taken apart."""


class Pace:
    """Counts what following costs. clock: of seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._paid_at = clock()

    def spend(self, seconds: float) -> None:
        """Count seconds of the processor."""
        with self._lock:
            self._paid_at = max(self._paid_at, self._clock()) + seconds / SHARE

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what this thread takes for as long as the `with` lasts."""
        before = time.thread_time()
        try:
            yield
        finally:
            self.spend(time.thread_time() - before)

    @property
    def rest_s(self) -> float:
        """Return how many seconds it takes until everything so far is paid for."""
        return max(self._paid_at - self._clock(), 0.0)

    @property
    def behind_s(self) -> float:
        """Return how many seconds of it are to pass before more is asked."""
        return max(self.rest_s - AHEAD_S, 0.0)
