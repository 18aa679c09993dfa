"""The lock of a lake: one writer, named; what a killed bus left behind is waited for, and taken over from."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from eventlake.errors import LakeLeftError, LakeLockedError
from eventlake.local.lock import LakeLock, read_holder
from eventlake.local.service import Service
from eventlake.pipeline.delivery import Hints
from eventlake.sources import load
from kill_many import attack

BUS = """
import subprocess, sys
from pathlib import Path
from eventlake.local.lock import LakeLock
lock = LakeLock(Path(sys.argv[1]))
child = subprocess.Popen(["cat"], stdin=int(sys.argv[2]), pass_fds=[lock.descriptor])
lock.tell("http://127.0.0.1:1", child.pid)
print(child.pid, flush=True)
sys.stdin.read()
"""
"""Holds a lake as a bus does, with a child that ends when a pipe is closed."""


class Left:
    """A bus that was killed, and its child, which still lives."""

    def __init__(self, folder: Path) -> None:
        reading, self._writing = os.pipe()
        self.bus = subprocess.Popen(
            [sys.executable, "-c", BUS, str(folder), str(reading)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[reading],
        )
        os.close(reading)
        self.child = int(_line(self.bus.stdout))

    def kill(self) -> None:
        """Kill the bus; nobody asks for its exit code yet."""
        self.bus.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, self.bus.pid, os.WEXITED | os.WNOWAIT)

    def end(self) -> None:
        """End the child, and the bus if it lives."""
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1
        self.bus.kill()
        self.bus.communicate()


def _line(stream: IO[str] | None) -> str:
    return stream.readline() if stream else ""


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Left]:
    """A bus that holds the lake in a folder."""
    found = Left(tmp_path)
    yield found
    found.end()


def test_a_bus_that_lives_is_named_with_the_way_out(left: Left, tmp_path: Path) -> None:
    """It is not waited for."""
    with pytest.raises(LakeLockedError, match=rf"\(process {left.bus.pid}, since .*End it first; events can be sent to its bus") as error:
        LakeLock(tmp_path)

    assert not isinstance(error.value, LakeLeftError)


@pytest.mark.parametrize("asked_for", [False, True])
def test_the_child_of_a_killed_bus_is_named(left: Left, tmp_path: Path, asked_for: bool) -> None:
    """Whether or not the bus is still listed among the processes."""
    left.kill()
    if asked_for:
        left.bus.wait()

    with pytest.raises(LakeLeftError, match=rf"the delivering process \({left.child}\) of .*process {left.bus.pid}.*which was killed"):
        LakeLock(tmp_path)


def taken(folder: Path) -> LakeLock:
    """The lock of a lake, as soon as it is free."""
    for _ in range(600):
        with contextlib.suppress(LakeLeftError):
            return LakeLock(folder)
        time.sleep(0.05)
    raise AssertionError("The lock was not left.")


def test_a_lock_that_was_left_is_taken_when_the_child_has_ended(left: Left, tmp_path: Path) -> None:
    """And its text names the new holder, nothing of the old one."""
    left.kill()
    left.end()

    lock = taken(tmp_path)
    holder = read_holder(tmp_path)
    lock.release()

    assert (holder["pid"], holder["url"], holder["delivering"]) == (os.getpid(), None, None)


def service(folder: Path, told: list[str], heard: threading.Event) -> Service:
    """A bus over a lake; what it says to its owner is kept."""

    def tell(sentence: str) -> None:
        told.append(sentence)
        heard.set()

    return Service(folder, load(), port=0, hints=Hints(0.1, 1 << 20), told=tell)


def test_a_start_waits_for_what_a_killed_bus_left_behind_and_says_for_whom(left: Left, tmp_path: Path) -> None:
    """It begins as soon as that has ended."""
    left.kill()
    told: list[str] = []
    heard = threading.Event()
    bus = service(tmp_path, told, heard)
    ready: list[str] = []

    def begun(url: str) -> None:
        ready.append(url)
        bus.stop()

    thread = threading.Thread(target=lambda: bus.run(begun))
    thread.start()

    assert heard.wait(60)
    assert ready == []
    left.end()
    thread.join(60)

    assert len(ready) == 1
    assert len(told) == 1
    assert f"the delivering process ({left.child}) of " in told[0]
    assert told[0].endswith("which was killed. It ends by itself; waiting for it.")


def test_a_start_that_waits_can_be_stopped(left: Left, tmp_path: Path) -> None:
    """Nothing is served."""
    left.kill()
    told: list[str] = []
    heard = threading.Event()
    bus = service(tmp_path, told, heard)
    thread = threading.Thread(target=lambda: bus.run(told.append))
    thread.start()
    assert heard.wait(60)
    bus.stop()
    thread.join(60)

    assert len(told) == 1


def test_a_start_does_not_wait_for_ever(left: Left, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute it says again for whom it waited, and ends."""
    monkeypatch.setattr("eventlake.local.service._LOOKS", 3)
    left.kill()

    with pytest.raises(LakeLeftError, match="try again in a moment"):
        service(tmp_path, [], threading.Event()).run(lambda _url: None)


@pytest.mark.slow
def test_a_bus_that_is_killed_and_started_again_at_once_loses_nothing(tmp_path: Path) -> None:
    """Three times, while senders put events: it starts, and what it acknowledged is stored once."""
    assert attack(tmp_path / "lake", "json", 3, seed=7, only="bus") is None


@pytest.mark.parametrize("words", [["serve"], ["--lake", "there", "serve", "--port", "0"], ["--lake=there", "--quiet", "serve"]])
def test_whoever_holds_the_lock_is_named_by_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """Wherever options stand."""
    monkeypatch.setattr(sys, "argv", ["eventlake", *words])
    lock = LakeLock(tmp_path)

    with pytest.raises(LakeLockedError, match="is being written by serve "):
        LakeLock(tmp_path)
    lock.release()
