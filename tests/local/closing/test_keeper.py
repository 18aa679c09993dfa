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
