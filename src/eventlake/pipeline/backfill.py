"""Documents of a history -> the log lines of each hour in which their events happened, and what of them failed.

History lands where it happened: in the hour of a row's own `event_time`, not in that of its arrival, so that questions about a month find it
there. A row without an `event_time` lands in the hour in which it comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
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


Locate = Callable[[int, EventError], EventError]
"""Says of an error where the document stands whose number it is given, from 0."""

_HOUR = len("2026-11-20 10")
_MILLISECOND = len("2026-11-20 10:00:00.000")


@dataclass(slots=True)
class Run:
    """Documents that follow each other, and the log lines of what they hold, all of one table and hour.

    documents: how many end with it; one that holds several events may need several runs. table: its name; empty where documents are to be taken
    and routed. event_time: of the first line, as it stands there. events: as failed records may hold them; None where they are the documents.
    """

    documents: int
    table: str = ""
    event_time: str | None = None
    lines: list[bytes] = field(default_factory=list)
    events: list[bytes] | None = None


class Gathered(Protocol):
    """What became of documents of a history, and comes into a lake together."""

    @property
    def hours(self) -> Sequence[HourRows]:
        """Return the rows of each table and hour, in the order of the hours. Raises StorageError."""

    @property
    def failures(self) -> Sequence[FailedRecord]:
        """Return the failed records."""


class Gathering(Protocol):
    """What takes what becomes of documents of a history."""

    def add_events(self, count: int) -> None:
        """Count events that a document holds."""

    def add(self, table: Table, lines: Sequence[bytes], events: Sequence[bytes], event_time: str | None, now: datetime) -> None:
        """Add log lines of one hour, and the event of each. event_time: of the first, as it stands there. now: when they come in, aware."""

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
    """Turns documents of a history into rows of these tables.

    take: says what a document is. straight: gives the tables and lines of events that are just as declared, within a time. route: what the router
    makes of an event, within a time. event_time: reads it of a log line. kept: what failed records may hold of an event. told: what they may tell
    of why it failed.
    """

    def __init__(
        self,
        tables: Iterable[Table],
        take: Callable[[bytes], Taken],
        straight: Callable[[Sequence[bytes]], list[Placed | None]],
        route: Callable[[bytes], Routed],
        event_time: Callable[[bytes], str | None],
        kept: Callable[[bytes], bytes],
        told: Callable[[EventError], EventError],
    ) -> None:
        self._tables = {table.name: table for table in tables}
        self._take = take
        self._straight = straight
        self._route = route
        self._event_time = event_time
        self._kept = kept
        self._told = told

    def runs(self, documents: Sequence[bytes]) -> list[Run]:
        """Return the lines of documents that are events just as declared, or hold nothing else; they are read as JSON once."""
        runs: list[Run] = []
        for document, placed in zip(documents, self._straight(documents), strict=True):
            if placed is not None:
                kept = self._kept(document)
                self._go_on(runs, placed, None if kept is document else kept)
            elif held := self._held(document):
                for inner, event in held:
                    self._go_on(runs, inner, event)
            elif not runs or runs[-1].table:
                runs.append(Run(0))
            runs[-1].documents += 1
        return runs

    def add(self, documents: Sequence[bytes], runs: Iterable[Run], now: datetime, locate: Locate, into: Gathering) -> None:
        """Add what becomes of documents; raises nothing. runs: of them. now: when they come in, aware."""
        place = 0
        for run in runs:
            its = documents[place : place + run.documents]
            if run.table:
                into.add_events(len(run.lines))
                into.add(self._tables[run.table], run.lines, its if run.events is None else run.events, run.event_time, now)
            else:
                for number, document in enumerate(its, place):
                    self._add_taken(document, now, partial(locate, number), into)
            place += run.documents

    def _go_on(self, runs: list[Run], placed: Placed, event: bytes | None) -> None:
        """Add a line to the last run, or begin another. event: None if it is the document."""
        table, line = placed
        event_time = self._event_time(line)
        last = runs[-1] if runs else None
        if (
            last is None
            or last.table != table.name
            or (last.events is None) != (event is None)
            or not _is_same(last.event_time, event_time)
        ):
            last = Run(0, table.name, event_time, events=None if event is None else [])
            runs.append(last)
        last.lines.append(line)
        if event is not None and last.events is not None:
            last.events.append(event)

    def _held(self, document: bytes) -> list[tuple[Placed, bytes]]:
        """Return lines and events of a document that holds events just as declared, and is none; nothing if it holds anything else."""
        taken = self._take(document)
        events = [one.body for one in taken.accepted]
        if taken.error is not None or any(event is document for event in events):
            return []
        lines = self._straight(events)
        found = [(placed, self._kept(event)) for placed, event in zip(lines, events, strict=True) if placed is not None]
        return found if len(found) == len(events) else []

    def _add_taken(self, document: bytes, now: datetime, locate: Callable[[EventError], EventError], into: Gathering) -> None:
        """Add what becomes of a document that is taken, and its events routed."""
        taken = self._take(document)
        into.add_events(len(taken.accepted))
        for event in taken.accepted:
            self._add_routed(event.body, document, now, locate, into)
        if taken.error is not None:
            stream, error = failed_stream((None, taken.error))
            into.add_failure(failed_record(stream, self._told(locate(error) if stream == REJECTED else error), now, self._kept(document)))

    def _add_routed(
        self, event: bytes, document: bytes, now: datetime, locate: Callable[[EventError], EventError], into: Gathering
    ) -> None:
        """Add what the router makes of an event. document: that holds it."""
        routed = self._route(event)
        if routed.is_erased:
            into.add_erased()
            return
        if routed.lines:
            kept = self._kept(event)
            for table, line in routed.lines:
                into.add(table, [line], [kept], self._event_time(line), now)
        for stream, error in map(failed_stream, routed.failures):
            is_whole = stream == REJECTED and event is document
            into.add_failure(failed_record(stream, locate(error) if is_whole else error, now, routed.kept or event))


def written_hour(event_time: str | None) -> str:
    """Return the hour in a log line's `event_time`, as it stands there; empty if it is not in the form that nearly all have."""
    return event_time[:_HOUR] if event_time is not None and len(event_time) == _MILLISECOND else ""


def _is_same(event_time: str | None, other: str | None) -> bool:
    """Return True if two log lines are of one hour."""
    return event_time == other or (written_hour(event_time) == written_hour(other) != "")


def happened(event_time: str | None) -> datetime | None:
    """Return the moment that a log line's `event_time` names, in UTC; None if it names none."""
    when = moment(event_time)
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def refused(table: Table, event: bytes, reason: str, now: datetime) -> FailedRecord:
    """Return the failed record of a row that its table cannot hold. now: aware."""
    return failed_record(table.name, EventError("ConversionFailed", f"The {table.name} line cannot be stored: {reason}"), now, event)
