"""What the tiles say, against the truth of the history that lies in the lake."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from by_day import one_in
from eventlake.history.timeline import DAY
from eventlake.history.truth import Execution
from eventlake.web.pages import PAGES, TILES
from web.conftest import Browser

ENDS = {"SUCCEEDED", "FAILED", "STOPPED", "SUPERSEDED", "CANCELED"}
NAMES = sorted(name for name in TILES if not name.startswith(("one_", "execution", "alerts_")))


def summed(rows: list[dict[str, Any]], name: str, measure: str) -> Counter[Any]:
    """The sum of a column for each value of another."""
    found: Counter[Any] = Counter()
    for row in rows:
        found[row[name]] += row[measure]
    return found


def ended(browser: Browser, state: str) -> list[Execution]:
    """The executions that reached a state."""
    return [one for one in browser.truth.executions if any(reached == state for reached, _ in one.states)]


@pytest.mark.parametrize("name", one_in(3, NAMES))
def test_no_tile_is_empty(browser: Browser, name: str) -> None:
    """Over a history in which everything happens."""
    assert browser.tile(name)


def test_a_tile_is_the_same_on_every_page_that_shows_it() -> None:
    """What comes later by itself, of which only the name is known, has the place that was kept for it."""
    assert all(tile == TILES[tile.name] for page in PAGES for tile in page.tiles)


def test_enough_is_shown() -> None:
    """Of logins and of deliveries."""
    shown = {page.path: len(page.tiles) for page in PAGES}

    assert shown["/logins"] >= 16
    assert shown["/deliveries"] >= 14


def test_one_pipeline_can_be_looked_at(browser: Browser) -> None:
    """All tiles of deliveries count that one alone."""
    name = ended(browser, "SUCCEEDED")[0].pipeline

    assert {row["pipeline"] for row in browser.tile("deployments", pipeline=name)} == {name}
    assert {row["pipeline"] for row in browser.tile("last_executions", pipeline=name)} == {name}


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


def test_a_user_and_an_address_show_what_they_did(browser: Browser) -> None:
    """At least their logins."""
    login = next(one for one in browser.truth.sign_ins if one.kind == "s")
    of_user = summed(browser.tile("one_user", user=login.user_name), "type", "entries")
    of_address = summed(browser.tile("one_address", address=login.ip), "type", "entries")

    assert of_user["s"] == sum(one.kind == "s" and one.user_name == login.user_name for one in browser.truth.sign_ins)
    assert of_address["s"] == sum(one.kind == "s" and one.ip == login.ip for one in browser.truth.sign_ins)
    assert browser.tile("one_user_entries", user=login.user_name)
    assert browser.tile("one_address_entries", address=login.ip)
