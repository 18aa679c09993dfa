"""An item of a history -> log lines, each with the moment at which its event happened, and what of it failed.

History lands where it happened: in the hour of a row's own `event_time`, not in that of its arrival, so that questions about a month find it
there. A row without an `event_time` lands in the hour in which it comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from eventlake.errors import EventError
from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.delivery import FailedRecord, failed_record, failed_stream
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Routed
from eventlake.pipeline.written import moment


@dataclass(frozen=True, slots=True)
class Row:
    """A log line of a table, when its event happened (aware), and the bytes of the event."""

    table: Table
    moment: datetime
    line: bytes
    event: bytes


class AnyRow(Protocol):
    """A row, wherever its bytes are held."""

    @property
    def table(self) -> Table:
        """Return the table."""

    @property
    def moment(self) -> datetime:
        """Return when its event happened; aware."""

    @property
    def line(self) -> bytes:
        """Return the log line. Raises StorageError."""

    @property
    def event(self) -> bytes:
        """Return the bytes of the event. Raises StorageError."""


@dataclass(slots=True)
class Became:
    """What became of one item of a history. events: how many were in it."""

    events: int = 0
    rows: list[Row] = field(default_factory=list)
    failures: list[FailedRecord] = field(default_factory=list)


class Histories(Protocol):
    """The lake that histories are brought into: it keeps how far each is read, together with what came of it."""

    def cursor(self, history: str) -> str:
        """Return how far a history is read, in its own words; empty for one that is new. Raises StorageError."""

    def bring_in(self, history: str, cursor: str, rows: Sequence[AnyRow], failures: Sequence[FailedRecord], now: datetime) -> int:
        """Store rows in the hours of their moments, and failed records, and that the history is read up to the cursor: all of it or nothing.

        Return how many of the rows became failed records because no reader could read them. now: aware. Raises StorageError.
        """


class Backfill:
    """Turns items of a history into rows. route: what the router makes of an event, within a time. codec: reads log lines."""

    def __init__(self, intake: Intake, route: Callable[[bytes], Routed], codec: Codec = STANDARD) -> None:
        self._intake = intake
        self._route = route
        self._codec = codec

    def became(self, data: bytes, now: datetime) -> Became:
        """Return the rows of an item, and what of it failed; raises nothing. now: when it comes in, aware."""
        taken = self._intake.take(data)
        found = Became(len(taken.accepted))
        for event in taken.accepted:
            routed = self._route(event.body)
            found.rows += [Row(table, happened(line, self._codec) or now, line, event.body) for table, line in routed.lines]
            found.failures += [failed_record(stream, error, now, event.body) for stream, error in map(failed_stream, routed.failures)]
        if taken.error is not None:
            found.failures += _rejected(data, taken.error, now)
        return found


def happened(line: bytes, codec: Codec = STANDARD) -> datetime | None:
    """Return the `event_time` of a log line, in UTC; None if it has none."""
    when = moment(codec.loads(line).get("event_time"))
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def refused(row: AnyRow, reason: str, now: datetime) -> FailedRecord:
    """Return the failed record of a row that its table cannot hold. now: aware."""
    error = EventError("ConversionFailed", f"The {row.table.name} line cannot be stored: {reason}")
    return failed_record(row.table.name, error, now, row.event)


def _rejected(data: bytes, error: EventError, now: datetime) -> Iterator[FailedRecord]:
    stream, reason = failed_stream((None, error))
    yield failed_record(stream, reason, now, data)
