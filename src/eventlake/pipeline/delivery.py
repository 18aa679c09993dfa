"""Log lines -> batches that become objects: one buffer for each delivery stream, as Firehose keeps them.

A buffer covers a range of positions in the order of arrival; it is delivered when its oldest record has waited long enough, when it is large
enough, or when the hour of arrival changes, so that an object never spans two hours. Called by the service on one machine; on AWS Firehose
does this. What cannot be a log line is buffered likewise and delivered to the error prefix, in Firehose's own form.
Buffering hints: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from eventlake.description import PROCESSING_FAILED
from eventlake.errors import EventError
from eventlake.layout import Hour, error_key, object_key, object_name
from eventlake.model import Table
from eventlake.pipeline.router import Routed

UNMATCHED = "unmatched"
"""The stream of events that no rule wants."""
REJECTED = "rejected"
"""The stream of input that is no event."""

ID_DIGITS = 32
SHOWN_DIGITS = 10
"""Digits of a failed record's id, and how many of them a person sees."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NAMESPACE = uuid.UUID("0b6f61f0-5d0e-5d52-a2d5-5f8f6f3c2a44")


@dataclass(frozen=True, slots=True)
class Hints:
    """When a buffer is delivered: after so many seconds, or at so many bytes of log lines."""

    seconds: float = 300.0
    size_bytes: int = 16_000_000


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """An event that could not be stored in a table, with its original bytes.

    id: what `record_id` gives. stream: a table's name, `unmatched` or `rejected`. arrival: in UTC.
    """

    id: str
    stream: str
    code: str
    message: str
    arrival: datetime
    raw: bytes

    def line(self) -> bytes:
        """Write Firehose's record of a failure, one JSON line: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"""
        arrival_ms = _milliseconds(self.arrival)
        record = {
            "attemptsMade": 1,
            "arrivalTimestamp": arrival_ms,
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": arrival_ms,
            "rawData": base64.b64encode(self.raw).decode(),
            "lambdaArn": None,
            "id": self.id,
        }
        return json.dumps(record).encode() + b"\n"


@dataclass(slots=True)
class Batch:
    """What one object will hold: log lines of a table, or failed records of a stream, that arrived in one hour.

    position_from is where its first record lies, position_to where the stream goes on after it; positions are those of its lines' events.
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

    @property
    def hour(self) -> Hour:
        """Return the hour in which its records arrived."""
        return Hour.of(self.arrival)

    def key(self, extension: str, kind: str = PROCESSING_FAILED, life: str = "") -> str:
        """Return the key of its object. life: of the process that delivers; so that no key is ever one that another process gave."""
        held = f"{self.stream}/{kind if self.table is None else ''}/{self.position_from}/{self.position_to}"
        unique = str(uuid.uuid5(_NAMESPACE, f"{held}/{life}" if life else held))
        name = object_name(self.stream.replace("_", "-"), 1, self.arrival, unique, extension)
        if self.table is None:
            return error_key(f"error/{self.stream}", kind, self.arrival, name)
        return object_key(self.table.prefix, self.hour, name)


class Delivery:
    """The buffers of all streams.

    deliver: makes a batch visible and durable, or raises; then the batch stays buffered and is delivered again.
    checkpoints: for each stream the position before which everything is delivered. covered: for each stream the stretches that are delivered
    beyond that, in order, the ends left out.
    """

    def __init__(
        self,
        deliver: Callable[[Batch], None],
        hints: Hints,
        checkpoints: Mapping[str, int],
        covered: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    ) -> None:
        self._deliver = deliver
        self._hints = hints
        self._checkpoints = dict(checkpoints)
        self._covered = {
            name: stretches for name, stretches in (covered or {}).items() if stretches[-1][1] > self._checkpoints.get(name, 0)
        }
        self._buffers: dict[str, tuple[Batch, float]] = {}
        self.position = 0
        """Everything before this position is in a buffer or delivered."""

    @property
    def is_empty(self) -> bool:
        """Return True if nothing is buffered."""
        return not self._buffers

    @property
    def delivered(self) -> int:
        """Return the position before which everything of every stream is delivered."""
        return min((batch.position_from for batch, _ in self._buffers.values()), default=self.position)

    def accept(self, position: int, end: int, arrival: datetime, routed: Routed, raw: bytes, now: float) -> None:
        """Buffer what became of the record at `position`; what is already delivered of it is left out.

        now: seconds of any clock that only goes forward. Raises what `deliver` raises; the record is then not accepted.
        """
        lines = [(table, line) for table, line in routed.lines if self._is_new(table.name, position)]
        failures = [
            (stream, error) for stream, error in map(_failed_stream, routed.failures) if self._is_new(error_stream(stream), position)
        ]
        for table, _ in lines:
            self._make_room(table.name, arrival)
        for stream, _ in failures:
            self._make_room(error_stream(stream), arrival)
        for table, line in lines:
            batch = self._batch(table.name, table, position, arrival, now)
            batch.lines.append(line)
            batch.positions.append(position)
            batch.size_bytes += len(line)
        for stream, error in failures:
            batch = self._batch(error_stream(stream), None, position, arrival, now)
            batch.failures.append(failed_record(stream, error, arrival, raw))
            batch.size_bytes += len(raw)
        self.position = end

    def deliver_due(self, now: float) -> int:
        """Deliver the buffers that are old or large enough; how many there were."""
        due = [name for name, (batch, since) in self._buffers.items() if self._is_due(batch, now - since)]
        return self._deliver_streams(due)

    def deliver_all(self) -> int:
        """Deliver every buffer; how many there were."""
        return self._deliver_streams(list(self._buffers))

    def next_due(self, now: float) -> float | None:
        """Return in how many seconds the oldest buffer is due, None if all are empty."""
        ages = [now - since for _, since in self._buffers.values()]
        return max(self._hints.seconds - max(ages), 0.0) if ages else None

    def _is_new(self, name: str, position: int) -> bool:
        return position >= self._checkpoints.get(name, 0) and not (name in self._covered and _is_within(self._covered[name], position))

    def _is_due(self, batch: Batch, age: float) -> bool:
        return age >= self._hints.seconds or self._is_full(batch)

    def _make_room(self, name: str, arrival: datetime) -> None:
        """Deliver this buffer if it is full or holds another hour."""
        held = self._buffers.get(name)
        if held is not None and (held[0].size_bytes >= self._hints.size_bytes or not _same_hour(held[0].arrival, arrival)):
            self._deliver_streams([name])

    def _batch(self, name: str, table: Table | None, position: int, arrival: datetime, now: float) -> Batch:
        held = self._buffers.get(name)
        if held is None:
            held = self._buffers[name] = Batch(name.removeprefix("error/"), table, arrival, position), now
        return held[0]

    def _is_full(self, batch: Batch) -> bool:
        return batch.size_bytes >= self._hints.size_bytes

    def _deliver_streams(self, names: Iterable[str]) -> int:
        count = 0
        for name in names:
            batch, _ = self._buffers[name]
            batch.position_to = max(self.position, batch.position_from + 1)
            self._deliver(batch)
            del self._buffers[name]
            self._checkpoints[name] = batch.position_to
            count += 1
        return count


def _is_within(stretches: Sequence[tuple[int, int]], position: int) -> bool:
    """Return True if a position lies in one of these stretches, which are in order and do not overlap."""
    before = bisect_right(stretches, position, key=lambda stretch: stretch[0])
    return before > 0 and position < stretches[before - 1][1]


def _same_hour(one: datetime, other: datetime) -> bool:
    return one is other or (one.hour == other.hour and one.date() == other.date())


def error_stream(stream: str) -> str:
    """Return the name under which a stream's failed records are buffered and checkpointed."""
    return f"error/{stream}"


def _failed_stream(failure: tuple[Table | None, EventError]) -> tuple[str, EventError]:
    """Return where a failure belongs: to its table, or to `unmatched` or `rejected` if there is none."""
    table, error = failure
    if table is not None:
        return table.name, error
    return (UNMATCHED if error.code in {"NoRuleMatched", "Refused"} else REJECTED), error


def failed_record(stream: str, error: EventError, arrival: datetime, raw: bytes) -> FailedRecord:
    """Make the record of a failure."""
    return FailedRecord(record_id(stream, raw, arrival), stream, error.code, str(error), arrival, raw)


def record_id(stream: str, raw: bytes, arrival: datetime) -> str:
    """Return the id of a failed record, 128 bits in hexadecimal digits: by what it holds, so that it is the same wherever and however often it is kept.

    arrival: aware; its milliseconds count, which is what Firehose knows.
    """
    return hashlib.sha256(f"{stream}\n{_milliseconds(arrival)}\n".encode() + raw).hexdigest()[:ID_DIGITS]


def _milliseconds(arrival: datetime) -> int:
    return (arrival - _EPOCH) // _MILLISECOND


def moment(arrival_us: int) -> datetime:
    """Return the moment of so many microseconds since 1970, in UTC."""
    return datetime.fromtimestamp(arrival_us // 1_000_000, UTC).replace(microsecond=arrival_us % 1_000_000)
