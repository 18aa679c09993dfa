"""Sinks are told of each alert once they acknowledge it, for 24 hours, one beside the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eventlake.local.detecting.memory import Memory, Run, Saved
from eventlake.local.detecting.outbox import PATIENCE, Outbox
from eventlake.local.detecting.receivers import NotTakenError
from eventlake.local.detecting.sinks import Sink
from local.detecting.alerting import Clock


@dataclass
class Receiver:
    """Takes what it is given, unless a test says otherwise."""

    took: list[str] = field(default_factory=list)
    asked: int = 0
    down: NotTakenError | None = None
    refuses: set[str] = field(default_factory=set)

    def take(self, event_id: str, body: bytes) -> None:
        """Note the event."""
        self.asked += 1
        if self.down is not None:
            raise self.down
        if event_id in self.refuses:
            raise NotTakenError("it answered 400", is_down=False)
        assert json.loads(body) == {"id": event_id}
        self.took.append(event_id)


class World:
    """Two sinks and a memory, at a time that the test sets."""

    def __init__(self, file: Path) -> None:
        self.memory = Memory(file)
        self.clock = Clock()
        self.told: list[str] = []
        self.first, self.second = Receiver(), Receiver()
        self.sinks = (Sink("first", "low", self.first), Sink("second", "low", self.second))
        self.start()

    def start(self) -> None:
        """Begin a process."""
        self.outbox = Outbox(self.memory, self.sinks, self.clock, self.told.append)

    def tell(self, *ids: str) -> None:
        """Have alerts to tell."""
        names = tuple(sink.name for sink in self.sinks)
        saved = [Saved(one, "high", json.dumps({"id": one}).encode(), names, self.clock() + PATIENCE) for one in ids]
        self.memory.save("d", Run(), {}, saved, self.clock())

    def run(self, hours: float, step_s: float = 5.0) -> None:
        """Let time go by, a turn each step."""
        for _ in range(int(hours * 3600 / step_s)):
            while self.outbox.turn():
                pass
            self.clock.pass_(seconds=step_s)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world in which nothing was told yet."""
    made = World(tmp_path / "detections.db")
    yield made
    made.memory.close()


def test_each_sink_is_told_once_and_in_order(world: World) -> None:
    """The same alert again, saved twice, is one."""
    world.tell("a", "b")
    world.tell("b", "c")
    world.run(0.1)
    assert world.first.took == world.second.took == ["a", "b", "c"]


def test_a_sink_that_is_down_for_two_hours_gets_every_alert_once(world: World) -> None:
    """It is asked less and less often meanwhile, and holds up no other."""
    world.first.down = NotTakenError("it cannot be reached: Connection refused")
    world.tell(*(f"a{number}" for number in range(30)))
    world.run(1)
    world.tell("later")
    world.run(1)
    assert world.first.took == []
    assert world.first.asked < 20
    assert len(world.second.took) == 31
    world.first.down = None
    world.run(0.5)
    assert world.first.took == world.second.took
    assert world.told == [
        'The sink "first" was not told of the alert a0: it cannot be reached: Connection refused. It is tried again for 24 hours.',
        'The sink "first" takes alerts again.',
    ]


def test_a_restart_forgets_nothing_and_repeats_nothing(world: World) -> None:
    """What was acknowledged is noted, and what was not is told by the next process."""
    world.second.down = NotTakenError("it answered 503")
    world.tell("a", "b")
    world.run(0.1)
    world.second.down = None
    world.start()
    world.run(0.1)
    assert (world.first.took, world.second.took) == (["a", "b"], ["a", "b"])


def test_an_alert_that_is_refused_holds_up_no_other(world: World) -> None:
    """It is tried again by itself."""
    world.first.refuses = {"a"}
    world.tell("a", "b")
    world.run(0.5)
    assert world.first.took == ["b"]
    world.first.refuses = set()
    world.run(0.5)
    assert world.first.took == ["b", "a"]


def test_after_24_hours_a_sink_is_told_no_more(world: World) -> None:
    """And somebody hears of it."""
    world.first.down = NotTakenError("it answered 503")
    world.tell("a")
    world.run(25, step_s=300)
    assert world.memory.waiting() == {}
    assert world.told[-1] == 'The sink "first" was not told of the alert a within 24 hours, and is not told any more.'
    world.first.down = None
    world.tell("b")
    world.run(1)
    assert world.first.took == ["b"]


def test_a_receiver_says_when_to_try_again(world: World) -> None:
    """At most an hour counts."""
    world.first.down = NotTakenError("it answered 429", after_s=1200)
    world.tell("a")
    world.run(0.33)
    assert world.first.asked == 1
    world.run(0.1)
    assert world.first.asked == 2


def test_errands_of_a_sink_that_is_gone_are_forgotten(world: World) -> None:
    """And what was told a week ago, once the bus has it."""
    world.first.down = world.second.down = NotTakenError("it answered 503")
    world.tell("a")
    world.memory.accept(["a"])
    world.memory.tidy(["second"], world.clock())
    assert world.memory.waiting() == {"second": 1}
    world.clock.pass_(days=8)
    world.memory.tidy([], world.clock())
    world.tell("a")
    assert [one for one, _ in world.memory.unaccepted()] == ["a"]
