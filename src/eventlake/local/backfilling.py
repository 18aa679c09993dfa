"""History -> the hours in which it happened: read from files or from a provider's API, brought into a lake beside what arrives, and never twice.

How far a history is read is stored together with its rows; so whoever is stopped, by Ctrl-C or a kill, goes on where it was, and a file that is
named again is known by its bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.msgspec_codec import FAST, event_time
from eventlake.backends.msgspec_events import StraightReader
from eventlake.errors import ConfigurationError, ServiceError, StorageError
from eventlake.interfaces import History, Pseudonyms
from eventlake.layout import Hour
from eventlake.local.collecting import Collected
from eventlake.local.delivery.budget import Budget
from eventlake.local.item import Item
from eventlake.local.mapper import Mapper
from eventlake.local.stretch import Stretch, behind, of_items
from eventlake.model import Source
from eventlake.pipeline.backfill import Backfill, Histories, Run
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.router import Router

GROUP_BYTES = 16 << 20
"""Bytes of events and log lines that are brought in by one transaction, where they come in order."""
_STRETCHES = 256
"""In how many stretches a group is read, each under one clock."""
_THREADS = 2
"""One makes rows of a group while the other stores the group before."""
GROUP_EVENTS = 2_000
GROUP_SECONDS = 10.0
"""How many events of an API, and seconds of asking for them, come to one transaction: what is asked for again after a kill."""
DONE = 1 << 62
"""How far a file is read whose end was reached."""


@dataclass(slots=True)
class Progress:
    """How far a history is, and how many events, rows and failed records came of it so far. erased: events of who was erased.

    cursor: of a file, where its next item begins; of an API, its own. done: which share is read, 0 to 1; None if nobody can tell, as
    of a packed file, whose places are not its bytes.
    """

    cursor: str = ""
    events: int = 0
    rows: int = 0
    failed: int = 0
    erased: int = 0
    done: float | None = None


@dataclass(slots=True)
class _Group:
    """What becomes visible together. cursor, done: how far the history is read with it."""

    collected: Collected
    cursor: str = ""
    done: float | None = None


@dataclass(slots=True)
class _Mapped:
    """What becomes of a file's documents, as far as it can be read. end: how far that was; trouble: what ended it too early."""

    coming: Iterator[tuple[Stretch, list[Run]]]
    end: int
    trouble: StorageError | None = None

    def __iter__(self) -> Iterator[tuple[Stretch, list[Run]]]:
        last: Stretch | None = None
        try:
            for stretch, runs in self.coming:
                yield stretch, runs
                last = stretch if stretch.is_in_place else last
        except StorageError as error:
            self.trouble = error
            self.end = self.end if last is None else last.end
        else:
            self.end = DONE


Read = Callable[[], Iterable[Stretch]]
"""Gives the documents of a file in the order of their places."""


class Backfiller:
    """Brings histories into a lake. now: the moment, aware. elapsed: seconds since some moment. aside: where a large group may wait in a file.

    pseudonyms: of the lake, where a table asks for some. forgetting: where somebody was erased.
    """

    def __init__(
        self,
        lake: Histories,
        sources: Iterable[Source],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed: Callable[[], float] = time.monotonic,
        aside: Path | None = None,
        pseudonyms: Pseudonyms | None = None,
        forgetting: Forgetting | None = None,
    ) -> None:
        known = list(sources)
        self._lake = lake
        router = Router(known, FAST, StraightReader, pseudonyms, forgetting)
        self._budget = Budget(router.route, threads=_THREADS, straight=router.straight)
        tables = (table for source in known for table in source.tables)
        take, straight, route = Intake(known, FAST).take, self._budget.straight, self._budget.route
        self._backfill = Backfill(tables, take, straight, route, event_time, router.kept, router.without_erased)
        self._mapper = Mapper(self._runs)
        self._now = now
        self._elapsed = elapsed
        self._aside = aside

    def is_done(self, history: str) -> bool:
        """Return True if a file was read to its end."""
        return self._lake.cursor(history) == str(DONE)

    def items(self, history: str, read: Read, size_bytes: int = 0) -> Generator[Progress, None, None]:
        """Bring in the documents of a file that are new, a group at a time; tell after each how far it is. Raises StorageError.

        history: what it is known by. size_bytes: of the file, if that tells how far it is. A group is stored while the next is read; who stops
        in between has to close the iterator.
        """
        progress = Progress(self._lake.cursor(history))
        storing: Future[Progress] | None = None
        with ThreadPoolExecutor(1) as beside, self._mapper:
            try:
                for group in self._groups(read, int(progress.cursor or 0), size_bytes):
                    if storing is not None:
                        yield storing.result()
                    storing = beside.submit(self._bring_in, history, group, progress)
            except StorageError:
                if storing is not None:
                    yield storing.result()
                raise
            if storing is not None:
                yield storing.result()

    def _groups(self, read: Read, begin: int, size_bytes: int) -> Iterator[_Group]:
        """Yield what becomes of a file's documents from a place on, in groups; the last one says that the file is read.

        Raises StorageError where it cannot be read on, behind a group of what stands before.
        """
        seen: set[Hour] = set()
        group = self._group(seen)
        mapped = _Mapped(self._mapper.mapped(_parted(read(), begin)), begin)
        try:
            for stretch, runs in mapped:
                if group.collected.is_full and stretch.is_in_place:
                    at = stretch.at
                    group.cursor, group.done = str(at), at / size_bytes if 0 < at < size_bytes else None
                    yield group
                    group = self._group(seen)
                self._add(stretch, runs, group.collected)
        except StorageError:
            group.collected.close()
            raise
        group.cursor = str(mapped.end)
        if mapped.trouble is None or mapped.end > begin:
            yield group
        if mapped.trouble is not None:
            raise mapped.trouble

    def pages(self, history: History) -> Generator[Progress, None, None]:
        """Bring in what an API tells that is new, some pages at a time; tell after each time how far it is.

        Raises StorageError, and what the API raises; then what was told before is stored.
        """
        progress = Progress(self._lake.cursor(history.name))
        group, told, begun = self._group(set(), progress.cursor), 0, self._elapsed()
        try:
            for page in history.pages(progress.cursor):
                stretch = of_items([Item(1, event) for event in page.events])
                self._add(stretch, self._runs(stretch.documents), group.collected)
                group.cursor, group.done = page.cursor, page.done
                told += len(page.events)
                if told >= GROUP_EVENTS or group.collected.is_full or self._elapsed() - begun >= GROUP_SECONDS:
                    yield self._bring_in(history.name, group, progress)
                    group, told, begun = self._group(set(), group.cursor, group.done), 0, self._elapsed()
        except (ConfigurationError, ServiceError):
            self._bring_in(history.name, group, progress)
            raise
        yield self._bring_in(history.name, group, progress)

    def _group(self, seen: set[Hour], cursor: str = "", done: float | None = None) -> _Group:
        return _Group(Collected(self._aside, GROUP_BYTES, seen), cursor, done)

    def _runs(self, documents: Sequence[bytes]) -> list[Run]:
        with self._budget:
            return self._backfill.runs(documents)

    def _add(self, stretch: Stretch, runs: Iterable[Run], collected: Collected) -> None:
        """Add what becomes of documents. Raises StorageError."""
        now = self._now()
        with self._budget:
            self._backfill.add(stretch.documents, runs, now, lambda number, error: stretch.item(number).failed(error), collected)
        collected.settle()

    def _bring_in(self, history: str, group: _Group, progress: Progress) -> Progress:
        """Make a group visible, with how far its history is read."""
        collected = group.collected
        with closing(collected):
            unreadable = self._lake.bring_in(history, group.cursor, collected, self._now())
        progress.events += collected.events
        progress.rows += collected.rows - unreadable
        progress.failed += len(collected.failures) + unreadable
        progress.erased += collected.erased
        progress.cursor, progress.done = group.cursor, group.done
        return progress


def _parted(stretches: Iterable[Stretch], begin: int) -> Iterator[Stretch]:
    """Yield documents from a place on in stretches; the clock that limits their time is started once for each."""
    for stretch in behind(stretches, begin) if begin else stretches:
        yield from stretch.parts(GROUP_BYTES // _STRETCHES)
