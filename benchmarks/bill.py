"""What AWS would charge for a month of events, from a dated price list, against the design of the lakes before this one.

    python benchmarks/bill.py [EVENTS_A_MONTH]

The bills of eventlake are those of `eventlake cost estimate`, line by line, so that both say the same; that of the lakes before is worked out here.
Free tiers are left out, and so are metrics and alarms. The designs differ in what a table of steady traffic makes of them: how many objects are
written, how often functions are called, how many objects the queries of a month read, and whether hours are closed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventlake.bill import prices
from eventlake.bill.month import SECONDS, Plan, month
from eventlake.bill.traffic import RECORD_BYTES, Traffic

PARTNER_SHARE = 0.5
QUERIES = 300
"""Queries a month, each over a day of one table."""
TABLES = {"auth0_logs": "auth0", **{f"{one}_execution_state_change": "codepipeline" for one in ("pipeline", "stage", "action")}}
EVENT_BYTES, LINE_BYTES = 1_500, 230
"""Of an event as a record, and of its log line in gzip JSON."""
GB_SECOND_ON_X86 = 0.0000166667
SERVICES = {"Secrets Manager": "secrets", "EventBridge Scheduler": "schedules"}
"""How services are called here whose names are long."""
WITHOUT = (prices.METRICS, prices.ALARMS)


@dataclass(frozen=True)
class Design:
    """A deployment: what it differs in from what the templates do unless they are told otherwise."""

    name: str
    chosen: Mapping[str, Any] = field(default_factory=dict)  # fields of a plan


CLOSED = {"closing": "daily"}
SLOW = {**CLOSED, "buffering_seconds": 900}
SPARING = {**SLOW, "buffering_of": "events", "registering": "by-minute"}
DESIGNS = (
    Design("as deployed without a parameter: 300 s, Parquet"),
    Design("closed once a day", CLOSED),
    Design("closed every hour", {"closing": "hourly"}),
    Design("closed once a day, 900 s", SLOW),
    Design("closed once a day, 900 s in front of the transform, registered by the minute", SPARING),
    Design("the same, Auth0 by webhook", {**SPARING, "posted": ("auth0",)}),
)


def before(events: int) -> dict[str, float]:
    """Return dollars a month by service of the lakes before this one: 60 s, gzip JSON, x86, and for each object a call that asks Glue."""
    objects = min(events, len(TABLES) * SECONDS / 60)
    transforms = objects
    read = QUERIES * objects / len(TABLES) / 30
    return {
        "EventBridge": prices.CUSTOM_EVENTS.of(events * PARTNER_SHARE),
        "Firehose": prices.FIREHOSE_IN.of(events * RECORD_BYTES),
        "Lambda": prices.LAMBDA_CALLS.of(objects + transforms) + (objects + transforms) * 0.15 * 0.128 * GB_SECOND_ON_X86,
        "S3": prices.S3_WRITES.of(objects + QUERIES * 24) + prices.S3_READS.of(read) + prices.S3_STORED.of(events * LINE_BYTES),
        "Athena": prices.ATHENA_READ.of(QUERIES * max(events * LINE_BYTES / 30, 10e6)),
        "CloudWatch": prices.LOGS_IN.of(objects * 1_300 + transforms * 700),
        "Glue": prices.GLUE_REQUESTS.of(objects),
    }


def bill(design: Design, events: int) -> dict[str, float]:
    """Return dollars a month by service."""
    shares = [(PARTNER_SHARE if source == "auth0" else (1 - PARTNER_SHARE) / 3, table, source) for table, source in TABLES.items()]
    traffic = [
        Traffic(table, source, events * share, source == "auth0", EVENT_BYTES, RECORD_BYTES, 1, LINE_BYTES)
        for share, table, source in shares
    ]
    plan = Plan(traffic, len(TABLES), 2, queries=QUERIES, months_kept=1, webhooks=("auth0",), **design.chosen)
    dollars: Counter[str] = Counter()
    for line in month(plan):
        if line.price not in WITHOUT:
            dollars[SERVICES.get(line.price.service, line.price.service)] += line.dollars
    return dict(dollars)


def main() -> None:
    """Print the bills, service by service, and their ratios to the first."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    bills = [before(events), *(bill(design, events) for design in DESIGNS)]
    print(f"{events:,} events a month, {PARTNER_SHARE:.0%} of them over a partner bus, {QUERIES} queries over a day each")
    for service in dict.fromkeys(name for one in bills for name in one):
        print(f"{service:12}" + "".join(f"{one.get(service, 0):10.2f}" for one in bills))
    totals = [sum(one.values()) for one in bills]
    print(f"{'together':12}" + "".join(f"{total:10.2f}" for total in totals))
    print(f"{'ratio':12}" + "".join(f"{total / totals[0]:10.3f}" for total in totals))
    least = [(one.get("EventBridge", 0) + one["Firehose"]) / totals[0] for one in bills]
    print(f"{'least':12}" + "".join(f"{one:10.3f}" for one in least))
    print("1. the lakes before this one: 60 s, gzip JSON, a call an object")
    print("\n".join(f"{number}. {design.name}" for number, design in enumerate(DESIGNS, 2)))
    print("least: what EventBridge and Firehose alone take of the first bill, whatever is saved elsewhere")
    print("metrics and alarms not counted: $0.30 and $0.10 each beyond the first ten")


if __name__ == "__main__":
    main()
