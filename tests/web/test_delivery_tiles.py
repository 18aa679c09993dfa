"""Every number of the tiles about deliveries, worked out again from the truth of the history that lies in the lake."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any

import pytest

from eventlake.history.truth import ActionEnd, Execution
from web.conftest import Browser

ENDS = {"SUCCEEDED", "FAILED", "STOPPED", "SUPERSEDED", "CANCELED"}
OPEN = {"STARTED", "RESUMED", "STOPPING"}
MINUTE, QUARTER = 60_000, 900_000
WINDOW_END = datetime(2026, 11, 20, 14, 38, tzinfo=UTC)
WINDOW_DAYS = (WINDOW_END - datetime(2026, 11, 8, tzinfo=UTC)) / timedelta(days=1)
Rows = list[dict[str, Any]]  # as a tile's JSON has them


def said(at: int) -> str:
    """A moment as JSON says it; Python's own milliseconds would be rounded."""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%d %H:%M:%S}.{at % 1000:03}"


def medians(values: list[int]) -> set[int]:
    """The two in the middle, which are one if they are an odd number."""
    ordered = sorted(values)
    return {ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]}


def reached(browser: Browser, *states: str) -> list[tuple[int, Execution, str]]:
    """Each time that an execution reached one of these states."""
    return [(at, one, state) for one in browser.truth.executions for state, at in one.states if state in states]


def by_pipeline(pairs: list[tuple[str, int]]) -> dict[str, set[int]]:
    """The medians of each pipeline."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for name, value in pairs:
        found[name].append(value)
    return {name: medians(values) for name, values in found.items()}


def ended_actions(browser: Browser, *, approvals: bool) -> list[ActionEnd]:
    """The runs of actions that came to a good or a bad end."""
    return [one for one in browser.truth.actions if one.state in {"SUCCEEDED", "FAILED"} and (one.category == "Approval") == approvals]


def assert_medians(rows: Rows, expected: dict[str, set[int]]) -> None:
    """Each pipeline has its own, and the rows come longest first."""
    assert {row["pipeline"] for row in rows} == set(expected)
    assert all(row["median_minutes"] in expected[row["pipeline"]] for row in rows)
    assert [row["median_minutes"] for row in rows] == sorted((row["median_minutes"] for row in rows), reverse=True)


def test_lead_times_are_medians_from_commit_to_the_end(browser: Browser) -> None:
    """Of the executions that succeeded and name their commit."""
    pairs = [(one.pipeline, (at - one.committed) // MINUTE) for at, one, _ in reached(browser, "SUCCEEDED") if one.committed]

    assert_medians(browser.tile("lead_time"), by_pipeline(pairs))
    assert browser.tile("measures")[0]["median_lead_time_minutes"] in medians([minutes for _, minutes in pairs])


def test_approvals_wait_as_long_as_people_took(browser: Browser) -> None:
    """Given or refused; those that nobody answered end too."""
    waits = [(one.pipeline, (one.end - one.start) // MINUTE) for one in ended_actions(browser, approvals=True)]

    assert_medians(browser.tile("approval_wait"), by_pipeline(waits))


def test_slow_actions_are_means_of_their_runs(browser: Browser) -> None:
    """The fifteen slowest."""
    runs: defaultdict[str, list[int]] = defaultdict(list)
    for one in ended_actions(browser, approvals=False):
        runs[f"{one.pipeline} / {one.stage} / {one.action}"].append((one.end - one.start) // 1000)
    slowest = sorted(((mean(took), name) for name, took in runs.items()), key=lambda pair: (-pair[0], pair[1]))[:15]

    rows = browser.tile("slow_actions")
    assert [row["action"] for row in rows] == [name for _, name in slowest]
    assert [row["mean_seconds"] for row in rows] == pytest.approx([took for took, _ in slowest], abs=0.051)


def test_what_failed_is_restored_and_repaired(browser: Browser) -> None:
    """From the first failure of a pipeline to its next success; a success after a failure, and a rollback, are rework."""
    waited, reworked, deployed = [], set(), set()
    for name in {one.pipeline for one in browser.truth.executions}:
        ends = sorted(
            (at, one.id, state, one.trigger) for at, one, state in reached(browser, "SUCCEEDED", "FAILED") if one.pipeline == name
        )
        for place, (at, execution, state, trigger) in enumerate(ends):
            before = ends[place - 1][2] if place else "SUCCEEDED"
            later = [end for end, _, other, _ in ends[place:] if other == "SUCCEEDED"]
            if state == "FAILED" and before == "SUCCEEDED" and later:
                waited.append((later[0] - at) // MINUTE)
            if state == "SUCCEEDED":
                deployed.add(execution)
                reworked |= {execution} if before == "FAILED" or trigger.endswith("Rollback") else set()
    row = browser.tile("measures")[0]

    assert row["deployments_a_day"] == pytest.approx(len(deployed) / WINDOW_DAYS, abs=0.0051)
    assert row["time_to_restore_minutes"] == pytest.approx(mean(waited), abs=0.051)
    assert row["rework_percent"] == pytest.approx(100 * len(reworked) / len(deployed), abs=0.051)


def test_who_started_is_the_author_or_whom_the_trigger_names(browser: Browser) -> None:
    """The author is known from the second event on."""
    who = Counter((one.author if len(one.states) > 1 else None) or one.who or "nobody" for one in browser.truth.executions)
    first = sorted(who.items(), key=lambda pair: (-pair[1], pair[0]))[:15]

    assert [(row["who"], row["executions"]) for row in browser.tile("who_started")] == first


def test_running_executions_have_their_age_and_the_usual_one(browser: Browser) -> None:
    """The usual one is the median of those that succeeded, from the first event to the last."""
    open_ones = {one.id: one for one in browser.truth.executions if one.states[-1][0] in OPEN}
    took = [(one.pipeline, (at - one.states[0][1]) // MINUTE) for at, one, _ in reached(browser, "SUCCEEDED")]
    usual = by_pipeline(took)
    rows = browser.tile("running")

    assert {row["executionid"] for row in rows} == set(open_ones)
    for row in rows:
        one = open_ones[row["executionid"]]
        began = one.states[0][1]
        assert (row["pipeline"], row["state"], row["began"]) == (one.pipeline, one.states[-1][0], said(began))
        assert row["age_minutes"] == (WINDOW_END.timestamp() * 1000 - began) // MINUTE
        assert row["usual_minutes"] in usual.get(one.pipeline, {None})


def test_broken_pipelines_say_what_failed_last(browser: Browser) -> None:
    """When, where in it, and the text."""
    for row in browser.tile("broken"):
        last = max((at, one.id, state) for at, one, state in reached(browser, "SUCCEEDED", "FAILED") if one.pipeline == row["pipeline"])
        failed = [one for one in browser.truth.actions if one.execution == row["executionid"] and one.state == "FAILED"]
        newest = max(one.end for one in failed)

        assert (said(last[0]), last[1], "FAILED") == (row["failed_at"], row["executionid"], last[2])
        assert (row["stage"], row["action"], row["error"]) in {(one.stage, one.action, one.text) for one in failed if one.end == newest}


def test_failing_actions_show_the_last_failure(browser: Browser) -> None:
    """With its execution and its text, the most frequent first."""
    failed: defaultdict[tuple[str, ...], list[ActionEnd]] = defaultdict(list)
    for one in browser.truth.actions:
        if one.state == "FAILED":
            failed[one.pipeline, one.stage, one.action, one.category].append(one)
    expected = sorted(
        (
            (pipeline, (last := max(runs, key=lambda run: run.end)).execution, last.text, len(runs), *action, said(last.end))
            for (pipeline, *action), runs in failed.items()
        ),
        key=lambda row: (-row[3], row[0], row[4:]),  # type: ignore[operator]  # the count stands fourth
    )

    assert [tuple(row.values()) for row in browser.tile("failing_actions")] == expected


def test_quarters_of_an_hour_hold_what_ended_in_them(browser: Browser) -> None:
    """Deployments by pipeline, all of them, and every end by its kind."""
    ended = reached(browser, *ENDS)
    deployed = Counter((said(at - at % QUARTER), one.pipeline) for at, one, state in ended if state == "SUCCEEDED")
    each: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for quarter, _, state in {(said(at - at % QUARTER), one.id, state) for at, one, state in ended}:
        each[quarter][state if state in {"SUCCEEDED", "FAILED"} else "OTHER"] += 1

    assert {(row["quarter"], row["pipeline"]): row["deployments"] for row in browser.tile("deployments")} == deployed
    assert {row["quarter"]: row["deployments"] for row in browser.tile("delivery_heat")} == {
        quarter: counts["SUCCEEDED"] for quarter, counts in each.items() if counts["SUCCEEDED"]
    }
    assert [tuple(row.values()) for row in browser.tile("outcomes")] == [
        (quarter, counts["SUCCEEDED"], counts["FAILED"], counts["OTHER"]) for quarter, counts in sorted(each.items())
    ]


def test_the_newest_of_the_last_executions_stands_first(browser: Browser) -> None:
    """Beside its pipeline's name, where a narrow screen shows it; each with the moment of its last end."""
    finals = {
        one.id: (one.pipeline, *max(((at, state) for state, at in one.states if state in ENDS))) for _, one, _ in reached(browser, *ENDS)
    }
    rows = browser.tile("last_executions")

    assert rows == sorted(sorted(rows, key=lambda row: row["ended"], reverse=True), key=lambda row: row["pipeline"])
    assert all(
        (row["pipeline"], row["ended"], row["state"]) == (name, said(at), state)
        for row in rows
        for name, at, state in [finals[row["executionid"]]]
    )


def test_an_execution_shows_each_run_from_second_to_second(browser: Browser) -> None:
    """As its actions began, ended, and what they said; and its states in order."""
    one = next(one for one in browser.truth.executions if [state for state, _ in one.states][1:3] == ["FAILED", "RESUMED"])
    runs = [run for run in browser.truth.actions if run.execution == one.id]
    rows = browser.tile("execution", execution=one.id)
    events = browser.tile("execution_events", execution=one.id)

    assert Counter((row["stage"], row["action"], row["category"], row["ended"], row["state"], row["pipeline"]) for row in rows) == Counter(
        (run.stage, run.action, run.category, said(run.end), run.state, run.pipeline) for run in runs
    )
    assert {(row["stage"], row["action"], row["began"]) for row in rows} == {
        (run.stage, run.action, said(run.start - run.start % 1000)) for run in runs
    }
    assert [(row["state"], row["event_time"]) for row in events if row["what"] == "pipeline"] == [
        (state, said(at)) for state, at in one.states
    ]


def test_an_execution_stands_beside_what_is_usual(browser: Browser) -> None:
    """The medians of first runs that succeeded, of the last thirty other executions of its pipeline."""
    one = next(one for one in browser.truth.executions if [state for state, _ in one.states][1:3] == ["FAILED", "RESUMED"])
    begun: defaultdict[str, list[int]] = defaultdict(list)
    others = [run for run in browser.truth.actions if run.pipeline == one.pipeline and run.execution != one.id]
    for run in others:
        begun[run.execution].append(run.start // 1000)
    last = sorted(begun, key=lambda execution: min(begun[execution]), reverse=True)[:30]
    retried: dict[str, int] = {}
    for again in browser.truth.retries:
        retried[again.execution] = min(again.at, retried.get(again.execution, again.at))
    starts: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    times: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for run in others:
        if run.execution in last and run.state == "SUCCEEDED" and run.start < retried.get(run.execution, run.end):
            starts[run.stage, run.action].append(run.start // 1000 - min(begun[run.execution]))
            times[run.stage, run.action].append(run.end // 1000 - run.start // 1000)
    rows = browser.tile("execution", execution=one.id)

    assert rows
    for row in rows:
        name = row["stage"], row["action"]
        assert row["usual_start"] in (medians(starts[name]) if starts[name] else {None})
        assert row["usual_seconds"] in (medians(times[name]) if times[name] else {None})


def test_weeks_have_the_measures_of_what_ended_in_them(browser: Browser) -> None:
    """Up to the window's end; a week in which nothing ended has no row."""
    rows = browser.tile("measure_trends")
    ended = {state: reached(browser, state) for state in ("SUCCEEDED", "FAILED")}

    assert len(rows) == 2
    for row in rows:
        begin = datetime.fromisoformat(row["week"]).replace(tzinfo=UTC)
        within = range(round(begin.timestamp() * 1000), round((begin + timedelta(days=7)).timestamp() * 1000))
        good, bad = ({one.id for at, one, _ in ended[state] if at in within} for state in ("SUCCEEDED", "FAILED"))
        assert row["deployments_a_day"] == pytest.approx(len(good) / 7, abs=0.0051)
        assert row["failed_percent"] == pytest.approx(100 * len(bad) / len(good | bad), abs=0.051)
        assert row["median_lead_time_minutes"] in medians(
            [(at - one.committed) // MINUTE for at, one, _ in ended["SUCCEEDED"] if at in within and one.committed]
        )
    assert begin + timedelta(days=7) == WINDOW_END
