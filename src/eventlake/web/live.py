"""Tells browsers which tables changed, and in which hours of arrival, as server-sent events: one look at the catalog for all who listen.

`event: change`, `data: {"table": "auth0_logs", "hours": ["2026-11-20T14"]}`. What browsers ask then costs something, so nobody looks again
before it is paid for (`web/pace.py`); `event: pace`, `data: 40` says how many seconds lie between two looks. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from eventlake.errors import EventlakeError
from eventlake.local.bus.answer import Message, Receive, Send
from eventlake.web.answered import UNWANTED, Answered, Asked, Visit
from eventlake.web.following import TICK_S, Generations

LOOK_S = 2.0
"""How often the catalog is looked at while somebody listens."""
NOTICED_S = 5.0
"""How many seconds between two looks are said to whoever listens."""
BEAT_S = 15.0
"""How long a stream is silent at most, so that a browser that is gone is noticed."""
MOST = 100
"""How many may listen."""
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_Made = TypeVar("_Made")
_log = logging.getLogger(__name__)


class Live:
    """The streams to all browsers. look: at the catalog. rest_s: for how many seconds not to look. is_stopping: whether the bus is to end."""

    def __init__(self, look: Callable[[], Generations], is_stopping: Callable[[], bool], rest_s: Callable[[], float] = lambda: 0.0) -> None:
        self._looked = look
        self._rest_s = rest_s
        self._is_stopping = is_stopping
        self._every = 0.0
        """What was said last of how many seconds lie between two looks."""
        self._listening: set[asyncio.Queue[bytes]] = set()
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Return True if nobody else may listen."""
        return len(self._listening) >= MOST

    async def __call__(self, receive: Receive, send: Send) -> None:
        """Send what changes to one browser, until it goes or the bus ends."""
        heard: asyncio.Queue[bytes] = asyncio.Queue(1000)
        self._listening.add(heard)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._tell(heard, gone, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._leave(heard)
            await _given_up(gone)

    async def _tell(self, heard: asyncio.Queue[bytes], gone: asyncio.Task[None], send: Send) -> None:
        await send(_piece(b"retry: 3000\n\n" + (self._pace if self._every else b"")))
        silent = 0.0
        while not self._is_stopping() and not gone.done():
            with suppress(TimeoutError):
                await send(_piece(await asyncio.wait_for(heard.get(), TICK_S)))
                silent = -TICK_S
            silent += TICK_S
            if silent >= BEAT_S:
                await send(_piece(b": nothing changed\n\n"))
                silent = 0.0

    def _leave(self, heard: asyncio.Queue[bytes]) -> None:
        self._listening.discard(heard)
        if not self._listening and self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def _watch(self) -> None:
        """Look again and again, and tell all what is not as it was."""
        before, looked_at, has_rested = await self._look({}), time.monotonic(), False
        while True:
            await asyncio.sleep(LOOK_S)
            since = time.monotonic() - looked_at
            if rest_s := self._rest_s():
                self._say_pace(max(since + rest_s, self._every))
                has_rested = True
                continue
            looked_at, after = time.monotonic(), await self._look(before)
            told = list(changes(before, after))
            self._say_pace(since if told and has_rested else 0.0)
            for one in told:
                self._say(one)
            before, has_rested = after, False

    def _say_pace(self, every_s: float) -> None:
        """Say how many seconds lie between two looks, where that is not about what was said last; none where they are too few to notice."""
        every = every_s if every_s > NOTICED_S else 0.0
        if abs(every - self._every) > self._every / 5:
            self._every = every
            self._say(self._pace)

    @property
    def _pace(self) -> bytes:
        return b"event: pace\ndata: %d\n\n" % round(self._every)

    def _say(self, told: bytes) -> None:
        for heard in self._listening:
            if not heard.full():  # who is a thousand changes behind asks for everything anyway
                heard.put_nowait(told)

    async def _look(self, before: Generations) -> Generations:
        try:
            return await asyncio.to_thread(self._looked)
        except EventlakeError as error:
            _log.info("The page could not look at the catalog: %s", error)
            return before


def changes(before: Generations, after: Generations) -> Iterator[bytes]:
    """Yield an event for each table of which hours changed, came or went."""
    for table, hours in after.items():
        known = before.get(table, {})
        changed = [] if hours is known else sorted({hour for hour, _ in hours.items() ^ known.items()})
        if changed:
            yield b"event: change\ndata: " + json.dumps({"table": table, "hours": changed}).encode() + b"\n\n"


async def waited(asked: Asked, receive: Receive) -> Answered:
    """Wait for an answer as long as the browser does; if nobody else waits for it, it is given up then."""
    asked.want()
    answered = asyncio.ensure_future(asyncio.wrap_future(asked.future))
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((answered, gone), return_when=asyncio.FIRST_COMPLETED)
        return answered.result() if answered.done() else UNWANTED
    finally:
        asked.leave()
        await _given_up(gone)


async def watched(made: asyncio.Future[_Made], visit: Visit, receive: Receive) -> _Made:
    """Wait for what a thread makes; when the browser goes first, what is asked for it alone is given up."""
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((made, gone), return_when=asyncio.FIRST_COMPLETED)
        if not made.done():
            visit.go()
        return await made
    finally:
        await _given_up(gone)


def _piece(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _given_up(waiting: asyncio.Future[None]) -> None:
    """Wait no longer, and return when nothing of it reads any more: whoever closes the connection reads what is left."""
    waiting.cancel()
    await asyncio.wait((waiting,))


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
