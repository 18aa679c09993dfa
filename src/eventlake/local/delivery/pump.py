"""Spool -> delivery: reads accepted frames in order, routes them, and has their log lines delivered.

Used by the delivering process of `serve`, and in one process by `send` and by tests. It begins where the catalog says that everything
before is delivered, so a restart delivers the rest and nothing twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import Disk
from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import EventError, StorageError
from eventlake.local.crash import crash_point
from eventlake.local.delivery.budget import Budget
from eventlake.local.delivery.checked import writer_of
from eventlake.local.delivery.recovery import recover
from eventlake.local.delivery.sink import Sink
from eventlake.local.delivery.strikes import LARGE_BYTES, Strikes
from eventlake.local.folder import CATALOG, OBJECTS, SPOOL
from eventlake.local.keys import read_keys
from eventlake.local.lock import is_added_to
from eventlake.local.spool.frames import DAMAGED, EVENT, REJECTED, Frame
from eventlake.local.spool.reader import SpoolReader, frames_at
from eventlake.local.spool.rejection import damage_of, unpack
from eventlake.local.spool.segments import KEPT_BYTES, drop_before, first_position
from eventlake.local.tombstones import read_forgetting, version_of
from eventlake.model import Source
from eventlake.pipeline.buffer import moment
from eventlake.pipeline.delivery import LOW_WATER, Delivery, Hints
from eventlake.pipeline.router import Placed, Routed, Router

_NO_EVENTS = frozenset({REJECTED, DAMAGED})
_TIDY_EVERY_S = 10.0
_AT_ONCE = 256
"""How many frames are looked through together for events that are just as declared."""


class Pump:
    """Delivers what a lake's spool holds.

    seconds: gives the time of a clock that only goes forward. log_format: of a new lake; an old one keeps its own. epoch: of the process that
    has taken the lake, if that is another. told: is given a sentence for each damage that is met.
    Opening recovers what a crash left. Raises ConfigurationError, StorageError, CorruptObjectError.
    """

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        hints: Hints,
        seconds: Callable[[], float],
        log_format: str | None = None,
        epoch: int | None = None,
        told: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._told = told
        self._spool = folder / SPOOL
        self._seconds = seconds
        self.catalog = SqliteCatalog(folder / CATALOG, epoch=epoch)
        chosen = log_format or self.catalog.log_format() or "parquet"
        self.catalog.register_tables([table for source in sources for table in source.tables], chosen)
        store = DirectoryStore(folder / OBJECTS)
        self.recovered = recover(store, self.catalog, is_added_to=is_added_to(folder))
        self._checkpoints = self.catalog.checkpoints()
        self._folder = folder
        self._tombstones = version_of(folder)
        router = Router(sources, FAST, StraightReader, read_keys(folder), read_forgetting(folder))
        self._budget = Budget(router.route, straight=router.straight)  # the object beside takes tenths of a second of an event's time
        self._kept = router.kept
        self._without_erased = router.without_erased
        self.erased = 0
        """How many events were left out, because they are of somebody who was erased."""
        start = max(first_position(self._spool), self._checkpoints.get(LOW_WATER, 0))
        self._sink = Sink(store, self.catalog, writer_of(chosen), partial(frames_at, self._spool), self._kept)
        self._delivery = Delivery(
            self._sink.deliver, hints, self._checkpoints, self.catalog.covered(start), can_go_back=True, begin=self._sink.begin
        )
        self._reader = SpoolReader(self._spool, start)
        self._strikes = Strikes(self._spool, start)
        self._delivery.position = start
        self._noted = start
        self._tidied = -_TIDY_EVERY_S
        self._pending: list[Frame] = []
        self._arrival = 0, moment(0)

    @property
    def at_least(self) -> int:
        """Return the position that a new spool must not begin before."""
        return self.catalog.end()

    @property
    def must_go_back(self) -> bool:
        """Return True if a stream goes on of which records were left out, or somebody was erased; a pump that is opened anew reads them again."""
        return self._delivery.must_go_back or version_of(self._folder) != self._tombstones

    @property
    def delivered(self) -> int:
        """Return the position before which everything is delivered."""
        return self._delivery.delivered

    def take(self, until: int) -> int:
        """Route the next frames before `until` into the buffers; how many. Raises StorageError, and goes on there the next time."""
        if not self._pending:
            self._pending = self._reader.read(until)[::-1]
        if not self._pending:
            return self._taken(0, until)
        count = 0
        now = self._seconds()
        with self._budget:
            while self._pending:
                next_ones = self._pending[: -_AT_ONCE - 1 : -1]
                count += len(next_ones)
                straight = self._straight(next_ones)
                if self._added(next_ones, straight):
                    del self._pending[-len(next_ones) :]
                    continue
                for frame, placed in zip(next_ones, straight, strict=True):
                    self._accept(frame, placed, now)
                    self._pending.pop()
        return self._taken(count, until)

    def has_more(self, until: int) -> bool:
        """Return True if there are frames before `until` that were not taken."""
        return bool(self._pending) or self._reader.position < until

    def _taken(self, count: int, until: int) -> int:
        """Note that all that was read before `until` was taken."""
        self._delivery.position = max(self._delivery.position, min(self._reader.position, until))
        return count

    def begin_due(self) -> int:
        """Begin to deliver the buffers that are due, beside what is taken next; how many were finished. Raises as `deliver_due` does."""
        return self._noted_after(lambda: self._delivery.begin_due(self._seconds()))

    def deliver_due(self) -> int:
        """Deliver the buffers that are due; how many. Raises StorageError, after what could be delivered was."""
        return self._noted_after(lambda: self._delivery.deliver_due(self._seconds()))

    def deliver_all(self, until: int) -> None:
        """Deliver everything before `until`. Raises StorageError, after what could be delivered was."""
        while self.take(until):
            with contextlib.suppress(StorageError):  # what is left is tried once more, and told
                self._delivery.begin_due(self._seconds())
        self._noted_after(self._delivery.deliver_all)
        if self.must_go_back:
            raise StorageError("Not everything could be delivered; it is kept in the spool, and the next start delivers it.")

    def next_due(self) -> float | None:
        """Return in how many seconds a buffer is due, None if all are empty."""
        return self._delivery.next_due(self._seconds())

    def close(self) -> None:
        """Close the catalog."""
        self._sink.close()
        self._strikes.close()
        self.catalog.close()

    def _straight(self, frames: Sequence[Frame]) -> list[Placed | None]:
        """Return the tables and lines of those that are small events just as their table declares them."""
        return self._budget.straight([frame.body if frame.kind == EVENT and len(frame.body) <= LARGE_BYTES else b"" for frame in frames])

    def _added(self, frames: Sequence[Frame], straight: Sequence[Placed | None]) -> bool:
        """Buffer the lines of many frames at once; return False, and buffer none, where anything is to be decided about one of them."""
        lines: dict[str, tuple[list[int], list[bytes]]] = {}
        for frame, placed in zip(frames, straight, strict=True):
            if placed is None:
                return False
            table, line = placed
            if table.name not in lines:
                lines[table.name] = [], []
            positions, of_table = lines[table.name]
            positions.append(frame.position)
            of_table.append(line)
        arrivals = [moment(arrival) for arrival in {frame.arrival for frame in frames}]
        return self._delivery.add_all(lines, arrivals, frames[-1].end)

    def _accept(self, frame: Frame, placed: Placed | None, now: float) -> None:
        if frame.arrival != self._arrival[0]:  # the frames of a request share theirs
            self._arrival = frame.arrival, moment(frame.arrival)
        if placed is not None:
            self._delivery.add(frame.position, frame.end, self._arrival[1], placed, now)
            return
        if frame.kind in _NO_EVENTS:
            error, raw = unpack(frame.body) if frame.kind == REJECTED else (damage_of(frame), frame.body)
            if frame.kind == DAMAGED:
                self._told(f"{error} Everything before and behind is delivered; see `eventlake failed`, and look at the disk.")
            routed = Routed(failures=[(None, self._without_erased(error))], kept=self._kept(raw))
        else:
            raw = frame.body
            routed = self._budget.route(raw) if len(raw) <= LARGE_BYTES else self._route_large(frame.position, raw)
        self.erased += routed.is_erased
        self._delivery.accept(frame.position, frame.end, self._arrival[1], routed, raw, now)

    def _route_large(self, position: int, raw: bytes) -> Routed:
        """Route an event that may cost the process its life, unless it has done so before."""
        if self._strikes.is_poison(position):
            sentence = "The delivering process ended twice while it worked on this event; it is kept, and not tried again."
            return Routed(failures=[(None, EventError("Poison", sentence))])
        if self._strikes.is_struck(position):  # nothing is written beside it that may be to blame
            self._delivery.finish(self._seconds())
        self._strikes.begin(position)
        routed = self._budget.route(raw)
        self._strikes.end(position)
        return routed

    def _tidy(self) -> None:
        """Drop segments that are delivered, now and then: all of them if the disk is short."""
        now = self._seconds()
        if now - self._tidied >= _TIDY_EVERY_S:
            self._tidied = now
            drop_before(self._spool, self._noted, kept_bytes=KEPT_BYTES if Disk.of(self._spool.parent).has_room else 0)

    def _noted_after(self, deliver: Callable[[], int]) -> int:
        """Deliver, and note how far everything is, also where one stream could not be delivered: the others make room."""
        try:
            count = deliver()
        except StorageError:
            with contextlib.suppress(StorageError):
                self._note(1)
            raise
        return self._note(count)

    def _note(self, count: int) -> int:
        """Remember after deliveries how far every stream is, and drop the segments before."""
        if (count or self._delivery.is_empty) and self.delivered > self._noted:
            self._noted = self.delivered
            self.catalog.register([], [], [], {LOW_WATER: self._noted})
            crash_point("low water noted")
            self._tidied = -_TIDY_EVERY_S
        self._tidy()
        return count
