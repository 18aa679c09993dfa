"""Runs of detections that are asked together find what each finds alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.detection import Detection, load_detections, read_detection
from eventlake.detections.evaluating import Asked, evaluate, evaluate_all
from eventlake.detections.found import Found
from eventlake.errors import EventlakeError
from eventlake.history import sized_history
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOURCES = load()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    """Three days of an invented history."""
    folder = tmp_path_factory.mktemp("lake")
    arrival = NOW
    with Importer(folder, SOURCES, now=lambda: arrival) as importer:
        for number, (at, body) in enumerate(sized_history(1500, 3, NOW)):
            if at.date() != arrival.date():
                importer.deliver()
            arrival = at
            importer.accept([Item(number, body)])
        importer.deliver()
    return cast("DuckDBEngine", open_lake(folder, SOURCES).engine)


def _sorted(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda one: one.key)


def _broken(sql: str) -> Detection:
    header = "-- Wrong\n-- It cannot run.\n-- severity low\n-- every 5m\n-- window 1h\n-- key it\n-- do Nothing.\n"
    text = f"{header}{sql} from auth0_logs where event_time >= :since and event_time < :until"
    return read_detection(text, "broken", "auth0", ["auth0_logs"], where="broken")


@pytest.mark.slow
def test_together_they_find_what_each_finds_alone(engine: DuckDBEngine) -> None:
    """All built-in ones, half of them at another moment."""
    runs = [Asked(one, NOW - timedelta(hours=number % 2 * 30)) for number, one in enumerate(load_detections(SOURCES).values())]
    alone = [_sorted(evaluate(run.detection, engine, run.until)) for run in runs]
    assert [_sorted(found) for found in evaluate_all(runs, engine) if not isinstance(found, EventlakeError)] == alone
    assert any(alone)


@pytest.mark.slow
def test_one_that_cannot_run_is_its_own_failure(engine: DuckDBEngine) -> None:
    """Whether its statement is wrong, or lacks a column, or its rows hold no moment."""
    columns = "count(*) as events, min(event_time) as first_event"
    wrong = [
        _broken(f"select nothing as key, {columns}, max(event_time) as last_event"),
        _broken(f"select 'a' as key, {columns}"),
        _broken(f"select 'a' as key, {columns}, 'never' as last_event"),
    ]
    right = load_detections(SOURCES)["credential_stuffing"]
    for one in wrong:
        before, found, after = evaluate_all([Asked(right, NOW), Asked(one, NOW), Asked(right, NOW)], engine)
        assert isinstance(found, EventlakeError)
        assert before == after == evaluate(right, engine, NOW)
