"""The distances in time between events that are played again: as they were, so many times shorter, or none.

Called by `replay`, between `eventlake.pipeline.played` and what the events go to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from eventlake.pipeline.played import Played


class Pace:
    """Keeps the distances between events in time, divided by `speed`; None sends as fast as it goes.

    clock: seconds that pass. pause: waits so many seconds.
    """

    def __init__(self, speed: float | None, clock: Callable[[], float], pause: Callable[[float], None]) -> None:
        self._speed = speed
        self._clock = clock
        self._pause = pause

    def groups(self, events: Iterator[Played], most: int) -> Iterator[list[Played]]:
        """Yield the events in groups, each when its events are due."""
        if self._speed is None:
            while group := list(islice(events, most)):
                yield group
        else:
            yield from self._due(events, most, self._speed)

    def _due(self, events: Iterator[Played], most: int, speed: float) -> Iterator[list[Played]]:
        group: list[Played] = []
        begun: tuple[float, float] | None = None
        for event in events:
            begun = begun or (self._clock(), _seconds(event.at))
            due = begun[0] + (_seconds(event.at) - begun[1]) / speed
            if group and due > self._clock():
                yield group
                group = []
            while (left := due - self._clock()) > 0:
                self._pause(left)
            group.append(event)
            if len(group) == most:
                yield group
                group = []
        if group:
            yield group


def _seconds(at: str) -> float:
    """Return the seconds since 1970 of a moment as `Played` has it."""
    return datetime.fromisoformat(f"{at}+00:00").timestamp()
