"""Events -> what AWS counts of them: how large they are as records and as log lines, in which table they end, over which kind of bus they come."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventlake.model import Source, Table
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.router import Router

RECORD_BYTES = 5_000
"""Firehose counts each record as so many bytes, or a multiple of it."""
EVENT_BYTES = 64 * 1024
"""EventBridge counts each begun one of these as an event."""
_PARQUET_SHARE = 0.85
"""Bytes of a line in Parquet, of those in gzip JSON: measured on the demo's history at five-minute objects (190 of 230 bytes, rounded up)."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one table gets in a month.

    charged: whether EventBridge charges its events, as it does those that no AWS service sends. event_bytes: of one as a record, on average.
    counted_bytes: what Firehose counts of one. bus_events: what EventBridge counts of one. line_bytes: of one log line in gzip JSON.
    """

    table: str
    source: str
    events: float
    charged: bool
    event_bytes: float
    counted_bytes: float
    bus_events: float
    line_bytes: float

    def stored_bytes(self, log_format: str) -> float:
        """Return the bytes of a log line in a format."""
        return self.line_bytes * (_PARQUET_SHARE if log_format == "parquet" else 1)


def measured(events: Iterable[bytes], sources: Sequence[Source]) -> list[Traffic]:
    """Measure the traffic of events as EventBridge delivers them, table by table, the busiest first. An event that no table wants counts nowhere."""
    router = Router(sources, pseudonyms=KeyRing.of_this_moment())
    found: dict[str, _Sum] = {}
    for event in events:
        for table, line in router.route(event).lines:
            found.setdefault(table.name, _Sum(table)).add(event, line)
    return sorted((one.traffic() for one in found.values()), key=lambda one: (-one.events, one.table))


def scaled(traffic: Sequence[Traffic], events: float) -> list[Traffic]:
    """Return the same mix for so many events together."""
    factor = events / sum(one.events for one in traffic)
    return [replace(one, events=one.events * factor) for one in traffic]


class _Sum:
    """Adds up what one table gets."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._events = self._bytes = self._counted = self._bus = 0
        self._zipped = 0
        self._zip = zlib.compressobj(6)

    def add(self, event: bytes, line: bytes) -> None:
        """Add an event with its log line."""
        self._events += 1
        self._bytes += len(event)
        self._counted += -(-len(event) // RECORD_BYTES) * RECORD_BYTES
        self._bus += -(-len(event) // EVENT_BYTES)
        self._zipped += len(self._zip.compress(line))

    def traffic(self) -> Traffic:
        """Return it, averaged."""
        zipped = self._zipped + len(self._zip.copy().flush())
        of_one = [total / self._events for total in (self._bytes, self._counted, self._bus, zipped)]
        return Traffic(self._table.name, self._table.source, self._events, not is_from_aws(self._table), *of_one)


def is_from_aws(table: Table) -> bool:
    """Return True if AWS's own services send a table's events, which EventBridge does not charge."""
    sources = table.pattern.get("source")
    return isinstance(sources, list) and all(isinstance(one, str) and one.startswith("aws.") for one in sources)
