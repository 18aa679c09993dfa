"""History -> the hours in which it happened: read from files or from a provider's API, brought into a lake beside what arrives, and never twice.

How far a history is read is stored together with its rows; so whoever is stopped, by Ctrl-C or a kill, goes on where it was, and a file that is
named again is known by its bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.msgspec_codec import FAST
from eventlake.errors import ConfigurationError, EventError, ServiceError
from eventlake.interfaces import History
from eventlake.local.collecting import Collected
from eventlake.local.delivery.budget import Budget
from eventlake.local.item import Item
from eventlake.model import Source
from eventlake.pipeline.backfill import Backfill, Became, Histories
from eventlake.pipeline.delivery import failed_record
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router

GROUP_BYTES = 16 << 20
"""Bytes of events and log lines that are brought in by one transaction, where they come in order."""
_STRETCHES = 64
"""In how many stretches a group is read, each under one clock."""
GROUP_EVENTS = 2_000
GROUP_SECONDS = 10.0
"""How many events of an API, and seconds of asking for them, come to one transaction: what is asked for again after a kill."""
DONE = 1 << 62
"""How far a file is read whose end was reached."""


@dataclass(slots=True)
class Progress:
    """How far a history is, and how many events, rows and failed records came of it so far.

    cursor: of a file, where its next item begins; of an API, its own. done: which share is read, 0 to 1; None if nobody can tell.
    """

    cursor: str = ""
    events: int = 0
    rows: int = 0
    failed: int = 0
    done: float | None = None


class Backfiller:
    """Brings histories into a lake. now: the moment, aware. elapsed: seconds since some moment. aside: where a large group may wait in a file."""

    def __init__(
        self,
        lake: Histories,
        sources: Iterable[Source],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed: Callable[[], float] = time.monotonic,
        aside: Path | None = None,
    ) -> None:
        known = list(sources)
        self._lake = lake
        self._budget = Budget(Router(known, FAST).route)
        self._backfill = Backfill(Intake(known, FAST), self._budget.route, FAST)
        self._now = now
        self._elapsed = elapsed
        self._aside = aside

    def is_done(self, history: str) -> bool:
        """Return True if a file was read to its end."""
        return self._lake.cursor(history) == str(DONE)

    def items(self, history: str, items: Iterable[Item]) -> Iterator[Progress]:
        """Bring in the items of a file that are new, a group at a time; tell after each how far it is. Raises StorageError.

        history: what it is known by. The items come in the order of their places.
        """
        progress = Progress(self._lake.cursor(history))
        begin = int(progress.cursor or 0)
        seen: set[datetime] = set()
        group = Collected(self._aside, GROUP_BYTES, seen)
        try:
            for some in _together(item for item in items if item.at >= begin):
                if group.is_full:
                    yield self._bring_in(history, group, progress, str(some[0].at))
                    group = Collected(self._aside, GROUP_BYTES, seen)
                group.add(map(_placed, self._became([item.data for item in some]), some))
            yield self._bring_in(history, group, progress, str(DONE))
        finally:
            group.close()

    def pages(self, history: History) -> Iterator[Progress]:
        """Bring in what an API tells that is new, some pages at a time; tell after each time how far it is.

        Raises StorageError, and what the API raises; then what was told before is stored.
        """
        progress = Progress(self._lake.cursor(history.name))
        group, cursor, begun = Collected(self._aside, GROUP_BYTES, set()), progress.cursor, self._elapsed()
        try:
            for page in history.pages(cursor):
                group.add(self._became(page.events))
                cursor, progress.done = page.cursor, page.done
                if group.items >= GROUP_EVENTS or group.is_full or self._elapsed() - begun >= GROUP_SECONDS:
                    yield self._bring_in(history.name, group, progress, cursor)
                    group, begun = Collected(self._aside, GROUP_BYTES, set()), self._elapsed()
        except (ConfigurationError, ServiceError):
            self._bring_in(history.name, group, progress, cursor)
            raise
        else:
            yield self._bring_in(history.name, group, progress, cursor)
        finally:
            group.close()

    def _became(self, items: Sequence[bytes]) -> list[Became]:
        now = self._now()
        with self._budget:
            return [self._backfill.became(data, now) for data in items]

    def _bring_in(self, history: str, group: Collected, progress: Progress, cursor: str) -> Progress:
        """Make a group visible, with how far its history is read."""
        unreadable = self._lake.bring_in(history, cursor, group.rows, group.failures, self._now())
        progress.cursor = cursor
        progress.events += group.events
        progress.rows += len(group.rows) - unreadable
        progress.failed += len(group.failures) + unreadable
        group.close()
        return progress


def _together(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in stretches: the clock that limits their time is started once for each."""
    some: list[Item] = []
    size = 0
    for item in items:
        some.append(item)
        size += len(item.data)
        if size >= GROUP_BYTES // _STRETCHES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _placed(became: Became, item: Item) -> Became:
    """Say in the reason of what is no event where it stands in its file."""
    for place, one in enumerate(became.failures):
        if one.raw is item.data and one.stream == "rejected":
            error = item.failed(EventError(one.code, one.message))
            became.failures[place] = failed_record(one.stream, error, one.arrival, one.raw)
    return became
