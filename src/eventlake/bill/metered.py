"""What a lake was metered to use -> the lines of a month at that pace, beside the estimate for as many events.

What AWS meters nowhere in CloudWatch (reads and lists of S3, requests to Glue, KMS and Secrets Manager, calls of Scheduler) is taken from the estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eventlake.bill import prices
from eventlake.bill.looks import ATHENA_LEAST_BYTES
from eventlake.bill.month import Line
from eventlake.bill.prices import Price
from eventlake.bill.traffic import RECORD_BYTES, Traffic, is_from_aws
from eventlake.model import Table

LINE_SHARE = 0.095
"""Bytes of a log line in gzip JSON, of those of its event: of `cost estimate`'s own sample."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What one table's delivery stream took in and wrote."""

    table: Table
    records: float = 0
    bytes: float = 0
    objects: float = 0

    @property
    def counted_bytes(self) -> float:
        """Return what Firehose counts of an average record."""
        return -(-self.bytes // (self.records * RECORD_BYTES)) * RECORD_BYTES if self.records else 0


@dataclass(frozen=True, slots=True)
class Function:
    """What one function was called for. gb: its memory."""

    calls: float
    seconds: float
    gb: float


@dataclass(frozen=True, slots=True)
class Workgroup:
    """The queries that are paid for, and what they read, of one workgroup of Athena's."""

    queries: float
    bytes: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a lake used in a month of 30 days, or would at the pace of the time that was looked at.

    by_webhook: the sources whose events come over no bus. stored_bytes: None while S3 has not counted them. metrics: of the lake's own.
    """

    streams: Sequence[Stream]
    functions: Sequence[Function] = ()
    queue_requests: float = 0
    log_bytes: float = 0
    workgroups: Mapping[str, Workgroup] = field(default_factory=dict)
    stored_bytes: float | None = None
    metrics: float = 0
    alarms: float = 0
    by_webhook: frozenset[str] = frozenset()

    @property
    def events(self) -> float:
        """Return how many records all streams took in."""
        return sum(one.records for one in self.streams)


@dataclass(frozen=True, slots=True)
class Beside:
    """All of a bill that has one price. source: where the quantity is from. estimated: the dollars of the estimate."""

    price: Price
    quantity: float
    source: str
    estimated: float

    @property
    def dollars(self) -> float:
        """Return what it costs."""
        return self.price.of(self.quantity)


def traffic(usage: Usage) -> list[Traffic]:
    """Return the traffic that an estimate is made of: as many events, as large as they were."""
    return [
        Traffic(
            one.table.name,
            one.table.source,
            one.records,
            is_from_aws(one.table) is False,
            one.bytes / one.records,
            one.counted_bytes,
            1,
            one.bytes / one.records * LINE_SHARE,
        )
        for one in usage.streams
        if one.records
    ]


def beside(usage: Usage, estimate: Sequence[Line], *, converts: bool) -> list[Beside]:
    """Return the bill, one line a price, what costs most first. converts: whether the lake writes Parquet."""
    metered = {price: (quantity, source) for price, quantity, source in _metered(usage, estimate, converts)}
    estimated: dict[Price, tuple[float, float]] = {}
    for line in estimate:
        quantity, dollars = estimated.get(line.price, (0.0, 0.0))
        estimated[line.price] = quantity + line.quantity, dollars + line.dollars
    found = []
    for price in dict.fromkeys([*metered, *estimated]):
        guessed, dollars = estimated.get(price, (0.0, 0.0))
        quantity, source = metered.get(price, (guessed, "as estimated"))
        found.append(Beside(price, quantity, source, dollars))
    return sorted((one for one in found if one.quantity or one.estimated), key=lambda one: -one.dollars)


def _metered(usage: Usage, estimate: Iterable[Line], converts: bool) -> Iterator[tuple[Price, float, str]]:
    charged = [one for one in usage.streams if not is_from_aws(one.table) and one.table.source not in usage.by_webhook]
    counted = sum(one.records * one.counted_bytes for one in usage.streams)
    yield prices.CUSTOM_EVENTS, sum(one.records for one in charged), "AWS/Firehose IncomingRecords of sources that no AWS service sends"
    yield prices.FIREHOSE_IN, counted, "AWS/Firehose IncomingRecords and IncomingBytes"
    if converts:
        yield prices.FIREHOSE_PARQUET, counted, "AWS/Firehose IncomingRecords and IncomingBytes"
    yield prices.LAMBDA_CALLS, sum(one.calls for one in usage.functions), "AWS/Lambda Invocations"
    yield prices.LAMBDA_GB_S, sum(one.seconds * one.gb for one in usage.functions), "AWS/Lambda Duration"
    yield prices.SQS_REQUESTS, usage.queue_requests, "AWS/SQS messages, and empty receives"
    yield prices.LOGS_IN, usage.log_bytes, "AWS/Logs IncomingBytes"
    read = sum(max(one.bytes, one.queries * ATHENA_LEAST_BYTES) for one in usage.workgroups.values())
    yield prices.ATHENA_READ, read, "AWS/Athena ProcessedBytes"
    written = sum(one.objects for one in usage.streams)
    others = sum(line.quantity for line in estimate if line.price is prices.S3_WRITES and line.what != "objects")
    if written:  # AWS documents the metric for streams that partition dynamically; where it is not told, the estimate stands
        yield prices.S3_WRITES, written + others, "AWS/Firehose DeliveryToS3.ObjectCount; queries and closing as estimated"
    if usage.stored_bytes is not None:
        yield prices.S3_STORED, usage.stored_bytes, "AWS/S3 BucketSizeBytes"
    yield prices.METRICS, usage.metrics, "CloudWatch's list of metrics"
    yield prices.ALARMS, usage.alarms, "CloudWatch's list of alarms"
