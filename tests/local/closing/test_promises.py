"""What closing promises, seen at work: many swaps under readers, two closers at once, every pair of steps killed, a disk that is full."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import Disk
from eventlake.backends.duckdb_rewriter import DuckDBRewriter
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import StorageFullError
from eventlake.layout import Hour, closed_location
from eventlake.local import crash
from eventlake.local.closing.closer import Closed, Closer
from eventlake.local.folder import CATALOG, OBJECTS, open_catalog, open_lake

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import AFTER, FIRST, RUNS, SOURCES, TABLES, close, copied, event, rows, states, store, warm
from oracle import examine

TABLE = TABLES[RUNS]
HOUR = Hour.of(FIRST)


@pytest.mark.slow
@pytest.mark.parametrize("events", [600, pytest.param(55_000, marks=pytest.mark.slow)])
def test_many_objects_with_duplicates_become_one_with_the_same_rows(tmp_path: Path, events: int) -> None:
    """64 objects, one row in 27 of them twice; every column of every row is as it was."""
    distinct = [event(f"e{number}", FIRST + timedelta(seconds=number % 1800), version=number) for number in range(events)]
    sent = [*distinct, *distinct[: events // 27]]
    parts = [sent[len(sent) * turn // 64 : len(sent) * (turn + 1) // 64] for turn in range(64)]
    store(tmp_path, [(FIRST + timedelta(seconds=turn), part) for turn, part in enumerate(parts)])
    before = set(rows(tmp_path, "*"))

    (closed,) = close(tmp_path)

    assert (closed.objects_before, closed.rows, closed.duplicates) == (64, events, events // 27)
    after = rows(tmp_path, "*")
    assert (len(after), set(after)) == (events, before)


@pytest.mark.parametrize("swaps", [20, pytest.param(1000, marks=pytest.mark.slow)])
def test_readers_see_the_hour_before_a_swap_or_after_it(tmp_path: Path, swaps: int) -> None:
    """Four that never stop meet no error, and no answer but that of the one object or of the other."""
    store(tmp_path, [(FIRST, [event("a"), event("b"), event("b")])])
    close(tmp_path)
    two = held(tmp_path)
    store(tmp_path, [(FIRST, [event("c")])])
    close(tmp_path)
    three = held(tmp_path)
    seen: Counter[tuple[int, int]] = Counter()
    errors: list[Exception] = []
    is_over = threading.Event()

    def read() -> None:
        lake = open_lake(tmp_path, SOURCES)
        while not is_over.is_set():
            try:
                seen[lake.engine.query(f"select count(*), count(distinct event_id) from {RUNS}").rows[0]] += 1
            except Exception as error:
                errors.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    objects = DirectoryStore(tmp_path / OBJECTS)
    with contextlib.closing(SqliteCatalog(tmp_path / CATALOG)) as catalog:
        there = three
        for turn in range(swaps):
            like = (two, three)[turn % 2]
            key = f"{closed_location(TABLE.prefix, HOUR, 3 + turn, f'{turn:08x}')}one.parquet"
            objects.put(key, objects.get(like.key))
            new = replace(like, key=key, generation=0)
            catalog.replace(HOUR, RUNS, 2 + turn, [there.key], new, 0, AFTER)
            there = new
    is_over.set()
    for reader in readers:
        reader.join()

    assert errors == []
    assert set(seen) <= {(2, 2), (3, 3)}
    assert states(tmp_path) == [(str(HOUR), "closed", swaps + 2, 1, 3, 1)]


def held(lake: Path) -> NewObject:
    """The one object of the hour."""
    with contextlib.closing(open_catalog(lake)) as catalog:
        (one,) = catalog.held(RUNS, HOUR)
    return one


@pytest.mark.slow
def test_of_two_closers_at_once_one_wins(tmp_path: Path) -> None:
    """The other says so, and takes back what it wrote."""
    store(tmp_path / "open", [(FIRST, [event("a"), event("b")]), (FIRST, [event("b"), event("c")])])
    for turn in range(50):
        lake = copied(tmp_path / "open", tmp_path / str(turn))
        with contextlib.closing(SqliteCatalog(lake / CATALOG)) as catalog:
            (state,) = catalog.contents(RUNS).hours
        closed: list[Closed] = []

        def close_it(lake: Path = lake, epoch: int = catalog.epoch, closed: list[Closed] = closed) -> None:
            with (
                contextlib.closing(SqliteCatalog(lake / CATALOG, epoch=epoch)) as own,
                Closer(own, lake / OBJECTS, lambda: AFTER) as closer,
                warm(closer),
            ):
                closed.append(closer.close(TABLE, state))  # noqa: B023  the threads end within the turn

        closers = [threading.Thread(target=close_it) for _ in range(2)]
        for one in closers:
            one.start()
        for one in closers:
            one.join()

        assert sorted(bool(one.problem) for one in closed) == [False, True]
        assert states(lake) == [(str(HOUR), "closed", 1, 1, 3, 1)]
        assert examine(lake, list("abc")) is None


class Stopped(BaseException):
    """The process ends here."""


def is_stopped(lake: Path, step: int) -> bool:
    """Close, and end at the n-th crash point; False if there are not so many."""
    left = [step]

    def stop(_name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Stopped

    crash.at_each(stop)
    try:
        close(lake)
    except Stopped:
        return True
    finally:
        crash.at_each()
    return False


@pytest.mark.slow
def test_every_pair_of_steps_is_a_safe_end(tmp_path: Path) -> None:
    """A closing that is ended at one step, and what goes on after it at another: the third ends in the same rows."""
    store(tmp_path / "open", [(FIRST, [event("a"), event("b")]), (FIRST + timedelta(minutes=1), [event("b"), event("c")])])
    pairs = 0
    for first in count(1):
        for second in count(1):
            pairs += 1
            lake = copied(tmp_path / "open", tmp_path / str(pairs))
            if not is_stopped(lake, first):
                assert first > 3
                return
            is_last = not is_stopped(lake, second)
            close(lake)
            assert Counter(row[0] for row in rows(lake)) == Counter("abc")
            assert examine(lake, list("abc")) is None
            if is_last:
                break


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(tmp_path)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("a file system of its own needs the right to mount")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.mark.parametrize("left_kib", [1500, 0])
def test_an_hour_closes_later_where_the_disk_is_full_now(small_disk: Path, left_kib: int) -> None:
    """Nothing is lost or half done meanwhile: whether it may not begin, or not even note why."""
    lake = small_disk / "lake"
    store(lake, [(FIRST, [event("a"), event("b")]), (FIRST, [event("b"), event("c")])])
    filling = small_disk / "filling"
    filling.write_bytes(bytes(Disk.of(small_disk).free_bytes - (left_kib << 10)))

    with contextlib.suppress(StorageFullError):
        assert "of the disk beside what is kept for delivery" in close(lake)[0].problem
    filling.unlink()
    assert Counter(row[0] for row in rows(lake)) == Counter("abbc")
    close(lake)

    assert Counter(row[0] for row in rows(lake)) == Counter("abc")
    assert examine(lake, list("abc")) is None


@pytest.mark.slow
def test_a_disk_that_fills_while_an_hour_is_written_leaves_it_for_later(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There was room when it began; nothing is lost or half done, and nothing is left of what was written."""
    lake = small_disk / "lake"
    store(lake, [(FIRST, [event("a"), event("b")]), (FIRST, [event("b"), event("c")])])
    filling = small_disk / "filling"
    write = DuckDBRewriter.gather

    def fill_and_write(*arguments: Any) -> int:
        with contextlib.suppress(OSError), filling.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 12)):
                pass
        return write(*arguments)

    monkeypatch.setattr(DuckDBRewriter, "gather", fill_and_write)
    with contextlib.suppress(StorageFullError):
        assert close(lake)[0].problem
    filling.unlink()
    monkeypatch.undo()

    assert Counter(row[0] for row in rows(lake)) == Counter("abbc")
    close(lake)
    assert Counter(row[0] for row in rows(lake)) == Counter("abc")
    assert not list(DirectoryStore(lake / OBJECTS).staged("closing").parent.glob("closing-*"))
    assert examine(lake, list("abc")) is None
