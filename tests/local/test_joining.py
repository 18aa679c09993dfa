"""Histories and failed events that come into a lake while its bus runs: each once, whoever is killed, and nobody else takes the lake meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import ConfigurationError, LakeLockedError, LakeTakenError
from eventlake.local import backfilling, crash
from eventlake.local.backfilling import Backfiller, Progress
from eventlake.local.delivery.recovery import recover
from eventlake.local.folder import CATALOG, OBJECTS, open_lake
from eventlake.local.histories import LocalHistories
from eventlake.local.history_files import LocalFile
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.joining import added_to
from eventlake.local.lock import LakeLock
from eventlake.local.redriving import Redriver, wanted
from eventlake.pipeline.redrive import Filter
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent))
from kill_many import Lake, kill, send, start
from oracle import examine

SOURCES = load()
RUNS = "pipeline_execution_state_change"
EVENTS = [f"e-{number}" for number in range(6)]
FIRST = datetime(2025, 12, 31, 22, 30, tzinfo=UTC)


def run(number: int) -> dict[str, object]:
    """A pipeline event; they are 20 minutes apart."""
    return {
        "id": f"e-{number}",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "time": f"{FIRST + number * timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}",
        "detail": {"state": "STARTED", "pipeline": "web"},
    }


def history(folder: Path, count: int) -> Path:
    """A file of events over some hours."""
    file = folder / "history.jsonl"
    file.write_text("\n".join(json.dumps(run(number)) for number in range(count)))
    return file


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[SqliteCatalog]:
    """What writes a lake and lets others add to it, as a bus does: its lock, and its catalog."""
    with Importer(tmp_path / "lake", SOURCES) as importer:
        importer.accept([Item(1, json.dumps({**run(0), "id": "live"}).encode(), 1)])
        importer.deliver()
    lock = LakeLock(tmp_path / "lake", shares=True)
    catalog = SqliteCatalog(tmp_path / "lake" / CATALOG)
    yield catalog
    catalog.close()
    lock.release()


def backfill(lake: Path, file: Path, begun: Callable[[], object] = lambda: None) -> Progress:
    """Bring a file in beside the bus, as the command does. begun: is called once it has joined."""
    with added_to(lake, SOURCES) as catalog:
        begun()
        *_, progress = Backfiller(LocalHistories(catalog, lake), SOURCES).items("a", LocalFile(file).stretches)
    return progress


def stored(lake: Path) -> list[object]:
    """The ids of the rows of the lake."""
    return [row[0] for row in open_lake(lake, SOURCES).engine.query(f"select event_id from {RUNS} order by 1").rows]


def test_a_history_comes_in_beside_the_bus_which_keeps_the_lake(tmp_path: Path, bus: SqliteCatalog) -> None:
    """Its epoch stays, so what it delivers next is registered."""
    assert backfill(tmp_path / "lake", history(tmp_path, 6)).rows == 6

    bus.intend([])
    assert stored(tmp_path / "lake") == [*EVENTS, "live"]


def test_one_at_a_time_adds_and_nobody_but_a_bus_takes_the_lake_meanwhile(tmp_path: Path) -> None:
    """Also where the bus has ended: who takes the lake alone may replace its catalog."""
    lake = tmp_path / "lake"
    Importer(lake, SOURCES).close()
    first = LakeLock(lake, shares=True)
    with added_to(lake, SOURCES):
        with (
            pytest.raises(LakeLockedError, match=r"is being added to by .*\(process \d+, since .*Wait for its end"),
            added_to(lake, SOURCES),
        ):
            pass
        first.release()
        with pytest.raises(LakeLockedError, match="is being added to by"):
            LakeLock(lake)
        LakeLock(lake, shares=True).release()

    LakeLock(lake).release()


def test_beside_one_who_has_the_lake_alone_nothing_is_added(tmp_path: Path) -> None:
    """The sentence names who has it."""
    lake = tmp_path / "lake"
    with (
        Importer(lake, SOURCES),
        pytest.raises(LakeLockedError, match=r"is being written by .*or name another folder"),
        added_to(lake, SOURCES),
    ):
        pass


def test_a_bus_that_is_started_again_meanwhile_changes_nothing(tmp_path: Path, bus: SqliteCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the lake with a new epoch and recovers, at each step of the group that is coming in; a group that it takes back is written anew."""
    lake = tmp_path / "lake"
    monkeypatch.setattr(backfilling, "GROUP_BYTES", 1000)
    steps: list[str] = []

    def start_again(name: str) -> None:
        crash.at_each()
        steps.append(name)
        again = SqliteCatalog(lake / CATALOG)
        recover(DirectoryStore(lake / OBJECTS), again, is_added_to=True)
        again.close()
        if len(steps) < 4:
            crash.at_each(start_again)

    crash.at_each(start_again)
    try:
        assert backfill(lake, history(tmp_path, 6)).rows == 6
    finally:
        crash.at_each()

    assert steps[0] == "additions intended"
    assert examine(lake, [*EVENTS, "live"]) is None
    assert stored(lake) == [*EVENTS, "live"]


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 4))
def test_what_one_who_was_killed_left_is_put_aside_by_the_next(tmp_path: Path, bus: SqliteCatalog, step: int) -> None:
    """While the bus goes on, which recovers nothing."""
    file = history(tmp_path, 6)
    subprocess.run([sys.executable, __file__, str(tmp_path / "lake"), str(file), str(step)], check=False)

    backfill(tmp_path / "lake", file)

    assert examine(tmp_path / "lake", [*EVENTS, "live"]) is None
    assert stored(tmp_path / "lake") == [*EVENTS, "live"]


def test_failed_events_are_redriven_beside_the_bus(tmp_path: Path) -> None:
    """Those that are right by now."""
    lake = tmp_path / "lake"
    with Importer(lake, ()) as importer:
        importer.accept([Item(number, json.dumps(run(number)).encode(), number) for number in range(3)])
        importer.deliver()
    lock = LakeLock(lake, shares=True)

    with added_to(lake, SOURCES) as catalog:
        found = list(Redriver(catalog, lake, SOURCES).redrive(wanted(catalog, Filter())))
    lock.release()

    assert [one.into for one in found] == [RUNS] * 3
    assert stored(lake) == ["e-0", "e-1", "e-2"]


def test_whose_lock_was_removed_adds_nothing_more(tmp_path: Path, bus: SqliteCatalog) -> None:
    """Another could add the same history."""
    with added_to(tmp_path / "lake", SOURCES) as catalog:
        (tmp_path / "lake" / "adding").unlink()
        with pytest.raises(LakeTakenError, match='adding" was removed or replaced'):
            catalog.intend(["a"])


def test_under_an_older_bus_the_catalog_is_left_as_it_is(tmp_path: Path, bus: SqliteCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening it to write would bring it up to date."""
    monkeypatch.setattr(SqliteCatalog, "is_current", False)

    with pytest.raises(ConfigurationError, match="is of an older version: start it again"), added_to(tmp_path / "lake", SOURCES):
        pass


@pytest.mark.slow
def test_whoever_is_killed_each_event_is_there_once(tmp_path: Path) -> None:
    """The bus, its delivery, what closes, the one that adds, in turns; senders put events all the time, and the bus is started again at once."""
    choice = random.Random(1)
    lake = Lake(tmp_path / "lake", "json", choice)
    file = history(tmp_path, 400)
    added = False
    for turn in range(6):
        bus, port = start(lake)
        stop, lock = threading.Event(), threading.Lock()
        sender = threading.Thread(target=send, args=(lake, port, stop, lock), daemon=True)
        sender.start()
        step = choice.randint(5, 60) if turn % 2 else 0
        adding = subprocess.Popen([sys.executable, __file__, str(lake.folder), str(file), str(step)], stdout=subprocess.PIPE)
        assert adding.stdout is not None
        adding.stdout.readline()  # until it has joined, or was ended before
        if turn % 2 == 0:
            sender.join(choice.uniform(0.0, 1.0))
            kill(bus, choice.choice(["bus", "delivery", "both", "closing"]), choice)
        adding.stdout.close()
        added = adding.wait(120) == 0 or added
        stop.set()
        sender.join()
        if bus.poll() is None:
            bus.send_signal(signal.SIGTERM)
        bus.communicate(timeout=120)
    bus, port = start(lake)
    last = subprocess.run([sys.executable, __file__, str(lake.folder), str(file), "0"], check=False)
    bus.send_signal(signal.SIGTERM)
    bus.communicate(timeout=120)

    assert (last.returncode, added) == (0, True)
    Importer(lake.folder, SOURCES).close()  # recovers what the last kill left
    assert examine(lake.folder, [*lake.acknowledged, *(f"e-{number}" for number in range(400))]) is None


if __name__ == "__main__":
    backfilling.GROUP_BYTES = 20_000
    crash.end_at(int(sys.argv[3]))
    backfill(Path(sys.argv[1]), Path(sys.argv[2]), lambda: os.write(1, b"joined\n"))
