"""The distances in time between events that are played again: as they were, so many times shorter, or none.

Called by `replay`, between `eventlake.pipeline.played` and what the events go to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from eventlake.pipeline.played import Group, Replay


class Pace:
    """Keeps the distances between events in time, divided by `speed`; None sends as fast as it goes.

    clock: seconds that pass. pause: waits so many seconds.
    """

    def __init__(self, speed: float | None, clock: Callable[[], float], pause: Callable[[float], None]) -> None:
        self._speed = speed
        self._clock = clock
        self._pause = pause

    def groups(self, played: Replay, most: int) -> Iterator[Group]:
        """Yield the events in groups, each when its events are due."""
        return played.groups(most) if self._speed is None else self._due(played, most, self._speed)

    def _due(self, played: Replay, most: int, speed: float) -> Iterator[Group]:
        at, bodies = "", list[bytes]()
        begun: tuple[float, float] | None = None
        for event in played:
            begun = begun or (self._clock(), _seconds(event.at))
            due = begun[0] + (_seconds(event.at) - begun[1]) / speed
            if bodies and due > self._clock():
                yield Group(at, bodies)
                bodies = []
            while (left := due - self._clock()) > 0:
                self._pause(left)
            at = event.at
            bodies.append(event.body)
            if len(bodies) == most:
                yield Group(at, bodies)
                bodies = []
        if bodies:
            yield Group(at, bodies)


def _seconds(at: str) -> float:
    """Return the seconds since 1970 of a moment as `Played` has it."""
    return datetime.fromisoformat(f"{at}+00:00").timestamp()
