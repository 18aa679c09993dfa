"""What AWS counts of events."""

from __future__ import annotations

import json

from eventlake.bill.traffic import measured, scaled
from eventlake.sources import load


def event(kind: str, source: str, text: str) -> bytes:
    """An event with so long a text."""
    return json.dumps(
        {"id": "1", "source": source, "detail-type": kind, "time": "2026-11-20T10:00:00Z", "detail": {"pipeline": text}}
    ).encode()


ACTION = "CodePipeline Action Execution State Change"


def test_records_are_counted_by_begun_five_kilobytes() -> None:
    """As Firehose charges them."""
    (small,) = measured([event(ACTION, "aws.codepipeline", "web")], load())
    (large,) = measured([event(ACTION, "aws.codepipeline", "w" * 5_000)], load())

    assert (small.counted_bytes, large.counted_bytes) == (5_000, 10_000)
    assert not small.charged


def test_large_events_are_several_on_a_bus() -> None:
    """EventBridge counts begun 64 KB, and charges what no AWS service sends."""
    (logs,) = measured([event("Auth0 log", "aws.partner/auth0.com/t/auth0.logs", "w" * 70_000)], load())

    assert (logs.bus_events, logs.charged) == (2, True)


def test_what_no_table_wants_counts_nowhere() -> None:
    """The rules decide, as they do on AWS."""
    assert measured([event("Other", "com.example", "x"), b"no event"], load()) == []


def test_a_mix_is_kept_when_it_is_scaled() -> None:
    """Three actions and one execution are three quarters of any month."""
    events = [event(ACTION, "aws.codepipeline", "web")] * 3 + [
        event("CodePipeline Pipeline Execution State Change", "aws.codepipeline", "web")
    ]

    assert [one.events for one in scaled(measured(events, load()), 1e6)] == [750_000, 250_000]
