"""Events for the tests: the public samples of every source, every type of Auth0, every state of CodePipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventlake.history.log_types import AUTH0_LOG, log_types
from eventlake.model import Table
from eventlake.pipeline.router import Router
from eventlake.sources import load

SOURCES = load()
ROUTER = Router(SOURCES)
TABLES = {table.name: table for source in SOURCES for table in source.tables}
DATABASES = {table.name: source.database for source in SOURCES for table in source.tables}
STATES = {
    "Pipeline": ("STARTED", "RESUMED", "SUPERSEDED", "STOPPING", "STOPPED", "SUCCEEDED", "CANCELED", "FAILED"),
    "Stage": ("STARTED", "RESUMED", "STOPPING", "STOPPED", "SUCCEEDED", "CANCELED", "FAILED"),
    "Action": ("STARTED", "SUCCEEDED", "FAILED", "CANCELED", "ABANDONED"),
}
"""https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html"""
Event = dict[str, Any]


def samples() -> Iterator[Event]:
    """The samples that EventBridge can carry, as events of their source."""
    for source in SOURCES:
        for path in sorted(Path(source.folder, "samples").glob("*.event.json")):
            event = json.loads(path.read_text(encoding="utf-8"))
            if {"source", "detail-type", "detail", "time"} <= event.keys():
                yield event


def tables_of(event: Event) -> list[Table]:
    """The tables whose rule wants an event."""
    routed = ROUTER.route(json.dumps(event).encode())
    return [table for table, _ in routed.lines]


def auth0_types() -> Iterator[Event]:
    """One event of each documented log type."""
    like = next(event for event in samples() if event["detail-type"] == AUTH0_LOG)
    for code in sorted(log_types()):
        data = {"type": code, "date": "2026-11-20T10:00:00.000Z", "log_id": f"90020261120{code}", "user_name": f"user of {code}"}
        yield {**like, "detail": {"log_id": data["log_id"], "data": data}}


def codepipeline_states() -> Iterator[Event]:
    """One event of each state of pipelines, stages and actions."""
    for kind, states in STATES.items():
        like = next(event for event in samples() if event["detail-type"] == f"CodePipeline {kind} Execution State Change")
        for state in states:
            yield {**like, "detail": {**like["detail"], "state": state}}
