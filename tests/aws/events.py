"""Events for the tests: the public samples of every source, every type of Auth0, every state of CodePipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventlake.model import Table
from eventlake.pipeline.router import Router
from eventlake.sources import load

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
DATABASES = {table.name: f"{source.name}_event_logs" for source in SOURCES for table in source.tables}
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
    routed = Router(SOURCES).route(json.dumps(event).encode())
    return [table for table, _ in routed.lines]
