"""One event that takes too long, or ends the process, is kept as failed; what is around it is delivered."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventlake.errors import EventError
from eventlake.local.delivery import budget
from eventlake.local.delivery.budget import Budget
from eventlake.local.delivery.strikes import LARGE_BYTES, Strikes
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.pipeline.router import Routed, Router
from eventlake.sources import load

SOURCES = load()
ENVELOPE = (
    b'{"id": "%s", "detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline", "detail": {"note": "%s"}}'
)


class Killed(BaseException):
    """Stands for the end of the process, of which nothing is caught."""


@pytest.fixture(autouse=True)
def _no_garbage() -> Iterator[None]:
    """Python swallows what is raised while it collects garbage; the tick after that one raises again, but pytest tells of the first."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def event(identity: bytes, size_bytes: int = 0) -> bytes:
    """A pipeline event of at least this size."""
    return ENVELOPE % (identity, b"x" * size_bytes)


def busy(data: bytes) -> Routed:
    """Work that never ends on its own, and takes everything for an error of the event."""
    while data:
        try:
            Router(()).route(data)
        except ValueError as error:
            return Routed(failures=[(None, EventError("Other", str(error)))])
    return Routed()


def test_an_event_that_takes_too_long_is_interrupted() -> None:
    """However the work catches errors of values; the next event has its time again."""
    with Budget(busy, 0.02) as bounded:
        for data in (b"{}", b"", b"{}"):
            codes = [error.code for _, error in bounded.route(data).failures]
            assert codes == (["TooSlow"] if data else [])


def test_many_quick_events_are_not_one_slow_one() -> None:
    """The clock meets another event each time."""
    router = Router(SOURCES)

    def met_by_the_clock(data: bytes) -> Routed:
        signal.raise_signal(signal.SIGPROF)
        return router.route(data)

    with Budget(met_by_the_clock, 3600) as bounded:
        assert all(bounded.route(event(b"e")).lines for _ in range(100))


def test_beside_the_main_thread_nothing_is_interrupted() -> None:
    """Python interrupts no other; the events are routed all the same."""
    found: list[Any] = []

    def work() -> None:
        with Budget(Router(SOURCES).route) as bounded:
            found.append(bounded.route(event(b"e")).lines)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(found[0]) == 1


def test_a_slow_event_of_a_lake_is_kept_with_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its neighbours are stored."""
    route = Router.route

    def slow(router: Router, data: bytes) -> Routed:
        while b"slow" in data:
            pass
        return route(router, data)

    monkeypatch.setattr(Router, "route", slow)
    monkeypatch.setattr(budget, "BUDGET_S", 0.02)
    monkeypatch.setattr(Budget.__init__, "__defaults__", (0.02,))
    with Importer(tmp_path, SOURCES) as lake:
        outcomes = lake.accept([Item(1, event(name)) for name in (b"before", b"slow", b"behind")])
        lake.deliver()
        rows = [one.rows for one in lake._pump.catalog.objects("pipeline_execution_state_change")]

    assert [outcome.code for outcome in outcomes] == [None, "TooSlow", None]
    assert rows == [2]
    records = LocalFailedRecords(tmp_path)
    (entry,), _ = records.newest(10)
    assert entry.code == "TooSlow"
    assert records.original(entry) == event(b"slow")


def test_an_event_that_ended_the_process_twice_is_kept_with_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third process does not try it, and delivers what is around it; two such events end four processes."""
    bodies = [event(b"before"), event(b"deadly", LARGE_BYTES), event(b"large", LARGE_BYTES), event(b"deadly-too", LARGE_BYTES)]
    with Importer(tmp_path, SOURCES) as lake:
        lake.accept([Item(1, body) for body in bodies])
    route, ends = Router.route, 0

    def deadly(router: Router, data: bytes) -> Routed:
        if b"deadly" in data:
            raise Killed
        return route(router, data)

    monkeypatch.setattr(Router, "route", deadly)
    while ends < 10:
        with Importer(tmp_path, SOURCES) as lake:
            try:
                lake.deliver()
                break
            except Killed:
                ends += 1

    records = LocalFailedRecords(tmp_path)
    found, _ = records.newest(10)
    assert ends == 4
    assert sorted((entry.code, records.original(entry)) for entry in found) == sorted(("Poison", bodies[at]) for at in (1, 3))


@pytest.mark.slow
@pytest.mark.parametrize("written", [b"", b"{", b"[1]", b'{"a": 1}', b"\0" * 20])
def test_a_file_that_a_power_cut_left_blames_nobody(tmp_path: Path, written: bytes) -> None:
    """It is written anew with the next large event."""
    (tmp_path / "strikes").write_bytes(written)
    strikes = Strikes(tmp_path, 0)

    assert not strikes.is_poison(1)
    strikes.begin(1)
    strikes.close()
    assert (tmp_path / "strikes").read_bytes() == b'{"1": 1}'


def test_what_was_delivered_is_forgotten(tmp_path: Path) -> None:
    """Positions before the first that is still to be delivered come no more."""
    strikes = Strikes(tmp_path, 0)
    strikes.begin(5)
    strikes.begin(5)
    strikes.close()

    assert Strikes(tmp_path, 5).is_poison(5)
    assert not Strikes(tmp_path, 6).is_poison(5)


def test_a_folder_that_takes_no_file_keeps_no_event_back(tmp_path: Path) -> None:
    """The note is a help for the next process, nothing more."""
    strikes = Strikes(tmp_path / "missing", 0)

    strikes.begin(1)
    strikes.end(1)
    strikes.close()
