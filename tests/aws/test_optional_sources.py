"""The optional sources, all of them on one deployed lake: each documented sample comes over its bus, and is stored as one machine stores it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.deploying import deploy
from aws.lake import Event, Lake, json_values, own_databases
from aws.objects import parquet_rows
from eventlake.cli import run
from eventlake.local.importing import store
from eventlake.local.item import Item
from eventlake.sources import load, load_optional
from eventlake.stack_names import database_name, short_title

pytestmark = pytest.mark.aws

NAME, BUS = "opted", "okta.logs"
SOURCES = load_optional()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
Rows = list[tuple[str, list[tuple[str, Any]]]]
"""Rows of a table by event, each as its columns in order."""


@dataclass(frozen=True)
class Stored:
    """The lake, and the events of the samples as its raw backup kept them."""

    lake: Lake
    raw: list[Event]


@pytest.fixture(scope="module")
def stored(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """A lake of every optional source and no other, once each sample has its rows."""
    folder = tmp_path_factory.mktemp("opted")
    named = [word for source in SOURCES for word in ("--sources", source.name)]
    assert run(["templates", "--into", str(folder / "deployment"), *named]) == 0
    aws("events", "create-event-bus", "--name", BUS)
    switches = {short_title(source): "on" for source in SOURCES if source.bus == "default"}
    databases = {database_name(source): f"{NAME}_{source.name}" for source in SOURCES}
    wanted = {**own_databases(NAME), **databases, **switches, "OktaEventBusName": BUS, "CodePipeline": "off"}
    others = {"Alarms": "off", "KeepRawEvents": "yes", "BufferingHintsIntervalInSeconds": "60"}
    deploy(aws, folder / "deployment" / "templates" / "root.yaml", NAME, folder / "exported.yaml", {**wanted, **others})
    lake, events = Lake(aws, NAME), list(samples())
    for some in (events[start : start + 10] for start in range(0, len(events), 10)):
        answer = aws.service("events").put_events(Entries=[entry(event) for event in some])
        assert answer["FailedEntryCount"] == 0
    return Stored(lake, eventually(lambda: raw_events(lake, len(events))))


def samples() -> Iterator[Event]:
    """The samples that EventBridge can carry and a table wants, one machine says so."""
    for source in SOURCES:
        for path in sorted(Path(source.folder, "samples").glob("*.event.json")):
            event = json.loads(path.read_text("utf-8"))
            if {"source", "detail-type", "detail", "time"} <= event.keys() and path.with_name(
                path.name.replace(".event.", ".log.")
            ).exists():
                yield event


def entry(event: Event) -> dict[str, Any]:
    """An event as PutEvents takes it."""
    bus = BUS if "okta" in event["source"] else "default"
    named = {"Source": event["source"], "DetailType": event["detail-type"], "Time": event["time"], "EventBusName": bus}
    return {**named, "Detail": json.dumps(event["detail"]), "Resources": event.get("resources", [])}


def raw_events(lake: Lake, count: int) -> list[Event] | None:
    """The events as they came, once so many different ones are there; an event that two tables want is kept by both streams."""
    found = {event["id"]: event for key in lake.bucket.keys("raw/") for event in json_values(lake.bucket.read(key).decode())}
    return list(found.values()) if len(found) >= count else None


def rows_of(parts: list[bytes]) -> Rows:
    """The rows of Parquet objects, by event."""
    rows = [row for part in parts for row in parquet_rows(part)]
    return sorted((row["event_id"], sorted((name.lower(), value) for name, value in row.items())) for row in rows)


def test_every_sample_is_stored_as_one_machine_stores_it(stored: Stored, tmp_path: Path) -> None:
    """Each column of each row has the same value, and its hour is a partition; nothing failed."""
    items = [Item(place, json.dumps(event).encode()) for place, event in enumerate(stored.raw, 1)]
    list(store(items, tmp_path / "lake", load([Path(source.folder) for source in SOURCES])))
    local = {name: list((tmp_path / "lake" / "objects" / table.prefix).rglob("*.parquet")) for name, table in TABLES.items()}
    here = {name: rows_of([path.read_bytes() for path in paths]) for name, paths in local.items()}
    bucket = stored.lake.bucket

    def there() -> dict[str, Rows]:
        return {name: rows_of([bucket.read(key) for key in bucket.keys(f"{table.prefix}/")]) for name, table in TABLES.items()}

    assert all(here.values())
    assert eventually(lambda: {name: len(rows) for name, rows in there().items()} == {name: len(rows) for name, rows in here.items()})
    assert there() == here
    for name, table in TABLES.items():
        assert eventually(lambda name=name, source=table.source: stored.lake.partitions(name, f"{NAME}_{source}"))  # type: ignore[misc]
    assert stored.lake.failures() == []
