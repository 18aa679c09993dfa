"""One clock on which many stories take turns, so that what happens side by side comes out in order.

A story is a generator: it says what happens now, yields how many milliseconds pass, and goes on. Only the stories that are under way are in
memory, however long the history is. Moments are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from heapq import heappop, heappush

Story = Generator[int, None, None]
"""Yields the milliseconds until it goes on; FOREVER if somebody else will begin it again."""

FOREVER = -1

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def moment_of(when: datetime) -> int:
    """Turn an aware datetime into a moment."""
    return round(when.timestamp() * SECOND)


def datetime_of(moment: int) -> datetime:
    """Turn a moment into an aware datetime in UTC."""
    return datetime.fromtimestamp(moment / SECOND, UTC)


@lru_cache(maxsize=1024)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def iso(moment: int) -> str:
    """Write a moment as `2026-11-20T09:30:00.123Z`."""
    return f"{_to_the_second(moment // SECOND)}.{moment % SECOND:03d}Z"


def iso_second(moment: int) -> str:
    """Write a moment as `2026-11-20T09:30:00Z`, the second it falls in, as EventBridge writes an envelope's time."""
    return _to_the_second(moment // SECOND) + "Z"


class Timeline:
    """Runs stories from its beginning to its end; what is still under way at the end stays unfinished.

    now: the moment of the story that is speaking. say: takes the text of one event, which happens now.
    """

    def __init__(self, start: int, end: int) -> None:
        self.now = start
        self.end = end
        self._texts: list[str] = []
        self.say: Callable[[str], None] = self._texts.append
        self._pending: list[tuple[int, int, Story]] = []
        self._begun = 0

    def begin(self, story: Story, at: int | None = None) -> None:
        """Let a story go on at a moment, by default now; after the stories that were begun for that moment before it."""
        self._begun += 1
        heappush(self._pending, (self.now if at is None else at, self._begun, story))

    def run(self) -> Iterator[tuple[int, str]]:
        """Yield what the stories say, with its moment, in order."""
        pending, texts = self._pending, self._texts
        while pending and pending[0][0] <= self.end:
            self.now, _, story = heappop(pending)
            pause = next(story, FOREVER)
            if texts:
                yield from [(self.now, text) for text in texts]
                texts.clear()
            if pause >= 0:
                self._begun += 1
                heappush(pending, (self.now + pause, self._begun, story))
