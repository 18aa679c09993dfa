"""Detections on the past side by side: each tells what it tells alone, in order, and an interrupt ends what still runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from eventlake.detections.backtest import Alerted, backtests
from eventlake.detections.detection import load_detections
from eventlake.detections.evaluating import COLUMNS
from eventlake.errors import QueryError
from eventlake.interfaces import Result
from eventlake.sources import load

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGIN = END - timedelta(hours=2)
NAIVE = END.replace(tzinfo=None)
SEEN = NAIVE - timedelta(minutes=30)
ROLLBACK = load_detections(load())["rollback"]
FIRST, SECOND, BROKEN = (replace(ROLLBACK, name=name, sql=f"{ROLLBACK.sql} -- {name}") for name in ("first", "second", "broken"))


@dataclass
class Answering:
    """An engine that finds the name of the detection, and breaks for one; `meet` has it answer once so many ask."""

    meet: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))

    def query(self, sql: str, *, repeats: bool, cancelled: Callable[[], bool]) -> Result:
        """Return one row, of the end."""
        self.meet.wait(120)
        if "-- broken" in sql:
            raise QueryError("no such column")
        return Result(("until", *COLUMNS), (), [(NAIVE, "first" if "-- first" in sql else "second", 1, SEEN, SEEN)])


@dataclass
class Hanging:
    """An engine whose answer to all but `broken` never comes; that one is interrupted once another is asked."""

    asked: threading.Event = field(default_factory=threading.Event)
    ended: list[str] = field(default_factory=list)

    def query(self, sql: str, *, repeats: bool, cancelled: Callable[[], bool]) -> Result:
        """Wait until nobody wants the answer."""
        if "-- broken" in sql:
            self.asked.wait(120)
            raise KeyboardInterrupt
        self.asked.set()
        while not cancelled():
            threading.Event().wait(0.001)
        self.ended.append(sql)
        raise QueryError("The query was cancelled.")


def test_each_tells_what_it_tells_alone_and_in_their_order() -> None:
    """However many run at once, and whichever ends first."""
    told = [
        backtests([FIRST, SECOND], Answering(meet), BEGIN, END, at_once=meet.parties)
        for meet in (threading.Barrier(1), threading.Barrier(2))
    ]
    seen = SEEN.replace(tzinfo=UTC)
    assert [list(one) for one in told] == [[[Alerted(key, seen, seen, 1, 1)] for key in ("first", "second")]] * 2


def test_one_that_fails_stops_no_other() -> None:
    """Its error stands in its place."""
    broken, first = backtests([BROKEN, FIRST], Answering(), BEGIN, END, at_once=2)
    assert isinstance(broken, QueryError)
    assert not isinstance(first, QueryError)
    assert [one.key for one in first] == ["first"]


def test_an_interrupt_ends_what_still_runs() -> None:
    """Its query is told that nobody wants its answer."""
    engine = Hanging()
    with pytest.raises(KeyboardInterrupt):
        list(backtests([BROKEN, FIRST], engine, BEGIN, END, at_once=2))
    assert len(engine.ended) == 1
