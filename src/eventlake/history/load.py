"""How busy the hours of a week are, and the moments at which something begins.

Moments come from a Poisson process whose rate changes with the local hour; a day that is a weekend there is quieter or busier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from eventlake.history.timeline import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a day's load spreads over its 24 local hours, and what a weekend day is compared with a working day."""

    hours: tuple[float, ...]
    weekend: float

    def share(self, local: int) -> float:
        """Return the part of a working day's load that falls into the hour of this local moment."""
        weekday = (local // DAY + 3) % 7  # 1970-01-01 was a Thursday
        return self.hours[local // HOUR % 24] * (self.weekend if weekday >= 5 else 1.0)


def _spread(*weights: float) -> tuple[float, ...]:
    return tuple(weight / sum(weights) for weight in weights)


OFFICE = Rhythm(_spread(0, 0, 0, 0, 0, 0, 1, 3, 7, 10, 11, 10, 7, 9, 11, 10, 8, 5, 2, 1, 1, 0.5, 0.2, 0), weekend=0.06)
"""People at work: mornings and afternoons, a dip at noon, hardly a weekend."""

EVENING = Rhythm(_spread(2, 1, 0.5, 0.3, 0.3, 0.6, 2, 4, 5, 5, 5, 5, 6, 6, 5, 5, 6, 7, 9, 11, 12, 11, 8, 4), weekend=1.3)
"""People at home: the evening is the peak, and weekends are busier."""

NIGHTLY = Rhythm(_spread(0, 1, 8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.3, 0, 0, 0, 0, 0, 0, 0, 0, 0), weekend=1.0)
"""Schedules: in the small hours, every day alike."""

ALWAYS = Rhythm(_spread(*[1.0] * 24), weekend=1.0)
"""Machines: round the clock."""


def moments(random: Random, rhythm: Rhythm, per_day: float, offset_hours: int, start: int, end: int) -> Iterator[int]:
    """Yield moments from start to end, in order; `per_day` of them on a working day.

    offset_hours: how far local time is ahead of UTC.
    """
    at, offset = start, offset_hours * HOUR
    while at < end:
        rate = per_day * rhythm.share(at + offset)
        next_hour = at - at % HOUR + HOUR
        at = at + int(random.expovariate(rate) * HOUR) if rate > 0 else next_hour
        if at >= next_hour:
            at = next_hour  # the rate changes: the wait for the next moment begins anew
        elif at < end:
            yield at


def working_time(random: Random, at: int, offset_hours: int) -> int:
    """Return the moment `at`, or the first one in office hours after it, with some minutes of dallying."""
    local = at + offset_hours * HOUR
    while OFFICE.share(local) < 0.03:
        local += HOUR - local % HOUR + int(random.random() * HOUR / 3)
    return local - offset_hours * HOUR
