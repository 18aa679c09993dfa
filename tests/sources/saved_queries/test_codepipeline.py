"""Every saved query about pipelines gives what the history knows to be true.

`world` is a pair of a lake and the truth about it, and the larger of two is slow; see conftest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from eventlake.history.timeline import DAY, HOUR
from eventlake.history.truth import ActionEnd

World = Any  # conftest's World, which importlib mode does not let tests import

days_and_pipeline = pytest.mark.parametrize(("days", "pipeline"), [(30, ""), (6, "web-shop")])


def _ends(world: World, days: int, pipeline: str = "", states: tuple[str, ...] = ("SUCCEEDED", "FAILED")) -> list[ActionEnd]:
    return [end for end in world.truth.actions if end.end >= world.since(days) and end.state in states and pipeline in {"", end.pipeline}]


@days_and_pipeline
def test_deployment_frequency_counts_executions_that_succeeded(world: World, days: int, pipeline: str) -> None:
    """Deployments, days with one, and the last one, by pipeline."""
    succeeded: defaultdict[str, list[int]] = defaultdict(list)
    for execution, states in world.executions(days, pipeline):
        succeeded[execution.pipeline] += [at for state, at in states if state == "SUCCEEDED"]
    expected = {
        name: (len(times), world.rounded(len(times) / days, 2), len({at // DAY for at in times}), world.time(max(times)))
        for name, times in succeeded.items()
        if times
    }
    answer = world.ask("deployment_frequency", days=days, pipeline=pipeline)
    assert {row["pipeline"]: tuple(row.values())[1:] for row in answer} == expected
    assert [row["deployments"] for row in answer] == sorted((row["deployments"] for row in answer), reverse=True)


@days_and_pipeline
def test_lead_time_reaches_from_commit_to_success(world: World, days: int, pipeline: str) -> None:
    """The number, the percentiles and the longest of the minutes between commit and success."""
    minutes: defaultdict[str, list[int]] = defaultdict(list)
    for execution, states in world.executions(days, pipeline):
        if execution.committed is not None:
            minutes[execution.pipeline] += [world.minutes(execution.committed, at) for state, at in states if state == "SUCCEEDED"]
    minutes = defaultdict(list, {name: values for name, values in minutes.items() if values})
    answer = {row["pipeline"]: row for row in world.ask("lead_time", days=days, pipeline=pipeline)}
    assert answer.keys() == minutes.keys()
    for name, values in minutes.items():
        assert (answer[name]["deployments"], answer[name]["longest_minutes"]) == (len(values), max(values))
        assert world.is_percentile(answer[name]["median_minutes"], values, 0.5)
        assert world.is_percentile(answer[name]["p90_minutes"], values, 0.9)


@days_and_pipeline
def test_change_failure_rate_counts_executions_that_failed_once(world: World, days: int, pipeline: str) -> None:
    """Finished, failed and recovered executions, and their share."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for execution, states in world.executions(days, pipeline):
        reached = {state for state, _ in states} & {"SUCCEEDED", "FAILED"}
        counts[execution.pipeline] += Counter(finished=bool(reached), failed="FAILED" in reached, recovered=len(reached) == 2)
    expected = {
        name: (count["finished"], count["failed"], count["recovered"], world.rounded(100 * count["failed"] / count["finished"]))
        for name, count in counts.items()
        if count["finished"]
    }
    assert {row["pipeline"]: tuple(row.values())[1:] for row in world.ask("change_failure_rate", days=days, pipeline=pipeline)} == expected


def _outages(world: World, days: int, pipeline: str) -> dict[str, list[tuple[int, int | None]]]:
    """By pipeline, when each outage began and ended."""
    ends: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for execution, states in world.executions(days, pipeline):
        ends[execution.pipeline] += [(at, execution.id, state) for state, at in states if state in {"SUCCEEDED", "FAILED"}]
    outages: dict[str, list[tuple[int, int | None]]] = {}
    for name, reached in ends.items():
        broken: int | None = None
        for at, _, state in sorted(reached):
            if state == "FAILED" and broken is None:
                broken = at
            elif state == "SUCCEEDED" and broken is not None:
                outages.setdefault(name, []).append((broken, at))
                broken = None
        if broken is not None:
            outages.setdefault(name, []).append((broken, None))
    return outages


@days_and_pipeline
def test_time_to_restore_reaches_from_first_failure_to_next_success(world: World, days: int, pipeline: str) -> None:
    """Outages, how long they lasted, and since when one lasts."""
    answer = {row["pipeline"]: row for row in world.ask("time_to_restore", days=days, pipeline=pipeline)}
    outages = _outages(world, days, pipeline)
    assert answer.keys() == outages.keys()
    for name, found in outages.items():
        lasted = [world.minutes(began, ended) for began, ended in found if ended is not None]
        row = answer[name]
        assert (row["outages"], row["restored"]) == (len(found), len(lasted))
        assert row["average_minutes"] == (world.rounded(sum(lasted) / len(lasted)) if lasted else None)
        assert row["longest_minutes"] == max(lasted, default=None)
        assert row["broken_since"] == world.time(next((began for began, ended in found if ended is None), None))


@days_and_pipeline
def test_slowest_actions_measures_every_action_but_approvals(world: World, days: int, pipeline: str) -> None:
    """Runs, average, percentile and longest of the seconds that actions took."""
    seconds: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for end in _ends(world, days, pipeline):
        if end.category != "Approval":
            seconds[end.pipeline, end.stage, end.action, end.provider].append(max(end.end - end.start, 0) // 1000)
    answer = world.ask("slowest_actions", days=days, pipeline=pipeline, top=1000)
    assert {tuple(row.values())[:4]: row["runs"] for row in answer} == {key: len(values) for key, values in seconds.items()}
    for row in answer:
        values = seconds[tuple(row.values())[:4]]
        assert row["average_seconds"] == world.rounded(sum(values) / len(values))
        assert row["longest_seconds"] == max(values)
        assert world.is_percentile(row["p95_seconds"], values, 0.95)
    assert world.ask("slowest_actions", days=days, pipeline=pipeline, top=5) == answer[:5]
    assert [row["average_seconds"] for row in answer] == sorted((row["average_seconds"] for row in answer), reverse=True)


@days_and_pipeline
def test_failing_actions_names_the_last_error(world: World, days: int, pipeline: str) -> None:
    """Failures by action, the last of them, and what its provider said; rejected approvals among them."""
    failures: defaultdict[tuple[str, ...], list[ActionEnd]] = defaultdict(list)
    for end in _ends(world, days, pipeline, ("FAILED",)):
        failures[end.pipeline, end.stage, end.action, end.category, end.provider].append(end)
    answer = {tuple(row.values())[:5]: row for row in world.ask("failing_actions", days=days, pipeline=pipeline)}
    assert answer.keys() == failures.keys()
    for key, ends in failures.items():
        last = max(end.end for end in ends)
        assert (answer[key]["failures"], answer[key]["last_failure"], answer[key]["last_code"]) == (
            len(ends),
            world.time(last),
            "JobFailed",
        )
        assert answer[key]["last_error"] in {end.text for end in ends if end.end == last}


@pytest.mark.parametrize("days", [30, 6])
def test_failures_by_provider_counts_runs_and_failures(world: World, days: int) -> None:
    """Runs, failures and affected pipelines by category and provider."""
    runs: defaultdict[tuple[str, str], list[ActionEnd]] = defaultdict(list)
    for end in _ends(world, days):
        runs[end.category, end.provider].append(end)
    expected = {}
    for key, ends in runs.items():
        failed = [end for end in ends if end.state == "FAILED"]
        expected[key] = (len(ends), len(failed), world.rounded(100 * len(failed) / len(ends)), len({end.pipeline for end in failed}))
    answer = world.ask("failures_by_provider", days=days)
    assert {(row["category"], row["provider"]): tuple(row.values())[2:] for row in answer} == expected


@days_and_pipeline
def test_approval_wait_measures_answered_approvals(world: World, days: int, pipeline: str) -> None:
    """Answers, rejections and minutes waited by approval."""
    answered: defaultdict[tuple[str, ...], list[ActionEnd]] = defaultdict(list)
    for end in _ends(world, days, pipeline):
        if end.category == "Approval":
            answered[end.pipeline, end.stage, end.action].append(end)
    answer = {tuple(row.values())[:3]: row for row in world.ask("approval_wait", days=days, pipeline=pipeline)}
    assert answer.keys() == answered.keys()
    for key, ends in answered.items():
        waited = [world.minutes(end.start, end.end) for end in ends]
        row = answer[key]
        assert (row["answered"], row["rejected"]) == (len(ends), sum(end.state == "FAILED" for end in ends))
        assert (row["average_minutes"], row["longest_minutes"]) == (world.rounded(sum(waited) / len(waited)), max(waited))
        assert world.is_percentile(row["median_minutes"], waited, 0.5)


@days_and_pipeline
def test_retries_says_how_many_helped(world: World, days: int, pipeline: str) -> None:
    """Retries by stage, in how many executions, and how many of these succeeded."""
    succeeded = {execution.id for execution, states in world.executions(days) if "SUCCEEDED" in dict(states)}
    retries: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for retry in world.truth.retries:
        if retry.at >= world.since(days) and pipeline in {"", retry.pipeline}:
            retries[retry.pipeline, retry.stage].append(retry.execution)
    expected = {key: (len(ids), len(set(ids)), len(set(ids) & succeeded)) for key, ids in retries.items()}
    answer = world.ask("retries", days=days, pipeline=pipeline)
    assert {(row["pipeline"], row["stage"]): tuple(row.values())[2:] for row in answer} == expected


@pytest.mark.parametrize(("days", "hours"), [(14, 4), (14, 24), (30, 0)])
def test_stuck_now_names_what_has_not_ended(world: World, days: int, hours: int) -> None:
    """Executions that are under way for long, with the action they are in."""
    running = defaultdict(list)
    for action in world.truth.under_way.values():
        if action.start // 1000 * 1000 >= world.since(days):
            running[action.execution].append((action.stage, action.action, action.start // 1000 * 1000))
    expected = set()
    for execution, states in world.executions(days):
        state, reached = states[-1]
        if state in {"STARTED", "RESUMED", "STOPPING"}:
            for stage, action, since in running.get(execution.id) or [(None, None, reached)]:
                if since <= world.end - hours * HOUR:
                    expected.add((execution.pipeline, execution.id, state, stage, action, world.time(since)))
    answer = world.ask("stuck_now", days=days, hours=hours)
    assert {(*list(row.values())[:5], row["since"]) for row in answer} == expected
    assert len(answer) == len(expected)


def test_stuck_now_finds_the_approval_that_was_planted(world: World) -> None:
    """Somebody forgot to approve a change of the network more than a day ago."""
    stuck = world.ask("stuck_now", hours=24)
    assert [(row["pipeline"], row["category"]) for row in stuck if row["pipeline"] == "network"] == [("network", "Approval")]
    assert all(row["hours"] >= 24 for row in stuck)


@days_and_pipeline
def test_who_started_prefers_the_author_of_the_commit(world: World, days: int, pipeline: str) -> None:
    """Executions by trigger and by who was behind it."""
    starts: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for execution, states in world.executions(days, pipeline):
        if states[0][0] == "STARTED":
            author = execution.author if len(states) > 1 else None
            starts[execution.trigger, author or execution.who or "nobody"].append((execution.pipeline, states[0][1]))
    expected = {
        key: (len(found), len({name for name, _ in found}), world.time(max(at for _, at in found))) for key, found in starts.items()
    }
    answer = world.ask("who_started", days=days, pipeline=pipeline)
    assert {(row["triggertype"], row["who"]): tuple(row.values())[2:] for row in answer} == expected


@days_and_pipeline
def test_pipeline_duration_goes_by_the_week_of_the_end(world: World, days: int, pipeline: str) -> None:
    """Executions and minutes by pipeline and week, which begins on Monday."""
    minutes: defaultdict[tuple[str, Any], list[int]] = defaultdict(list)
    for execution, states in world.executions(days, pipeline):
        for state, at in states:
            if state == "SUCCEEDED":
                monday = at - (at // DAY + 3) % 7 * DAY - at % DAY
                minutes[execution.pipeline, world.time(monday)].append(world.minutes(execution.start, at))
    answer = {(row["pipeline"], row["week"]): row for row in world.ask("pipeline_duration", days=days, pipeline=pipeline)}
    assert answer.keys() == minutes.keys()
    for key, values in minutes.items():
        assert answer[key]["executions"] == len(values)
        assert world.is_percentile(answer[key]["median_minutes"], values, 0.5)
        assert world.is_percentile(answer[key]["p90_minutes"], values, 0.9)


@days_and_pipeline
def test_superseded_counts_what_never_finished(world: World, days: int, pipeline: str) -> None:
    """Of the executions that started, how many were superseded, stopped or canceled."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for execution, states in world.executions(days, pipeline):
        if states[0][0] == "STARTED":
            counts[execution.pipeline].update({state for state, _ in states})
    expected = {}
    for name, count in counts.items():
        share = world.rounded(100 * count["SUPERSEDED"] / count["STARTED"])
        expected[name] = (*(count[state] for state in ("STARTED", "SUPERSEDED", "STOPPED", "CANCELED")), share)
    assert {row["pipeline"]: tuple(row.values())[1:] for row in world.ask("superseded", days=days, pipeline=pipeline)} == expected


@days_and_pipeline
def test_stopped_shows_the_comments(world: World, days: int, pipeline: str) -> None:
    """Each stop with the comment, once, the latest first."""
    stops = [
        (world.time(at), execution.pipeline, execution.id, execution.comments)
        for execution, states in world.executions(days, pipeline)
        for state, at in states
        if state == "STOPPING"
    ]
    stops.sort(key=lambda stop: stop[2])
    stops.sort(key=lambda stop: stop[0], reverse=True)
    assert [tuple(row.values()) for row in world.ask("stopped", days=days, pipeline=pipeline)] == stops


@days_and_pipeline
def test_rollbacks_shows_who_and_how_they_ended(world: World, days: int, pipeline: str) -> None:
    """Each rollback with its trigger, who began it, and its last state."""
    expected = {
        execution.id: (execution.pipeline, execution.trigger, execution.who, world.time(states[0][1]), states[-1][0])
        for execution, states in world.executions(days, pipeline)
        if execution.trigger.endswith("Rollback") and states[0][0] == "STARTED"
    }
    answer = world.ask("rollbacks", days=days, pipeline=pipeline)
    assert {row.pop("executionid"): tuple(row.values()) for row in answer} == expected


@days_and_pipeline
def test_what_is_deployed_is_the_last_success(world: World, days: int, pipeline: str) -> None:
    """The last execution of each pipeline that succeeded, with its commit and author if Git brought it."""
    last: dict[str, tuple[int, str, str | None, str | None]] = {}
    for execution, states in world.executions(days, pipeline):
        for state, at in states:
            found = last.get(execution.pipeline)
            if state == "SUCCEEDED" and (found is None or (-at, execution.id) < (-found[0], found[1])):
                last[execution.pipeline] = (at, execution.id, execution.commit, execution.author)
    expected = {name: (world.time(at), *rest) for name, (at, *rest) in last.items()}
    answer = world.ask("what_is_deployed", days=days, pipeline=pipeline)
    assert {row["pipeline"]: (row["deployed"], row["executionid"], row["commitid"], row["author"]) for row in answer} == expected


@pytest.mark.parametrize("days", [30, 3])
def test_broken_now_names_pipelines_whose_last_execution_failed(world: World, days: int) -> None:
    """The failed execution, the action that failed last, and its error."""
    last: dict[str, tuple[int, str, str]] = {}
    for execution, states in world.executions(days):
        for state, at in states:
            found = last.get(execution.pipeline)
            if state in {"SUCCEEDED", "FAILED"} and (found is None or (-at, execution.id) < (-found[0], found[1])):
                last[execution.pipeline] = (at, execution.id, state)
    expected = {name: (id_, world.time(at)) for name, (at, id_, state) in last.items() if state == "FAILED"}
    answer = world.ask("broken_now", days=days)
    assert {row["pipeline"]: (row["executionid"], row["failed_at"]) for row in answer} == expected
    for row in answer:
        failed = [end for end in _ends(world, 90, states=("FAILED",)) if end.execution == row["executionid"]]
        latest = max(end.end for end in failed)
        assert (row["stage"], row["action"], row["error"]) in {(end.stage, end.action, end.text) for end in failed if end.end == latest}


def test_execution_history_tells_one_execution(world: World) -> None:
    """All states of the execution that was retried most, its actions with what they said, in the order of time."""
    execution_id, _ = Counter(retry.execution for retry in world.truth.retries).most_common(1)[0]
    execution = next(execution for execution in world.truth.executions if execution.id == execution_id)
    answer = world.ask("execution_history", execution=execution_id)
    assert [row["event_time"] for row in answer] == sorted(row["event_time"] for row in answer)
    assert {(row["state"], row["event_time"]) for row in answer if row["what"] == "pipeline"} == {
        (state, world.time(at)) for state, at in execution.states
    }
    ended = {
        (f"{end.stage} / {end.action}", end.state, world.time(end.end), end.text)
        for end in world.truth.actions
        if end.execution == execution_id
    }
    assert {
        (row["name"], row["state"], row["event_time"], row["said"])
        for row in answer
        if row["what"] == "action" and row["state"] != "STARTED"
    } == ended
    resumed = [retry for retry in world.truth.retries if retry.execution == execution_id]
    assert sorted(row["attempt"] for row in answer if row["what"] == "stage" and row["state"] == "RESUMED") == [
        retry.attempt for retry in resumed
    ]
