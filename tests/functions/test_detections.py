"""The function that runs detections: one statement a call, states that survive, alerts told once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.template_rules import resources
from eventlake import matches
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.deploy.cloudformation import read_template
from eventlake.detections.alerts import Subject, event_of
from eventlake.detections.detection import Detection, read_detection
from eventlake.detections.header import SEVERITIES
from eventlake.detections.states import State, Telling
from eventlake.errors import CorruptObjectError, GenerationConflictError, UsageError
from eventlake.functions import detections as function
from eventlake.functions.alerting import KEY, Memory
from eventlake.interfaces import Result
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import read_source
from local.detecting.alerting import ORDERS, SHOP, at
from project import ROOT


@dataclass
class Bucket:
    """The calls of S3's client that are made, with its conditions."""

    body: bytes | None = None
    version: int = 0
    before_put: Callable[[], None] = lambda: None
    puts: int = 0

    def get_object(self, **_: str) -> dict[str, Any]:
        """The object."""
        if self.body is None:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return {"Body": BytesIO(self.body), "ETag": f'"{self.version}"'}

    def put_object(self, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **_: str) -> dict[str, Any]:
        """Replace the object, if it is what was read."""
        self.before_put()
        if (IfMatch and IfMatch != f'"{self.version}"') or (IfNoneMatch and self.body is not None):
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "PutObject")
        self.body, self.version, self.puts = Body, self.version + 1, self.puts + 1
        return {"ETag": f'"{self.version}"'}


@dataclass
class Events:
    """The event bus: what it took, and how many calls fail."""

    took: list[dict[str, Any]] = field(default_factory=list)
    failing: int = 0
    refusing: int = 0

    def put_events(self, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Take entries."""
        if self.failing:
            self.failing -= 1
            raise ClientError({"Error": {"Code": "InternalException", "Message": ""}}, "PutEvents")
        if self.refusing:
            self.refusing -= 1
            return {"Entries": [{"ErrorCode": "ThrottlingException"} for _ in Entries]}
        self.took += [json.loads(entry["Detail"]) for entry in Entries]
        return {"Entries": [{"EventId": "x"} for _ in Entries]}


@dataclass
class Counting:
    """An engine that counts statements."""

    engine: DuckDBEngine
    asked: int = 0

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, cancelled: Callable[[], bool] | None = None, **_more: Any
    ) -> Result:
        """Ask it."""
        self.asked += 1
        return self.engine.query(sql, parameters, cancelled)

    def explain(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Nobody asks."""
        raise NotImplementedError


class World:
    """A lake of orders, and what calls leave."""

    def __init__(self, folder: Path) -> None:
        (folder / "shop").mkdir()
        (folder / "shop" / "source.toml").write_text(SHOP, "utf-8")
        self.source = read_source(folder / "shop" / "source.toml")
        self.folder, self.number = folder / "lake", 0
        self.add()
        self.engine = Counting(open_lake(self.folder, [self.source]).engine)  # type: ignore[arg-type]  # it is DuckDB's
        self.bucket, self.events = Bucket(), Events()
        self.detections = [self.detection("many_orders")]

    def detection(self, name: str, **changes: str) -> Detection:
        """The detection under a name, with changes of its text."""
        text = ORDERS
        for old, new in changes.items():
            text = text.replace(old, new)
        return read_detection(text, name, "shop", ["orders"], where=name)

    def add(self, *orders: tuple[str, float]) -> None:
        """Deliver orders, each three times."""
        with Importer(self.folder, [self.source]) as importer:
            for who, minute in orders:
                self.number += 1
                event = {
                    "id": f"o{self.number}",
                    "source": "shop",
                    "detail-type": "Order",
                    "time": at(minute).isoformat(),
                    "detail": {"who": who},
                }
                importer.accept([Item(1, json.dumps(event).encode())] * 3)
            importer.deliver()

    def call(self, now: datetime, wanted: Sequence[str] | None = None) -> function.Call:
        """Be one call of a fresh container. wanted: the detections that are named."""
        call = function.Call(Memory(self.bucket, "bucket"), self.engine, self.events, now)
        call.run(self.detections, wanted)
        return call

    def told(self) -> list[tuple[str, str, str]]:
        """What the bus took."""
        return [(detail["detection"], detail["key"], detail["state"]) for detail in self.events.took]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which three orders of ann came."""
    made = World(tmp_path)
    monkeypatch.setattr(function, "tables", lambda: made.source.tables)
    function._context.cache_clear()
    made.add(("ann", 0), ("ann", 1), ("ann", 2))
    return made


def test_alerts_open_and_are_resolved_once(world: World) -> None:
    """Each call is one statement."""
    calls = [world.call(at(minute)) for minute in (5, 10, 75, 80, 150, 240)]
    assert world.told() == [("many_orders", "ann", "opened"), ("many_orders", "ann", "resolved")]
    assert world.engine.asked == len(calls)
    assert len({detail["event-id"] for detail in world.events.took}) == 2
    assert world.events.took[0]["text"] == "HIGH: Many orders of one person: ann"


@pytest.mark.slow
def test_many_detections_are_one_statement(world: World) -> None:
    """Whatever they find; and only those that are due."""
    rare = {"-- every 1m": "-- every 1h"}
    world.detections = [world.detection(f"d{number}", **(rare if number % 2 else {})) for number in range(6)]
    assert [world.call(at(minute)).ran for minute in (5, 10, 15)] == [6, 3, 3]
    assert world.engine.asked == 3
    assert sorted(world.told()) == [(f"d{number}", "ann", "opened") for number in range(6)]


@pytest.mark.slow
def test_what_was_known_before_is_asked_for_where_something_is_found_without(world: World) -> None:
    """In a statement of its own; who ordered the day before is nobody new."""
    news = {
        "-- window": "-- history 1d\n-- window",
        "event_time >= :since": "event_time >= :before",
        "count(distinct event_id) >= :least": "count(distinct event_id) >= :least and min(event_time) >= :since",
    }
    world.detections = [world.detection("new", **news), world.detection("many_orders")]
    world.call(at(5))
    assert (world.engine.asked, sorted(world.told())) == (2, [("many_orders", "ann", "opened"), ("new", "ann", "opened")])

    world.add(("bob", 1200), ("ann", 1201), ("ann", 1202), ("ann", 1203))
    world.call(at(1205))
    assert world.engine.asked == 4
    assert world.told()[-1:] == [("many_orders", "ann", "opened")]


@pytest.mark.slow
def test_named_detections_run_though_they_are_not_due_and_no_other(world: World) -> None:
    """What the others found stays remembered."""
    world.detections = [world.detection(name) for name in ("first", "second")]
    assert world.call(at(5)).ran == 2
    call = world.call(at(6), ["second"])
    assert (call.ran, sorted(call.remembered.states), call.remembered.until["first"]) == (1, ["first", "second"], at(5))
    assert len(world.told()) == 2


def test_a_name_of_no_detection_is_said(world: World) -> None:
    """Before anything is read or asked."""
    with pytest.raises(UsageError, match='no detection "many_order" in this lake'):
        world.call(at(5), ["many_order"])
    assert (world.engine.asked, world.bucket.puts) == (0, 0)


@pytest.mark.slow
def test_one_that_cannot_run_stops_no_other_and_is_left_alone_for_an_hour(world: World) -> None:
    """It is found by halves, and named; so is one whose statement is wrong, without any."""
    late = {"count(distinct event_id) >= :least": "cast(max(who) as bigint) >= :least"}
    wrong = {"min(event_time)": "min(event_tine)"}
    world.detections = [
        *(world.detection(f"d{number}") for number in range(4)),
        world.detection("late", **late),
        world.detection("wrong", **wrong),
    ]
    call = world.call(at(5))
    assert call.ran == 4
    assert sorted(call.remembered.problems) == ["late", "wrong"]
    assert len(world.told()) == 4
    asked = world.engine.asked
    assert world.call(at(10)).ran == 4
    assert world.engine.asked == asked + 1
    world.detections[4] = world.detection("late")
    call = world.call(at(70))
    assert (call.ran, sorted(call.remembered.problems)) == (5, ["wrong"])


@pytest.mark.slow
def test_a_bus_that_fails_gets_the_alert_from_the_next_call(world: World) -> None:
    """Whether it failed as a whole, or refused an entry; and with the same id."""
    world.events.failing = 1
    with pytest.raises(Exception, match="event bus"):
        world.call(at(5))
    world.events.refusing = 1
    assert [world.call(at(10)).told, world.call(at(15)).told, world.call(at(20)).told] == [0, 1, 0]
    assert world.told() == [("many_orders", "ann", "opened")]


@pytest.mark.slow
def test_of_two_calls_at_once_one_tells_nothing(world: World) -> None:
    """S3 refuses the second, which has put nothing on the bus."""

    def another() -> None:
        world.bucket.before_put = lambda: None
        world.call(at(5))

    world.bucket.before_put = another
    with pytest.raises(GenerationConflictError):
        world.call(at(5))
    assert world.told() == [("many_orders", "ann", "opened")]


@pytest.mark.slow
def test_what_no_call_looked_at_is_looked_at_by_the_next(world: World) -> None:
    """A window at a time, in one statement."""
    world.call(at(-60))
    asked = world.engine.asked
    world.call(at(400))
    assert world.told()[0] == ("many_orders", "ann", "opened")
    assert world.engine.asked == asked + 1


@pytest.mark.slow
def test_a_detection_that_is_gone_is_forgotten(world: World) -> None:
    """Nothing of it is kept."""
    world.call(at(5))
    world.detections = []
    world.call(at(10))
    assert json.loads(world.bucket.body or b"") == {"until": {}, "tried": {}, "problems": {}, "states": {}, "pending": []}


def test_a_damaged_state_is_said(world: World) -> None:
    """With what to do."""
    world.bucket.body = b'{"until": {}}'
    with pytest.raises(CorruptObjectError, match=f'"{KEY}" is damaged.*Remove it'):
        world.call(at(5))


def test_a_detection_about_alerts_is_refused(world: World) -> None:
    """Alerts about alerts would never end."""
    one = world.detections[0]
    world.detections = [Detection(**{name: getattr(one, name) for name in one.__slots__} | {"tables": ("alerts",)})]
    assert "never end" in world.call(at(5) + timedelta(0)).remembered.problems["many_orders"]


def test_rules_tell_topic_and_webhook_of_all_but_information() -> None:
    """What people do at work lies in the table; a rule of one's own may take it farther."""
    rules = resources(read_template((ROOT / "templates/detections.yaml").read_text("utf-8")), "AWS::Events::Rule")
    now = at(0)
    state = State("a", now, now, now, 1, 1, 1, now, True)
    for rule in rules.values():
        pattern = rule["EventPattern"] | {"account": ["1"]}
        events = [event_of(Subject("x", "X", severity), Telling("t", "opened", "k", state), now, "1", "here") for severity in SEVERITIES]
        assert [matches(pattern, event) for event in events] == [False, True, True, True, True]
    assert len(rules) == 2
