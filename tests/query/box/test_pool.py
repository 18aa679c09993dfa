"""The pool of processes: deadlines, cancelling, the line before it, and what happens when a process dies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from eventlake.errors import ConfigurationError, QueryLimitError
from eventlake.query.box.line import Line
from eventlake.query.box.worker import Worker
from query.box.watching import Place

ENDLESS = "select count(*) from auth0_logs a, auth0_logs b, auth0_logs c, auth0_logs d"
COUNT = "select count(*) from auth0_logs"


HAS_CHILDREN = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found in /proc")


def until(true: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_a_query_is_killed_at_its_deadline_and_the_next_one_answers(place: Place) -> None:
    """The sentence says how long it ran and what to do."""
    engine = place.engine(seconds=0.5, warm=1)

    with pytest.raises(QueryLimitError, match=r"ran longer than 0\.5 s and was stopped"):
        engine.query(ENDLESS)

    engine.seconds, engine.box.cell = 120, place.cell(seconds=120)  # it has the time that a slow machine takes
    assert engine.query(COUNT).rows == [(2000,)]
    engine.close()


def test_a_query_that_nobody_wants_any_more_is_killed(place: Place) -> None:
    """Whoever waits says so, and is told: the third time that it is asked, long before the query would end."""
    engine, asked = place.engine(seconds=1200), iter([False, False])

    with pytest.raises(QueryLimitError, match="cancelled"):
        engine.query(ENDLESS, cancelled=lambda: next(asked, True))

    assert place.zygote.workers[-1].end is not None
    engine.close()


def test_ctrl_c_kills_the_process(place: Place) -> None:
    """An exception in whoever waits is enough: the leash is let go on the way out."""
    engine = place.engine(seconds=120)

    def interrupted() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.query(ENDLESS, cancelled=interrupted)

    assert place.zygote.workers[-1].end is not None
    engine.close()


def test_memory_that_runs_out_is_told_with_its_limit(place: Place) -> None:
    """Not as a death, not in DuckDB's words."""
    engine = place.engine(seconds=120)

    with pytest.raises(QueryLimitError, match="more than 384 MB of memory"):
        engine.query("select cardinality(array_agg(a.log_id || b.log_id || c.ip)) from auth0_logs a, auth0_logs b, auth0_logs c")

    engine.close()


def children(process: int) -> list[int]:
    """Return the numbers of the processes that this one began and that were not reaped."""
    return [int(one) for task in Path(f"/proc/{process}/task").iterdir() for one in (task / "children").read_text("ascii").split()]


def zygote_of(place: Place) -> int:
    """Return the number of the process that forks."""
    place.zygote.start()
    process = place.zygote._end.peek()[2][0]  # type: ignore[union-attr,index]
    return int(process.pid)


@HAS_CHILDREN
@pytest.mark.parametrize("warm", [1, 2])
def test_a_spare_process_that_was_killed_costs_no_query(place: Place, warm: int) -> None:
    """The system takes spare ones first where memory runs out; a query then has a new one."""
    engine = place.engine(seconds=120, warm=warm)
    assert engine.query(COUNT).rows == [(2000,)]
    engine.prepare()
    for spare, _ in engine.box._spare:
        spare.begin()  # it stands then, unless the system took it already
    for process in children(zygote_of(place)):
        os.kill(process, signal.SIGKILL)

    assert [engine.query(COUNT).rows for _ in range(3)] == [[(2000,)]] * 3
    engine.close()


def test_a_process_that_dies_before_it_is_asked_costs_another(place: Place) -> None:
    """Once: it was taken alive, and then it was gone."""
    engine = place.engine(seconds=120)
    engine.prepare()
    engine.box._spare[0][0]._data.shutdown(socket.SHUT_RDWR)

    assert engine.query(COUNT).rows == [(2000,)]
    engine.close()


def test_no_process_that_begins_is_a_sentence(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is the last."""
    engine = place.engine(seconds=120)
    forked: list[Worker] = []

    def dead() -> Worker:
        (ours, theirs), (leash, its_leash) = socket.socketpair(), socket.socketpair()
        theirs.close()
        its_leash.close()
        forked.append(Worker(ours, leash))
        return forked[-1]

    monkeypatch.setattr(place.zygote, "fork", dead)

    with pytest.raises(ConfigurationError, match="eventlake doctor"):
        engine.query(COUNT)

    assert len(forked) <= 3
    engine.close()


def test_a_folder_that_was_put_in_anew_is_read(place: Place) -> None:
    """A restored one has the same name, but the kernel's walls stand round the old one."""
    engine = place.engine(seconds=120, warm=1)
    assert engine.query(COUNT).rows == [(2000,)]
    engine.prepare()
    old = place.root / "old"
    place.lake.rename(old)
    shutil.copytree(old, place.lake)

    answer = engine.query(COUNT).rows

    shutil.rmtree(place.lake)
    old.rename(place.lake)
    assert answer == engine.query(COUNT).rows == [(2000,)]
    engine.close()


@pytest.mark.slow
@HAS_CHILDREN
def test_a_zygote_that_is_killed_costs_no_query_and_is_no_zombie(place: Place) -> None:
    """Its spare processes go with it."""
    engine = place.engine(seconds=120, warm=1)
    assert engine.query(COUNT).rows == [(2000,)]
    zygote = zygote_of(place)
    os.kill(zygote, signal.SIGKILL)
    assert until(lambda: not Path(f"/proc/{zygote}").exists())

    assert [engine.query(COUNT).rows for _ in range(2)] == [[(2000,)]] * 2
    engine.close()


def test_a_zygote_that_was_killed_is_started_again(place: Place) -> None:
    """Somebody may end it; the query after that has a new one."""
    engine = place.engine(seconds=120)
    assert engine.query(COUNT).rows == [(2000,)]
    place.zygote.close()

    assert engine.query(COUNT).rows == [(2000,)]
    engine.close()


def test_too_many_columns_of_an_answer_are_refused_by_their_bytes(place: Place) -> None:
    """The bytes are counted where they arrive."""
    engine = place.engine(seconds=120, answer_mb=1)

    with pytest.raises(QueryLimitError, match="more than 1 MB"):
        engine.query("select rpad(log_id, 1000, 'x') from auth0_logs")

    engine.close()


@pytest.mark.slow
def test_queries_of_many_threads_all_answer(place: Place) -> None:
    """More than are answered at once wait their turn."""
    engine = place.engine(seconds=120, at_once=2, warm=2)
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(engine.query(COUNT).rows)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [[(2000,)]] * 8
    engine.close()


def test_a_full_line_refuses_at_once(place: Place) -> None:
    """One is answered, one waits, the third is told to come back."""
    engine = place.engine(seconds=120, at_once=1, waiting=1)
    stop = threading.Event()

    def endless() -> None:
        with suppress(QueryLimitError):
            engine.query(ENDLESS, cancelled=stop.is_set)

    threads = [threading.Thread(target=endless) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert until(lambda: len(engine.box.line._line) == 1 and engine.box.line._free == 0)

    with pytest.raises(QueryLimitError, match="1 queries are answered at once and 1 wait already"):
        engine.query(COUNT)

    stop.set()
    for thread in threads:
        thread.join()
    engine.close()


def test_the_line_moves_in_the_order_of_arrival() -> None:
    """Who came first asks first."""
    line, served, inside = Line(1, 10), [], threading.Event()

    def come(number: int) -> None:
        with line.turn(time.monotonic() + 60):
            served.append(number)

    with line.turn(time.monotonic() + 60):
        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=come, args=(number,)))
            threads[-1].start()
            assert until(lambda number=number: len(line._line) == number + 1)  # type: ignore[misc]
        inside.set()
    for thread in threads:
        thread.join()

    assert served == [0, 1, 2, 3, 4]


def test_who_waits_too_long_is_told_so() -> None:
    """His time passes in line too."""
    line = Line(1, 10)

    with line.turn(time.monotonic() + 60), pytest.raises(QueryLimitError, match="waited in line"), line.turn(time.monotonic()):
        pass


KILLED = """
import os, sys, threading, time
from pathlib import Path
from query.box.watching import Place, WatchedZygote
place = Place(Path(sys.argv[1]), WatchedZygote())
engine = place.engine(seconds=120)
threading.Thread(target=lambda: engine.query(sys.argv[2]), daemon=True).start()
def children(process):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, parent = stat.read_text().rpartition(")")[0].split()[0], stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == process:
            found.append(int(number))
    return found
end = time.monotonic() + 60
while not (born := [child for zygote in children(os.getpid()) for child in children(zygote)]) and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.2)
print(*children(os.getpid()), *born, flush=True)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children of a process are read from /proc")
def test_nothing_is_left_of_a_query_whose_owner_was_killed(place: Place) -> None:
    """Its zygote sees that it is alone and ends, and the query with it."""
    owner = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(place.root), ENDLESS],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    assert owner.stdout is not None
    born = [int(one) for one in owner.stdout.readline().split()]
    assert len(born) == 2

    owner.kill()
    owner.wait()
    owner.stdout.close()

    assert until(lambda: not any(Path(f"/proc/{process}").exists() for process in born))
