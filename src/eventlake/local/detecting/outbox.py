"""Tells the sinks what they were not told yet: again and again for 24 hours, each event once for each sink that acknowledges it.

A sink that takes nothing now is left alone for a pause that doubles, and its events wait in order; an event that it refuses waits by itself,
and holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from eventlake.local.crash import crash_point
from eventlake.local.detecting.memory import Errand, Memory
from eventlake.local.detecting.receivers import NotTakenError
from eventlake.local.detecting.sinks import Sink

PATIENCE = timedelta(hours=24)
"""How long a sink is tried to be told."""
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=15)


class Outbox:
    """Tells sinks. now: the moment, aware. told: hears a sentence when a sink begins to fail, takes again, or was given up."""

    def __init__(self, memory: Memory, sinks: Sequence[Sink], now: Callable[[], datetime], told: Callable[[str], None]) -> None:
        self._memory = memory
        self._sinks = sinks
        self._now = now
        self._told = told
        self._not_before: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}

    def turn(self) -> bool:
        """Tell each sink what is due, as long as it takes it; return whether there may be more at once."""
        busy = [sink.name for sink in self._sinks if self._tell(sink)]
        return bool(busy)

    def _tell(self, sink: Sink) -> bool:
        now = self._now()
        if now < self._not_before.get(sink.name, now):
            return False
        errands = self._memory.errands(sink.name, now)
        for errand in errands:
            if not self._run(sink, errand):
                return False
        return bool(errands)

    def _run(self, sink: Sink, errand: Errand) -> bool:
        """Run an errand; return whether the sink takes others now."""
        if self._now() >= errand.given_up:
            self._memory.done(errand)
            self._told(f'The sink "{sink.name}" was not told of the alert {errand.id} within 24 hours, and is not told any more.')
            return True
        try:
            sink.receiver.take(errand.id, errand.body)
        except NotTakenError as error:
            return self._not_taken(sink, errand, error)
        crash_point("sink told")
        self._memory.done(errand)
        if self._failures.pop(sink.name, 0):
            self._told(f'The sink "{sink.name}" takes alerts again.')
        return True

    def _not_taken(self, sink: Sink, errand: Errand, error: NotTakenError) -> bool:
        if not self._failures.get(sink.name):
            self._told(f'The sink "{sink.name}" was not told of the alert {errand.id}: {error}. It is tried again for 24 hours.')
        failures = self._failures[sink.name] = self._failures.get(sink.name, 0) + 1
        if not error.is_down:
            self._memory.postpone(errand, self._now() + _pause(errand.attempts, error.after_s))
            return True
        self._not_before[sink.name] = self._now() + _pause(failures - 1, error.after_s)
        return False


def _pause(before: int, after_s: float | None) -> timedelta:
    """Return how long to wait after so many failures before this one, at least as long as the receiver says."""
    doubled = min(_FIRST_PAUSE * (1 << min(before, 10)), _LONGEST_PAUSE)
    return doubled if after_s is None else max(doubled, min(timedelta(seconds=after_s), timedelta(hours=1)))
