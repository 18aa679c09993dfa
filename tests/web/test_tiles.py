"""What the tiles say, against the truth of the history that lies in the lake."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from eventlake.history.timeline import DAY
from eventlake.history.truth import Execution
from eventlake.web.pages import PAGES, TILES
from web.conftest import Browser

ENDS = {"SUCCEEDED", "FAILED", "STOPPED", "SUPERSEDED", "CANCELED"}
NAMES = sorted(name for name in TILES if not name.startswith(("one_", "execution")))


def summed(rows: list[dict[str, Any]], name: str, measure: str) -> Counter[Any]:
    """The sum of a column for each value of another."""
    found: Counter[Any] = Counter()
    for row in rows:
        found[row[name]] += row[measure]
    return found


def ended(browser: Browser, state: str) -> list[Execution]:
    """The executions that reached a state."""
    return [one for one in browser.truth.executions if any(reached == state for reached, _ in one.states)]


def kinds(browser: Browser) -> Counter[str]:
    """How many entries of the tenant log there are of each type."""
    found: Counter[str] = Counter()
    for (kind, _), count in browser.truth.kinds.items():
        found[kind] += count
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_tile_is_empty(browser: Browser, name: str) -> None:
    """Over a history in which everything happens."""
    assert browser.tile(name)


def test_enough_is_shown() -> None:
    """Of logins and of deliveries."""
    shown = {page.path: len(page.tiles) for page in PAGES}

    assert shown["/logins"] >= 16
    assert shown["/deliveries"] >= 14


def test_deployments_are_executions_that_succeeded(browser: Browser) -> None:
    """By pipeline; an event that came twice counts once."""
    assert summed(browser.tile("deployments"), "pipeline", "deployments") == Counter(one.pipeline for one in ended(browser, "SUCCEEDED"))
    assert sum(row["deployments"] for row in browser.tile("delivery_heat")) == len(ended(browser, "SUCCEEDED"))


def test_one_pipeline_can_be_looked_at(browser: Browser) -> None:
    """All tiles of deliveries count that one alone."""
    name = ended(browser, "SUCCEEDED")[0].pipeline

    assert {row["pipeline"] for row in browser.tile("deployments", pipeline=name)} == {name}
    assert {row["pipeline"] for row in browser.tile("last_executions", pipeline=name)} == {name}


def test_outcomes_are_what_happened(browser: Browser) -> None:
    """A quarter of an hour counts an execution once for each state it reached; a failure that was retried may end in both."""
    rows = browser.tile("outcomes")
    quarters = {(state, one.id, at // 900_000) for one in browser.truth.executions for state, at in one.states if state in ENDS}
    reached = Counter(state for state, _, _ in quarters)

    assert sum(row["succeeded"] for row in rows) == reached["SUCCEEDED"]
    assert sum(row["failed"] for row in rows) == reached["FAILED"]
    assert sum(row["ended_otherwise"] for row in rows) == reached["STOPPED"] + reached["SUPERSEDED"] + reached["CANCELED"]


def test_the_measures_are_those_of_the_truth(browser: Browser) -> None:
    """Deployments a day, and of all that ended the share that failed at least once."""
    row = browser.tile("measures")[0]
    failed, succeeded = ({one.id for one in ended(browser, state)} for state in ("FAILED", "SUCCEEDED"))
    days = (12 * DAY + (14 * 60 + 38) * 60_000) / DAY

    assert row["deployments_a_day"] == pytest.approx(len(succeeded) / days, abs=0.006)
    assert row["failed_percent"] == pytest.approx(100 * len(failed) / len(failed | succeeded), abs=0.06)


def test_strips_show_how_executions_ended(browser: Browser) -> None:
    """The last state of each, the last thirty of a pipeline."""
    finals = {
        one.id: [state for state, _ in one.states if state in ENDS][-1]
        for one in browser.truth.executions
        if {s for s, _ in one.states} & ENDS
    }
    rows = browser.tile("last_executions")
    each = Counter(one.pipeline for one in browser.truth.executions if one.id in finals)

    assert all(finals[row["executionid"]] == row["state"] for row in rows)
    assert Counter(row["pipeline"] for row in rows) == Counter({name: min(count, 30) for name, count in each.items()})


def test_running_is_what_has_not_ended(browser: Browser) -> None:
    """And its age counts from when it began."""
    under_way = {one.id for one in browser.truth.executions if one.states and one.states[-1][0] in {"STARTED", "RESUMED", "STOPPING"}}

    assert {row["executionid"] for row in browser.tile("running")} == under_way


def test_broken_is_what_failed_last(browser: Browser) -> None:
    """Of each pipeline the last execution that succeeded or failed."""
    last: dict[str, tuple[int, str]] = {}
    for one in browser.truth.executions:
        for state, at in one.states:
            if state in {"SUCCEEDED", "FAILED"}:
                last[one.pipeline] = max(last.get(one.pipeline, (0, "")), (at, state))

    assert {row["pipeline"] for row in browser.tile("broken")} == {name for name, (_, state) in last.items() if state == "FAILED"}


def test_failing_actions_are_those_that_failed(browser: Browser) -> None:
    """With as many failures, and by provider as many together."""
    failed = [one for one in browser.truth.actions if one.state == "FAILED"]
    rows = browser.tile("failing_actions")

    assert {(row["pipeline"], row["stage"], row["action"]): row["failures"] for row in rows} == Counter(
        (one.pipeline, one.stage, one.action) for one in failed
    )
    assert {row["last_error"] for row in rows} <= {one.text for one in failed}
    assert summed(browser.tile("failing_providers"), "provider", "failures") == Counter(one.provider for one in failed)


def test_retries_are_those_of_the_stages(browser: Browser) -> None:
    """As somebody retried them."""
    assert summed(browser.tile("retries"), "stage", "retries") == Counter(f"{one.pipeline} / {one.stage}" for one in browser.truth.retries)


def test_waits_and_lead_times_are_within_what_happened(browser: Browser) -> None:
    """The medians lie among the truth's minutes, of the same pipelines."""
    waits: defaultdict[str, list[int]] = defaultdict(list)
    for one in browser.truth.actions:
        if one.category == "Approval" and one.state in {"SUCCEEDED", "FAILED"}:
            waits[one.pipeline].append((one.end - one.start) // 60_000)
    rows = {row["pipeline"]: row["median_minutes"] for row in browser.tile("approval_wait")}

    assert set(rows) == set(waits)
    assert all(min(waits[name]) - 1 <= median <= max(waits[name]) + 1 for name, median in rows.items())
    assert {row["pipeline"] for row in browser.tile("lead_time")} == {
        one.pipeline for one in ended(browser, "SUCCEEDED") if one.committed is not None
    }


def test_logins_are_counted_once(browser: Browser) -> None:
    """Those that came in, and those that failed; the map of failures counts the same."""
    rows, tried = browser.tile("logins"), Counter(one.kind == "s" for one in browser.truth.sign_ins)

    assert (sum(row["succeeded"] for row in rows), sum(row["failed"] for row in rows)) == (tried[True], tried[False])
    assert sum(row["failed"] for row in browser.tile("login_heat")) == tried[False]
    assert sum(row["failed"] for row in browser.tile("reasons")) == tried[False]


@pytest.mark.parametrize(
    ("tile", "column", "fact"),
    [("applications", "application", "application"), ("connections", "connection", "connection"), ("countries", "country", "country")],
)
def test_logins_are_ranked_by_what_they_came_through(browser: Browser, tile: str, column: str, fact: str) -> None:
    """Each with as many logins; what the log does not know is unknown."""
    expected = Counter(getattr(one, fact) or "unknown" for one in browser.truth.sign_ins if one.kind == "s")

    assert summed(browser.tile(tile), column, "logins") == Counter(dict(expected.most_common(20)))


def test_organizations_are_ranked_by_logins(browser: Browser) -> None:
    """Of the logins that name one."""
    expected = Counter(one.organization for one in browser.truth.sign_ins if one.kind == "s" and one.organization)

    assert summed(browser.tile("organizations"), "organization", "logins") == expected


def test_addresses_say_how_many_were_tried_and_entered(browser: Browser) -> None:
    """Users, each once."""
    for row in browser.tile("addresses"):
        here = [one for one in browser.truth.sign_ins if one.ip == row["ip"]]

        assert row["failed"] == sum(one.kind != "s" for one in here)
        assert row["users_tried"] == len({one.user_name for one in here if one.kind != "s"})
        assert row["users_entered"] == len({one.user_name for one in here if one.kind == "s"})


def test_users_say_how_often_they_failed(browser: Browser) -> None:
    """From how many addresses, and whether they came in."""
    for row in browser.tile("users"):
        here = [one for one in browser.truth.sign_ins if one.user_name == row["user_name"]]

        assert row["failed"] == sum(one.kind != "s" for one in here)
        assert row["addresses"] == len({one.ip for one in here if one.kind != "s"})
        assert row["entered"] == sum(one.kind == "s" for one in here)


def test_entries_are_counted_by_log_type(browser: Browser) -> None:
    """All of them, second factors, blocks and sign-ups."""
    known = kinds(browser)
    signups = browser.tile("signups")

    assert all(known[row["type"]] == row["entries"] for row in browser.tile("log_types"))
    assert summed(browser.tile("second_factor"), "type", "entries") == Counter({k: n for k, n in known.items() if k.startswith("gd_")})
    assert summed(browser.tile("blocks"), "type", "entries") == Counter(
        {k: n for k, n in known.items() if k.startswith("limit_") or k in {"pwd_leak", "signup_pwd_leak", "reset_pwd_leak"}}
    )
    assert (sum(row["succeeded"] for row in signups), sum(row["failed"] for row in signups)) == (known["ss"], known["fs"])


def test_machines_are_counted_by_their_tokens(browser: Browser) -> None:
    """Those they got and those they did not."""
    assert summed(browser.tile("machines"), "client", "tokens") == Counter(one.client for one in browser.truth.tokens)


def test_changes_are_those_of_the_tenant(browser: Browser) -> None:
    """The last of them, newest first."""
    changes = [one for one in browser.truth.changes if one.kind == "sapi"]

    assert {row["description"] for row in browser.tile("changes")} <= {one.description for one in changes}
    assert len(browser.tile("changes")) == min(len(changes), 50)


def test_an_execution_shows_its_actions(browser: Browser) -> None:
    """Each run of each action with its end, from the truth."""
    failed = next(one for one in browser.truth.actions if one.state == "FAILED")
    expected = Counter((one.stage, one.action, one.state) for one in browser.truth.actions if one.execution == failed.execution)
    rows = browser.tile("execution", execution=failed.execution)

    assert Counter((row["stage"], row["action"], row["state"]) for row in rows if row["ended"]) == expected
    assert browser.tile("execution_events", execution=failed.execution)


def test_a_user_and_an_address_show_what_they_did(browser: Browser) -> None:
    """At least their logins."""
    login = next(one for one in browser.truth.sign_ins if one.kind == "s")
    of_user = summed(browser.tile("one_user", user=login.user_name), "type", "entries")
    of_address = summed(browser.tile("one_address", address=login.ip), "type", "entries")

    assert of_user["s"] == sum(one.kind == "s" and one.user_name == login.user_name for one in browser.truth.sign_ins)
    assert of_address["s"] == sum(one.kind == "s" and one.ip == login.ip for one in browser.truth.sign_ins)
    assert browser.tile("one_user_entries", user=login.user_name)
    assert browser.tile("one_address_entries", address=login.ip)
