"""The service's side of closing: knows which hours are complete, starts the process that closes and removes, and ends it at any moment.

An hour is complete when no request of it is still being written, and everything is delivered that was on disk then.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import EventlakeError, StorageError
from eventlake.layout import Hour
from eventlake.local.child import Child
from eventlake.local.closing.leftovers import tidy
from eventlake.local.closing.task import Task
from eventlake.local.folder import CATALOG, OBJECTS
from eventlake.local.retaining.retainer import Retainer
from eventlake.local.retaining.wall_clock import SETTLED, WallClock, newest_hour, passed_s
from eventlake.pipeline.compaction import GRACE, MANY

_LOOK_S = 1.0
_FIRST_PAUSE_S = 10.0
_LONGEST_PAUSE_S = 60.0
_FOR_EVER = timedelta(days=36_500)
"""What is replaced waits so long for its removal by a clock that is not trusted."""
_LINE_BYTES = 1 << 20
"""How long a line of the process may be."""


class Complete:
    """Finds the hour before which everything that was accepted is delivered.

    oldest: gives the moment of the oldest request that is being written, None if there is none. accepted, delivered: positions of the spool.
    """

    def __init__(self, oldest: Callable[[], datetime | None], accepted: Callable[[], int], delivered: Callable[[], int]) -> None:
        self._oldest = oldest
        self._accepted = accepted
        self._delivered = delivered
        self._marks: list[tuple[Hour, int]] = []
        self.before: Hour | None = None

    @property
    def is_all_delivered(self) -> bool:
        """Return True if nothing is on its way."""
        return self._oldest() is None and self._delivered() >= self._accepted()

    def look(self, now: datetime) -> Hour | None:
        """Return the hour before which all are complete; None before the first look that knows of one."""
        running, oldest = Hour.of(now), self._oldest()
        self._forget_after(running)
        is_new = running > max([*(hour for hour, _ in self._marks), self.before or Hour("", "")])
        if is_new and (oldest is None or oldest >= running.start):
            self._marks.append((running, self._accepted()))
        while self._marks and self._delivered() >= self._marks[0][1]:
            self.before = self._marks.pop(0)[0]
        return self.before

    def _forget_after(self, running: Hour) -> None:
        """Forget what a clock said that was ahead: until real time came up to it, the hour that runs would count as complete."""
        self._marks = [mark for mark in self._marks if mark[0] <= running]
        self.before = min(self.before, running) if self.before is not None else None


class Keeper:
    """Closes the hours of a lake whose bus runs in this process.

    inherited: descriptors that the process of the closing holds, the lake's lock among them. is_delivering: whether the delivering process
    has begun, so that nothing is recovered any more. told: is given each sentence of trouble, once. now: the moment, aware. passed_s: seconds
    of a clock that only goes forward, also while the machine sleeps.
    """

    def __init__(
        self,
        folder: Path,
        epoch: int,
        complete: Complete,
        inherited: tuple[int, ...],
        is_delivering: Callable[[], bool],
        told: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        passed_s: Callable[[], float] = passed_s,
    ) -> None:
        self._now = now
        self._passed_s = passed_s
        self._clock = WallClock()
        self._folder = folder
        self._epoch = epoch
        self._complete = complete
        self._child = Child(inherited, _LINE_BYTES)
        self._is_delivering = is_delivering
        self._told = told
        self._said: set[str] = set()
        self._is_stopped = False
        self._is_hurried = False
        self._catalog = SqliteCatalog(folder / CATALOG, read_only=True)
        self._pause_s = 0.0
        self._not_before = 0.0
        self._retained: Hour | None = None
        """The hour before which nothing is left that was kept long enough."""
        self.problems = 0
        """How many hours could not be closed."""

    async def run(self) -> None:
        """Close what is complete, until `stop`."""
        while not self._is_stopped:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> None:
        """Close what is complete now, and remove what is over if the clock can be trusted."""
        now = self._now()
        told = self._clock.look(now, self._passed_s())
        if told:
            self._told(told)
        before = self._before(now)
        if before is not None and self._is_delivering() and time.monotonic() >= self._not_before and self._has_work(before, now):
            await self._close(before, now)

    def hurry(self) -> None:
        """Close the running hour too, once, as soon as nothing is on its way; what comes later opens it again."""
        self._is_hurried = True

    def _before(self, now: datetime) -> Hour | None:
        complete = self._complete.look(now)
        if self._is_hurried and self._complete.is_all_delivered and self._is_delivering():
            self._is_hurried = False
            return Hour.of(now + timedelta(hours=1))
        return complete

    async def end(self) -> None:
        """End the process, if it runs, at once; what it was about is left as it was, or done."""
        await self._child.end()

    async def stop(self) -> None:
        """End the process and begin none any more."""
        self._is_stopped = True
        await self.end()
        self._catalog.close()

    def tidy(self) -> None:
        """Put aside what a closing left that was ended; where that cannot be done, the next start does it."""
        with contextlib.suppress(StorageError):
            catalog = SqliteCatalog(self._folder / CATALOG, epoch=self._epoch)
            try:
                tidy(catalog, self._folder / OBJECTS, self._now())
            finally:
                catalog.close()

    def _has_work(self, before: Hour, now: datetime) -> bool:
        if self._is_stopped:
            return False
        try:
            self.problems = self._catalog.problem_count()
            self._begin(now)
            grace = GRACE if self._clock.is_trusted else _FOR_EVER
            return self._catalog.waits_for_closing(before, MANY, now, grace) or self._is_over(before, now)
        except EventlakeError as error:
            self._tell(str(error))
            return False

    def _begin(self, now: datetime) -> None:
        """Ask once whether the clock is far beyond all that arrived, and tell it where something is over by it. Raises EventlakeError."""
        if self._clock.has_begun:
            return
        told = self._clock.begin(now, newest_hour(self._catalog, Hour.of(now - SETTLED - timedelta(hours=1))))
        if told and self._retainer(now).has_work():
            self._told(told)

    def _is_over(self, before: Hour, now: datetime) -> bool:
        """Return True if something was kept long enough; looked at once for each hour that comes. Raises ConfigurationError."""
        if self._retained == before or not self._clock.is_trusted:
            return False
        if self._retainer(now).has_work():
            return True
        self._retained = before
        return False

    def _retainer(self, now: datetime) -> Retainer:
        return Retainer(self._catalog, self._folder, lambda: now)

    async def _close(self, before: Hour, now: datetime) -> None:
        """Run the process once; after one that failed, or left what waits as it was, pause longer each time."""
        try:
            code = await self._once(Task(str(self._folder), self._epoch, str(before), now.isoformat(), self._clock.is_trusted))
        except OSError as error:
            self._tell(f"The process that closes hours cannot be started: {error.strerror or error}. It is tried again.")
            code = 1
        if code == 0:
            self._said.clear()
        if code == 0 and not self._has_work(before, now):
            self._pause_s = 0.0
        else:
            self._pause_s = min(max(self._pause_s * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        self._not_before = time.monotonic() + self._pause_s

    async def _once(self, task: Task) -> int:
        process = await self._child.start(task.arguments())
        while process.stdout is not None and (line := await process.stdout.readline()):
            self._tell(line.decode("utf-8", "replace").rstrip("\n"))
        return await process.wait()

    def _tell(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._told(sentence)
