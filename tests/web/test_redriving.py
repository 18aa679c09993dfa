"""Failed events on the page: what one was and would become now, and the button that brings it in; nobody else can press it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from eventlake.history import Truth
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.lock import LakeLock
from eventlake.sources import load
from eventlake.web.redriving import Redriving
from web.conftest import END, Browser, Got
from web.test_site import Seen

SOURCES = load()
RUNS = "pipeline_execution_state_change"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def run(number: int) -> bytes:
    """An execution that began."""
    kind = "CodePipeline Pipeline Execution State Change"
    detail = {"state": "STARTED", "pipeline": "web", "execution-id": f"x-{number}"}
    return json.dumps(
        {"id": f"e-{number}", "detail-type": kind, "source": "aws.codepipeline", "time": f"{END:%Y-%m-%dT%H:%M:%SZ}", "detail": detail}
    ).encode()


@pytest.fixture
def failed(tmp_path: Path) -> Browser:
    """Three events that nobody had declared when they came, and two that are none; on a page that can bring them in."""
    bodies = [*map(run, range(3)), b'{"no": 1}', b'{"no": 2}']
    with Importer(tmp_path, (), now=lambda: END, log_format="parquet") as importer:
        importer.accept([Item(number, body) for number, body in enumerate(bodies, 1)])
        importer.deliver()
    return Browser(tmp_path, open_lake(tmp_path, SOURCES), Truth(0), Redriving(tmp_path, (), lambda: False))


def one_of(browser: Browser, code: str) -> str:
    """The page of a failed event with a code."""
    listed = browser.get("/failed").text
    found = re.search(rf"<bdi>{code}</bdi>.*?/failed\?id=(\w+)", listed)
    assert found
    return browser.get("/failed", {"id": found[1]}).text


def press(browser: Browser, shown: str, button: str, **changes: str) -> Got:
    """Send the form of a button, with some of it changed."""
    form = next(form for form in re.findall(r"<form.*?</form>", shown) if button in form)
    values = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    return browser.get("/failed/redrive", method="POST", headers=FORM, body=urlencode(values | changes).encode())


def stored(browser: Browser) -> int:
    """How many rows there are."""
    return int(browser.lake.engine.query(f"select count(*) from {RUNS}").rows[0][0])


@pytest.mark.slow
def test_a_button_brings_in_one_then_all_of_its_kind(failed: Browser) -> None:
    """Each says how many there were before, and that it adds up; beside a bus too."""
    shown = one_of(failed, "NoRuleMatched")
    assert f"What it would become now: a row of {RUNS}" in shown
    assert "x-" in shown

    one = press(failed, shown, "Redrive this one")
    lock = LakeLock(failed.folder, shares=True)
    rest = press(failed, shown, "Redrive all of unmatched")
    lock.release()

    assert "1 failed = 1 redriven + 0 still failing." in Seen(one.text).text
    assert "2 failed = 2 redriven + 0 still failing." in Seen(rest.text).text
    assert stored(failed) == 3
    assert "NoRuleMatched" not in failed.get("/failed").text


@pytest.mark.slow
def test_what_still_fails_says_why(failed: Browser) -> None:
    """Before the button is pressed, and after."""
    shown = one_of(failed, "NotAnEvent")
    pressed = press(failed, shown, "Redrive all of rejected")

    assert "It still fails" in shown
    assert "2 failed = 0 redriven + 2 still failing." in Seen(pressed.text).text


@pytest.mark.slow
def test_a_lake_that_another_process_owns_is_left_alone(failed: Browser) -> None:
    """The sentence names it."""
    shown = one_of(failed, "NoRuleMatched")
    lock = LakeLock(failed.folder)
    pressed = press(failed, shown, "Redrive this one")
    lock.release()

    assert pressed.status == 400
    assert "is being written by" in Seen(pressed.text).text
    assert "NoRuleMatched" in failed.get("/failed").text


def test_nobody_else_can_press_the_button(empty: Browser) -> None:
    """A form of another page, of another site, or without what it is to redrive."""

    def sent(body: str, **headers: str) -> Got:
        return empty.get("/failed/redrive", method="POST", headers=FORM | headers, body=body.encode())

    assert sent("token=guessed&table=unmatched&code=NoRuleMatched").status == 400
    assert sent("table=unmatched&code=NoRuleMatched").status == 400
    assert sent("x=" + "y" * 9000).status == 400
    assert sent("token=x", **{"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status == 403
    assert empty.get("/failed", method="POST").status == 405
    assert empty.get("/failed/redrive").status == 404


def test_a_lake_that_is_only_looked_at_has_no_button(marked: Browser) -> None:
    """It says what to do instead."""
    identity = re.findall(r"/failed\?id=(\w+)", marked.get("/failed").text)[0]
    shown = marked.get("/failed", {"id": identity}).text

    assert "eventlake failed redrive" in shown
    assert 'action="/failed/redrive"' not in shown
