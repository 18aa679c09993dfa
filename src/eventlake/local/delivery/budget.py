"""How long one event may be worked on: what takes longer is kept as a failed record, and what is behind it goes on.

The time is the processor's, so that a slow disk or a stopped process costs no event. Only the main thread of a process can be interrupted;
elsewhere nothing is.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any

from eventlake.errors import EventError, TooSlowError
from eventlake.pipeline.router import Placed, Routed

BUDGET_S = 10.0
"""Seconds of the processor that an event may take at least; it is interrupted before twice as many. Nearly all take some microseconds."""


class Budget:
    """Routes events, each within its time: `with budget: budget.route(data)`.

    A clock ticks while any event is worked on, and interrupts the one that it has met before: so the time costs the others nothing.
    threads: how many work at a time, because the clock counts the seconds of all of them. straight: gives the tables and the lines of
    events that are just as declared.
    """

    def __init__(
        self,
        route: Callable[[bytes], Routed],
        seconds: float = BUDGET_S,
        *,
        threads: int = 1,
        straight: Callable[[Sequence[bytes]], list[Placed | None]] = lambda events: [None] * len(events),
    ) -> None:
        self._route = route
        self._straight = straight
        self._seconds = seconds
        self._every_s = seconds * threads
        self._begun = 0
        self._met = -1
        self._is_routing = False
        self._before: Any = None  # whatever handled the signal

    def __enter__(self) -> Budget:
        """Let the clock tick."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGPROF, self._tick)
            signal.siginterrupt(signal.SIGPROF, False)
            signal.setitimer(signal.ITIMER_PROF, self._every_s, self._every_s)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop the clock."""
        if threading.current_thread() is threading.main_thread():
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, self._before)

    def route(self, data: bytes) -> Routed:
        """Return what becomes of an event; if it takes too long, that it failed."""
        self._begun += 1
        self._is_routing = True
        try:
            return self._route(data)
        except TooSlowError:
            sentence = f"The event takes more than {self._seconds:g} seconds of the processor; it is kept, and nothing behind it waits."
            return Routed(failures=[(None, EventError("TooSlow", sentence))])
        finally:
            self._is_routing = False

    def straight(self, events: Sequence[bytes]) -> list[Placed | None]:
        """Return the tables and lines of some events; None for those that are to be routed one by one: all of them, if they take too long."""
        self._begun += 1
        self._is_routing = True
        try:
            return self._straight(events)
        except TooSlowError:
            return [None] * len(events)
        finally:
            self._is_routing = False

    def _tick(self, _number: int, frame: FrameType | None) -> None:
        """Interrupt the event that was worked on at the last tick too, wherever the work is but in `route` or `straight` itself."""
        if self._is_routing and self._met == self._begun and frame is not None and frame.f_code not in _OWN:
            raise TooSlowError
        self._met = self._begun


_OWN = frozenset({Budget.route.__code__, Budget.straight.__code__})
"""The code between whose steps nothing is interrupted."""
