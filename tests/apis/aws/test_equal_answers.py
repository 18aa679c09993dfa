"""A month that is known from events and the same month that is known from the API alone give the same answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apis.aws.asked import api_of, events_of, history
from eventlake.apis.aws.derived import Place
from eventlake.apis.aws.meeting import first_live
from eventlake.apis.aws.pipeline_events import ENDS
from eventlake.history import History
from eventlake.interfaces import Engine
from eventlake.local.folder import open_lake
from eventlake.local.importing import store
from eventlake.local.item import Item
from eventlake.query.saved import load_saved, render
from eventlake.sources import load
from pipeline_api import ACCOUNT

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
SOURCES = load()
SAVED = {name: saved for name, saved in load_saved(SOURCES).items() if saved.source == "codepipeline"}
NOT_TOLD = {
    "execution_history": {"event_time"},
    "stopped": {"stopped_at"},
    "time_to_restore": {"average_minutes", "longest_minutes"},
    "what_is_deployed": {"author", "reference"},
    "who_started": {"who", "executions", "pipelines", "last_started"},
}
"""Columns of answers that the API does not tell, or not to the second. `lead_time` has no rows at all."""


class _Fixed:
    """A clock that stands still."""

    def now(self) -> datetime:
        """The end of the month."""
        return END


def lake_of(folder: Path, events: Iterable[bytes]) -> Engine:
    """A lake in which these events arrived."""
    assert all(one.code is None for one in store((Item(1, event) for event in events), folder, SOURCES))
    return open_lake(folder, SOURCES, clock=_Fixed()).engine


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Engine, str]:
    """The same executions, those that have ended: as EventBridge sent them, and as the API tells them; and the id of one that was retried."""
    folder, begin = tmp_path_factory.mktemp("month"), END - timedelta(days=30)
    sent = list(History(11, begin, END, scale=0.3, systems=["codepipeline"]))
    events = list(History(11, begin, END, scale=0.3, systems=["codepipeline"]).events())
    with api_of([event for _, event in events]) as api:
        told: list[bytes] = []
        for region in sorted({region for region, _ in api.told.executions}):
            account = events[0][1]["account"]
            told += [body for page in history(api, region, account, begin).pages("") for body in page.events]
        running = {
            one["pipelineExecutionId"]
            for listed in api.told.executions.values()
            for one in listed
            if one["status"] in {"InProgress", "Stopping"}
        }
    ended = [body for (_, body), (_, event) in zip(sent, events, strict=True) if event["detail"]["execution-id"] not in running]
    retried = next(event["detail"]["execution-id"] for _, event in events if event["detail"]["state"] == "RESUMED")
    return lake_of(folder / "sent", ended), lake_of(folder / "told", told), retried


def answer(engine: Engine, name: str, execution: str) -> list[dict[str, Any]]:
    """The answer of a saved query."""
    result = engine.query(render(SAVED[name], {one.name: execution for one in SAVED[name].parameters if one.default is None}))
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def without(rows: Sequence[dict[str, Any]], columns: set[str]) -> list[str]:
    """Rows without some columns, in an order of their own, each different one once."""
    return sorted({repr({name: value for name, value in row.items() if name not in columns}) for row in rows})


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAVED.keys() - NOT_TOLD.keys() - {"lead_time"}))
def test_saved_query_gives_equal_rows(both: tuple[Engine, Engine, str], name: str) -> None:
    """In the same order."""
    sent, told, execution = both

    assert answer(told, name, execution) == answer(sent, name, execution)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NOT_TOLD))
def test_saved_query_gives_equal_rows_but_for_what_is_not_told(both: tuple[Engine, Engine, str], name: str) -> None:
    """The columns that differ are named, and no others do."""
    sent, told, execution = both
    of_events = answer(sent, name, execution)

    assert of_events
    assert without(answer(told, name, execution), NOT_TOLD[name]) == without(of_events, NOT_TOLD[name])


@pytest.mark.slow
def test_lead_time_has_no_rows(both: tuple[Engine, Engine, str]) -> None:
    """No API of CodePipeline tells when a commit was authored."""
    sent, told, execution = both

    assert answer(sent, "lead_time", execution)
    assert answer(told, "lead_time", execution) == []


@pytest.mark.slow
def test_times_that_are_derived_are_seconds_off(both: tuple[Engine, Engine, str]) -> None:
    """An outage's minutes by one at most, a stage's event by three seconds."""
    sent, told, execution = both

    for before, after in zip(answer(sent, "time_to_restore", ""), answer(told, "time_to_restore", ""), strict=True):
        assert before["longest_minutes"] == pytest.approx(after["longest_minutes"], abs=1)
        assert before["average_minutes"] == pytest.approx(after["average_minutes"], abs=1)
    order = ("what", "name", "state", "attempt", "event_time")
    histories = [
        sorted(answer(engine, "execution_history", execution), key=lambda row: [str(row[name]) for name in order])
        for engine in (sent, told)
    ]
    for before, after in zip(*histories, strict=True):
        assert abs(before["event_time"] - after["event_time"]) <= timedelta(seconds=3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipeline", "stage", "action"])
def test_every_state_is_told_as_often_as_it_was_sent(both: tuple[Engine, Engine, str], kind: str) -> None:
    """With its attempts and versions; each event has an id of its own, and nothing lies beside the columns."""
    sent, told, _ = both
    counts = f"select pipeline, state, attempt, version, count(*) as n from {kind}_execution_state_change group by 1, 2, 3, 4 order by 1, 2, 3, 4"

    assert told.query(counts).rows == sent.query(counts).rows
    unlike = f"select count(*) - count(distinct event_id), count(extra) from {kind}_execution_state_change"
    assert told.query(unlike).rows == [(0, 0)]


@pytest.mark.slow
def test_half_a_month_told_and_half_sent_count_as_often_as_a_month_sent(both: tuple[Engine, Engine, str], tmp_path: Path) -> None:
    """What the API tells ends before the first event that was sent, so executions that were under way then are in both halves."""
    begin, middle = END - timedelta(days=30), END - timedelta(days=15)
    events = [event for _, event in History(11, begin, END, scale=0.3, systems=["codepipeline"]).events()]
    tables = next(source.tables for source in SOURCES if source.name == "codepipeline")
    with api_of(events) as api:
        ended = {one["pipelineExecutionId"] for listed in api.told.executions.values() for one in listed if one["status"] in ENDS}
        live = [event for event in events if datetime.fromisoformat(event["time"]) >= middle and event["detail"]["execution-id"] in ended]
        engine = lake_of(tmp_path / "live", (json.dumps(event).encode() for event in live))
        told: list[bytes] = []
        for region in sorted({event["region"] for event in events}):
            meets = first_live(engine, tables, Place(ACCOUNT, region))
            assert meets is not None
            assert meets >= middle
            told += [body for page in history(api, region, ACCOUNT, begin, meets).pages("") for body in page.events]
    together = lake_of(tmp_path / "both", [*told, *(json.dumps(event).encode() for event in live)])

    for kind in ("pipeline", "action"):
        counts = f"select pipeline, state, count(*) as n from {kind}_execution_state_change group by 1, 2 order by 1, 2"
        assert together.query(counts).rows == both[0].query(counts).rows
    assert answer(together, "deployment_frequency", "") == answer(both[0], "deployment_frequency", "")
    assert answer(together, "change_failure_rate", "") == answer(both[0], "change_failure_rate", "")


def test_nothing_else_is_derived_than_was_sent() -> None:
    """A morning: the same details but for times, and what a commit's trigger does not tell."""
    begin = datetime(2026, 3, 2, 8, tzinfo=UTC)
    sent = [event for _, event in History(3, begin, begin + timedelta(hours=3), scale=0.6, systems=["codepipeline"]).events()]
    with api_of(sent) as api:
        told = [event for region in ("eu-west-1", "eu-central-1") for event in events_of(history(api, region, ACCOUNT, begin).pages(""))]
        done = {one["pipelineExecutionId"] for listed in api.told.executions.values() for one in listed if one["status"] in ENDS}

    kept = [_comparable(event) for event in sent if event["detail"]["execution-id"] in done]

    assert sorted(map(_comparable, told)) == sorted(kept)


def _comparable(event: dict[str, Any]) -> str:
    """What of an event both know, in an order of its own."""
    seconds_off = {"start-time", "stage-last-retry-attempt-time", "execution-trigger"}
    detail = {name: value for name, value in event["detail"].items() if name not in seconds_off}
    return json.dumps(
        [event["detail-type"], event["region"], event["source"], event["resources"], event["version"], detail], sort_keys=True
    )
