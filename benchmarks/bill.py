"""What AWS would charge for a month of events, from a dated price list, against the design of the lakes before this one.

    python benchmarks/bill.py [EVENTS_A_MONTH]

Prices are those of `eventlake cost`; free tiers are left out, and so are metrics and alarms. The designs differ in what a table of
steady traffic makes of them: how many objects are written, how many of them the queries of a month read, and whether hours are closed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from eventlake.bill import prices

PRICES = {
    "EventBridge, a million partner events": prices.CUSTOM_EVENTS.dollars,
    "Firehose, a GB taken in (each record counts 5 KB at least)": prices.FIREHOSE_IN.dollars,
    "Firehose, a GB converted to Parquet (counted likewise)": prices.FIREHOSE_PARQUET.dollars,
    "Lambda, a million calls": prices.LAMBDA_CALLS.dollars,
    "Lambda, a GB-second on x86": 0.0000166667,
    "Lambda, a GB-second on arm64": prices.LAMBDA_GB_S.dollars,
    "S3, a thousand PUT or LIST": prices.S3_WRITES.dollars,
    "S3, a thousand GET": prices.S3_READS.dollars,
    "S3, a GB and month": prices.S3_STORED.dollars,
    "SQS, a million requests": prices.SQS_REQUESTS.dollars,
    "Athena, a TB read (each query counts 10 MB at least)": prices.ATHENA_READ.dollars,
    "CloudWatch, a GB of logs": prices.LOGS_IN.dollars,
}

PARTNER_SHARE = 0.5
QUERIES = 300
"""Queries a month, each over a day of one table."""
TABLES = 4
SECONDS = 30 * 86_400


@dataclass(frozen=True)
class Design:
    """What a design does with the same events."""

    name: str
    seconds_an_object: int
    """The buffer: with steady traffic it decides how many objects there are."""
    bytes_a_line: float
    converts: bool
    memory_gb: float
    seconds_a_call: float
    gb_second: str
    calls_a_thousand_objects: int
    """Calls of the function that registers partitions."""
    log_bytes_an_object: int
    closings_a_day: int = 0
    """How often hours are closed, each time those that are over; their queries read one object for an hour."""
    is_webhook: bool = False
    """Whether Auth0 sends its logs to a function in place of a partner bus: a call for each event, at worst."""


_PARQUET = Design("300 s, Parquet, calls in batches", 300, 190, True, 0.25, 0.10, "Lambda, a GB-second on arm64", 250, 300)
DESIGNS = (
    Design("60 s, gzip JSON, a call an object", 60, 230, False, 0.128, 0.15, "Lambda, a GB-second on x86", 1_000, 1_300),
    _PARQUET,
    replace(_PARQUET, name="the same, closed once a day", closings_a_day=1),
    replace(_PARQUET, name="the same, closed every hour", closings_a_day=24),
    replace(_PARQUET, name="900 s, Parquet, closed once a day, Auth0 by webhook", seconds_an_object=900, closings_a_day=1, is_webhook=True),
)
SECONDS_A_POST, LOG_BYTES_A_POST = 0.05, 300
"""Of a call of the webhook's function: it puts the events to Firehose and waits for the answer."""

STATEMENTS_A_CLOSING, SECONDS_A_CLOSING, PUTS_A_CLOSING = 2, 12, 8
"""Of one table: one statement counts and one writes; results, manifests and lists are written and asked for beside the closed objects."""


def bill(design: Design, events: int) -> dict[str, float]:
    """Dollars a month by service."""
    objects = min(events, TABLES * SECONDS / design.seconds_an_object)
    transforms = min(events, TABLES * SECONDS / 60)
    registrations = objects * design.calls_a_thousand_objects / 1_000
    taken_in_gb = events * 5_000 / 1e9
    closings = design.closings_a_day * 30 * TABLES
    read = QUERIES * min(objects / TABLES / 30, 24 if closings else objects)
    posts = events * PARTNER_SHARE if design.is_webhook else 0
    calls = transforms + registrations + closings + posts
    seconds_of_calls = (transforms + registrations) * design.seconds_a_call + closings * SECONDS_A_CLOSING + posts * SECONDS_A_POST
    seconds = seconds_of_calls * design.memory_gb
    puts = objects + (closings * PUTS_A_CLOSING + TABLES * 720 if closings else 0)
    return {
        "EventBridge": (events * PARTNER_SHARE - posts) / 1e6 * PRICES["EventBridge, a million partner events"],
        "Firehose": taken_in_gb * PRICES["Firehose, a GB taken in (each record counts 5 KB at least)"]
        + (taken_in_gb * PRICES["Firehose, a GB converted to Parquet (counted likewise)"] if design.converts else 0),
        "Lambda": calls / 1e6 * PRICES["Lambda, a million calls"] + seconds * PRICES[design.gb_second],
        "S3": puts / 1e3 * PRICES["S3, a thousand PUT or LIST"]
        + read / 1e3 * PRICES["S3, a thousand GET"]
        + QUERIES * 24 / 1e3 * PRICES["S3, a thousand PUT or LIST"]
        + events * design.bytes_a_line / 1e9 * PRICES["S3, a GB and month"],
        "SQS": (objects + 3 * SECONDS / 20) / 1e6 * PRICES["SQS, a million requests"] if design.converts else 0.0,
        "Athena": (
            QUERIES * max(events * design.bytes_a_line / 30, 10e6)
            + STATEMENTS_A_CLOSING * closings * max(events * design.bytes_a_line / max(closings, 1), 10e6)
        )
        / 1e12
        * PRICES["Athena, a TB read (each query counts 10 MB at least)"],
        "CloudWatch": (objects * design.log_bytes_an_object + transforms * 700 + posts * LOG_BYTES_A_POST)
        / 1e9
        * PRICES["CloudWatch, a GB of logs"],
    }


def main() -> None:
    """Print the bills, service by service, and their ratios to the first."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    bills = [bill(design, events) for design in DESIGNS]
    print(f"{events:,} events a month, {PARTNER_SHARE:.0%} of them over a partner bus, {QUERIES} queries over a day each")
    for service in bills[0]:
        print(f"{service:12}" + "".join(f"{one[service]:10.2f}" for one in bills))
    totals = [sum(one.values()) for one in bills]
    print(f"{'together':12}" + "".join(f"{total:10.2f}" for total in totals))
    print(f"{'ratio':12}" + "".join(f"{total / totals[0]:10.2f}" for total in totals))
    print(f"{'least':12}" + "".join(f"{(one['EventBridge'] + one['Firehose']) / totals[0]:10.2f}" for one in bills))
    print("\n".join(f"{number}. {design.name}" for number, design in enumerate(DESIGNS, 1)))
    print("least: what EventBridge and Firehose alone take of the first bill, whatever is saved elsewhere")
    print("alarms not counted: $0.10 each beyond the first ten")


if __name__ == "__main__":
    main()
