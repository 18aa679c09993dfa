"""What browsers ask that follow changes: put off behind whoever looks himself, one answer for all, and no more than its pace allows.

Each is told of the same look at the catalog (`live.Live`), so what they ask is of that look: however far the lake has come meanwhile, ten
browsers with the same page are given the same tiles, made once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from eventlake.interfaces import Result
from eventlake.web.answered import ENDS, Asked
from eventlake.web.asking import Asking, Begun, Held
from eventlake.web.pace import Pace

Generations = Mapping[str, Mapping[str, object]]
"""For each table what changes with each of its hours."""
GATHER_S = 0.1
"""How long what browsers ask is gathered, so that statements that read the same are answered together."""
TICK_S = 0.2
"""How soon what waits notices that the bus ends."""
MOST_TOGETHER = 8
"""How many statements are answered together: all of them share the seconds of one query."""
MOST_SHARED = 400
"""How many tiles are kept for other browsers."""


class HasAsked(Protocol):
    """What is made of an answer."""

    @property
    def asked(self) -> Asked:
        """Return the answer, or that it is under way."""


_Made = TypeVar("_Made", bound=HasAsked)


class Following:
    """Asks a lake for browsers that follow it, as `Asking` does for people; one thread waits for what is answered."""

    def __init__(self, asking: Asking) -> None:
        self.pace = Pace()
        self._asking = asking
        self._held: Held | None = None
        self._shared: dict[object, object] = {}
        self._waiting: list[Begun] = []
        self._under_way = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._pool = ThreadPoolExecutor(1, "following")

    @property
    def rest_s(self) -> float:
        """Return for how many seconds nothing more is to be told; not less than a moment while something is asked."""
        return max(self.pace.rest_s, GATHER_S if self._under_way else 0.0)

    def look(self) -> Generations:
        """Look at the catalog: what is asked from here on is of this look. Raises EventlakeError."""
        with self.pace.counted():
            held = self._asking.held()
        if held != self._held:
            self._held, self._shared = held, {}
        return {table: holding.hours for table, holding in held.items()}

    def shared(self, key: object, make: Callable[[], _Made | None]) -> _Made | None:
        """Return what was made for another browser since the last look and is not given up, else make it. Raises what that does."""
        shared = self._shared
        found: _Made | None = shared.get(key)  # type: ignore[assignment]  # it was made for this key
        if found is None or found.asked.is_given_up:
            if len(shared) >= MOST_SHARED:
                shared.clear()
            shared[key] = found = make()
        return found

    def ask(self, sql: str) -> Asked:
        """Have a statement answered in its turn, of what the last look saw."""
        asked, new = self._asking.begun([sql], self._held, puts_off=True)
        if new:
            with self._lock:
                self._waiting.extend(new)
            self._submit(self._answer_some)
        return asked[0]

    def told(self, tell: Callable[[], Result]) -> Asked:
        """Have rows told in their turn that no statement has."""

        def counted() -> Result:
            with self.pace.counted():
                return tell()

        return self._asking.told(counted, self._submit)

    def close(self) -> None:
        """Let go of what waits."""
        self._is_over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, work: Callable[[], None]) -> None:
        """Have something done in its turn."""

        def done() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._under_way -= 1

        with self._lock:
            self._under_way += 1
        self._pool.submit(done)

    def _answer_some(self) -> None:
        """Answer statements that wait and read the same tables, at their pace; there are none if they were answered with others."""
        if not self._waiting:
            return
        if not self._rested(max(GATHER_S, self.pace.behind_s)):
            self._give_up()
            return
        group = [one for one in self._next_ones() if self._asking.taken(one)]
        if group:
            with self.pace.counted():
                spent = self._asking.run(group)
            self.pace.spend(spent)

    def _rested(self, seconds: float) -> bool:
        """Return True after so many seconds, False as soon as the bus ends."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._is_over.wait(min(left, TICK_S)) or self._asking.is_stopping():
                return False
        return True

    def _give_up(self) -> None:
        """Tell all who wait that the bus ends, which waits for them."""
        with self._lock:
            left, self._waiting = self._waiting, []
        for _, asked in left:
            asked.settle(ENDS)

    def _next_ones(self) -> list[Begun]:
        """Take what waits longest off the line, and what is answered with it."""
        with self._lock:
            tables = [self._asking.named(key[0]) for key, _ in self._waiting]
            places = [place for place, named in enumerate(tables) if named == tables[0]][:MOST_TOGETHER]
            group = [self._waiting[place] for place in places]
            self._waiting = [one for place, one in enumerate(self._waiting) if place not in places]
        return group
