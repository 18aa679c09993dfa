"""Requests that wait at the same time become durable together.

While one group is being written, the entries of the next gather; the event loop is woken once a group, not once a request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from eventlake.local.spool.writer import SpoolWriter

Told = Callable[[int | Exception], None]
"""Hears the end of the log once frames are durable; StorageFullError, StorageError or LakeTakenError if none of them is stored."""


class GroupCommit:
    """The event loop's side of a spool."""

    def __init__(self, spool: SpoolWriter) -> None:
        self._spool = spool
        self._gathering: list[bytes] = []
        self._waiting: list[Told] = []
        self._writing = False

    def store(self, frames: bytes) -> asyncio.Future[int]:
        """Store the frames durably; the future gives what is told of them.

        Each caller has a future of its own, because who goes away ends the one that it waits for.
        """
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.hand_in(frames, partial(_settle, waiting))
        return waiting

    def hand_in(self, frames: bytes, told: Told) -> None:
        """Store the frames durably, and tell of it in a later turn of the loop."""
        self._gathering.append(frames)
        self._waiting.append(told)
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_soon(self._write)  # after the requests that are ready in this turn have joined

    def _write(self) -> None:
        frames, waiting = self._gathering, self._waiting
        self._gathering, self._waiting = [], []
        if not frames:
            self._writing = False
            return
        self._spool.submit(frames).add_done_callback(partial(self._wake, asyncio.get_running_loop(), waiting))

    def _wake(self, loop: asyncio.AbstractEventLoop, waiting: list[Told], done: Future[int]) -> None:
        """Have the loop tell those who wait, from whichever thread wrote."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
            loop.call_soon_threadsafe(self._written, waiting, done)

    def _written(self, waiting: list[Told], done: Future[int]) -> None:
        error = done.exception()
        said = error if isinstance(error, Exception) else done.result()
        self._write()
        for told in waiting:
            told(said)


def _settle(waiting: asyncio.Future[int], said: int | Exception) -> None:
    if waiting.done():  # its request went away
        return
    if isinstance(said, Exception):
        waiting.set_exception(said)
    else:
        waiting.set_result(said)
