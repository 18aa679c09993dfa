"""When detections run, and what is saved of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eventlake.detections.detection import Detection
from eventlake.local.detecting.memory import Memory
from eventlake.local.detecting.sinks import Sink
from eventlake.local.detecting.ticker import Ticker, finds_by_time
from eventlake.query.saved import Unread
from local.detecting.alerting import Lake, at, detection


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """A new memory."""
    made = Memory(tmp_path / "detections.db")
    yield made
    made.close()


def _ticker(lake: Lake, memory: Memory, *detections: Detection, told: list[str] | None = None, sinks: tuple[Sink, ...] = ()) -> Ticker:
    said: list[str] = [] if told is None else told
    return Ticker(detections or (detection(),), lake.evaluate, lake.newest, memory, sinks, said.append)


def _told(memory: Memory) -> list[tuple[str, str, int]]:
    details = [json.loads(body)["detail"] for _, body in memory.unaccepted()]
    return [(detail["key"], detail["state"], detail["events"]) for detail in details]


def test_nothing_runs_over_an_empty_lake(memory: Memory) -> None:
    """No object, no query."""
    lake = Lake()
    assert [_ticker(lake, memory).tick(at(minute)) for minute in range(5)] == [0] * 5
    assert lake.looked == []


def test_a_detection_runs_when_an_object_comes_and_once_more_before_the_next(memory: Memory) -> None:
    """What nothing came for since is not asked again."""
    lake = Lake()
    ticker = _ticker(lake, memory)
    lake.add(("ann", 0))
    assert [ticker.tick(at(minute)) for minute in (1, 1.5, 2, 3, 60)] == [1, 0, 1, 0, 0]
    lake.add(("ann", 60))
    assert [ticker.tick(at(minute)) for minute in (61, 62, 63)] == [1, 1, 0]


def test_what_a_clock_that_runs_ahead_has_sent_is_found_though_nothing_comes_after_it(memory: Memory) -> None:
    """Its events lie behind the moment up to which the first run looked."""
    lake = Lake()
    ticker = _ticker(lake, memory)
    lake.add(("ann", 0), ("ann", 0.5), ("ann", 1))
    ticker.tick(at(0.75))
    assert _told(memory) == []
    ticker.tick(at(1.75))
    assert _told(memory) == [("ann", "opened", 3)]


def test_an_alert_is_there_within_a_minute_of_its_object(memory: Memory) -> None:
    """Also of a detection that is to run every five minutes, while objects come all the time."""
    lake = Lake()
    ticker = _ticker(lake, memory, detection(every="5m"))
    lake.add(("bob", 0))
    ticker.tick(at(0.1))
    lake.add(("ann", 0.1), ("ann", 0.1), ("ann", 0.1))
    for second in range(60):
        ticker.tick(at(0.2 + second / 60))
    assert _told(memory) == [("ann", "opened", 3)]


def test_a_detection_that_reads_much_keeps_to_its_every(memory: Memory) -> None:
    """Every hour, whatever comes."""
    lake = Lake()
    ticker = _ticker(lake, memory, detection(every="1h"))
    ran = 0
    for minute in range(120):
        lake.add(("bob", minute))
        ran += ticker.tick(at(minute + 0.5))
    assert ran == 2


def test_objects_of_other_tables_wake_nobody(memory: Memory) -> None:
    """Alerts among them."""
    lake = Lake()
    ticker = _ticker(lake, memory)
    lake.add(("ann", 0))
    assert [ticker.tick(at(minute)) for minute in (1, 2)] == [1, 1]
    lake.objects["alerts"] = 7
    assert ticker.tick(at(5)) == 0


def test_an_open_alert_is_resolved_though_nothing_comes(memory: Memory) -> None:
    """After the window, the lateness and a quiet window."""
    lake = Lake()
    ticker = _ticker(lake, memory)
    lake.add(("ann", 0), ("ann", 1), ("ann", 2))
    for minute in range(3, 200):
        ticker.tick(at(minute))
    assert _told(memory) == [("ann", "opened", 3), ("ann", "resolved", 3)]
    looked = len(lake.looked)
    ticker.tick(at(300))
    assert len(lake.looked) == looked


def test_what_finds_by_time_runs_though_nothing_comes(memory: Memory) -> None:
    """A statement that asks how long ago something was, not only for events before now."""
    waiting = detection()
    sql = waiting.sql + " and max(event_time) < :until - interval '30' minute"
    assert not finds_by_time(waiting)
    changed = Detection(**{name: getattr(waiting, name) for name in waiting.__slots__} | {"sql": sql})
    assert finds_by_time(changed)
    lake = Lake()
    ticker = _ticker(lake, memory, changed)
    lake.add(("ann", 0))
    assert [ticker.tick(at(minute)) for minute in (1, 1.5, 2, 3)] == [1, 0, 1, 1]


def test_after_a_pause_what_nobody_looked_at_is_looked_at(memory: Memory) -> None:
    """An incident of the time in which nothing ran is found, window by window, and once."""
    lake = Lake()
    lake.add(("bob", 0))
    _ticker(lake, memory).tick(at(1))
    lake.add(("ann", 200), ("ann", 201), ("ann", 202))
    later = _ticker(lake, memory)
    later.tick(at(600))
    assert _told(memory)[0] == ("ann", "opened", 3)
    assert [one[1] for one in _told(memory)].count("opened") == 1


def test_a_lake_where_nothing_came_for_days_is_looked_at_once(memory: Memory) -> None:
    """Nobody has to look at hours in which nothing came."""
    lake = Lake()
    lake.add(("bob", 0))
    ticker = _ticker(lake, memory)
    for minute in range(1, 3000, 5):
        ticker.tick(at(minute))
    lake.add(("bob", 3000))
    before = len(lake.looked)
    ticker.tick(at(3001))
    assert len(lake.looked) == before + 1


def test_a_restart_tells_nothing_twice(memory: Memory) -> None:
    """The states are in the memory."""
    lake = Lake()
    lake.add(("ann", 0), ("ann", 1), ("ann", 2))
    for minute in range(3, 30):
        _ticker(lake, memory).tick(at(minute))
    assert _told(memory) == [("ann", "opened", 3)]


def test_a_detection_that_fails_is_told_once_and_stops_no_other(memory: Memory) -> None:
    """It is tried again when its time comes, and counted until it runs."""
    lake = Lake(failing={"a_broken": "Division by zero."})
    told: list[str] = []
    ticker = _ticker(lake, memory, detection("a_broken"), detection(), told=told)
    lake.add(("ann", 0), ("ann", 1), ("ann", 2))
    for minute in range(3, 9):
        ticker.tick(at(minute))
    assert told == ['The detection "a_broken" cannot run: Division by zero.']
    assert ticker.problems == 1
    assert memory.problems() == {"a_broken": "Division by zero."}
    assert _told(memory) == [("ann", "opened", 3)]
    lake.failing.clear()
    ticker.tick(at(10))
    assert (ticker.problems, memory.problems()) == (0, {})
    assert [one[:2] for one in _told(memory)] == [("ann", "opened"), ("ann", "opened")]


def test_what_is_due_is_asked_together_and_what_failed_before_by_itself(memory: Memory) -> None:
    """So that one which cannot run does not have the others asked one by one each time."""
    lake = Lake(failing={"a_broken": "Division by zero."})
    ticker = _ticker(lake, memory, detection("a_broken"), detection("b"), detection("c"))
    lake.add(("bob", 0))
    ticker.tick(at(1))
    lake.add(("bob", 1))
    ticker.tick(at(3))
    assert lake.together == [["a_broken", "b", "c"], ["b", "c"], ["a_broken"]]


def test_of_what_was_missed_nothing_is_skipped_where_it_fails(memory: Memory) -> None:
    """What comes after a failure in time waits for it."""
    lake = Lake()
    lake.add(("bob", 0))
    _ticker(lake, memory).tick(at(1))
    lake.add(("ann", 100), ("ann", 101), ("ann", 102))
    lake.failing = {"many_orders": "Division by zero."}
    _ticker(lake, memory).tick(at(600))
    assert memory.run("many_orders").until == at(1)
    lake.failing.clear()
    _ticker(lake, memory).tick(at(602))
    assert _told(memory)[0] == ("ann", "opened", 3)


def test_a_detection_about_alerts_is_refused(memory: Memory) -> None:
    """Alerts about alerts would never end."""
    lake = Lake()
    told: list[str] = []
    circular = Detection(**{name: getattr(detection(), name) for name in detection().__slots__} | {"tables": ("alerts",)})
    ticker = _ticker(lake, memory, circular, told=told)
    lake.objects["alerts"] = 1
    ticker.tick(at(1))
    assert told == ['The detection "many_orders" cannot run: it reads "alerts", and alerts about alerts would never end.']
    assert lake.looked == []


def test_a_clock_that_was_set_back_stops_nothing(memory: Memory) -> None:
    """What ran in the future runs now."""
    lake = Lake()
    ticker = _ticker(lake, memory)
    lake.add(("ann", 0))
    ticker.tick(at(1000))
    lake.add(("ann", 1), ("ann", 2))
    ticker.tick(at(3))
    assert _told(memory) == [("ann", "opened", 3)]


def test_what_comes_late_within_the_lateness_is_found(memory: Memory) -> None:
    """Two hours late, where the detection says so."""
    lake = Lake()
    patient = Detection(**{name: getattr(detection(), name) for name in detection().__slots__} | {"lateness": timedelta(hours=2)})
    ticker = _ticker(lake, memory, patient)
    lake.add(("bob", 0))
    ticker.tick(at(1))
    ticker.tick(at(122))
    lake.add(("ann", 1), ("ann", 2), ("ann", 3))
    ticker.tick(at(123))
    assert _told(memory) == [("ann", "opened", 3)]


def test_a_detection_that_cannot_be_read_is_told_once_and_the_others_run(memory: Memory) -> None:
    """It is counted and noted as one that fails; once it can be read, it is due as if it had never been tried."""
    lake = Lake()
    lake.add(("ann", 0))
    said: list[str] = []
    wrong = Unread("urgent", "shop", 'shop/detections/urgent.sql: "-- severity urgent" is no severity.')
    ticker = Ticker([detection()], lake.evaluate, lake.newest, memory, (), said.append, unread=[wrong])
    assert [ticker.tick(at(minute)) for minute in (1, 2)] == [1, 1]
    assert said == [f'The detection "urgent" cannot run: {wrong.sentence}']
    assert ticker.problems == 1
    assert memory.problems() == {"urgent": wrong.sentence}

    mended = _ticker(lake, memory, detection(), detection("urgent"), told=said)
    assert mended.tick(at(2.1)) == 1
    assert (mended.problems, memory.problems(), len(said)) == (0, {}, 1)
