"""Every page answers with pictures and sentences, whatever state the lake is in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.history import Truth
from eventlake.local.folder import OBJECTS
from web.conftest import END, Browser, filled
from web.test_site import PATHS, Seen

pytestmark = pytest.mark.slow

VALUES = {"execution": "e-1", "user": "u", "address": "a", "application": "s", "pipeline": "shop"}


def began(number: int) -> bytes:
    """An execution that began some minutes ago."""
    at = f"{END - timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"
    detail = {"pipeline": "shop", "execution-id": f"e-{number}", "state": "STARTED", "start-time": at, "version": 1}
    kind = "CodePipeline Pipeline Execution State Change"
    return json.dumps({"id": f"one-{number}", "source": "aws.codepipeline", "detail-type": kind, "time": at, "detail": detail}).encode()


def problems(browser: Browser, path: str) -> list[str]:
    """The sentences about what went wrong on a page that was answered."""
    got = browser.get(path, {"from": "-6h", **VALUES} if path not in {"/sql", "/failed", "/lake"} else {})
    assert got.status == 200
    assert "Traceback" not in got.text
    return [part.split("<")[0] for part in got.text.split('class="problem" role="status">')[1:]]


def test_one_event_is_shown_without_a_problem(tmp_path: Path) -> None:
    """On every page; the one execution runs."""
    browser = Browser(tmp_path, filled(tmp_path, [began(1)]), Truth(0))

    assert {path: found for path in PATHS if (found := problems(browser, path))} == {}
    assert "e-1" in Seen(browser.get("/", {"from": "-6h"}).text).text


def test_a_damaged_object_is_a_sentence(tmp_path: Path) -> None:
    """In the tiles that read it; pages that do not are as ever."""
    browser = Browser(tmp_path, filled(tmp_path, [began(1)]), Truth(0))
    for path in (tmp_path / OBJECTS).rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-40] + bytes(40))

    assert problems(browser, "/")
    assert all(len(said) > 20 and said.endswith(".") for said in problems(browser, "/"))
    assert [len(problems(browser, path)) for path in ("/lake", "/sql", "/failed")] == [1, 0, 0]  # the lake's own page reads one column


def test_what_another_process_writes_is_seen(tmp_path: Path) -> None:
    """At the next look, although the page remembers."""
    browser = Browser(tmp_path, filled(tmp_path, [began(1)]), Truth(0))
    before = browser.get("/", {"from": "-6h"}).text
    filled(tmp_path, [began(2)])

    assert "e-2" not in before
    assert "e-2" in browser.get("/", {"from": "-6h"}).text


def test_a_query_that_ends_at_its_limit_says_so(tmp_path: Path) -> None:
    """In its tile, and is not remembered."""
    lake = filled(tmp_path, [began(1)])
    hurried = DuckDBEngine(lake.catalog, tmp_path / OBJECTS, seconds=0.000_1)
    browser = Browser(tmp_path, replace(lake, engine=hurried), Truth(0))

    said = problems(browser, "/")

    assert said
    assert all("0.0001 s" in one for one in said), said
    assert len(problems(browser, "/lake")) == 1
