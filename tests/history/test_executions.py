from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from eventlake.history import History
from eventlake.history.pipelines import pipelines
from eventlake.history.truth import Truth

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
Event = dict[str, Any]  # JSON as EventBridge sends it


@dataclass
class Told:
    """A history that was told to its end: what happened, and the events."""

    truth: Truth
    events: list[Event]


@pytest.fixture(scope="module")
def history() -> Told:
    """Five busy weeks, in which everything happens that can."""
    history = History(7, END - timedelta(days=35), END, 0.4, systems=("codepipeline",))
    events = [event for _, event in history.events()]
    return Told(history.truth, events)


def _details(history: Told, kind: str, *states: str) -> list[Event]:
    return [
        event["detail"]
        for event in history.events
        if event["detail-type"] == f"CodePipeline {kind} Execution State Change" and (not states or event["detail"]["state"] in states)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("Pipeline", "CANCELED FAILED RESUMED STARTED STOPPED STOPPING SUCCEEDED SUPERSEDED"),
        ("Stage", "CANCELED FAILED RESUMED STARTED STOPPED STOPPING SUCCEEDED"),
        ("Action", "ABANDONED CANCELED FAILED STARTED SUCCEEDED"),
    ],
)
def test_every_documented_state_occurs(history: Told, kind: str, states: str) -> None:
    """All states of AWS's documentation, and no other."""
    assert {detail["state"] for detail in _details(history, kind)} == set(states.split())


def test_versions_and_attempts_are_floats(history: Told) -> None:
    """CodePipeline sends 6.0 and 1.0; after a retry 2.0."""
    for kind in ("Pipeline", "Stage", "Action"):
        for detail in _details(history, kind):
            assert isinstance(detail["version"], float)
            assert isinstance(detail["pipeline-execution-attempt"], float)
    assert {detail["pipeline-execution-attempt"] for detail in _details(history, "Stage", "RESUMED")} >= {2.0, 3.0}


def test_trigger_has_one_shape_on_started_and_another_later(history: Told) -> None:
    """STARTED says who triggered it; later events of a Git trigger name the commit, those of other triggers nothing."""
    started = {detail["execution-id"]: detail["execution-trigger"] for detail in _details(history, "Pipeline", "STARTED")}
    assert all(trigger.keys() == {"trigger-type", "trigger-detail"} for trigger in started.values())
    v2 = {pipeline.name for pipeline in pipelines(1) if pipeline.git}
    for detail in _details(history, "Pipeline", "SUCCEEDED", "FAILED", "SUPERSEDED"):
        git = detail["pipeline"] in v2 and started[detail["execution-id"]]["trigger-type"] == "WebhookV2"
        assert git == ("execution-trigger" in detail)
        if git:
            trigger = detail["execution-trigger"]
            assert {"author-display-name", "author-date", "commit-id", "full-repository-name"} <= trigger.keys()
            assert ("branch-name" in trigger) != ("tag-name" in trigger)
            assert trigger["author-date"] < detail["start-time"]


def test_start_time_is_absent_where_aws_leaves_it_out(history: Told) -> None:
    """RESUMED stages and ABANDONED actions have none, everything else has one; a retried stage says when."""
    assert not any("start-time" in detail for detail in _details(history, "Stage", "RESUMED") + _details(history, "Action", "ABANDONED"))
    assert all("start-time" in detail for detail in _details(history, "Pipeline") + _details(history, "Action", "STARTED", "FAILED"))
    retried = [detail for detail in _details(history, "Stage") if "stage-last-retry-attempt-time" in detail]
    assert {"RESUMED", "SUCCEEDED", "FAILED"} <= {detail["state"] for detail in retried}


def test_results_tell_rejections_only_by_their_words(history: Told) -> None:
    """A rejected approval and a failed build have the same error code; approvals have no external id, Commands no URL."""
    failed = _details(history, "Action", "FAILED")
    assert {detail["execution-result"]["error-code"] for detail in failed} == {"JobFailed"}
    assert {detail["type"]["category"] for detail in failed} >= {"Source", "Build", "Test", "Deploy", "Invoke", "Approval"}
    for detail in failed + _details(history, "Action", "SUCCEEDED"):
        result, provider = detail["execution-result"], detail["type"]["provider"]
        assert ("external-execution-id" in result) == (provider != "Manual")
        assert ("external-execution-url" in result) == (provider not in {"Manual", "Commands"})


def test_artifacts_go_in_at_the_start_and_out_at_the_end(history: Told) -> None:
    """Builds take artifacts when they start and give some when they succeed."""
    builds = [detail for detail in _details(history, "Action") if detail["type"]["category"] == "Build"]
    assert all(("input-artifacts" in detail) == (detail["state"] == "STARTED") for detail in builds)
    assert all(("output-artifacts" in detail) == (detail["state"] == "SUCCEEDED") for detail in builds)
    assert any(detail["region"] != "us-east-1" for detail in _details(history, "Action") if detail["pipeline"] == "edge-config")


def test_one_execution_at_a_time_is_in_a_stage(history: Told) -> None:
    """Unless the pipeline runs them side by side, a stage begins only after the one before has left it."""
    alone = {pipeline.name for pipeline in pipelines(1) if pipeline.mode != "PARALLEL"}
    inside: dict[tuple[str, str], str] = {}
    for detail in _details(history, "Stage"):
        key, execution = (detail["pipeline"], detail["stage"]), detail["execution-id"]
        if detail["pipeline"] not in alone:
            continue
        if detail["state"] in {"STARTED", "RESUMED"}:
            assert inside.setdefault(key, execution) == execution
        elif detail["state"] in {"SUCCEEDED", "FAILED", "STOPPED", "CANCELED"}:
            assert inside.pop(key) == execution


def test_executions_end_once_and_begin_with_started(history: Told) -> None:
    """Nothing follows an end but a retry of a failure, and every action that ends has begun."""
    for execution in history.truth.executions:
        states = [state for state, _ in execution.states]
        assert states[0] == "STARTED"
        for state, following in pairwise(states):
            assert following in {
                "STARTED": {"SUCCEEDED", "FAILED", "SUPERSEDED", "STOPPING", "CANCELED"},
                "RESUMED": {"SUCCEEDED", "FAILED", "SUPERSEDED", "STOPPING", "CANCELED"},
                "FAILED": {"RESUMED"},
                "STOPPING": {"STOPPED"},
            }.get(state, set())
    begun: Counter[str] = Counter()
    for detail in _details(history, "Action"):
        begun[detail["action-execution-id"]] += 1 if detail["state"] == "STARTED" else -1
    assert set(begun.values()) == {0, 1}
    assert sum(begun.values()) == len(history.truth.under_way)


def test_rollbacks_follow_failed_deployments(history: Told) -> None:
    """Automatic ones name the failed execution, manual ones the person; both run no other stage."""
    rollbacks = {
        detail["execution-id"]: detail["execution-trigger"]
        for detail in _details(history, "Pipeline", "STARTED")
        if detail["execution-trigger"]["trigger-type"].endswith("Rollback")
    }
    assert {trigger["trigger-type"] for trigger in rollbacks.values()} == {"AutomatedRollback", "ManualRollback"}
    stages = defaultdict(set)
    for detail in _details(history, "Stage"):
        stages[detail["execution-id"]].add(detail["stage"])
    assert max(len(stages[execution]) for execution in rollbacks) == 1


def test_larger_companies_have_more_pipelines() -> None:
    """A dozen for each 1 of the scale, all with names of their own; below 1 the same dozen does less."""
    assert len({pipeline.name for pipeline in pipelines(30)}) == 360
    small, usual = pipelines(0.1), pipelines(1)
    assert [pipeline.name for pipeline in small] == [pipeline.name for pipeline in usual]
    assert sum(pipeline.per_day for pipeline in small) == pytest.approx(0.1 * sum(pipeline.per_day for pipeline in usual))
