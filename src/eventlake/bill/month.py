"""The bill of a month, line by line, for a lake that is deployed from the templates.

Each line is a quantity and a price. Quantities follow from the traffic and from what a deployment does with it; traffic is taken as steady, which
makes the most objects and calls that so many events can make.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from eventlake.bill import prices
from eventlake.bill.looks import ATHENA_LEAST_BYTES, Hourly, Look, reads
from eventlake.bill.prices import Price
from eventlake.bill.traffic import Traffic

DAYS = 30
SECONDS = DAYS * 86_400
HOURS = DAYS * 24

SHORT_BUFFER_S, TRANSFORM_BYTES = 60, 1_000_000
"""Firehose calls the transform function for a stream after so many seconds or bytes, and writes an object after the plan's; or the other way round."""
MEMORY_GB = 0.256
SECONDS_A_CALL, SECONDS_AN_EVENT = 0.02, 0.0003
"""Billed of the transform function: for a call, and for each event in it, on a seventh of a core, as 256 MB have it."""
SECONDS_A_REGISTRATION, OBJECTS_A_REGISTRATION = 0.10, 4
"""Billed of the partition function for a call, and how many objects come in one."""
CONTAINERS = 2
"""How many of the partition function's see objects of an hour, on average; each asks the catalog for it once."""
LOG_BYTES_A_TRANSFORM, LOG_BYTES_A_REGISTRATION = 400, 600
"""What the functions themselves write of a call, and 26 bytes that CloudWatch adds to a line; Lambda's own lines of a call that went well are off."""
POLLS_S = 20 / 5
"""Lambda asks an empty queue five times in 20 seconds: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
REGISTERING_S, SECONDS_A_LOOK = 60, 0.05
"""How often a schedule has the partition function look at the queue, with Registering=by-minute, and what is billed of a call that finds nothing."""
STATEMENTS_A_CLOSING, SECONDS_A_CLOSING, WRITES_A_CLOSING = 2, 12, 8
"""Of one table each time that hours are closed."""
CLOSINGS_A_DAY = {"off": 0, "daily": 1, "hourly": 24}
OPEN_HOURS = {"off": inf, "daily": 12.5, "hourly": 1.4}
"""How many of the newest hours are not closed, on average: they are closed 25 minutes past midnight, or past each hour."""
CLOSING_METRICS = 7
KEYS_EVERY_S = 300
"""A container reads keys of pseudonyms, and tokens of webhooks, again after so many seconds; one is enough for some hundred events a second."""
SECONDS_A_POST, POSTS_AN_ENTRY = 0.05, 1
"""Of a webhook's function; a provider does not say how many entries it posts at once, so each is taken to come alone, which is dearest."""
SECONDS_A_TICK, WRITES_A_TICK = 5, 3
"""Of the function that runs detections: what it waits for the answer, which Athena writes as two objects, and its state."""
ALARMS_OF_A_TABLE, ALARMS_OF_A_SOURCE, ALARMS_OF_A_LAKE, ALARMS_OF_CLOSING, ALARMS_OF_DETECTIONS = 5, 1, 8, 3, 2
ALARMS_OF_RETENTION, ALARMS_OF_A_WEBHOOK, RETENTIONS_A_DAY, SECONDS_A_RETENTION = 2, 1, 1, 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment is asked for; the names are those of its parameters.

    tables: of the deployed sources, also those without events. queries: a month, each over a day of one table. months_kept: how many months
    of log lines lie in the bucket. webhooks: the sources that declare one. posted: those whose events come by it, and over no bus.
    token_secrets: how many of these have their tokens in Secrets Manager, and not in Parameter Store, which charges nothing for them.
    looks: what the detections read, where there are some.
    """

    traffic: Sequence[Traffic]
    tables: int
    sources: int
    log_format: str = "parquet"
    buffering_seconds: int = 300
    buffering_of: str = "lines"
    buffering_bytes: int = 64_000_000
    closing: str = "off"
    detections: bool = False
    detection_minutes: int = 5
    retention: bool = False
    alarms: bool = True
    keep_raw_events: bool = False
    registering: str = "at-once"
    kms: bool = False
    pseudonyms: bool = False
    queries: int = 300
    months_kept: int = 12
    webhooks: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    token_secrets: int = 0
    looks: Sequence[Look] = ()

    @property
    def events(self) -> float:
        """Return the events of the month."""
        return sum(one.events for one in self.traffic)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: what, how much of it, at which price."""

    what: str
    quantity: float
    price: Price

    @property
    def dollars(self) -> float:
        """Return what it costs."""
        return self.price.of(self.quantity)


def total(lines: Sequence[Line]) -> float:
    """Return the dollars of a bill."""
    return sum(line.dollars for line in lines)


def month(plan: Plan) -> list[Line]:
    """Return the lines of a month's bill that are not empty."""
    parts = (
        _events(plan),
        _webhooks(plan),
        _firehose(plan),
        _functions(plan),
        _storage(plan),
        _queries(plan),
        _closing(plan),
        _detections(plan),
        _retention(plan),
        _watching(plan),
    )
    return [line for part in parts for line in part if line.quantity]


def _events(plan: Plan) -> Iterator[Line]:
    charged = sum(one.events * one.bus_events for one in plan.traffic if one.charged and one.source not in plan.posted)
    yield Line("events that no AWS service sends", charged, prices.CUSTOM_EVENTS)


def _webhooks(plan: Plan) -> Iterator[Line]:
    posts = POSTS_AN_ENTRY * sum(one.events for one in plan.traffic if one.source in plan.posted)
    yield Line("posts to webhooks", posts, prices.LAMBDA_CALLS)
    yield Line("posts to webhooks", posts * SECONDS_A_POST * MEMORY_GB, prices.LAMBDA_GB_S)
    readings = SECONDS / KEYS_EVERY_S
    yield Line("the tokens of webhooks", plan.token_secrets, prices.SECRETS)
    yield Line("reading the tokens of webhooks", plan.token_secrets * readings, prices.SECRET_REQUESTS)
    yield Line("reading the tokens of webhooks", (len(plan.posted) - plan.token_secrets) * readings, prices.KMS_REQUESTS)
    if plan.alarms:
        yield Line("alarms of webhooks", ALARMS_OF_A_WEBHOOK * len(plan.posted), prices.ALARMS)


def _firehose(plan: Plan) -> Iterator[Line]:
    counted = sum(one.events * one.counted_bytes for one in plan.traffic)
    yield Line("records", counted, prices.FIREHOSE_IN)
    if plan.log_format == "parquet":
        yield Line("conversion", counted, prices.FIREHOSE_PARQUET)


def transforms(plan: Plan, one: Traffic) -> float:
    """Return how often the transform function is called for a table."""
    every_s = plan.buffering_seconds if plan.buffering_of == "events" else SHORT_BUFFER_S
    return min(one.events, max(SECONDS / every_s, one.events * one.event_bytes / TRANSFORM_BYTES))


def objects(plan: Plan, one: Traffic) -> float:
    """Return how many objects a table's stream writes: at most one for each call of the transform."""
    every_s = SHORT_BUFFER_S if plan.buffering_of == "events" else plan.buffering_seconds
    return min(transforms(plan, one), max(SECONDS / every_s, one.events * one.event_bytes / plan.buffering_bytes))


def _functions(plan: Plan) -> Iterator[Line]:
    calls = sum(transforms(plan, one) for one in plan.traffic)
    written = sum(objects(plan, one) for one in plan.traffic)
    by_minute = plan.registering == "by-minute"
    looks = SECONDS / REGISTERING_S if by_minute else 0
    registrations = min(written, looks) if by_minute else written / OBJECTS_A_REGISTRATION
    seconds = calls * SECONDS_A_CALL + plan.events * SECONDS_AN_EVENT + registrations * SECONDS_A_REGISTRATION
    yield Line("transforming and registering", calls + registrations, prices.LAMBDA_CALLS)
    yield Line("transforming and registering", seconds * MEMORY_GB, prices.LAMBDA_GB_S)
    asked = looks + 2 * registrations if by_minute else written + SECONDS / POLLS_S
    yield Line("notices of objects, and asking for them", written + asked, prices.SQS_REQUESTS)
    yield Line("asking for objects", looks - by_minute * registrations, prices.LAMBDA_CALLS)
    yield Line("asking for objects", (looks - by_minute * registrations) * SECONDS_A_LOOK * MEMORY_GB, prices.LAMBDA_GB_S)
    yield Line("asking for objects", looks, prices.SCHEDULER)
    hours = CONTAINERS * min(written, HOURS * len(plan.traffic))
    yield Line("hours in the catalog", hours, prices.GLUE_REQUESTS)
    yield Line("what the functions say", calls * LOG_BYTES_A_TRANSFORM + registrations * LOG_BYTES_A_REGISTRATION, prices.LOGS_IN)
    if plan.kms:
        yield Line("the lake's key", 1, prices.KMS_KEYS)
        yield Line("objects, queue and logs under it", 2 * written + SECONDS / 300, prices.KMS_REQUESTS)
    if plan.pseudonyms:
        yield Line("the keys of pseudonyms", 1, prices.SECRETS)
        yield Line("reading the keys of pseudonyms", SECONDS / KEYS_EVERY_S, prices.SECRET_REQUESTS)


def _storage(plan: Plan) -> Iterator[Line]:
    a_month = sum(one.events * one.stored_bytes(plan.log_format) for one in plan.traffic)
    raw = sum(one.events * one.event_bytes / 4 for one in plan.traffic) if plan.keep_raw_events else 0
    raws = sum(min(one.events, SECONDS / 900) for one in plan.traffic) if plan.keep_raw_events else 0
    yield Line("objects", sum(objects(plan, one) for one in plan.traffic) + raws, prices.S3_WRITES)
    yield Line(f"log lines of {plan.months_kept} months", a_month * plan.months_kept, prices.S3_STORED)
    yield Line(f"raw events of {plan.months_kept} months, a quarter of their size", raw * plan.months_kept, prices.S3_STORED)


def _day_bytes(plan: Plan) -> float:
    """Return the bytes of a day of the busiest table."""
    return max((one.events * one.stored_bytes(plan.log_format) for one in plan.traffic), default=0) / DAYS


def _queries(plan: Plan) -> Iterator[Line]:
    closed = plan.closing != "off"
    of_a_day = max((24 if closed else objects(plan, one) / DAYS for one in plan.traffic), default=0)
    yield Line("queries over a day of the busiest table", plan.queries * max(_day_bytes(plan), ATHENA_LEAST_BYTES), prices.ATHENA_READ)
    yield Line("objects that queries read", plan.queries * of_a_day, prices.S3_READS)
    yield Line("lists and results of queries", plan.queries * 26, prices.S3_WRITES)


def _closing(plan: Plan) -> Iterator[Line]:
    rounds = CLOSINGS_A_DAY[plan.closing] * DAYS
    closings = rounds * len(plan.traffic)
    if not closings:
        return
    read = sum(max(one.events * one.stored_bytes(plan.log_format) / rounds, ATHENA_LEAST_BYTES) for one in plan.traffic) * rounds
    yield Line("closing hours", STATEMENTS_A_CLOSING * read, prices.ATHENA_READ)
    yield Line("closing hours", closings * WRITES_A_CLOSING + HOURS * len(plan.traffic), prices.S3_WRITES)
    yield Line("closing hours", closings * SECONDS_A_CLOSING * MEMORY_GB, prices.LAMBDA_GB_S)
    yield Line("closing hours", rounds, prices.SCHEDULER)


def _detections(plan: Plan) -> Iterator[Line]:
    if not plan.detections:
        return
    read = reads(plan.looks, {one.table: _hourly(plan, one) for one in plan.traffic}, SECONDS, plan.detection_minutes * 60)
    yield Line("detections, one statement a tick", read.bytes, prices.ATHENA_READ)
    yield Line("detections", read.ticks * SECONDS_A_TICK * MEMORY_GB, prices.LAMBDA_GB_S)
    yield Line("objects that detections read", read.objects, prices.S3_READS)
    yield Line("lists, results and state of detections", read.lists + WRITES_A_TICK * read.ticks, prices.S3_WRITES)
    yield Line("detections", read.ticks, prices.SCHEDULER)


def _hourly(plan: Plan, one: Traffic) -> Hourly:
    """Return what an hour of a table holds."""
    return Hourly(objects(plan, one) / HOURS, one.events * one.stored_bytes(plan.log_format) / HOURS, OPEN_HOURS[plan.closing])


def _retention(plan: Plan) -> Iterator[Line]:
    if plan.retention:
        yield Line("removing hours that are over", RETENTIONS_A_DAY * DAYS * SECONDS_A_RETENTION * MEMORY_GB, prices.LAMBDA_GB_S)
        yield Line("removing hours that are over", RETENTIONS_A_DAY * DAYS, prices.SCHEDULER)


def _watching(plan: Plan) -> Iterator[Line]:
    closings, active = CLOSINGS_A_DAY[plan.closing], len({one.source for one in plan.traffic})
    of_hours = CLOSING_METRICS * closings / 24 + plan.retention * RETENTIONS_A_DAY / 24
    yield Line("metrics: events of each source, closings, retention", active + of_hours, prices.METRICS)
    if plan.alarms:
        of_options = ALARMS_OF_CLOSING * bool(closings) + ALARMS_OF_DETECTIONS * plan.detections + ALARMS_OF_RETENTION * plan.retention
        of_lake = ALARMS_OF_A_LAKE + ALARMS_OF_A_SOURCE * plan.sources + ALARMS_OF_A_TABLE * plan.tables
        yield Line("alarms", of_lake + of_options, prices.ALARMS)


@dataclass(frozen=True, slots=True)
class Change:
    """What a bill would be with one thing done otherwise. difference: in dollars a month, below zero for less."""

    what: str
    dollars: float
    difference: float


def changes(plan: Plan) -> list[Change]:
    """Return what would change the bill, what saves most first."""
    now = total(month(plan))
    found = [Change(what, cost := total(month(other)), cost - now) for what, other in _others(plan)]
    return sorted(found, key=lambda one: one.difference)


def _others(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """Yield each option that is chosen otherwise, with the plan that it makes."""
    if plan.alarms:
        yield "Alarms=off", replace(plan, alarms=False)
    yield from ((f"Closing={one}", replace(plan, closing=one)) for one in CLOSINGS_A_DAY if one != plan.closing)
    yield f"Detections={'off' if plan.detections else 'on'}", replace(plan, detections=not plan.detections)
    if plan.detections:
        minutes = 15 if plan.detection_minutes == 5 else 5
        yield f"DetectionMinutes={minutes}", replace(plan, detection_minutes=minutes)
    other = "json" if plan.log_format == "parquet" else "parquet"
    yield f"LogFormat={other}", replace(plan, log_format=other)
    yield from (
        (f"BufferingHintsIntervalInSeconds={seconds}", replace(plan, buffering_seconds=seconds))
        for seconds in (60, 300, 900)
        if seconds != plan.buffering_seconds
    )
    of = "events" if plan.buffering_of == "lines" else "lines"
    yield f"BufferingOf={of}", replace(plan, buffering_of=of)
    yield f"Registering={(other := 'by-minute' if plan.registering == 'at-once' else 'at-once')}", replace(plan, registering=other)
    yield f"KeepRawEvents={'no' if plan.keep_raw_events else 'yes'}", replace(plan, keep_raw_events=not plan.keep_raw_events)
    if plan.queries:
        yield "half the queries", replace(plan, queries=plan.queries // 2)
    if plan.months_kept > 1:
        yield "RetentionDays=30", replace(plan, months_kept=1)
    for one in plan.traffic:
        if one.charged:
            yield f"without {one.source}", replace(plan, traffic=[other for other in plan.traffic if other.source != one.source])
    for source in plan.webhooks:
        if source not in plan.posted:
            yield f"{source} by webhook", replace(plan, posted=(*plan.posted, source))
