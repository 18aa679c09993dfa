"""A long list shows what people look at, and a link to all of it."""

from __future__ import annotations

import pytest

from eventlake.interfaces import Result
from eventlake.web.answered import NOTHING
from eventlake.web.pages import TILES
from eventlake.web.shortened import MOST, shortened
from web.conftest import WINDOW, Browser


def ranking(count: int) -> Result:
    """So many names with a number."""
    return Result(("name", "runs"), ("varchar", "bigint"), [(f"n{number}", count - number) for number in range(count)])


def test_a_short_list_is_whole() -> None:
    """As is a picture of time, however long."""
    assert shortened(TILES["slow_actions"], ranking(MOST["ranked"])) == (ranking(MOST["ranked"]), 0)
    assert shortened(TILES["deployments"], ranking(500)) == (ranking(500), 0)


def test_what_has_no_answer_is_left_as_it_is() -> None:
    """Its tile says why."""
    assert shortened(TILES["last_executions"], NOTHING) == (NOTHING, 0)


def test_a_long_ranking_keeps_its_first() -> None:
    """And says how many there are."""
    kept, count = shortened(TILES["lead_time"], ranking(144))

    assert (kept.rows, count) == (ranking(144).rows[: MOST["ranked"]], 144)


def test_pipelines_that_failed_last_are_seen_first() -> None:
    """With all of their executions, each pipeline's newest first, in the order of the list."""
    rows = [(f"p{number:03}", f"x{number}-{turn}", "SUCCEEDED", None) for number in range(100) for turn in range(2)]
    rows[-2] = ("p099", "x99-0", "FAILED", None)
    rows[1] = ("p000", "x0-1", "FAILED", None)
    kept, count = shortened(TILES["last_executions"], Result(("pipeline", "executionid", "state", "ended"), ("varchar",) * 4, rows))

    assert count == 100
    assert kept.rows[-2:] == rows[-2:]
    assert kept.rows[:-2] == rows[: 2 * (MOST["outcomes"] - 1)]


def test_a_page_links_to_all_of_a_list(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tile's own page has every entry, and so have its files."""
    monkeypatch.setitem(MOST, "outcomes", 5)
    browser = Browser(browser.folder, browser.lake, browser.truth)  # the other one may know its pages as they were made before
    page = browser.get("/deliveries", WINDOW).text
    every = browser.get("/tiles/last_executions", WINDOW).text
    pipelines = {row["pipeline"] for row in browser.tile("last_executions")}

    assert len(pipelines) > MOST["outcomes"]
    assert f">Show all {len(pipelines)}</a>" in page
    assert 'href="/tiles/last_executions?' in page
    assert page.count(" failed</title>") == MOST["outcomes"]
    assert every.count(" failed</title>") == len(pipelines)
    assert "Show all" not in every
