"""The page's process answers over a socket a request; who leaves in the middle leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

from eventlake.web.process import _answer
from eventlake.web.wire import encoded, framed, heard

SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


async def _page(scope: Any, receive: Any, send: Any) -> None:
    """A page that is longer than what a socket takes at once."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(100):
        await send({"type": "http.response.body", "body": b"a" * 200_000, "more_body": True})


def test_a_browser_that_leaves_in_the_middle_of_a_page_is_no_complaint_of_pythons() -> None:
    """asyncio tells of an error that nobody asked for, when what holds it is thrown away before its protocol, as happens when a process ends."""
    told: list[Any] = []

    async def left() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        here, there = socket.socketpair()
        there.sendall(framed(encoded(heard(SCOPE))))
        answering = asyncio.create_task(_answer(_page, here))
        there.setblocking(False)
        await asyncio.get_running_loop().sock_recv(there, 100)
        there.close()
        await answering
        for one in gc.get_objects():
            if isinstance(one, asyncio.StreamReaderProtocol):
                del one._closed  # type: ignore[attr-defined]  # its own

    asyncio.run(left())
    gc.collect()
    assert told == []
