"""Work that takes long, done beside the event loop one piece after another, each sender in turn: a long queue of one delays no other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from eventlake.local.bus.sender import Sender

T = TypeVar("T")
_Piece = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Turns(ThreadPoolExecutor):
    """A thread, and what waits for it. name: the thread's."""

    def __init__(self, name: str) -> None:
        super().__init__(1, name)
        self._waiting: dict[Sender, deque[_Piece]] = {}
        """Whose turn is next first."""
        self._is_busy = False

    async def take(self, sender: Sender, work: Callable[[], T]) -> T:
        """Return what the work gives, once it was this sender's turn; raises what it raises."""
        waiting: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sender, deque()).append((work, waiting))
        if not self._is_busy:
            self._begin()
        return await waiting

    def _begin(self) -> None:
        """Begin with the first piece of the next sender, who comes last after that."""
        self._is_busy = bool(self._waiting)
        if not self._is_busy:
            return
        sender = next(iter(self._waiting))
        pieces = self._waiting.pop(sender)
        work, waiting = pieces.popleft()
        if pieces:
            self._waiting[sender] = pieces
        done = asyncio.get_running_loop().run_in_executor(self, work)
        done.add_done_callback(partial(self._end, waiting))

    def _end(self, waiting: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
        error = done.exception()
        if not waiting.done():  # its request may be given up
            if error is None:
                waiting.set_result(done.result())
            else:
                waiting.set_exception(error)
        self._begin()
