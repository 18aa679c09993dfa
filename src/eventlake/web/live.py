"""Tells browsers which tables changed, and in which hours of arrival, as server-sent events: one look at the catalog for all who listen.

`event: change`, `data: {"table": "auth0_logs", "hours": ["2026-11-20T14"]}`. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from eventlake.errors import EventlakeError
from eventlake.local.bus.answer import Message, Receive, Send
from eventlake.web.asking import NOTHING, Answered, Asked

Generations = Mapping[str, Mapping[str, object]]
"""For each table what changes with each of its hours."""
LOOK_S = 2.0
"""How often the catalog is looked at while somebody listens."""
TICK_S = 0.2
"""How soon a stream ends when the bus ends."""
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
_log = logging.getLogger(__name__)


class Live:
    """The streams to all browsers. generations: looks at the catalog. is_stopping: whether the bus is to end."""

    def __init__(self, generations: Callable[[], Generations], is_stopping: Callable[[], bool]) -> None:
        self._generations = generations
        self._is_stopping = is_stopping
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
        await send(_piece(b"retry: 3000\n\n"))
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
        before = await self._look({})
        while True:
            await asyncio.sleep(LOOK_S)
            after = await self._look(before)
            for told in changes(before, after):
                for heard in self._listening:
                    if not heard.full():  # who is a thousand changes behind asks for everything anyway
                        heard.put_nowait(told)
            before = after

    async def _look(self, before: Generations) -> Generations:
        try:
            return await asyncio.to_thread(self._generations)
        except EventlakeError as error:
            _log.info("The page could not look at the catalog: %s", error)
            return before


def changes(before: Generations, after: Generations) -> Iterator[bytes]:
    """Yield an event for each table of which hours changed, came or went."""
    for table, hours in after.items():
        known = before.get(table, {})
        changed = sorted({hour for hour, _ in hours.items() ^ known.items()})
        if changed:
            yield b"event: change\ndata: " + json.dumps({"table": table, "hours": changed}).encode() + b"\n\n"


async def waited(asked: Asked, receive: Receive) -> Answered:
    """Wait for an answer as long as the browser does; if nobody else waits for it, it is given up then."""
    asked.want()
    answered = asyncio.ensure_future(asyncio.wrap_future(asked.future))
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((answered, gone), return_when=asyncio.FIRST_COMPLETED)
        return answered.result() if answered.done() else Answered(NOTHING, "Nobody waits for this any more.")
    finally:
        asked.leave()
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
