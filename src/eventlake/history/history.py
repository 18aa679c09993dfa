"""A history: everything that happens to a company's pipelines and logins between two moments, as EventBridge's events.

The same seed, moments and scale give the same events, byte for byte. Events come in the order in which they reach the bus, made as they
are asked for, in flat memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, merge
from random import Random
from typing import Any

from eventlake.history.administration import Administration
from eventlake.history.attacks import Attacks
from eventlake.history.company import Company
from eventlake.history.incidents import Incidents
from eventlake.history.logins import Logins
from eventlake.history.tenant_log import SLOWEST_DELIVERY, delivered_at
from eventlake.history.timeline import SECOND, Timeline, datetime_of, moment_of
from eventlake.history.truth import Truth

SYSTEMS = ("codepipeline", "auth0")

EVENTS_PER_DAY = 1_900
"""About how many events a day has at scale 1."""


class History:
    """The events of a company between `start` and `end`, both aware; iterate over it once or more, each time from the beginning.

    scale: how much happens; 1 is a dozen pipelines and a few hundred users, about 1,900 events a day. users: how many users there are, if
    not as many as fit the scale. systems: those of `SYSTEMS` that it tells. duplicates: the share of events that are delivered twice,
    as EventBridge may. incidents: those of `INCIDENTS` that happen, each once in the last days, and nothing else that is out of the ordinary; by
    default attacks happen now and then, and all of them at the end.
    truth: what happened, as far as it has been iterated over; empty if `recording` is False, which keeps memory flat.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        end: datetime,
        scale: float = 1.0,
        *,
        users: int | None = None,
        systems: Sequence[str] = SYSTEMS,
        duplicates: float = 0.0,
        incidents: Sequence[str] | None = None,
        recording: bool = True,
    ) -> None:
        self.seed = seed
        self.start = start.astimezone(UTC)
        self.end = end.astimezone(UTC)
        self.scale = scale
        self.users = users if users is not None else 250 + int(150 * scale)
        self.systems = tuple(systems)
        self.duplicates = duplicates
        self.incidents = incidents
        self.recording = recording
        self.truth = Truth(moment_of(end), recording=recording)

    def __iter__(self) -> Iterator[tuple[datetime, bytes]]:
        """Yield when each event reaches the bus, and its bytes: one JSON object, without a newline."""
        for at, text in self._events_in_order():
            yield datetime_of(at), text.encode()

    def events(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """Yield the same, as Python objects."""
        for at, text in self._events_in_order():
            yield datetime_of(at), json.loads(text)

    def lines(self) -> Iterator[bytes]:
        """Yield the bytes alone, each ending in a newline: the fastest way, for benchmarks."""
        for _, text in self._events_in_order():
            yield text.encode() + b"\n"

    def _events_in_order(self) -> Iterator[tuple[int, str]]:
        self.truth = Truth(moment_of(self.end), recording=self.recording)
        tellers = {"codepipeline": self._pipelines, "auth0": self._logins}
        events = merge(*[tellers[system]() for system in self.systems], key=lambda event: event[0])
        return _repeated(events, Random(f"{self.seed} duplicates"), self.duplicates) if self.duplicates else events

    def _pipelines(self) -> Iterator[tuple[int, str]]:
        timeline = Timeline(moment_of(self.start), moment_of(self.end))
        Company(Random(f"{self.seed} codepipeline"), timeline, self.truth, self.scale).begin(in_trouble=self.incidents is None)
        return timeline.run()

    def _logins(self) -> Iterator[tuple[int, str]]:
        random = Random(f"{self.seed} auth0")
        timeline = Timeline(moment_of(self.start), moment_of(self.end) - SLOWEST_DELIVERY)
        logins = Logins(random, timeline, self.truth, self.scale, self.users)
        administration = Administration(random, logins, self.scale)
        logins.begin(with_oddities=self.incidents is None)
        administration.begin()
        if self.incidents is None:
            Attacks(random, logins, administration, self.scale).begin()
        else:
            Incidents(random, logins, administration, self.scale).begin_each(self.incidents)
        return ((delivered_at(at), text) for at, text in timeline.run())


def _repeated(events: Iterator[tuple[int, str]], random: Random, share: float) -> Iterator[tuple[int, str]]:
    """Yield the same events in order, some of them once more up to ten minutes later."""
    again: list[tuple[int, str]] = []
    for at, text in events:
        while again and again[0][0] <= at:
            yield heappop(again)
        yield at, text
        if random.random() < share:
            heappush(again, (at + random.randrange(600 * SECOND), text))
    yield from sorted(again)


def demo_history(now: datetime, seed: int = 1) -> History:
    """Make thirty days that end now: 10,000 to 20,000 events of both systems, attacks in the last days, something stuck."""
    return History(seed, now - timedelta(days=30), now, scale=0.2, users=300)


def sized_history(events: int, days: float, end: datetime, seed: int = 1) -> History:
    """Make about so many events over so many days up to the end, with no truth kept, for benchmarks. Cut `lines()` off for an exact number."""
    return History(seed, end - timedelta(days=days), end, scale=1.08 * events / days / EVENTS_PER_DAY, recording=False)
