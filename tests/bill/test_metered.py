"""What was metered, as the lines of a bill beside its estimate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventlake.bill import prices
from eventlake.bill.metered import Function, Stream, Usage, Workgroup, beside, traffic
from eventlake.bill.month import Line
from eventlake.sources import load

TABLES = {table.name: table for source in load() for table in source.tables}
USED = Usage(
    [Stream(TABLES["auth0_logs"], 1e6, 6e9, 8_640), Stream(TABLES["pipeline_execution_state_change"], 1e6, 1e9, 8_640)],
    [Function(90_000, 2_000, 0.256)],
    600_000,
    1e9,
    {"lake": Workgroup(1_000, 5e9), "lake-detections": Workgroup(10, 1e12)},
    20e9,
    2,
    30,
)


def test_quantities_are_what_was_metered() -> None:
    """Of events those that no AWS service sends, of records each rounded up to 5 KB, of queries 10 MB at least."""
    found = {one.price: one.quantity for one in beside(USED, [], converts=True)}

    assert found[prices.CUSTOM_EVENTS] == 1e6
    assert found[prices.FIREHOSE_IN] == found[prices.FIREHOSE_PARQUET] == 1e6 * 10_000 + 1e6 * 5_000
    assert (found[prices.LAMBDA_CALLS], found[prices.LAMBDA_GB_S]) == (90_000, 512)
    assert found[prices.ATHENA_READ] == 10e9 + 1e12
    assert (found[prices.S3_WRITES], found[prices.S3_STORED]) == (17_280, 20e9)
    assert (found[prices.METRICS], found[prices.ALARMS]) == (2, 30)


def test_what_nothing_meters_is_as_estimated() -> None:
    """And says so; a bucket that S3 has not counted yet too."""
    estimate = [Line("hours", 100, prices.GLUE_REQUESTS), Line("log lines", 1e9, prices.S3_STORED), Line("queries", 26, prices.S3_WRITES)]
    found = {one.price: one for one in beside(replace(USED, stored_bytes=None), estimate, converts=False)}

    assert (found[prices.GLUE_REQUESTS].quantity, found[prices.GLUE_REQUESTS].source) == (100, "as estimated")
    assert found[prices.S3_STORED].dollars == found[prices.S3_STORED].estimated == pytest.approx(0.023)
    assert found[prices.S3_WRITES].quantity == 17_280 + 26
    assert prices.FIREHOSE_PARQUET not in found


def test_events_by_webhook_are_on_no_bus() -> None:
    """EventBridge charges nothing for them."""
    assert prices.CUSTOM_EVENTS not in {one.price for one in beside(replace(USED, by_webhook=frozenset({"auth0"})), [], converts=True)}


def test_the_traffic_of_the_estimate_is_what_came() -> None:
    """A table that got nothing has none."""
    quiet = [*USED.streams, Stream(TABLES["stage_execution_state_change"])]
    found = traffic(replace(USED, streams=quiet))

    assert [(one.table, one.events, one.event_bytes, one.charged) for one in found] == [
        ("auth0_logs", 1e6, 6_000, True),
        ("pipeline_execution_state_change", 1e6, 1_000, False),
    ]
