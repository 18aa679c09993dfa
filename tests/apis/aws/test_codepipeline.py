"""How CodePipeline's API is asked: as often as the formula says, slower when it throttles, and on from where it was."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest

from apis.aws.asked import api_of, events_of, history
from eventlake.backends import retries
from eventlake.errors import ServiceError
from eventlake.history import History
from pipeline_api import ACCOUNT

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
REGION = "eu-west-1"
A_MORNING = [event for _, event in History(3, BEGIN, BEGIN + timedelta(hours=11), scale=0.6, systems=["codepipeline"]).events()]


@pytest.fixture(scope="module")
def sent() -> list[dict[str, Any]]:
    """What happened to some pipelines of a region in a month."""
    events = (event for _, event in History(4, BEGIN, BEGIN + timedelta(days=30), scale=1, systems=["codepipeline"]).events())
    return [event for event in events if event["region"] == REGION]


@pytest.mark.slow
def test_it_is_asked_as_often_as_the_formula_says(sent: list[dict[str, Any]]) -> None:
    """A hundred executions or actions a call; the second time for what is new alone."""
    with api_of(sent) as api:
        pages = list(history(api, REGION, ACCOUNT, BEGIN).pages(""))
        first = Counter(api.calls)
        api.calls.clear()
        again = list(history(api, REGION, ACCOUNT, BEGIN).pages(pages[-1].cursor))

    executions, actions = ([len(listed) for listed in told.values()] for told in (api.told.executions, api.told.actions))
    assert max(executions) > 100
    assert first["ListPipelineExecutions"] == sum(ceil(count / 100) for count in executions)
    few = sum(1 for count in executions if count <= 10)
    assert first["ListActionExecutions"] <= sum(ceil(count / 100) for count in actions) + 10 * (few + len(executions))
    assert Counter(api.calls) == {"ListPipelines": 1, "ListPipelineExecutions": first["ListPipelineExecutions"]}
    assert events_of(iter(again)) == []
    assert again[-1].done == 1


def test_it_waits_where_aws_throttles(monkeypatch: pytest.MonkeyPatch) -> None:
    """And brings in the same: each call is made five times before it waits longer."""
    monkeypatch.setattr(retries, "_FIRST_PAUSE_S", 0.001)
    with api_of(A_MORNING) as api:
        calm = events_of(history(api, REGION, ACCOUNT, BEGIN).pages(""))
        refused = iter([True] * 7)
        api.refuse = lambda _, operation: (
            ("ThrottlingException", "Rate exceeded") if "Executions" in operation and next(refused, False) else None
        )
        waited: list[float] = []

        assert events_of(history(api, REGION, ACCOUNT, BEGIN, pauses=waited).pages("")) == calm
        assert waited == [5]


@pytest.mark.slow
def test_where_it_is_always_throttled_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """After minutes of waiting."""
    monkeypatch.setattr(retries, "_FIRST_PAUSE_S", 0.001)
    with api_of(A_MORNING) as api:
        api.refuse = lambda *_: ("ThrottlingException", "Rate exceeded")
        waited: list[float] = []
        with pytest.raises(ServiceError, match="AWS throttles the calls"):
            history(api, REGION, ACCOUNT, BEGIN, pauses=waited)
        assert sum(waited) > 200


@pytest.mark.slow
def test_broken_off_anywhere_it_goes_on_and_brings_every_event_once(sent: list[dict[str, Any]]) -> None:
    """The cursor of the last page that came is all that it needs."""
    with api_of(sent) as api:
        whole = sorted(event["id"] for event in events_of(history(api, REGION, ACCOUNT, BEGIN).pages("")))
        brought: list[str] = []
        cursor, stops = "", 0
        for size in (3, 1, 7, 2, 20, 11, 1000):
            for number, page in enumerate(history(api, REGION, ACCOUNT, BEGIN).pages(cursor), 1):
                brought += [json.loads(body)["id"] for body in page.events]
                cursor = page.cursor
                if number == size:
                    stops += 1
                    break

    assert stops == 6
    assert sorted(brought) == whole
    assert len(set(whole)) == len(whole)


@pytest.mark.slow
def test_told_week_by_week_it_is_the_same_as_told_at_once(sent: list[dict[str, Any]]) -> None:
    """Whatever was in progress at the end of a week, and was retried in the next."""
    with api_of(sent) as api:
        whole = {event["id"]: event for event in events_of(history(api, REGION, ACCOUNT, BEGIN).pages(""))}
    brought: list[str] = []
    cursor = ""
    for days in (3, 6, 6.5, 9, 14, 30):
        until = BEGIN + timedelta(days=days)
        with api_of([event for event in sent if datetime.fromisoformat(event["time"]) < until]) as api:
            for page in history(api, REGION, ACCOUNT, BEGIN, until).pages(cursor):
                brought += [json.loads(body)["id"] for body in page.events]
                cursor = page.cursor

    assert len(set(brought)) == len(brought)
    assert set(brought) == set(whole)
