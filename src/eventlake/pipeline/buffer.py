"""A buffer: log lines or failed records of one stream that are delivered together, an object for each hour in which they arrived.

It covers a range of positions in the order of arrival. What arrives out of order (a clock that was set back) waits in the same buffer.
"""

from __future__ import annotations

import uuid
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from eventlake.description import PROCESSING_FAILED
from eventlake.layout import Hour, error_key, object_key, object_name
from eventlake.model import Table
from eventlake.pipeline.failed_records import FailedRecord

_MOST_HOURS = 24
"""How many hours of arrival are told apart in a buffer: beyond that the clock is astray, and what comes goes to the latest of them."""
_NAMESPACE = uuid.UUID("0b6f61f0-5d0e-5d52-a2d5-5f8f6f3c2a44")


@dataclass(slots=True)
class Batch:
    """What is delivered together: log lines of a table, an object for each hour of arrival; or failed records of a stream, one object.

    position_from is where its first record lies, position_to where the stream goes on after it; positions are those of its records' events.
    moments, runs: where there are several hours, a moment of each; and where each run of records begins that are of one: its place, which hour.
    stretches: of a part of such a batch, what it holds of the spool; of others there is the one, from and to.
    """

    stream: str
    table: Table | None
    arrival: datetime
    position_from: int
    position_to: int = 0
    lines: list[bytes] = field(default_factory=list)
    positions: array[int] = field(default_factory=partial(array, "q"))
    failures: list[FailedRecord] = field(default_factory=list)
    size_bytes: int = 0
    moments: list[datetime] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)
    stretches: tuple[tuple[int, int], ...] = ()
    last: datetime | None = None
    """A moment that was seen to lie in the hour of the last record."""

    @property
    def hour(self) -> Hour:
        """Return the hour in which its records arrived, the first of them where there are several."""
        return Hour.of(self.arrival)

    def is_at(self, arrival: datetime) -> bool:
        """Return True if a moment lies in the hour of the last record."""
        if arrival is not self.last:
            if not _same_hour(self.moments[self.runs[-1][1]] if self.runs else self.arrival, arrival):
                return False
            self.last = arrival
        return True

    def turn(self, arrival: datetime) -> None:
        """Let what is added from here on belong to the hour of a moment.

        Where too many are told apart already, the latest takes it in, and moves on to its hour if that is later still.
        """
        self.last = None
        if not self.runs:
            self.moments, self.runs = [self.arrival], [(0, 0)]
        which = next((at for at, moment in enumerate(self.moments) if _same_hour(moment, arrival)), len(self.moments))
        if which == _MOST_HOURS:
            which = max(range(_MOST_HOURS), key=lambda at: self.moments[at])
            self.moments[which] = max(self.moments[which], arrival)
        elif which == len(self.moments):
            self.moments.append(arrival)
        if which != self.runs[-1][1]:
            self.runs.append((len(self.positions), which))

    def add_behind(self, later: Batch) -> None:
        """Add the records of a batch of the same stream that came behind these."""
        runs = later.runs or [(0, 0)]
        for (start, which), end in zip(runs, [*(at for at, _ in runs[1:]), len(later.positions)], strict=True):
            arrival = later.moments[which] if later.runs else later.arrival
            if not self.is_at(arrival):
                self.turn(arrival)
            self.lines += later.lines[start:end]
            self.failures += later.failures[start:end]
            self.positions += later.positions[start:end]
        self.size_bytes += later.size_bytes

    def parts(self) -> list[Batch]:
        """Return it as batches of one hour each, which are delivered together or not at all."""
        if not self.runs:
            return [self]
        found: dict[int, Batch] = {}
        places = [at for at, _ in self.runs] + [len(self.positions)]
        bounds = [self.position_from, *(self.positions[at] for at in places[1:-1]), self.position_to]
        for run, (start, which) in enumerate(self.runs):
            part = found.setdefault(which, Batch(self.stream, self.table, self.moments[which], bounds[run]))
            part.lines += self.lines[start : places[run + 1]]
            part.positions += self.positions[start : places[run + 1]]
            part.position_to = bounds[run + 1]
            part.stretches += ((bounds[run], bounds[run + 1]),)
        return list(found.values())

    def halves(self) -> tuple[Batch, Batch] | None:
        """Return it as two batches, each of whole events; None if it holds one."""
        middle = self.positions[len(self.positions) // 2]
        at = bisect_left(self.positions, middle) or bisect_right(self.positions, middle)
        if at == len(self.positions):
            return None
        end = self.positions[at]
        return self._part(0, at, self.position_from, end), self._part(at, len(self.positions), end, self.position_to)

    def behind(self, position: int) -> Batch:
        """Return what of it lies at a position and behind."""
        return self._part(bisect_left(self.positions, position), len(self.positions), position, self.position_to)

    def _part(self, start: int, end: int, position_from: int, position_to: int) -> Batch:
        part = Batch(self.stream, self.table, self.arrival, position_from, position_to)
        if self.runs:
            runs = [(max(at - start, 0), which) for at, which in self.runs if at < end]
            part.moments, part.runs = list(self.moments), runs[sum(at == 0 for at, _ in runs) - 1 :]
            part.arrival = self.moments[part.runs[0][1]]
        part.lines, part.failures, part.positions = self.lines[start:end], self.failures[start:end], self.positions[start:end]
        part.size_bytes = sum(map(len, part.lines)) + sum(len(record.raw) for record in part.failures)
        return part

    def key(self, extension: str, kind: str = PROCESSING_FAILED, life: str = "") -> str:
        """Return the key of its object. life: of the process that delivers; so that no key is ever one that another process gave."""
        held = f"{self.stream}/{kind if self.table is None else ''}/{self.position_from}/{self.position_to}"
        unique = str(uuid.uuid5(_NAMESPACE, f"{held}/{life}" if life else held))
        name = object_name(self.stream.replace("_", "-"), 1, self.arrival, unique, extension)
        if self.table is None:
            return error_key(f"error/{self.stream}", kind, self.arrival, name)
        return object_key(self.table.prefix, self.hour, name)


def in_parts(batch: Batch, halvings: int) -> list[Batch]:
    """Return a batch in parts, each halved so many times, as far as it has events."""
    parts = [batch]
    for _ in range(halvings):
        parts = [half for part in parts for half in part.halves() or (part,)]
    return parts


def _same_hour(one: datetime, other: datetime) -> bool:
    return one is other or (one.hour == other.hour and one.date() == other.date())


def moment(arrival_us: int) -> datetime:
    """Return the moment of so many microseconds since 1970, in UTC."""
    return datetime.fromtimestamp(arrival_us // 1_000_000, UTC).replace(microsecond=arrival_us % 1_000_000)
