"""Documents mapped ahead, by a process beside: the same lines in the same order, whatever becomes of the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from eventlake.backends.msgspec_codec import FAST, event_time
from eventlake.backends.msgspec_events import StraightReader
from eventlake.errors import StorageError
from eventlake.local import mapper
from eventlake.local.item import Item
from eventlake.local.mapper import Mapper
from eventlake.local.stretch import Stretch, of_items
from eventlake.pipeline.backfill import Backfill, Run
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router
from eventlake.sources import load
from project import ROOT

SOURCES = load()


@pytest.fixture(autouse=True)
def _is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process begins with the first stretch, on any machine."""
    monkeypatch.setattr(mapper, "WORTH_STRETCHES", 1)
    monkeypatch.setattr(mapper, "_processors", lambda: 2)


def stretches(count: int, size: int = 20, text: str = "") -> list[Stretch]:
    """So many stretches of events, one in each of which is none."""
    event = {"detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline", "time": "2026-10-01T10:00:00Z"}
    numbers = iter(range(count * size))
    documents = [
        [b"no event", *(json.dumps({"id": f"e-{next(numbers)}", **event, "detail": {"pipeline": text}}).encode() for _ in range(size))]
        for _ in range(count)
    ]
    return [of_items([Item(1, document) for document in some]) for some in documents]


def new_mapper() -> Mapper:
    """A mapper of the built-in tables."""
    router = Router(SOURCES, FAST, StraightReader)
    tables = [table for source in SOURCES for table in source.tables]
    take, straight = Intake(SOURCES, FAST).take, router.straight
    return Mapper(Backfill(tables, take, straight, router.route, event_time, router.kept, router.without_erased).runs)


def expected(mapping: Mapper, given: Sequence[Stretch]) -> list[tuple[Stretch, list[Run]]]:
    """Each stretch with what is made of it here."""
    return [(stretch, mapping._runs(stretch.documents)) for stretch in given]


@pytest.mark.parametrize(("count", "text"), [(30, ""), (12, "x" * 40_000)])
def test_lines_come_in_the_order_of_their_events(count: int, text: str) -> None:
    """Also where more is on its way than the socket holds in either direction."""
    given = stretches(count, text=text)
    mapping = new_mapper()

    with mapping:
        found = list(mapping.mapped(given))
        assert mapping._process, "nothing was mapped beside"

    assert found == expected(mapping, given)
    assert [(run.table, run.documents) for run in found[0][1]] == [("", 1), ("pipeline_execution_state_change", 20)]


def test_what_an_ended_process_does_not_give_is_mapped_here() -> None:
    """Wherever it was ended, also by itself before; nothing is left out and nothing comes twice."""
    given = stretches(40)
    mapping = new_mapper()
    found = []

    with mapping:
        for number, one in enumerate(mapping.mapped(given)):
            found.append(one)
            if number == 10 and mapping._socket is not None:
                os.kill(mapping._process, signal.SIGKILL)

    assert found == expected(mapping, given)


def stop_the_process() -> None:
    """Map stretches, and stop the process that does so beside after the tenth."""
    mapper.WORTH_STRETCHES, mapper._processors = 1, lambda: 2
    given, mapping = stretches(40), new_mapper()
    found = []
    with mapping:
        for number, one in enumerate(mapping.mapped(given)):
            found.append(one)
            if number == 10:
                os.kill(mapping._process, signal.SIGSTOP)
                mapper._PATIENCE_S = 0.05
    assert found == expected(mapping, given)


def test_a_process_that_gives_no_sign_is_ended() -> None:
    """As one that somebody stopped: what it was given is mapped here.

    Begun by a Python of its own: in one that has asked DuckDB before, as a worker of the tests, the process now and then ends by itself.
    """
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    ran = subprocess.run(
        [sys.executable, "-c", "from local import test_mapper as test; test.stop_the_process()"], env=environment, check=False
    )

    assert ran.returncode == 0


def test_without_another_process_all_is_mapped_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the system gives no more of them."""

    def none() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", none)
    given = stretches(3)
    mapping = new_mapper()

    with mapping:
        assert list(mapping.mapped(given)) == expected(mapping, given)


def test_what_was_read_before_an_error_is_told_before_it() -> None:
    """A file that ends too early keeps what it held."""
    given = stretches(5)
    mapping = new_mapper()

    def reading() -> Iterator[Stretch]:
        yield from given
        raise StorageError("It ends here.")

    found: list[tuple[Stretch, list[Run]]] = []

    def follow() -> None:
        found.extend(mapping.mapped(reading()))

    with mapping, pytest.raises(StorageError):
        follow()

    assert found == expected(mapping, given)


def test_the_process_ends_with_its_mapper() -> None:
    """Also where nobody wanted all that was handed in; and another one begins when it is used again."""
    mapping = new_mapper()
    given = stretches(20)
    with mapping:
        next(iter(mapping.mapped(given)))
        process = mapping._process
    with pytest.raises(ChildProcessError):
        os.waitpid(process, 0)

    with mapping:
        assert list(mapping.mapped(given)) == expected(mapping, given)


def test_the_process_holds_nothing_open_but_its_socket() -> None:
    """So a lake is free as soon as whoever had it is gone."""
    mapping = new_mapper()
    reading, writing = os.pipe()

    with mapping:
        next(iter(mapping.mapped(stretches(1))))
        os.close(writing)

        assert os.read(reading, 1) == b"", "somebody else can still write"
    os.close(reading)
