"""Log lines -> batches that become objects: one buffer for each delivery stream, as Firehose keeps them.

A buffer covers a range of positions in the order of arrival; it is delivered when its oldest record has waited long enough, when it is large
enough, or when an hour of arrival begins; and before that where much came at once and then nothing more, so that nobody waits for the end of a
burst. What arrives out of order (a clock that was set back) waits in the same buffer, and is delivered with it, an object for each hour. A
stream that cannot be delivered holds up no other; where the disk has no room for a batch, half of it is tried the next time. What is delivered
may be written beside what is read next; one delivery is under way at a time, so that those of a stream end in their order. Called by the service
on one machine; on AWS Firehose does this.
What cannot be a log line is buffered likewise and delivered to the error prefix, in Firehose's own form.
Buffering hints: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from eventlake.errors import StorageError, StorageFullError
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.buffer import Batch, in_parts
from eventlake.pipeline.failed_records import error_stream, failed_record, failed_stream
from eventlake.pipeline.router import Placed, Routed

LOW_WATER = ""
"""The checkpoint before which everything of every stream is delivered."""

_FIRST_PAUSE_S = 1.0

_LONGEST_PAUSE_S = 30.0
"""How long a stream rests that could not be delivered: at first, and at last."""

_MOST_HALVINGS = 10
"""How often a batch is halved at most, for which the disk has no room."""

_WORTH = 16
"""Which part of a full buffer is worth an object where nothing more comes."""

_QUIET_IN_A_ROW = 4
"""How often a stream is delivered at most because it is quiet, before it waits for its turn: a sender may falter within a burst."""

_MOST_RUNS = 4096
"""How often the hour may change within a buffer before it counts as full: each time is told in the objects and in the catalog."""


@dataclass(frozen=True, slots=True)
class Hints:
    """When a buffer is delivered: after so many seconds, or at so many bytes of log lines.

    quiet_seconds: or when nothing came for so long, if it is large enough to be worth an object (a sixteenth of those bytes). Once in `seconds`
    on the average, so that senders who pause again and again do not make an object of each of their bursts; four times in a row at most.
    total_bytes: or, the largest first, while all of them and what is under way have more than so many.
    """

    seconds: float = 300.0
    size_bytes: int = 8_000_000
    quiet_seconds: float = float("inf")
    total_bytes: float = float("inf")


class Begun(Protocol):
    """A delivery of batches that goes on beside whoever began it."""

    def is_done(self) -> bool:
        """Return True if `finish` has nothing to wait for."""

    def finish(self) -> None:
        """Make the batches visible and durable, all of them at once. Raises StorageError; then nothing of them is visible."""


@dataclass(slots=True)
class _Held:
    """A buffer. since: when its first record came; records, quiet_since: how many there were when it was looked at last, and since when."""

    batch: Batch
    since: float
    records: int = 0
    quiet_since: float = 0.0


class Delivery:
    """The buffers of all streams.

    deliver: makes a batch visible and durable, or raises; then the batch stays buffered and is delivered again.
    checkpoints: for each stream the position before which everything is delivered. covered: for each stream the stretches that are delivered
    beyond that, in order, the ends left out. can_go_back: whether records may be left out of a stream that cannot be delivered, because they
    are read once more when it goes on. begin: begins to deliver batches of one or several streams at once; where that fails for several, each is
    delivered alone.
    """

    def __init__(
        self,
        deliver: Callable[[Batch], None],
        hints: Hints,
        checkpoints: Mapping[str, int],
        covered: Mapping[str, Sequence[tuple[int, int]]] | None = None,
        *,
        can_go_back: bool = False,
        begin: Callable[[Sequence[Batch]], Begun] | None = None,
    ) -> None:
        self._can_go_back = can_go_back
        self._deliver = deliver
        self._begin = begin
        self._hints = hints
        self._checkpoints = dict(checkpoints)
        self._covered = {
            name: stretches for name, stretches in (covered or {}).items() if stretches[-1][1] > self._checkpoints.get(name, 0)
        }
        self._buffers: dict[str, _Held] = {}
        self._under_way: tuple[dict[str, _Held], Begun] | None = None
        """What was begun, and the buffers by their streams as they were then."""
        self._resting: dict[str, tuple[float, float]] = {}
        """Streams that could not be delivered: until when they rest, and for how long."""
        self._quiet: dict[str, float] = {}
        """Streams that were delivered because they were quiet: when that would be due if it was always done once in `seconds`."""
        self._halvings: dict[str, int] = {}
        """Streams for whose batch the disk had no room: into how small parts it is cut."""
        self._latest: dict[str, datetime] = {}
        """The latest moment at which anything of a stream arrived, to the hour."""
        self._left: dict[str, int] = {}
        """Streams whose buffer could not be emptied: the first position of which nothing was taken for them."""
        self.position = 0
        """Everything before this position is in a buffer, delivered, or left out."""

    @property
    def is_empty(self) -> bool:
        """Return True if nothing is buffered or under way."""
        return not self._buffers and self._under_way is None

    @property
    def delivered(self) -> int:
        """Return the position before which everything of every stream is delivered."""
        waiting = [*self._buffers.values(), *self._streams_under_way.values()]
        return min([self.position, *self._left.values(), *[held.batch.position_from for held in waiting]])

    @property
    def must_go_back(self) -> bool:
        """Return True if a stream can be delivered again of which records were left out: they must be read once more."""
        return any(name not in self._buffers and name not in self._streams_under_way for name in self._left)

    @property
    def _streams_under_way(self) -> dict[str, _Held]:
        return {} if self._under_way is None else self._under_way[0]

    def accept(self, position: int, end: int, arrival: datetime, routed: Routed, raw: bytes, now: float) -> None:
        """Buffer what became of the record at `position`; what is already delivered of it is left out.

        now: seconds of any clock that only goes forward. Raises what `deliver` raises; the record is then not accepted. Where it can be read
        once more, it is left out of a stream that cannot be delivered, unless the disk is full.
        """
        lines = [(table, line) for table, line in routed.lines if self._is_new(table.name, position)]
        failures = [
            (stream, error) for stream, error in map(failed_stream, routed.failures) if self._is_new(error_stream(stream), position)
        ]
        for table, _ in lines:
            self._make_room(table.name, arrival, position, now)
        for stream, _ in failures:
            self._make_room(error_stream(stream), arrival, position, now)
        for table, line in lines:
            if table.name in self._left:
                continue
            batch = self._batch(table.name, table, position, arrival, now)
            if not batch.is_at(arrival):
                batch.turn(arrival)
            batch.lines.append(line)
            batch.positions.append(position)
            batch.size_bytes += len(line)
        kept = raw if routed.kept is None else routed.kept
        for stream, error in failures:
            if error_stream(stream) in self._left:
                continue
            batch = self._batch(error_stream(stream), None, position, arrival, now)
            batch.positions.append(position)
            batch.failures.append(failed_record(stream, error, arrival, kept))
            batch.size_bytes += len(kept)
        self.position = end

    def add(self, position: int, end: int, arrival: datetime, placed: Placed, now: float) -> None:
        """Buffer the one line that the record at `position` became, as `accept` does: at once where its buffer goes on and nothing is to be decided."""
        table, line = placed
        batch = self._going_on(table.name, position)
        if batch is None or not batch.is_at(arrival):
            self.accept(position, end, arrival, Routed([placed]), b"", now)
            return
        batch.lines.append(line)
        batch.positions.append(position)
        batch.size_bytes += len(line)
        self.position = end

    def add_all(self, lines: Mapping[str, tuple[Sequence[int], Sequence[bytes]]], arrivals: Sequence[datetime], end: int) -> bool:
        """Buffer the lines of many records at once, as `add` does one by one; False, and none is buffered, where anything is to be decided for one.

        lines: by table, with the positions of their records, in order. arrivals: all moments at which they arrived. end: of the last of them.
        """
        for name, (positions, of_table) in lines.items():
            batch = self._going_on(name, positions[0])
            if batch is None or batch.size_bytes + sum(map(len, of_table)) > self._hints.size_bytes or not all(map(batch.is_at, arrivals)):
                return False
        for name, (positions, of_table) in lines.items():
            batch = self._buffers[name].batch
            batch.lines.extend(of_table)
            batch.positions.extend(positions)
            batch.size_bytes += sum(map(len, of_table))
        self.position = end
        return True

    def _going_on(self, name: str, position: int) -> Batch | None:
        """Return the batch that takes what lies at this position and behind without a question; None if there is none, or anything is to be decided."""
        held = self._buffers.get(name)
        if held is None or name in self._left or name in self._covered or position < self._checkpoints.get(name, 0):
            return None
        return None if self._is_full(held.batch) else held.batch

    def deliver_due(self, now: float) -> int:
        """Deliver the buffers that are old, large or quiet enough; how many there were.

        Raises the first StorageError, after the others were delivered.
        """
        return _each([partial(self.begin_due, now), partial(self.finish, now)])

    def begin_due(self, now: float) -> int:
        """Begin to deliver them, and return without waiting for the last; how many were finished of those that were begun before.

        Raises the first StorageError, after the others were delivered.
        """
        for held in self._buffers.values():
            if held.records != len(held.batch.positions):
                held.records, held.quiet_since = len(held.batch.positions), now
        is_next = self._due(now) or (self._under_way is not None and self._under_way[1].is_done())
        return _each([partial(self.finish, now), lambda: self._begin_due(now)]) if is_next else 0

    def deliver_all(self) -> int:
        """Deliver every buffer; how many there were. Raises the first StorageError, after the others were delivered."""
        never = float("-inf")
        return _each([partial(self.finish, never), lambda: self._begin_streams(list(self._buffers), never), partial(self.finish, never)])

    def finish(self, now: float) -> int:
        """Wait for what is under way; how many buffers there were. What cannot be delivered is buffered as before.

        Raises the first StorageError, after the others were delivered.
        """
        if self._under_way is None:
            return 0
        (streams, begun), self._under_way = self._under_way, None
        try:
            begun.finish()
        except BaseException as error:
            self._put_back(streams)
            if not isinstance(error, StorageError):
                raise
            if len(streams) > 1:
                return self._deliver_each(list(streams), now)
            self._failed(next(iter(streams)), error, now)
            raise
        for name, held in streams.items():
            self._checkpoints[name] = held.batch.position_to
            self._resting.pop(name, None)
        return len(streams)

    def next_due(self, now: float) -> float | None:
        """Return in how many seconds the first buffer is due if nothing more comes, None if all are empty; none if anything is under way."""
        if self._under_way is not None:
            return 0.0
        waits = [self._due_at(name, held) - now for name, held in self._buffers.items()]
        return max(min(waits), 0.0) if waits else None

    def _due(self, now: float) -> list[str]:
        due = [name for name, held in self._buffers.items() if self._due_at(name, held) <= now]
        sizes = {name: held.batch.size_bytes for name, held in self._buffers.items() if name not in due and not self._rests(name, now)}
        total = sum(sizes.values()) + sum(held.batch.size_bytes for held in self._streams_under_way.values())
        for name in sorted(sizes, key=lambda one: sizes[one], reverse=True):
            if total <= self._hints.total_bytes:
                break
            total -= sizes[name]
            due.append(name)
        return due

    def _begin_due(self, now: float) -> int:
        due = self._due(now)
        for name in [one for one in due if self._due_at(one, self._buffers[one]) <= now < self._filled_at(self._buffers[one])]:
            self._quiet[name] = max(self._quiet.get(name, now), now) + self._hints.seconds
        return self._begin_streams(due, now)

    def _is_new(self, name: str, position: int) -> bool:
        return position >= self._checkpoints.get(name, 0) and not (name in self._covered and _is_within(self._covered[name], position))

    def _due_at(self, name: str, held: _Held) -> float:
        """Return when a buffer is to be delivered, if nothing more comes for it: of a stream that could not be delivered, when its rest is over."""
        if name in self._resting:
            return self._resting[name][0]
        filled = self._filled_at(held)
        is_worth_an_object = held.batch.size_bytes * _WORTH >= self._hints.size_bytes
        return min(filled, self._quiet_at(name, held)) if is_worth_an_object else filled

    def _filled_at(self, held: _Held) -> float:
        """Return when a buffer is old enough; one that is large enough is so already."""
        return float("-inf") if self._is_full(held.batch) else held.since + self._hints.seconds

    def _quiet_at(self, name: str, held: _Held) -> float:
        """Return when a buffer has been quiet for long enough, and its stream was not delivered too often for that."""
        often = self._quiet.get(name, float("-inf")) - (_QUIET_IN_A_ROW - 1) * self._hints.seconds
        return max(held.quiet_since + self._hints.quiet_seconds, often)

    def _let_rest(self, name: str, now: float) -> None:
        pause = min(2 * self._resting[name][1], _LONGEST_PAUSE_S) if name in self._resting else _FIRST_PAUSE_S
        self._resting[name] = now + pause, pause

    def _rests(self, name: str, now: float) -> bool:
        return name in self._resting and now < self._resting[name][0]

    def _make_room(self, name: str, arrival: datetime, position: int, now: float) -> None:
        """Deliver this buffer if it is full or an hour begins; where that fails, leave out what comes from here on. Raises StorageFullError."""
        held = self._buffers.get(name)
        if held is None or name in self._left or not (self._is_full(held.batch) or self._begins_hour(name, held.batch, arrival)):
            return
        self._unless_full(partial(self.finish, now))
        if self._rests(name, now) or not self._unless_full(partial(self._begin_streams, [name], now)):
            self._left[name] = position

    def _unless_full(self, deliver: Callable[[], int]) -> bool:
        """Deliver, and return False if that fails: it is told when it is tried again. Raises StorageFullError, and any error if nothing can be left out."""
        try:
            deliver()
        except StorageError as error:
            if not self._can_go_back or isinstance(error, StorageFullError):
                raise
            return False
        return True

    def _begins_hour(self, name: str, batch: Batch, arrival: datetime) -> bool:
        """Return True if nothing of the stream arrived in this hour or a later one before; what comes late waits with its neighbours."""
        return not batch.is_at(arrival) and Hour.of(arrival) > Hour.of(self._latest[name])

    def _batch(self, name: str, table: Table | None, position: int, arrival: datetime, now: float) -> Batch:
        held = self._buffers.get(name)
        if held is None:
            held = self._buffers[name] = _Held(Batch(name.removeprefix("error/"), table, arrival, position), now, quiet_since=now)
            self._latest[name] = max(self._latest.get(name, arrival), arrival)
        return held.batch

    def _is_full(self, batch: Batch) -> bool:
        return batch.size_bytes >= self._hints.size_bytes or len(batch.runs) >= _MOST_RUNS

    def _begin_streams(self, names: Sequence[str], now: float) -> int:
        """Begin to deliver these buffers together, or deliver each alone where that cannot be; how many were delivered. Nothing is under way before.

        A stream that cannot be delivered rests. Raises the first StorageError in the end.
        """
        waiting = [name for name in names if name in self._buffers]
        if self._begin is None or any(name in self._halvings for name in waiting):
            return self._deliver_each(waiting, now)
        if not waiting:
            return 0
        batches = [self._ended(name) for name in waiting]
        begun = self._begin(batches)
        self._under_way = {name: self._buffers.pop(name) for name in waiting}, begun
        return 0

    def _put_back(self, streams: Mapping[str, _Held]) -> None:
        """Buffer again what was under way, with what came behind it."""
        for name, held in streams.items():
            if name in self._buffers:
                held.batch.add_behind(self._buffers[name].batch)
            self._buffers[name] = held

    def _deliver_each(self, names: Sequence[str], now: float) -> int:
        return _each([partial(self._deliver_stream, name, now) for name in names])

    def _ended(self, name: str) -> Batch:
        """Return a buffer's batch, which ends where its stream is now."""
        batch = self._buffers[name].batch
        batch.position_to = max(min(self.position, self._left.get(name, self.position)), batch.position_from + 1)
        return batch

    def _deliver_stream(self, name: str, now: float) -> int:
        """Deliver one buffer, in smaller parts after each time for which the disk had no room. Raises StorageError; the rest stays buffered."""
        batch = self._ended(name)
        for part in in_parts(batch, self._halvings.get(name, 0)):
            try:
                self._deliver(part)
            except StorageError as error:
                self._failed(name, error, now)
                raise
            self._checkpoints[name] = part.position_to
            if part is not batch:
                self._buffers[name].batch = batch.behind(part.position_to)
        self._halvings.pop(name, None)
        self._resting.pop(name, None)
        del self._buffers[name]
        return 1

    def _failed(self, name: str, error: StorageError, now: float) -> None:
        """Note that a stream could not be delivered: it rests, or where the disk is full, which keeps all of them waiting, its parts become smaller."""
        if isinstance(error, StorageFullError):
            self._halvings[name] = min(self._halvings.get(name, 0) + 1, _MOST_HALVINGS)
        elif self._can_go_back:
            self._let_rest(name, now)


def _each(steps: Iterable[Callable[[], int]]) -> int:
    """Take all steps; the sum of what they give. Raises the first StorageError, after the others were taken."""
    count = 0
    errors: list[StorageError] = []
    for step in steps:
        try:
            count += step()
        except StorageError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return count


def _is_within(stretches: Sequence[tuple[int, int]], position: int) -> bool:
    """Return True if a position lies in one of these stretches, which are in order and do not overlap."""
    before = bisect_right(stretches, position, key=lambda stretch: stretch[0])
    return before > 0 and position < stretches[before - 1][1]
