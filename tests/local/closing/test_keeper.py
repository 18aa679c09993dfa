"""Hours that a running bus closes: those of which it knows everything, beside delivery, ended at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlake.layout import Hour
from eventlake.local.closing import process
from eventlake.local.closing.keeper import Complete, Keeper
from eventlake.local.closing.task import Task
from eventlake.local.folder import open_catalog

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import PAST, RUNS, event, rows, states, store
from oracle import examine

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_an_hour_is_complete_when_all_that_was_on_disk_at_its_end_is_delivered() -> None:
    """Not while a request of it is being written, however late the clock says it is; what comes in later hours does not matter."""
    oldest: list[datetime | None] = [TEN - timedelta(seconds=1)]
    accepted, delivered = [500], [100]
    complete = Complete(lambda: oldest[0], lambda: accepted[0], lambda: delivered[0])

    assert complete.look(TEN) is None
    oldest[0] = TEN
    assert complete.look(TEN + timedelta(seconds=1)) is None
    accepted[0], delivered[0] = 900, 499
    assert complete.look(TEN + timedelta(seconds=2)) is None
    delivered[0] = 500
    assert complete.look(TEN + timedelta(seconds=3)) == Hour("2026-11-20", "10")
    oldest[0], delivered[0] = None, 899
    assert complete.look(TEN + timedelta(hours=1)) == Hour("2026-11-20", "10")
    delivered[0] = 900
    assert complete.look(TEN + timedelta(hours=1)) == Hour("2026-11-20", "11")


def test_a_clock_that_ran_ahead_leaves_the_running_hour_incomplete() -> None:
    """Also where what it called complete was not delivered meanwhile; the hour is complete when it is over by the clock that is right."""
    accepted, delivered = [500], [500]
    complete = Complete(lambda: None, lambda: accepted[0], lambda: delivered[0])
    assert complete.look(TEN) == Hour("2026-11-20", "10")

    assert complete.look(TEN + timedelta(days=1)) == Hour("2026-11-21", "10")
    accepted[0] = 600
    assert complete.look(TEN + timedelta(days=2)) == Hour("2026-11-21", "10")
    assert complete.look(TEN + timedelta(seconds=3)) == Hour("2026-11-20", "10")
    delivered[0] = 600

    assert complete.look(TEN + timedelta(minutes=59)) == Hour("2026-11-20", "10")
    assert complete.look(TEN + timedelta(hours=1)) == Hour("2026-11-20", "11")
    assert complete.look(TEN + timedelta(days=3)) == Hour("2026-11-23", "10")


def test_a_clock_that_was_set_back_counts_the_hours_anew() -> None:
    """An hour that runs for the second time is not complete before it ends again."""
    complete = Complete(lambda: None, lambda: 1, lambda: 1)
    assert complete.look(TEN + timedelta(hours=2)) == Hour("2026-11-20", "12")

    assert complete.look(TEN) == Hour("2026-11-20", "10")
    assert complete.look(TEN + timedelta(hours=1)) == Hour("2026-11-20", "11")


class _InThisProcess(Keeper):
    """Closes and removes in this process, by clocks that are set; notes what it was about."""

    def __init__(self, lake: Path, start: datetime) -> None:
        self.now, self.passed_s = start, 0.0
        self.told: list[str] = []
        self.tasks: list[Task] = []
        with contextlib.closing(open_catalog(lake)) as catalog:
            epoch = catalog.epoch
        complete = Complete(lambda: None, lambda: 1, lambda: 1)
        super().__init__(lake, epoch, complete, (), lambda: True, self.told.append, lambda: self.now, lambda: self.passed_s)

    async def _once(self, task: Task) -> int:
        self.tasks.append(task)
        return process._closed(task)

    def look_at(self, now: datetime, passed_s: float) -> None:
        """Look once, by these clocks."""
        self.now, self.passed_s = now, passed_s
        asyncio.run(self.look())


@contextmanager
def kept_year(lake: Path, start: datetime) -> Iterator[_InThisProcess]:
    """What closes and removes beside a bus that begins at a moment, of a lake that keeps an hour for a year."""
    (lake / "retention.toml").write_text(f"[tables]\n{RUNS} = 365\n", "utf-8")
    keeper = _InThisProcess(lake, start)
    try:
        yield keeper
    finally:
        asyncio.run(keeper.stop())


def there(lake: Path) -> list[str]:
    """The events that are there."""
    return sorted(row[0] for row in rows(lake))


SOON, YEAR = PAST + timedelta(hours=2), timedelta(days=400)


def test_a_clock_that_is_ahead_for_eight_seconds_takes_no_history_out(tmp_path: Path) -> None:
    """It is told once, and hours are closed all the while."""
    store(tmp_path, [(PAST, [event("a")])])

    with kept_year(tmp_path, SOON) as keeper:
        for passed_s, ahead in ((0, 0), (14, 1), (21, 1), (22, 0), (3_621, 0), (3_622, 0), (7_200, 0)):
            keeper.look_at(SOON + timedelta(seconds=passed_s) + ahead * YEAR, passed_s)
            assert there(tmp_path) == ["a"]

        assert len(keeper.told) == 1
        assert "nothing is removed" in keeper.told[0]
        assert states(tmp_path)[0][1] == "closed"


def test_a_clock_that_was_set_for_good_takes_history_out_an_hour_later(tmp_path: Path) -> None:
    """What was over by it all the while goes then."""
    store(tmp_path, [(PAST, [event("a")])])

    with kept_year(tmp_path, SOON) as keeper:
        for passed_s, left in ((0, ["a"]), (14, ["a"]), (3_613, ["a"]), (3_614, [])):
            keeper.look_at(SOON + timedelta(seconds=passed_s) + (YEAR if passed_s else timedelta()), passed_s)
            assert there(tmp_path) == left

        assert len(keeper.told) == 1


def test_a_clock_that_is_ahead_removes_no_bytes_that_a_query_may_be_reading(tmp_path: Path) -> None:
    """What a closing replaced stays for a day that passes, whatever the clock shows in between."""
    store(tmp_path, [(PAST, [event("a")]), (PAST, [event("b")])])

    with kept_year(tmp_path, SOON) as keeper:
        for passed_s, ahead, files in ((0, 0, 3), (14, 1, 3), (22, 0, 3), (86_000, 0, 3), (90_000, 0, 1)):
            keeper.look_at(SOON + timedelta(seconds=passed_s) + ahead * YEAR, passed_s)
            assert len([one for one in (tmp_path / "objects").rglob("*") if one.is_file()]) == files

        assert there(tmp_path) == ["a", "b"]


def test_while_a_clock_is_doubted_nothing_is_begun_again_and_again(tmp_path: Path) -> None:
    """What waits for its removal is no work then."""
    store(tmp_path, [(PAST, [event("a")]), (PAST, [event("b")])])

    with kept_year(tmp_path, SOON) as keeper:
        keeper.look_at(SOON, 0)
        for passed_s in range(14, 3_614, 120):
            keeper.look_at(SOON + timedelta(seconds=passed_s) + YEAR, passed_s)

        assert len(keeper.tasks) == 1


@pytest.mark.parametrize(
    ("arrivals", "start", "is_held"),
    [
        pytest.param([PAST, PAST + YEAR], PAST + YEAR + timedelta(hours=20), False, id="in use"),
        pytest.param([PAST], PAST + timedelta(days=365 + 30), True, id="off for a year and a month, or a clock that is ahead"),
        pytest.param([PAST, PAST + YEAR], PAST + YEAR + timedelta(minutes=40), True, id="begun anew by a clock that is ahead"),
        pytest.param([PAST, PAST + YEAR - timedelta(days=30)], PAST + YEAR, True, id="off for a month"),
    ],
)
def test_a_start_by_a_clock_far_beyond_all_that_arrived_says_so_and_waits_for_an_hour(
    tmp_path: Path, arrivals: list[datetime], start: datetime, is_held: bool
) -> None:
    """With both dates, so that who reads it can stop what is wrong; what is over goes after it."""
    store(tmp_path, [(moment, [event(f"e{number}")]) for number, moment in enumerate(arrivals)])

    with kept_year(tmp_path, start) as keeper:
        keeper.look_at(start, 0)
        assert ("e0" in there(tmp_path)) is is_held
        keeper.look_at(start + timedelta(seconds=1), 1)
        keeper.look_at(start + timedelta(hours=1), 3_600)
        assert "e0" not in there(tmp_path)

        assert len(keeper.told) == is_held
        newest = [hour for hour in map(Hour.of, arrivals) if hour.end <= start - timedelta(hours=1)][-1]
        assert all(f"{start:%Y-%m-%d %H:%M}" in one and str(newest) in one for one in keeper.told)


def test_a_start_says_nothing_where_nothing_is_over(tmp_path: Path) -> None:
    """A lake that was off for a week, and keeps for a year."""
    store(tmp_path, [(PAST, [event("a")])])
    start = PAST + timedelta(days=7)

    with kept_year(tmp_path, start) as keeper:
        keeper.look_at(start, 0)
        keeper.look_at(start + timedelta(days=366), 366 * 86_400)

        assert (keeper.told, there(tmp_path)) == ([], [])


def test_days_that_cannot_be_read_are_told_at_the_start_and_the_clock_is_doubted_all_the_same(tmp_path: Path) -> None:
    """Mended within the hour, they remove nothing before it is over."""
    store(tmp_path, [(PAST, [event("a")])])
    start = PAST + YEAR

    with kept_year(tmp_path, start) as keeper:
        whole = (tmp_path / "retention.toml").read_text("utf-8")
        (tmp_path / "retention.toml").write_text("[tables", "utf-8")
        keeper.look_at(start, 0)
        assert ["is not TOML" in one for one in keeper.told] == [True]

        (tmp_path / "retention.toml").write_text(whole, "utf-8")
        keeper.look_at(start + timedelta(minutes=59), 59 * 60)
        assert there(tmp_path) == ["a"]
        keeper.look_at(start + timedelta(minutes=60), 3_600)
        assert there(tmp_path) == []


class _Finished(Keeper):
    """Closes nothing: its process ends well, when it is told to."""

    begun = asyncio.Event()
    ends = asyncio.Event()

    async def _once(self, task: Task) -> int:
        self.begun.set()
        await self.ends.wait()
        return 0


@pytest.mark.slow
def test_a_closing_that_ends_while_the_bus_does_is_no_trouble(tmp_path: Path) -> None:
    """The catalog is closed by then, and nobody is told that it is none."""
    told: list[str] = []
    store(tmp_path, [(PAST, [event("a")])])

    async def scenario() -> None:
        keeper = _Finished(tmp_path, 0, Complete(lambda: None, lambda: 1, lambda: 1), (), lambda: True, told.append)
        running = asyncio.create_task(keeper.run())
        await asyncio.wait_for(keeper.begun.wait(), 60)
        await keeper.stop()
        keeper.ends.set()
        await asyncio.wait_for(running, 60)

    asyncio.run(scenario())
    assert told == []


@contextmanager
def serving(lake: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A bus over the lake, and its URL; killed in the end if it still runs."""
    command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(lake), "--port", "0", "--buffer-seconds", "0.1", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().removeprefix("Ready: ").strip()
    finally:
        process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return when it is so; fail if it is not within two minutes."""
    end = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def health(url: str) -> dict[str, Any]:
    """What the bus says of itself."""
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        return dict(json.loads(answer.read()))


@pytest.mark.slow
def test_a_bus_closes_the_hours_that_are_over_and_says_which_it_cannot(tmp_path: Path) -> None:
    """Each hour by itself; what cannot be closed is counted by its health, and the bus stays in service."""
    store(tmp_path, [(PAST + timedelta(minutes=turn), [event(f"e{turn}"), event("twice")]) for turn in range(0, 180, 20)])
    with contextlib.closing(open_catalog(tmp_path)) as catalog:
        damaged = catalog.objects(RUNS)[0]
    path = tmp_path / "objects" / damaged.key
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")

    with serving(tmp_path) as (process, url):
        wait_until(lambda: [state[1] for state in states(tmp_path)] == ["open", "closed", "closed"])
        wait_until(lambda: health(url)["hours_not_closed"] == 1)
        assert (health(url)["status"], "eventlake doctor" in health(url)["message"]) == ("ok", True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0

    path.write_bytes(whole)
    assert examine(tmp_path, [f"e{turn}" for turn in range(0, 180, 20)], sent_twice=["twice"]) is None


def test_a_bus_is_told_to_leave_hours_open(tmp_path: Path) -> None:
    """With --no-close nothing changes, also when it has delivered what came."""
    store(tmp_path, [(PAST, [event("a")]), (PAST, [event("a")])])

    with serving(tmp_path, "--no-close") as (_, url):
        urllib.request.urlopen(f"{url}/events", event("b").data).read()
        wait_until(lambda: len(states(tmp_path)) == 2)

    assert states(tmp_path)[0][1:4] == ("open", 0, 2)


@pytest.mark.slow
def test_a_bus_that_is_ended_or_killed_while_it_closes_loses_nothing(tmp_path: Path) -> None:
    """However far a closing is: SIGTERM ends in order with nothing half done, and the start after a kill goes on."""
    hours = 6
    arrivals = [(PAST + timedelta(hours=turn // 2), [event(f"e{turn}"), event("twice")]) for turn in range(2 * hours)]
    store(tmp_path, arrivals)
    expected = Counter({"twice": 1, **{f"e{turn}": 1 for turn in range(2 * hours)}})

    for closed, number in ((1, signal.SIGTERM), (2, signal.SIGKILL), (3, signal.SIGTERM)):
        with serving(tmp_path) as (process, _):
            wait_until(lambda closed=closed: sum(state[1] == "closed" for state in states(tmp_path)) >= closed)  # type: ignore[misc]
            process.send_signal(number)
            assert process.wait(120) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        if number == signal.SIGTERM:
            assert examine(tmp_path, expected, sent_twice=["twice"]) is None
    with serving(tmp_path):
        wait_until(lambda: all(state[1] == "closed" for state in states(tmp_path)))

    assert Counter(row[0] for row in rows(tmp_path)) == expected
