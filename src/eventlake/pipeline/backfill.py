"""Items of a history -> the log lines of each hour in which their events happened, and what of them failed.

History lands where it happened: in the hour of a row's own `event_time`, not in that of its arrival, so that questions about a month find it
there. A row without an `event_time` lands in the hour in which it comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from eventlake.errors import EventError
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.envelope import Taken
from eventlake.pipeline.failed_records import REJECTED, FailedRecord, failed_record, failed_stream
from eventlake.pipeline.router import Placed, Routed
from eventlake.pipeline.written import moment


class HourLines(Protocol):
    """Log lines of a table that belong into one hour, wherever their bytes are held."""

    @property
    def table(self) -> Table:
        """Return the table."""

    @property
    def hour(self) -> Hour:
        """Return the hour."""

    @property
    def size_bytes(self) -> int:
        """Return how large they are together."""

    @property
    def lines(self) -> Sequence[bytes]:
        """Read them. Raises StorageError."""


class HourRows(HourLines, Protocol):
    """Log lines with the event of each."""

    def event(self, place: int) -> bytes:
        """Read the bytes of the event of a line. Raises StorageError."""


Locate = Callable[[EventError], EventError]
"""Says of an error where the item stands."""

HistoryItem = tuple[Taken, bytes, Locate]
"""An item of a history: as what it was taken, its bytes, and where it stands."""


class Gathered(Protocol):
    """What became of items of a history, and comes into a lake together."""

    @property
    def hours(self) -> Sequence[HourRows]:
        """Return the rows of each table and hour, in the order of the hours. Raises StorageError."""

    @property
    def failures(self) -> Sequence[FailedRecord]:
        """Return the failed records."""


class Gathering(Protocol):
    """What takes what becomes of items of a history."""

    def add_events(self, count: int) -> None:
        """Count events that an item holds."""

    def add(self, table: Table, line: bytes, event: bytes, event_time: str | None, now: datetime) -> None:
        """Add a log line. event_time: as it stands in the line. now: when it comes in, aware."""

    def add_erased(self) -> None:
        """Count an event of somebody who was erased, of which nothing is kept."""

    def add_failure(self, record: FailedRecord) -> None:
        """Add a failed record."""


class Histories(Protocol):
    """The lake that histories are brought into: it keeps how far each is read, together with what came of it."""

    def cursor(self, history: str) -> str:
        """Return how far a history is read, in its own words; empty for one that is new. Raises StorageError."""

    def bring_in(self, history: str, cursor: str, gathered: Gathered, now: datetime) -> int:
        """Store rows in their hours, and failed records, and that the history is read up to the cursor: all of it or nothing.

        Return how many of the rows became failed records because no reader could read them. now: aware. Raises StorageError.
        """


class Backfill:
    """Turns items of a history into rows.

    route: what the router makes of an event, within a time. event_time: reads it of a log line. kept: what failed records may hold of an event.
    told: what they may tell of why it failed.
    """

    def __init__(
        self,
        route: Callable[[bytes], Routed],
        event_time: Callable[[bytes], str | None],
        kept: Callable[[bytes], bytes],
        told: Callable[[EventError], EventError],
    ) -> None:
        self._route = route
        self._event_time = event_time
        self._kept = kept
        self._told = told

    def add(self, items: Sequence[HistoryItem], lines: Iterable[Placed | None], now: datetime, into: Gathering) -> None:
        """Add what becomes of items; raises nothing. now: when they come in, aware.

        lines: the table and log line of each event that is just as declared, and None for those that are to be routed.
        """
        left = iter(lines)
        for taken, data, located in items:
            into.add_events(len(taken.accepted))
            for event, line in zip(taken.accepted, left, strict=False):  # the lines of the items behind it stay
                if line is not None:
                    table, text = line
                    into.add(table, text, self._kept(event.body), self._event_time(text), now)
                else:
                    self._add_routed(event.body, data, now, located, into)
            if taken.error is not None:
                stream, error = failed_stream((None, taken.error))
                into.add_failure(failed_record(stream, self._told(located(error) if stream == REJECTED else error), now, self._kept(data)))

    def _add_routed(self, event: bytes, data: bytes, now: datetime, located: Locate, into: Gathering) -> None:
        """Add what the router makes of an event. data: the bytes of its item."""
        routed = self._route(event)
        if routed.is_erased:
            into.add_erased()
            return
        if routed.lines:
            kept = self._kept(event)
            for table, line in routed.lines:
                into.add(table, line, kept, self._event_time(line), now)
        for stream, error in map(failed_stream, routed.failures):
            is_item = stream == REJECTED and event is data
            into.add_failure(failed_record(stream, located(error) if is_item else error, now, routed.kept or event))


def happened(event_time: str | None) -> datetime | None:
    """Return the moment that a log line's `event_time` names, in UTC; None if it names none."""
    when = moment(event_time)
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def refused(table: Table, event: bytes, reason: str, now: datetime) -> FailedRecord:
    """Return the failed record of a row that its table cannot hold. now: aware."""
    return failed_record(table.name, EventError("ConversionFailed", f"The {table.name} line cannot be stored: {reason}"), now, event)
