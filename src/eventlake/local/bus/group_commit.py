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
        self._group: asyncio.Future[int] | None = None
        self._writing = False

    async def store(self, frames: bytes) -> int:
        """Store the frames durably and return the end of the log. Raises StorageFullError or StorageError; then none of them is stored."""
        if self._group is None:
            self._group = asyncio.get_running_loop().create_future()
        group = self._group
        self._gathering.append(frames)
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_soon(self._write)  # after the requests that are ready in this turn have joined
        return await asyncio.shield(group)

    def _write(self) -> None:
        frames, group = self._gathering, self._group
        self._gathering, self._group = [], None
        if group is None:
            self._writing = False
            return
        written = asyncio.wrap_future(self._spool.submit(frames))
        written.add_done_callback(lambda done: self._written(done, group))

    def _written(self, done: asyncio.Future[int], group: asyncio.Future[int]) -> None:
        error = done.exception()
        if error is None:
            group.set_result(done.result())
        else:
            group.set_exception(error)
            group.exception()  # every request of the group may have gone away; then nobody asks
        self._write()
