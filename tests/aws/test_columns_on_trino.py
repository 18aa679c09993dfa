"""A real Trino reads what the functions and streams of two lakes wrote, Parquet and JSON: each column of each event as DuckDB reads it locally.

The local lake is made from the raw backup, so that all three hold the very same events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.deploying import delete
from aws.events import SOURCES, TABLES, auth0_types, codepipeline_states, samples, tables_of
from aws.lake import EVERY_SOURCE, Lake, deployed
from eventlake.backends.trino import TrinoEngine
from eventlake.interfaces import Engine
from eventlake.local.folder import open_lake
from eventlake.local.importing import store
from eventlake.local.item import Item
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.event_rows import EventRows

pytestmark = pytest.mark.java

EVENTS = [event for event in (*samples(), *auth0_types(), *codepipeline_states()) if tables_of(event)]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def lines(aws: Aws, lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with JSON lines, beside the one with Parquet."""
    parameters = {**EVERY_SOURCE, "LogFormat": "json", "Alarms": "off"}
    yield deployed(aws, "lines", tmp_path_factory.mktemp("lines"), parameters)
    delete(aws, "lines")


@pytest.fixture(scope="module")
def ids(lake: Lake, lines: Lake) -> set[str]:
    """The ids of all events, once both lakes hold a row and a partition of each."""
    ids = lake.put(EVENTS)
    prefixes = [table.prefix for table in TABLES.values()]
    for each in (lake, lines):
        each.arrived(ids, prefixes)
        assert eventually(lambda e=each: all(map(e.partitions, TABLES)))  # type: ignore[misc]
    return set(ids)


@pytest.fixture(scope="module")
def local(lake: Lake, ids: set[str], tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """DuckDB over the same events in a folder."""
    folder = tmp_path_factory.mktemp("local") / "lake"
    raw = [event for name in TABLES for event in lake.raw_events(name) if event["id"] in ids]
    items = [Item(line, json.dumps(event).encode()) for line, event in enumerate(raw, 1)]
    assert [outcome.code for outcome in store(items, folder, SOURCES)] == [None] * len(items)
    return open_lake(folder, SOURCES).engine


def rows(engine: Engine, name: str, ids: set[str]) -> dict[str, Row]:
    """{event id: the row}, every column as the declaration names it."""
    columns = [column.name for column in TABLES[name].columns]
    selected = ", ".join(f'"{column}"' for column in columns)
    found = engine.query(f"SELECT event_id, {selected} FROM {name}").rows
    return {event_id: dict(zip(columns, values, strict=True)) for event_id, *values in found if event_id in ids}


@pytest.mark.parametrize("log_format", ["parquet", "json"])
@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_what_duckdb_reads(
    trino: str, local: Engine, lake: Lake, lines: Lake, ids: set[str], name: str, log_format: str
) -> None:
    """Types, texts, numbers, times, lists and NULLs, for all samples, all types of Auth0 and all states of CodePipeline."""
    deployed_lake = lines if log_format == "json" else lake
    tables = [replace(table, database=deployed_lake.database(table.name)) for table in TABLES.values()]
    here, there = rows(local, name, ids), rows(TrinoEngine(trino, "lake", tables), name, ids)
    assert here
    assert there == here


@pytest.mark.parametrize("name", TABLES)
def test_a_replay_asks_for_what_duckdb_answers(trino: str, local: Engine, lake: Lake, ids: set[str], name: str) -> None:
    """The texts of events, where the statement writes them: byte for byte."""
    tables = [replace(table, database=lake.database(table.name)) for table in TABLES.values()]
    wanted = EventRows(TABLES[name], STANDARD)
    selected = f"event_id, {wanted.selected('#') if wanted.is_worded else wanted.columns}"
    here, there = (
        {row[0]: tuple(row) for row in engine.query(f"SELECT {selected} FROM {name}").rows if row[0] in ids}
        for engine in (local, TrinoEngine(trino, "lake", tables))
    )
    assert here
    assert there == here
