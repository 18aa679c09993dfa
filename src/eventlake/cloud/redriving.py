"""Failed events of a lake on AWS, tried again here and sent to their table's stream where they are right now.

Firehose transforms and stores what is sent, in the hour in which it comes. What a batch sends is written down before and after, so that what
was redriven is not sent again; whoever is stopped in between sends that batch twice, and closing its hours leaves one row of each event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from eventlake.backends.aws import Session
from eventlake.backends.delivery_streams import MOST_BYTES, MOST_BYTES_OF_RECORD, MOST_RECORDS, DeliveryStreams
from eventlake.backends.line_check import LineCheck
from eventlake.backends.redriven_log import RedrivenLog
from eventlake.backends.sqlite_catalog import FailedEntry
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.failed_events import FailedEvents
from eventlake.description import CONVERSION_FAILED
from eventlake.errors import EventError, ServiceError
from eventlake.local.redriving import Tried, tried_originals
from eventlake.model import Table
from eventlake.pipeline.redrive import Filter


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
        self._bodies: dict[str, bytes] = {}
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
            self._bodies.pop(one.entry.id, None)
            yield one

    def redrive(self, entries: Sequence[FailedEntry]) -> Iterator[Tried]:
        """Send what is right now, a batch at a time, and tell what became of each. Raises ServiceError, StorageError."""
        self.events.take(self.events.marks)  # what was sent, and stayed in the queue because its taker was stopped
        batches: dict[str, list[Tried]] = {}
        for one in self._tried(entries):
            if one.error is not None:
                self._bodies.pop(one.entry.id, None)
                yield one
                continue
            batch = batches.setdefault(one.entry.stream, [])
            if self._is_full(batch, one):
                yield from self._sent(batches.pop(one.entry.stream))
                batch = batches.setdefault(one.entry.stream, [])
            batch.append(one)
        for batch in batches.values():
            yield from self._sent(batch)

    def _tried(self, entries: Sequence[FailedEntry]) -> Iterator[Tried]:
        """Try events; the bytes that would be sent of each are kept until they are."""
        for one in tried_originals(self._envelopes(entries), self._deployment.sources):
            yield self._checked(one)

    def _envelopes(self, entries: Sequence[FailedEntry]) -> Iterator[tuple[FailedEntry, bytes | EventError]]:
        """Yield each with the event that would be sent, or why there is none."""
        for entry, raw in self.events.originals(entries):
            event = self._envelope(entry, raw) if isinstance(raw, bytes) else raw
            if isinstance(event, bytes):
                self._bodies[entry.id] = event
            yield entry, event

    def _envelope(self, entry: FailedEntry, raw: bytes) -> bytes | EventError:
        """Return the event of a failed record: its bytes, or of what Firehose could not convert, which is a log line, the event behind it."""
        if f"/{CONVERSION_FAILED}/" not in entry.key:
            return raw
        return EventError("LogLine", "What failed is a log line, from which its event cannot be made.")

    def _checked(self, one: Tried) -> Tried:
        """Refuse what Firehose would fail with: a line that its table cannot hold, an event that is too large for a stream."""
        if one.error is not None:
            return one
        table = self._tables[one.entry.stream]
        reasons = self._check(table).refused([line for _, line in one.lines])
        if reasons:
            return _failing(one, EventError("ConversionFailed", f"The {table.name} line cannot be stored: {next(iter(reasons.values()))}"))
        if len(self._bodies[one.entry.id]) > MOST_BYTES_OF_RECORD:
            return _failing(one, EventError("TooLarge", f"A stream takes {MOST_BYTES_OF_RECORD:,} bytes of an event at most."))
        return one

    def _check(self, table: Table) -> LineCheck:
        if table.name not in self._checks:
            self._checks[table.name] = LineCheck(table)
        return self._checks[table.name]

    def _is_full(self, batch: Sequence[Tried], one: Tried) -> bool:
        size = sum(len(self._bodies[each.entry.id]) for each in [*batch, one])
        return len(batch) == MOST_RECORDS or size > MOST_BYTES

    def _sent(self, batch: Sequence[Tried]) -> list[Tried]:
        """Send a batch of one table, written down before and after; what the stream does not take stays as it was."""
        table = batch[0].entry.stream
        into = {one.entry.id: table for one in batch}
        begun = self._log.begin(into, self._now())
        try:
            refused = self._streams.put(
                f"{self._deployment.name}-{self._tables[table].stream}", [self._bodies.pop(one.entry.id) for one in batch]
            )
        except ServiceError:
            self._log.end(begun, {})
            raise
        done = [_failing(one, EventError("NotTaken", refused[place])) if place in refused else one for place, one in enumerate(batch)]
        taken = [one.entry.id for one in done if one.error is None]
        self._log.end(begun, dict.fromkeys(taken, table))
        self.events.take(taken)
        return done


def _failing(one: Tried, error: EventError) -> Tried:
    return replace(one, lines=(), error=error)
