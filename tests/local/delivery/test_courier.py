"""The bus's side of the delivering process: whatever ends it or keeps it from starting is told once, and over when the cause is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from eventlake.local.delivery import courier
from eventlake.local.delivery.courier import Courier
from eventlake.local.delivery.task import Task

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from couriers import DELIVERS, Script, script, until

TELLS = """
import sys
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "stop":
        break
    print("told", value, flush=True)
"""
LONG = "import sys; print('trouble ' + 'x' * 100_000, flush=True); sys.stdin.readline()"
ENDS = "import sys; sys.exit(7)"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(courier, "_LONGEST_PAUSE_S", 0.02)


async def watch(task: Script, then: list[str], told: list[str]) -> tuple[bool, bool, bool]:
    """Run a task until it is in trouble, then another until it delivered; whether it was in trouble before and after, and ended well."""
    one = Courier(task, (), told.append)
    running = asyncio.create_task(one.run())
    one.durable(5)
    await until(lambda: bool(told))
    before = one.is_in_trouble
    await asyncio.sleep(0.2)
    object.__setattr__(task, "command", then)
    await until(lambda: one.delivered == 5)
    after, ended = one.is_in_trouble, await one.stop()
    await running
    return before, after, ended


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (
            ["/nowhere/python"],
            "The delivering process cannot be started: No such file or directory. It is tried again; what is accepted is kept.",
        ),
        ([sys.executable, "-c", ENDS], "The delivering process ended (7); it is started again."),
    ],
)
def test_delivery_goes_on_when_what_kept_it_is_over(command: list[str], sentence: str) -> None:
    """Told once, however often it is tried; then everything is delivered."""
    told: list[str] = []

    assert asyncio.run(watch(script(*command), [sys.executable, "-c", DELIVERS], told)) == (True, False, True)
    assert told == [sentence]


def test_a_long_sentence_of_the_process_is_heard() -> None:
    """Longer than what a stream of asyncio reads by itself."""
    told: list[str] = []
    asyncio.run(watch(script(sys.executable, "-c", LONG), [sys.executable, "-c", DELIVERS], told))

    assert len(told[0]) == 100_000


def test_how_long_delivery_stands_still_is_known() -> None:
    """From the first event that waits; nothing that waits is no standstill."""

    async def stuck() -> tuple[float, bool, float]:
        one = Courier(script(sys.executable, "-c", DELIVERS), (), lambda _: None)
        before = one.stuck_s
        one.durable(5)
        await asyncio.sleep(0.05)
        meanwhile = one.stuck_s > 0
        one.delivered = 5
        return before, meanwhile, one.stuck_s

    assert asyncio.run(stuck()) == (0.0, True, 0.0)


def test_ends_of_the_spool_that_follow_soon_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first at once; and the last with the word to stop, for which nothing waits."""
    monkeypatch.setattr(courier, "_TOGETHER_S", 3600.0)
    told: list[str] = []

    async def follow() -> bool:
        one = Courier(script(sys.executable, "-c", TELLS), (), told.append)
        running = asyncio.create_task(one.run())
        one.durable(1)
        await until(lambda: bool(told))
        for end in range(2, 50):
            one.durable(end)
            await asyncio.sleep(0)
        ended = await one.stop()
        await running
        return ended

    assert asyncio.run(follow())
    assert told == ["1", "49"]


def test_the_process_is_deaf_to_ctrl_c_before_it_loads_anything() -> None:
    """Quick fingers would see its traceback: half a second of modules comes first."""
    looked = "import sys, eventlake.local.delivery.__main__; sys.exit('eventlake.local.delivery.process' in sys.modules or 'duckdb' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", looked], check=False).returncode == 0
    assert "eventlake.local.delivery" in Task("lake", (), 1.0, 1, None).arguments()
