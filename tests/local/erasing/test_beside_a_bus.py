"""A person is erased while a bus writes the lake: it goes on accepting, and whoever is killed, the next erasure finishes."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from eventlake.cli import run
from eventlake.local import crash
from eventlake.local.folder import open_lake
from eventlake.local.item import Item
from eventlake.local.lock import read_holder

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import PAST, RUNS, SOURCES, event
from ended import Ended
from erased_lake import ANNA, MAIL, hits, told

KEPT = ["c", "d", "e", "f", "g", "i"]


@contextmanager
def serving(lake: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A bus over a lake, and its port."""
    command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(lake), "--port", "0", "--no-detections", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bus:
        try:
            assert bus.stdout is not None
            yield bus, int(bus.stdout.readline().rpartition(":")[2])
        finally:
            bus.terminate()
            bus.wait(60)


def post(port: int, *events: Item) -> int:
    """Send events to a bus; the status."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/events", b"\n".join(one.data for one in events))
        return connection.getresponse().status


def erase(lake: Path) -> int:
    """Erase her as the command does; its exit code."""
    return run(("erase", "--user", ANNA, "--email", MAIL, "--yes", "--lake", str(lake)))


def login(identity: str, user: str) -> Item:
    """An entry of Auth0's log."""
    data = {"date": "2026-06-30T10:00:00.000Z", "type": "s", "log_id": identity, "user_id": user}
    named = {"id": identity, "detail-type": "Auth0 log", "source": "aws.partner/auth0.com", "time": "2026-06-30T10:00:00Z"}
    return Item(1, json.dumps({**named, "detail": {"log_id": identity, "data": data}}).encode())


def ids(lake: Path, table: str = RUNS) -> list[str]:
    """The ids of the rows."""
    return sorted(str(one) for (one,) in open_lake(lake, SOURCES).engine.query(f"select event_id from {table}").rows)


def until(true: Callable[[], bool]) -> None:
    """Wait for something, a minute at most."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_the_bus_delivers_what_it_has_and_nothing_is_left_of_her_in_any_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither of what only its buffers held; everybody else's events are there once, and the bus goes on."""
    told(None, tmp_path)
    with serving(tmp_path, "--buffer-seconds", "900") as (bus, port):
        assert post(port, event("j"), event("k", PAST, **{"execution-id": ANNA}), event("l", trigger={"detail": f"by {MAIL}"})) == 200

        assert erase(tmp_path) == 0

        assert "No file of the lake names the person any more. The certificate" in capsys.readouterr().err
        assert hits(tmp_path) == []
        assert ids(tmp_path) == [*KEPT, "j", "l"]
        assert post(port, event("m"), login("n", ANNA)) == 200
        bus.send_signal(signal.SIGTERM)
        assert bus.wait(60) == 0

    assert ids(tmp_path) == [*KEPT, "j", "l", "m"]
    assert ids(tmp_path, "auth0_logs") == []


@pytest.mark.slow
def test_what_comes_meanwhile_is_accepted_and_makes_no_row_of_hers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told that the spool holds it for an hour more; others' events lose her name."""
    told(None, tmp_path)
    statuses: list[int] = []

    def send(name: str) -> None:
        if name in {"tombstones written", "object without the person in place"}:
            number = len(statuses)
            events = (
                event(f"x{number}"),
                event(f"y{number}", trigger={"detail": f"by {ANNA}"}),
                login(f"z{number}", ANNA),
                login(f"w{number}", "auth0|x"),
            )
            statuses.append(post(port, *events))

    with serving(tmp_path) as (bus, port):
        crash.at_each(send)
        try:
            assert erase(tmp_path) == 0
        finally:
            crash.at_each()
        assert "but the spool, with what the bus took meanwhile" in capsys.readouterr().err
        bus.send_signal(signal.SIGTERM)
        assert bus.wait(60) == 0

    assert set(statuses) == {200}
    numbers = range(len(statuses))
    assert ids(tmp_path) == sorted([*KEPT, *(f"{name}{number}" for number in numbers for name in "xy")])
    assert ids(tmp_path, "auth0_logs") == [f"w{number}" for number in numbers]
    assert [path for path in hits(tmp_path) if "/spool/" not in path] == []


@pytest.mark.slow
def test_an_erasure_that_is_killed_leaves_the_bus_at_work_and_is_finished_by_the_next(tmp_path: Path, ended: Ended) -> None:
    """Whatever is accepted before, between and behind is there, once."""
    told(None, tmp_path)
    sent: list[str] = []
    with serving(tmp_path) as (bus, port):
        for step in (2, 9):
            sent.append(f"x{step}")
            assert post(port, event(f"x{step}"), login(f"a{step}", ANNA)) == 200
            assert ended(erase, tmp_path, crash_at=step) == crash.CRASHED
            until(lambda: set(sent) <= set(ids(tmp_path)))
        assert erase(tmp_path) == 0
        bus.send_signal(signal.SIGTERM)
        assert bus.wait(60) == 0

    assert ids(tmp_path) == [*KEPT, *sent]
    assert ids(tmp_path, "auth0_logs") == []
    assert [path for path in hits(tmp_path) if "/spool/" not in path] == []


@pytest.mark.slow
def test_a_bus_that_is_killed_meanwhile_and_begun_again_delivers_when_the_erasure_is_done(tmp_path: Path) -> None:
    """The erasure has the lake to itself all the time; what both buses accepted is there, once."""
    told(None, tmp_path)
    with serving(tmp_path) as (bus, port):
        again: list[tuple[subprocess.Popen[str], int]] = []

        def begin_again(name: str) -> None:
            if name == "object without the person intended" and not again:
                assert post(port, event("j")) == 200
                bus.kill()
                bus.wait(60)
                again.append(stack.enter_context(serving(tmp_path)))
                assert post(again[0][1], event("k"), login("n", ANNA)) == 200
                until(lambda: (read_holder(tmp_path).get("pid"), read_holder(tmp_path).get("delivering")) == (again[0][0].pid, None))

        with ExitStack() as stack:
            crash.at_each(begin_again)
            try:
                assert erase(tmp_path) == 0
            finally:
                crash.at_each()
            again[0][0].send_signal(signal.SIGTERM)
            assert again[0][0].wait(60) == 0

    assert ids(tmp_path) == [*KEPT, "j", "k"]
    assert ids(tmp_path, "auth0_logs") == []
    assert [path for path in hits(tmp_path) if "/spool/" not in path] == []
