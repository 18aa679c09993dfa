"""Exactly one alert, in the lake and at each sink, whatever step was the last before a crash, and the next, and the one after."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eventlake.interfaces import Result
from eventlake.local.crash import at_each, crash_point
from eventlake.local.detecting.memory import Memory
from eventlake.local.detecting.outbox import Outbox
from eventlake.local.detecting.process import Worker, note_accepted
from eventlake.local.detecting.receivers import FileReceiver
from eventlake.local.detecting.sinks import Sink
from eventlake.local.detecting.ticker import Ticker
from local.detecting.alerting import Clock, Lake, at, detection


class _Crashed(BaseException):
    """The process is gone."""


@pytest.fixture(autouse=True)
def _no_crash_later() -> Iterator[None]:
    """Leave no crash to other tests."""
    yield
    at_each()


@dataclass
class _Accepted:
    """The lake's side: what the bus accepted, as an engine tells it."""

    bodies: list[bytes]

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None, *, cancelled: object = None, **_more: Any) -> Result:
        """The ids of the alerts that are asked for."""
        ids = [json.loads(body)["id"] for body in self.bodies]
        return Result(("event_id",), ("varchar",), [(one,) for one in sorted(set(ids)) if one in sql])

    def explain(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Nobody asks."""
        raise NotImplementedError


class _World:
    """A lake that goes on while processes of detections come and go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake, self.clock, self.accepted = Lake(), Clock(at(1)), _Accepted([])
        self.sinks = tuple(Sink(name, "low", FileReceiver(folder / name)) for name in ("first", "second"))

    def live(self, turns: int) -> None:
        """Be one process, for some turns."""
        with contextlib.closing(Memory(self.folder / "detections.db")) as memory:
            note_accepted(memory, self.accepted, self.clock())
            said: list[str] = []
            ticker = Ticker([detection(), detection("another")], self.lake.evaluate, self.lake.newest, memory, self.sinks, said.append)
            worker = Worker(ticker, memory, said.append, self.clock)
            outbox = Outbox(memory, self.sinks, self.clock, said.append)
            heard: list[str] = []
            for _ in range(turns):
                said.clear()
                worker.turn(heard)
                heard = [self._accept(line.removeprefix("alert ")) for line in said if line.startswith("alert ")]
                outbox.turn()
                self.clock.pass_(seconds=50)

    def _accept(self, body: str) -> str:
        self.accepted.bodies.append(body.encode())
        crash_point("alert accepted")
        return f"accepted {json.loads(body)['id']}"

    def alerts(self) -> list[Counter[tuple[str, str, str]]]:
        """What was told, in the lake and at each sink: detection, key and state."""
        files = [(self.folder / sink.name).read_bytes().splitlines() for sink in self.sinks]
        return [Counter(_named(body) for body in bodies) for bodies in (self.accepted.bodies, *files)]


def _named(body: bytes) -> tuple[str, str, str]:
    detail = json.loads(body)["detail"]
    return detail["detection"], detail["key"], detail["state"]


def _crash_after(steps: int) -> None:
    """Let the n-th step from here be the last of a process."""
    left = steps

    def crash(_name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise _Crashed

    at_each(crash)


def _wanted() -> Counter[tuple[str, str, str]]:
    return Counter((name, key, "opened") for name in ("many_orders", "another") for key in ("ann", "bob"))


def _with_orders(folder: Path) -> _World:
    world = _World(folder)
    world.lake.add(*((who, minute) for who in ("ann", "bob") for minute in (0.1, 0.2, 0.3)))
    return world


def test_a_crash_after_any_step_and_each_one_after(tmp_path: Path) -> None:
    """A hundred processes: each dies after its n-th step, and objects keep coming."""
    for steps in range(1, 21):
        (folder := tmp_path / str(steps)).mkdir()
        world = _with_orders(folder)
        for life in range(5):
            _crash_after(steps)
            with contextlib.suppress(_Crashed):
                world.live(3)
            world.lake.add((f"zoe-{life}", 0.5))
        at_each()
        world.live(4)
        assert world.alerts() == [_wanted()] * 3, f"after each {steps}. step"


def test_lives_of_one_step_only_get_there(tmp_path: Path) -> None:
    """No process lives longer than to its next durable step, and yet everything is told, once."""
    world = _with_orders(tmp_path)
    crashes = 0
    for _ in range(100):
        _crash_after(1)
        try:
            world.live(4)
        except _Crashed:
            crashes += 1
    at_each()
    world.live(4)
    assert world.alerts() == [_wanted()] * 3
    assert crashes > 10
