"""Many detections in one statement find what each finds alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventlake.detections.detection import Detection, read_detection
from eventlake.detections.evaluating import Asked, evaluate
from eventlake.detections.together import context_of, found_together, moments, statement_of
from eventlake.errors import QueryError
from eventlake.lake import Lake
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

HEADER = """\
-- Something
-- What it means.
-- severity low
-- every 5m
-- window 1h
-- key it
-- do Nothing.
"""
PIPELINES = """\
select pipeline as key, count(*) as events, min(event_time) as first_event, max(event_time) as last_event,
  array_agg(distinct state) as states, max(version) as "it's", cast(null as varchar) as nothing, count(*) > 1 as several
from pipeline_execution_state_change where event_time >= :since and event_time < :until group by pipeline
"""
ACTIONS = """\
with chosen as (select * from action_execution_state_change where event_time >= :since and event_time < :until)
select pipeline as key, count(*) as events, min(event_time) as first_event, max(event_time) as last_event from chosen group by pipeline
"""


def _detection(name: str, sql: str) -> Detection:
    return read_detection(HEADER + sql, name, "codepipeline", [table.name for table in TABLES], where=name)


DETECTIONS = [_detection("pipelines", PIPELINES), _detection("actions", ACTIONS)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Some executions, one of them hours ago, and one without a pipeline."""
    folder = tmp_path_factory.mktemp("lake")
    with Importer(folder, SOURCES, now=lambda: NOW) as importer:
        kinds = [("Pipeline", "web", 5), ("Pipeline", "web", 9), ("Pipeline", "api", 200), ("Action", "web", 7), ("Pipeline", None, 3)]
        importer.accept([Item(1, _event(number, *kind)) for number, kind in enumerate(kinds)])
        importer.deliver()
    return open_lake(folder, SOURCES)


def _event(number: int, kind: str, pipeline: str | None, minutes: int) -> bytes:
    detail = {"pipeline": pipeline, "state": ("STARTED", "SUCCEEDED")[number % 2], "version": 3}
    envelope = {"id": f"e{number}", "source": "aws.codepipeline", "detail-type": f"CodePipeline {kind} Execution State Change"}
    return json.dumps({**envelope, "time": (NOW - timedelta(minutes=minutes)).isoformat(), "detail": detail}).encode()


def _together(lake: Lake, runs: Sequence[Asked]) -> list[list[Any]]:
    contexts = {run.detection.name: context_of(run.detection, TABLES) for run in runs}
    return [list(found) for found in found_together(runs, lake.engine.query(statement_of(runs, TABLES, contexts)).rows)]


def test_one_statement_finds_what_each_finds_alone(lake: Lake) -> None:
    """At several moments, of tables of one database or several, with context of any type."""
    runs = [Asked(one, NOW - timedelta(minutes=back)) for one in DETECTIONS for back in (0, 180)]
    found = _together(lake, runs)
    assert [[(one.key, one.events) for one in each] for each in found] == [[("web", 2)], [("api", 1)], [("web", 1)], []]
    for run, each in zip(runs, found, strict=True):
        alone = list(evaluate(run.detection, lake.engine, run.until))
        assert [(one.key, one.events, one.first_event, one.last_event) for one in each] == [
            (one.key, one.events, one.first_event, one.last_event) for one in alone
        ]
    assert found[0][0].context["it's"] == "3"
    assert json.loads(found[0][0].context["states"]) in (["STARTED", "SUCCEEDED"], ["SUCCEEDED", "STARTED"], ["STARTED"])
    assert "nothing" not in found[0][0].context


def test_what_lacks_a_column_is_refused() -> None:
    """Before any statement is sent."""
    with pytest.raises(QueryError, match="last_event"):
        context_of(_detection("short", PIPELINES.replace("max(event_time) as last_event,", "")), TABLES)


def test_missed_moments_are_a_window_apart_and_end_with_now() -> None:
    """Of the last 24 hours at most; none where nothing was missed."""
    one = DETECTIONS[0]
    hours = [[(NOW - at) / timedelta(hours=1) for at in moments(one, NOW - timedelta(hours=back), NOW)] for back in (1, 4, 100)]
    assert hours[:2] == [[0.0], [3.0, 2.0, 1.0, 0.0]]
    assert (len(hours[2]), hours[2][0]) == (24, 23.0)
    assert list(moments(one, None, NOW)) == [NOW]
