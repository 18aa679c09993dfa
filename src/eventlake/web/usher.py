"""The bus's side of the page: keeps the process running that makes it, and passes bytes between browsers and that process.

Each request of a browser goes there on a socket of its own; nothing of it is read here but its head. Where the process is gone, or has not
begun yet, a browser is told so, and events are taken as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from html import escape

from eventlake.local.bus.answer import Answer, Message, Receive, Send, respond
from eventlake.local.child import Child
from eventlake.web.process import READY, Task
from eventlake.web.wire import END, encoded, framed, head_of, heard, pieces, read_frame

AFTER_S = 0.05
"""How long after the bus the process begins, unless somebody looks before: the bus is ready sooner, and delivery begins first."""
NICENESS = 5
"""How far it gives way to the bus and to delivery; its queries do so further."""
PATIENCE_S = 5.0
"""How long a browser waits for a process that begins, and the bus for one that is to end."""
AT_ONCE = 180
"""How many requests are passed on at the same time: more than the page takes."""
RETRY_S = 2
"""After how many seconds a browser is to ask again."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0
_STEADY_S = 10.0
"""How long a process must have lived, so that the next begins soon."""
_LINE_BYTES = 1 << 16
_AWAY = "The page is not here just now, and comes back by itself; events are taken as ever."
_BUSY = "Too many look at once; try again in a moment."
_STREAM = (b"content-type", b"text/event-stream")


class Usher:
    """The page as an application, made by a process of its own. told: is given each sentence of trouble, once."""

    def __init__(self, task: Task, told: Callable[[str], None]) -> None:
        self._task = task
        self._told = told
        self._control: socket.socket | None = None
        """Takes sockets to the process that runs; None while none does."""
        self._child: Child | None = None
        self._begun = asyncio.Event()
        self._wanted = asyncio.Event()
        self._under_way = 0
        self._is_ending = False
        self._trouble = ""

    async def run(self) -> None:
        """Keep the process running until `end`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), AFTER_S)
        pause = _FIRST_PAUSE_S
        while not self._is_ending:
            begun = time.monotonic()
            try:
                await self._life()
            except OSError as error:
                self._tell(f"The process of the page cannot be started: {error.strerror or error}. It is tried again.")
            if not self._is_ending:
                pause = _FIRST_PAUSE_S if time.monotonic() - begun > _STEADY_S else min(pause * 2, _LONGEST_PAUSE_S)
                await asyncio.sleep(pause)

    def end(self) -> None:
        """Let the process end what it is about, and begin none any more."""
        self._is_ending = True
        self._wanted.set()
        self._let_go()

    async def stop(self) -> None:
        """Return when the process has ended; it is killed where that takes long."""
        self.end()
        if self._child is not None:
            await self._child.end(PATIENCE_S)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Have the process answer one request."""
        if self._under_way >= AT_ONCE:
            await respond(send, _sentence(scope, _BUSY))
            return
        self._under_way += 1
        try:
            line = await self._line()
            if line is None or not await self._passed_on(line, scope, receive, send):
                await respond(send, _sentence(scope, _AWAY))
        finally:
            self._under_way -= 1

    async def _life(self) -> None:
        """Run the process once. Raises OSError."""
        self._control, theirs = socket.socketpair()
        self._control.setblocking(False)
        self._child = child = Child((theirs.fileno(),), _LINE_BYTES, NICENESS)
        try:
            with theirs:
                process = await child.start(self._task.arguments(theirs.fileno()))
            while process.stdout is not None and (line := await process.stdout.readline()):
                if line.strip() == READY:
                    self._begun.set()
                    self._trouble = ""
                else:
                    self._tell(line.decode("utf-8", "replace").rstrip("\n"))
            await process.wait()
        finally:
            self._let_go()

    async def _line(self) -> socket.socket | None:
        """Return a socket to the process, as soon as it has begun; None where that takes too long."""
        self._wanted.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), PATIENCE_S)
        if self._control is None or not self._begun.is_set():
            return None
        try:
            ours, theirs = socket.socketpair()
        except OSError:  # no file is left for it
            return None
        with theirs:
            try:
                socket.send_fds(self._control, [b"r"], [theirs.fileno()])
                return ours
            except OSError as error:
                ours.close()
                if isinstance(error, BlockingIOError):  # it does not come to take them
                    return None
        self._let_go()  # it is gone, and the next is waited for
        return await self._line()

    async def _passed_on(self, line: socket.socket, scope: Message, receive: Receive, send: Send) -> bool:
        """Pass a request there and its answer back; False where the process is gone before it answers.

        A browser that leaves first says nothing of the process, which others ask as well.
        """
        reader, writer = await asyncio.open_unix_connection(sock=line)
        asking = asyncio.create_task(_asked(writer, scope, receive))
        try:
            is_there = await _answered(reader, send)
        finally:
            asking.cancel()
            writer.close()
        if is_there or (asking.done() and not asking.cancelled() and asking.result()):
            return True
        self._let_go()
        return False

    def _let_go(self) -> None:
        """Close the way to the process, which then ends."""
        self._begun.clear()
        if self._control is not None:
            self._control.close()
            self._control = None

    def _tell(self, sentence: str) -> None:
        if sentence != self._trouble:
            self._trouble = sentence
            self._told(sentence)


async def _asked(writer: asyncio.StreamWriter, scope: Message, receive: Receive) -> bool:
    """Write a request as it comes. Close and return True where the browser is gone, False where the process is."""
    try:
        writer.write(framed(encoded(heard(scope))))
        while (message := await receive())["type"] != "http.disconnect":
            writer.writelines(pieces(message.get("body", b"")))
            if not message.get("more_body"):
                writer.write(END)
            await writer.drain()
    except ConnectionError:
        return False
    finally:
        writer.close()
    return True


async def _answered(reader: asyncio.StreamReader, send: Send) -> bool:
    """Send an answer as it comes; False where none does. One that breaks off is left without its end, a stream of events ends."""
    head = await read_frame(reader)
    if head is None:
        return False
    status, headers = head_of(head)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    while piece := await read_frame(reader):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if piece is not None or _STREAM in headers:
        await send({"type": "http.response.body", "body": b""})
    return True


def _sentence(scope: Message, text: str) -> Answer:
    """Return the answer of what cannot be shown now; a browser asks again by itself for what it navigates to."""
    headers = ((b"retry-after", b"%d" % RETRY_S), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
    if (b"sec-fetch-mode", b"navigate") not in scope["headers"]:
        return Answer(503, text.encode(), b"text/plain; charset=utf-8", headers)
    policy = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
    body = f'<!doctype html><html lang="en"><meta http-equiv="refresh" content="{RETRY_S}"><title>eventlake</title><p>{escape(text)}'
    return Answer(503, body.encode(), b"text/html; charset=utf-8", (*headers, policy))
