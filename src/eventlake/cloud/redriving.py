"""Failed events of a lake on AWS, tried again here and sent to their table's stream where they are right now.

Firehose transforms and stores what is sent, in the hour in which it comes. What a batch sends is written down before and after, so that what
was redriven is not sent again; whoever is stopped in between sends that batch twice, and closing its hours leaves one row of each event. Of
somebody who was erased nothing is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from eventlake.backends.aws import Session
from eventlake.backends.catalog.entries import FailedEntry
from eventlake.backends.delivery_streams import MOST_BYTES, MOST_BYTES_OF_RECORD, MOST_RECORDS, DeliveryStreams
from eventlake.backends.line_check import LineCheck
from eventlake.backends.redriven_log import RedrivenLog
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.failed_events import FailedEvents
from eventlake.cloud.tombstones import read_forgetting
from eventlake.description import CONVERSION_FAILED
from eventlake.errors import EventError
from eventlake.local.redriving import Tried, tried_originals
from eventlake.model import Table
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.failed_records import REJECTED
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.redrive import Filter
from eventlake.pipeline.restoring import Restorer
from eventlake.pipeline.router import Router

_Send = tuple[str, bytes]
"""A table, and the event that is sent to its stream."""


class AwsRedriver:
    """Tries failed events of a lake on AWS, and sends them. streams: for tests. now: the moment, aware."""

    def __init__(
        self,
        deployment: Deployment,
        session: Session,
        streams: DeliveryStreams | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.events = FailedEvents(deployment, session)
        self._deployment = deployment
        self._tables = {table.name: table for table in deployment.tables}
        self._checks: dict[str, LineCheck] = {}
        self._streams = streams or DeliveryStreams(session.client("firehose"))
        self._log = RedrivenLog(session.client("s3"), deployment.bucket)
        self._forgetting = read_forgetting(deployment, session)
        self._intake = Intake(deployment.sources)
        self._router = Router(deployment.sources, pseudonyms=KeyRing.of_this_moment(), forgetting=self._forgetting)
        self._restorers: dict[str, Restorer] = {}
        self._bodies: dict[str, bytes] = {}
        self._sends: dict[str, list[_Send]] = {}
        self._now = now

    def wanted(self, chosen: Filter) -> list[FailedEntry]:
        """Return the events that are to be tried, each once however often it failed, those of an object one after another."""
        found: dict[str, FailedEntry] = {}
        for one in self.events.every():
            is_wanted = chosen.takes(one.id, one.stream, one.code, one.message, round(one.arrival.timestamp() * 1_000_000))
            if one.redriven is None and is_wanted:
                found.setdefault(one.id, one)
        return sorted(found.values(), key=lambda one: (one.key, one.line))

    def tried(self, entries: Sequence[FailedEntry]) -> Iterator[Tried]:
        """Try events with the declarations of today, and send nothing."""
        for one in self._tried(entries):
            self._sends.pop(one.entry.id, None)
            yield one

    def redrive(self, entries: Sequence[FailedEntry]) -> Iterator[Tried]:
        """Send what is right now, a batch at a time, and tell what became of each. Raises ServiceError, StorageError."""
        self.events.take(self.events.marks)  # what was sent, and stayed in the queue because its taker was stopped
        batch = _Batch()
        for one in self._tried(entries):
            sends = self._sends.pop(one.entry.id, [])
            if one.error is not None:
                yield one
                continue
            if not batch.takes(sends):
                yield from self._sent(batch)
                batch = _Batch()
            batch.add(one, sends)
        if batch.events:
            yield from self._sent(batch)

    def _tried(self, entries: Sequence[FailedEntry]) -> Iterator[Tried]:
        """Try events; what would be sent of each is kept until it is asked for."""
        for one in tried_originals(self._envelopes(entries), self._deployment.sources, KeyRing.of_this_moment(), self._forgetting):
            yield self._checked(one, self._bodies.pop(one.entry.id, b""))

    def _envelopes(self, entries: Sequence[FailedEntry]) -> Iterator[tuple[FailedEntry, bytes | EventError]]:
        """Yield each with the event that would be sent, or why there is none."""
        for entry, raw in self.events.originals(entries):
            event = self._envelope(entry, raw) if isinstance(raw, bytes) else raw
            if isinstance(event, bytes):
                self._bodies[entry.id] = event
            yield entry, event

    def _envelope(self, entry: FailedEntry, raw: bytes) -> bytes | EventError:
        """Return the event of a failed record: its bytes, or of what Firehose could not convert, which is a log line, the event behind it."""
        table = self._tables.get(entry.stream)
        if table is None or f"/{CONVERSION_FAILED}/" not in entry.key:
            return raw
        try:
            return self._restorer(table).envelope(raw)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            return EventError("LogLine", f"What failed is no log line of {table.name}: {error}.")

    def _checked(self, one: Tried, body: bytes) -> Tried:
        """Refuse what Firehose would fail with: a line that its table cannot hold, an event that is too large for a stream."""
        if one.error is not None:
            return one
        for table, line in one.lines:
            for reason in self._check(table).refused([line]).values():
                return _failing(one, EventError("ConversionFailed", f"The {table.name} line cannot be stored: {reason}"))
        sends = self._sends_of(one, body)
        if any(len(event) > MOST_BYTES_OF_RECORD for _, event in sends):
            return _failing(one, EventError("TooLarge", f"A stream takes {MOST_BYTES_OF_RECORD:,} bytes of an event at most."))
        self._sends[one.entry.id] = sends
        return one

    def _sends_of(self, one: Tried, body: bytes) -> list[_Send]:
        """Return the tables that an event goes to, each with its bytes; several events if it was a wrapper that could not be opened."""
        if one.entry.stream != REJECTED:
            left = self._router.remainder(body)
            return [] if left is None else [(name, left) for name in dict.fromkeys(table.name for table, _ in one.lines)]
        events = [left for event in self._intake.take(body).accepted if (left := self._router.remainder(event.body)) is not None]
        return [(name, event) for event in events for name in dict.fromkeys(table.name for table, _ in self._router.route(event).lines)]

    def _restorer(self, table: Table) -> Restorer:
        if table.name not in self._restorers:
            self._restorers[table.name] = Restorer(table)
        return self._restorers[table.name]

    def _check(self, table: Table) -> LineCheck:
        if table.name not in self._checks:
            self._checks[table.name] = LineCheck(table)
        return self._checks[table.name]

    def _sent(self, batch: _Batch) -> list[Tried]:
        """Send a batch, written down before and after; what is not wholly taken stays as it was. Raises ServiceError, StorageError."""
        into = {one.entry.id: one.into for one in batch.events}
        begun = self._log.begin(into, self._now())
        left = Counter(id for sends in batch.sends.values() for id, _ in sends)
        left.update(dict.fromkeys(into, 0))  # of somebody who was erased nothing is sent
        refused: dict[str, str] = {}
        try:
            for table, sends in batch.sends.items():
                places = self._streams.put(f"{self._deployment.name}-{self._tables[table].stream}", [event for _, event in sends])
                refused |= {sends[place][0]: reason for place, reason in places.items()}
                left.subtract(id for place, (id, _) in enumerate(sends) if place not in places)
        finally:
            taken = [id for id, count in left.items() if not count]
            self._log.end(begun, {id: into[id] for id in taken})
        self.events.take(taken)
        return [
            one if one.entry.id not in refused else _failing(one, EventError("NotTaken", refused[one.entry.id])) for one in batch.events
        ]


class _Batch:
    """Events that are sent together, and by table what is sent of them: never more than one call of Firehose takes."""

    def __init__(self) -> None:
        self.events: list[Tried] = []
        self.sends: dict[str, list[tuple[str, bytes]]] = {}
        self._count = self._size = 0

    def takes(self, sends: Sequence[_Send]) -> bool:
        """Return True if there is room for one more."""
        count, size = self._count + len(sends), self._size + sum(len(event) for _, event in sends)
        return not self.events or (count <= MOST_RECORDS and size <= MOST_BYTES)

    def add(self, one: Tried, sends: Sequence[_Send]) -> None:
        """Take one more."""
        self.events.append(one)
        for table, event in sends:
            self.sends.setdefault(table, []).append((one.entry.id, event))
            self._count, self._size = self._count + 1, self._size + len(event)


def _failing(one: Tried, error: EventError) -> Tried:
    return replace(one, lines=(), error=error)
