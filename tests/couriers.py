"""A delivering process that is a script, for tests of what a bus has to do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from eventlake.local.delivery.task import Task

DELIVERS = """
import sys
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "stop":
        break
    print("delivered", value, flush=True)
"""


class Script(Task):
    """A delivering process that is a script, which a test may change between two lives."""

    command: list[str]

    def arguments(self) -> list[str]:
        """Return the command line of the next life."""
        return self.command


def script(*command: str) -> Script:
    """A task that runs a command."""
    task = Script("lake", (), 1.0, 1, None)
    object.__setattr__(task, "command", list(command))
    return task


async def until(true: Callable[[], bool]) -> None:
    """Wait for something, a minute at most."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)
