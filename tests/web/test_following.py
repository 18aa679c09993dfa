"""Browsers that follow changes share what they ask, wait behind whoever looks himself, and are counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from eventlake.interfaces import Result
from eventlake.sources import load
from eventlake.web import following as module
from eventlake.web import pace
from eventlake.web.asking import Asking
from eventlake.web.following import Following
from web.conftest import Browser

LOGINS, PIPELINES = "select count(*) from auth0_logs", "select count(*) from codepipeline_pipeline_execution_logs"


class Engine:
    """Answers a statement with itself once it may; `ran` are the statements that were answered together, in their order."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.may = threading.Event()

    def query(self, sql: str, *, cancelled: Callable[[], bool]) -> Result:
        """Answer one."""
        return next(self.together([sql], cancelled))

    def together(self, statements: Sequence[str], cancelled: Callable[[], bool]) -> Iterator[Result]:
        """Answer several."""
        self.ran.append(list(statements))
        for sql in statements:
            while not self.may.wait(0.01):
                if cancelled():
                    return
            yield Result(("sql",), ("varchar",), [(sql,)], processor_s=0.5)


class Catalog:
    """Has one hour in every table, which changes with `rows`."""

    rows = 1

    def contents(self, _table: str) -> Any:
        """What an hour holds."""
        hour = SimpleNamespace(hour="2026-11-20T10", generation=0, objects=1, rows=self.rows, state="open")
        return SimpleNamespace(hours=[hour], marks={})


class Followed:
    """A lake that is followed."""

    def __init__(self) -> None:
        self.engine, self.catalog = Engine(), Catalog()
        tables = tuple(table for source in load() for table in source.tables)
        lake = SimpleNamespace(tables=tables, engine=self.engine, catalog=self.catalog)
        self.is_stopping = False
        self.asking = Asking(lambda: lake, lambda: self.is_stopping)  # type: ignore[arg-type, return-value]
        self.following = Following(self.asking)


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Followed]:
    """A lake, of which what is asked is gathered for a moment that a test does not notice, and paid for whenever it is."""
    monkeypatch.setattr(module, "GATHER_S", 0.001)
    monkeypatch.setattr(pace, "AHEAD_S", 3600.0)
    made = Followed()
    yield made
    made.engine.may.set()
    made.asking.close()
    made.following.close()


def test_all_are_answered_of_the_look_that_they_heard_of(followed: Followed) -> None:
    """However far the lake has come meanwhile: one answer for ten. After the next look it is another."""
    followed.engine.may.set()
    followed.following.look()
    first = followed.following.ask(LOGINS).future.result(60)
    followed.catalog.rows = 2
    again = followed.following.ask(LOGINS).future.result(60)
    followed.following.look()
    after = followed.following.ask(LOGINS).future.result(60)

    assert again is first
    assert after is not first
    assert followed.engine.ran == [[LOGINS], [LOGINS]]


def test_what_reads_the_same_is_answered_together(followed: Followed) -> None:
    """So many at a time, behind what is under way; what reads another table waits for its turn."""
    followed.following.look()
    asked = [followed.following.ask("select 0")]
    while not followed.engine.ran:
        pass
    statements = [f"{table} -- {number}" for number in range(5) for table in (LOGINS, PIPELINES)]
    asked += [followed.following.ask(sql) for sql in statements]
    assert followed.following.rest_s > 0
    followed.engine.may.set()
    assert [one.future.result(60).result.rows[0][0] for one in asked] == ["select 0", *statements]

    assert followed.engine.ran == [["select 0"], statements[::2], statements[1::2]]
    assert followed.following.rest_s > 11 * 0.5


def test_what_is_dear_is_answered_in_parts(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """While what was answered is not paid for, the rest waits; whoever looks himself has it at once, and nobody holds up the end."""
    followed.engine.may.set()
    followed.following.look()
    followed.following.ask("select 0").future.result(60)
    monkeypatch.setattr(pace, "AHEAD_S", 0.0)
    waits, wanted = followed.following.ask(LOGINS), followed.following.ask(PIPELINES)
    assert followed.following.pace.behind_s > 1
    himself = followed.asking.ask(PIPELINES).future.result(60)
    assert followed.engine.ran == [["select 0"], [PIPELINES]]

    followed.following.close()
    followed.asking.close()
    assert wanted.future.result(60) is himself
    assert waits.future.result(60).problem
    assert followed.engine.ran == [["select 0"], [PIPELINES]]


def test_a_bus_that_ends_waits_for_nothing_that_is_dear(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for all whom it answers, so that they are told at once that it ends."""
    followed.engine.may.set()
    followed.following.look()
    followed.following.ask("select 0").future.result(60)
    monkeypatch.setattr(pace, "AHEAD_S", -3600.0)
    waits = [followed.following.ask(sql) for sql in (LOGINS, PIPELINES)]
    followed.is_stopping = True

    assert {one.future.result(60).problem for one in waits} == {"The bus ends; ask again when it is back."}
    assert followed.engine.ran == [["select 0"]]


def test_whoever_looks_himself_does_not_wait_for_who_follows(followed: Followed) -> None:
    """What was put off is run for him at once, and for all who want it; it is not run again."""
    followed.following.look()
    followed.following.ask("select 0")
    while not followed.engine.ran:
        pass
    put_off = followed.following.ask(LOGINS)
    himself = followed.asking.ask(LOGINS)
    while len(followed.engine.ran) < 2:
        pass
    followed.engine.may.set()
    last = followed.following.ask(PIPELINES)
    last.future.result(60)

    assert himself is put_off
    assert himself.future.result(60).result.rows == [(LOGINS,)]
    assert followed.engine.ran == [["select 0"], [LOGINS], [PIPELINES]]


def test_what_was_put_off_and_nobody_wants_any_more_is_not_run(followed: Followed) -> None:
    """Whoever wants it later asks anew."""
    followed.following.look()
    followed.following.ask("select 0")
    while not followed.engine.ran:
        pass
    gone = followed.following.ask(LOGINS)
    gone.want()
    gone.leave()
    later = followed.following.ask(PIPELINES)
    followed.engine.may.set()
    later.future.result(60)

    assert followed.engine.ran == [["select 0"], [PIPELINES]]
    assert followed.following.ask(LOGINS).future.result(60).result.rows == [(LOGINS,)]


def test_tiles_are_made_once_for_all(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that the catalog tells; whoever looks himself has them made for him."""
    told: list[bool] = []
    opens = browser.site._shown.open_failed

    def opened() -> Any:
        told.append(True)
        return opens()

    monkeypatch.setattr(browser.site._shown, "open_failed", opened)
    for name, page in (("logins", "/logins"), ("lake_failed", "/lake")):
        follows = [browser.get(f"/tiles/{name}.part", {"on": page, "from": "-3d"}, headers={"x-follows": "1"}) for _ in range(3)]
        himself = browser.get(f"/tiles/{name}.part", {"on": page, "from": "-3d"})
        assert {one.status for one in follows} == {200}
        assert {one.body for one in follows} == {himself.body}

    assert len(told) == 2
    assert browser.site._following.rest_s > 0
    assert browser.get("/tiles/nothing.part", headers={"x-follows": "1"}).status == 404
