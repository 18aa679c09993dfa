"""Requests that wait at the same time become durable together.

While one group is being written, the entries of the next gather; the event loop is woken once a group, not once a request. Senders that send on
when they are answered come back together, so those who were in the last group are waited for, for a moment: else whoever comes first would be a
small group of his own, and each takes the disk and the processor nearly as long as a large one. Who is alone waits for nobody.
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

_MOMENT_S = 0.003
"""For how long others are waited for: a few times what a small synchronisation takes, and nothing a sender would notice."""
_ENOUGH_BYTES = 1 << 18
"""How large a group is for which nobody else is waited."""
_OFTEN = 3
_MOST_VAIN = 64
"""How often in a row nobody may come before others wait for nobody, and how often that is counted."""


class GroupCommit:
    """The event loop's side of a spool."""

    def __init__(self, spool: SpoolWriter) -> None:
        self._spool = spool
        self._gathering: list[bytes] = []
        self._waiting: list[Told] = []
        self._size_bytes = 0
        self._is_writing = False
        self._expected = Expected()
        self._moment: asyncio.TimerHandle | None = None
        """The end of waiting for others; None if nobody is waited for."""

    def store(self, frames: bytes) -> asyncio.Future[int]:
        """Store the frames durably; the future gives what is told of them.

        Each caller has a future of its own, because who goes away ends the one that it waits for.
        """
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.hand_in([frames], partial(_settle, waiting))
        return waiting

    def hand_in(self, frames: list[bytes], told: Told) -> None:
        """Store the frames of requests durably, of each together, and tell of it in a later turn of the loop."""
        self._gathering += frames
        self._waiting.append(told)
        self._size_bytes += sum(map(len, frames))
        if not self._is_writing:
            self._begin()

    def _begin(self) -> None:
        """Write what gathers once it is enough, or a moment later."""
        loop = asyncio.get_running_loop()
        if self._size_bytes >= _ENOUGH_BYTES or self._expected.are_here(len(self._gathering)):
            self._end_moment()  # else it could end before the write, which would then have nothing to write
            self._is_writing = True
            loop.call_soon(self._write)  # after the requests that are ready in this turn have joined
        elif self._moment is None:
            self._moment = loop.call_later(_MOMENT_S, self._wait_no_longer, len(self._gathering))

    def _end_moment(self) -> None:
        if self._moment is not None:
            self._moment.cancel()
            self._moment = None

    def _wait_no_longer(self, before: int) -> None:
        self._moment = None
        self._expected.waited_for(len(self._gathering) - before)
        self._is_writing = True
        self._write()

    def _write(self) -> None:
        frames, waiting = self._gathering, self._waiting
        self._gathering, self._waiting, self._size_bytes = [], [], 0
        written = self._spool.submit(frames)
        written.add_done_callback(partial(self._wake, asyncio.get_running_loop(), waiting, len(frames)))

    def _wake(self, loop: asyncio.AbstractEventLoop, waiting: list[Told], requests: int, done: Future[int]) -> None:
        """Have the loop tell those who wait, from whichever thread wrote."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
            loop.call_soon_threadsafe(self._written, waiting, requests, done)

    def _written(self, waiting: list[Told], requests: int, done: Future[int]) -> None:
        error = done.exception()
        said = error if isinstance(error, Exception) else done.result()
        self._is_writing = False
        self._expected.answered(requests, len(self._gathering))
        if self._gathering:
            self._begin()
        for told in waiting:
            told(said)


class Expected:
    """How many requests a group is likely to have: those of the last group again, and those that came while it was written.

    Where others waited in vain again and again, the next groups wait for nobody: the more of them, the oftener it was.
    """

    def __init__(self) -> None:
        self._requests = 0
        self._in_vain = 0
        self._unwaiting = 0

    def are_here(self, requests: int) -> bool:
        """Return True if so many are all that are likely to come."""
        return requests >= self._requests

    def answered(self, requests: int, gathering: int) -> None:
        """Expect those back who are answered, besides those who wait already."""
        self._requests = 0 if self._unwaiting else requests + gathering
        self._unwaiting = max(self._unwaiting - 1, 0)

    def waited_for(self, requests: int) -> None:
        """Count how many came of those who were waited for."""
        self._in_vain = 0 if requests else min(self._in_vain + 1, _MOST_VAIN)
        self._unwaiting = max(self._in_vain - _OFTEN, 0)


def _settle(waiting: asyncio.Future[int], said: int | Exception) -> None:
    if waiting.done():  # its request went away
        return
    if isinstance(said, Exception):
        waiting.set_exception(said)
    else:
        waiting.set_result(said)
