"""The service's side of detections: starts the process that runs them, has the bus accept its alerts, and ends it at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

from eventlake.errors import EventlakeError
from eventlake.local.child import Child
from eventlake.local.crash import crash_point
from eventlake.local.detecting.task import Task

_LOOK_S = 0.25
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 300.0
_END_S = 2.0
"""How long the process may take to end what it runs for sinks."""
_LINE_BYTES = 4 << 20
"""How long a line of the process may be: an alert, with its context."""

Accept = Callable[[bytes], Awaitable[None]]
"""Returns once an event is on disk. Raises EventlakeError."""


class Watcher:
    """Runs the detections of a lake whose bus runs in this process.

    accept: takes an event. accepted, delivered: positions of the spool. is_delivering: whether the delivering process has begun.
    inherited: descriptors that the process holds, the lake's lock among them. told: is given each sentence of trouble.
    """

    def __init__(
        self,
        task: Task,
        accept: Accept,
        accepted: Callable[[], int],
        delivered: Callable[[], int],
        is_delivering: Callable[[], bool],
        inherited: tuple[int, ...],
        told: Callable[[str], None],
    ) -> None:
        self._task = task
        self._accept = accept
        self._accepted = accepted
        self._delivered = delivered
        self._is_delivering = is_delivering
        self._child = Child(inherited, _LINE_BYTES)
        self._told = told
        self._is_stopped = False
        self._pause_s = _FIRST_PAUSE_S
        self.problems = 0
        """How many detections run in vain."""

    async def run(self) -> None:
        """Keep the process running until `stop`."""
        while not self._is_stopped:
            await self._all_delivered()
            try:
                await self._life()
            except OSError as error:
                self._told(f"The process of detections cannot be started: {error.strerror or error}. It is tried again.")
            if not self._is_stopped:
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)

    async def stop(self) -> None:
        """End the process and begin none any more; what it was about is in its memory."""
        self._is_stopped = True
        await self.end()

    async def end(self) -> None:
        """End the process, if it runs; the next begins once delivery has."""
        await self._child.end(_END_S, asks=True)

    async def _all_delivered(self) -> None:
        """Return when the lake holds all that was accepted until now: the alerts of the process before among it."""
        until = self._accepted()
        while not self._is_stopped and not (self._is_delivering() and self._delivered() >= until):
            await asyncio.sleep(_LOOK_S)

    async def _life(self) -> None:
        """Run the process once, unless it is to begin no more. Raises OSError."""
        if self._is_stopped:
            return
        process = await self._child.start(self._task.arguments())
        while process.stdout is not None and (line := await process.stdout.readline()):
            word, _, value = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
            if word == "alert":
                await self._take(process, value)
            elif word == "problems":
                self.problems = int(value)
                self._pause_s = _FIRST_PAUSE_S
            elif word == "told":
                self._told(value)
        await process.wait()

    async def _take(self, process: asyncio.subprocess.Process, body: str) -> None:
        """Have the bus accept an event, and say so; what it refuses is handed to it again later."""
        event_id = json.loads(body)["id"]
        try:
            await self._accept(body.encode())
            answer = f"accepted {event_id}\n"
        except EventlakeError as error:
            self._told(f"An alert could not be taken, and is handed on again: {error}")
            answer = f"refused {event_id}\n"
        crash_point("alert accepted")
        if process.stdin is not None and not self._is_stopped:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(answer.encode())
                await process.stdin.drain()
