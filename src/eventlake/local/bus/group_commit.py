"""Requests that wait at the same time become durable together.

While one group is being written, the entries of the next gather; the event loop is woken once a group, not once a request.
"""

from __future__ import annotations

import asyncio

from eventlake.local.spool.writer import SpoolWriter


class GroupCommit:
    """The event loop's side of a spool."""

    def __init__(self, spool: SpoolWriter) -> None:
        self._spool = spool
        self._gathering: list[bytes] = []
        self._waiting: list[asyncio.Future[int]] = []
        self._writing = False

    def store(self, frames: bytes) -> asyncio.Future[int]:
        """Store the frames durably; the future gives the end of the log, or raises StorageFullError or StorageError: then none is stored.

        Each caller has a future of its own, because who goes away ends the one that it waits for.
        """
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[int] = loop.create_future()
        self._gathering.append(frames)
        self._waiting.append(waiting)
        if not self._writing:
            self._writing = True
            loop.call_soon(self._write)  # after the requests that are ready in this turn have joined
        return waiting

    def _write(self) -> None:
        frames, waiting = self._gathering, self._waiting
        self._gathering, self._waiting = [], []
        if not frames:
            self._writing = False
            return
        written = asyncio.wrap_future(self._spool.submit(frames))
        written.add_done_callback(lambda done: self._written(done, waiting))

    def _written(self, done: asyncio.Future[int], waiting: list[asyncio.Future[int]]) -> None:
        error = done.exception()
        for one in waiting:
            if one.done():  # its request went away
                continue
            if error is None:
                one.set_result(done.result())
            else:
                one.set_exception(error)
        self._write()
