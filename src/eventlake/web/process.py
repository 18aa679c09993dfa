"""The process that makes the page, beside the bus: what it takes from a browser cannot hold up who sends events.

The bus gives it on a socket the socket of each request (`web/wire.py`); when that socket ends, the bus ends or is gone: it gives up what it
asks, answers who waits, and ends. On stdout it says `ready`, or a sentence for the person who runs the bus. It holds no lock of the lake.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eventlake.errors import EventlakeError
from eventlake.local.bus.answer import Answer, Application, Message, respond
from eventlake.stack_names import is_on_aws
from eventlake.web.wire import END, PIECE_BYTES, Head, encoded, framed, pieces, read_frame, request_of, scope_of

READY = b"ready"
_AT_ONCE = 16
"""How many sockets are taken in one turn."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """The lake, a folder or one on AWS, the user's folders of declarations, and how AWS is reached."""

    lake: str
    sources: tuple[str, ...] = ()
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None

    def arguments(self, control: int) -> list[str]:
        """Return the command line that starts the process. control: the descriptor on which it gets sockets."""
        return [sys.executable, "-P", "-m", "eventlake.web.process", str(control), json.dumps(asdict(self))]


class Serving:
    """Answers the requests whose sockets come on a socket. begun: is called when the first may come."""

    def __init__(self, control: socket.socket, begun: Callable[[], None]) -> None:
        self._control = control
        self._begun = begun
        self._under_way: set[asyncio.Task[None]] = set()
        self.is_stopping = False
        """Whether the bus is to end."""

    async def run(self, application: Application) -> None:
        """Serve until the bus closes its end, then until everybody is answered."""
        self._control.setblocking(False)
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._control, self._take, application, over)
        self._begun()
        await over.wait()
        self.is_stopping = True
        loop.remove_reader(self._control)
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _take(self, application: Application, over: asyncio.Event) -> None:
        """Begin with the requests that came."""
        try:
            said, descriptors, _, _ = socket.recv_fds(self._control, _AT_ONCE, _AT_ONCE)
        except BlockingIOError:
            return
        except ConnectionError:
            said, descriptors = b"", []
        for one in descriptors:
            task = asyncio.create_task(_answer(application, socket.socket(fileno=one)))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if not said:
            over.set()


async def _answer(application: Application, line: socket.socket) -> None:
    """Answer one request."""
    reader, writer = await asyncio.open_unix_connection(sock=line)
    has_all = has_begun = False

    async def receive() -> Message:
        nonlocal has_all
        piece = await read_frame(reader)
        if piece is None or has_all:
            return {"type": "http.disconnect"}
        has_all = not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(message: Message) -> None:
        nonlocal has_begun
        has_begun = True
        if message["type"] == "http.response.start":
            writer.write(framed(encoded(Head(message["status"], message["headers"]))))
        else:
            writer.writelines(pieces(message.get("body", b"")))
            if not message.get("more_body"):
                writer.write(END)
        await writer.drain()

    try:
        if (head := await read_frame(reader)) is not None:
            await application(scope_of(request_of(head)), receive, send)
    except ConnectionError:  # the browser is gone
        pass
    except Exception:
        _log.exception("A page could not be made.")
        if not has_begun:
            await respond(send, Answer(500, b"This page could not be made; the bus said why where it runs.", b"text/plain; charset=utf-8"))
    finally:
        await _closed(reader, writer)


async def _closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close a socket when the other side has: closed with something unread, it would take from the other side what that has not read."""
    with contextlib.suppress(OSError):
        writer.write_eof()
        while await reader.read(PIECE_BYTES):
            pass
    writer.close()
    with contextlib.suppress(OSError):  # else asyncio complains of it when the process ends
        await writer.wait_closed()


def main(arguments: Sequence[str]) -> int:
    """Run the process, which leads a process group and gives way to the bus."""
    with contextlib.suppress(BrokenPipeError):  # the bus was killed: nobody hears whether the page is there
        return _run(arguments)
    return 1


def _run(arguments: Sequence[str]) -> int:
    fields = json.loads(arguments[1])
    try:
        with socket.socket(fileno=int(arguments[0])) as control:
            asyncio.run(_serve(Task(**{**fields, "sources": tuple(fields["sources"])}), control))
    except EventlakeError as error:
        _say(f"The page cannot be shown: {error} It is tried again.")
        return 1
    return 0


async def _serve(task: Task, control: socket.socket) -> None:
    """Open the page and serve it. Raises EventlakeError for a source that cannot be read, or a lake on AWS that is not there."""
    from eventlake.sources import load
    from eventlake.web.opening import page_of, page_of_deployment

    serving = Serving(control, lambda: _say(READY.decode()))
    folders = [Path(one) for one in task.sources]
    if is_on_aws(task.lake):
        from eventlake.backends.aws import Session
        from eventlake.cloud.deployment import find

        session = Session(task.profile, task.region, task.endpoint_url)
        site = page_of_deployment(find(task.lake, load(folders), session), session, lambda: serving.is_stopping)
    else:
        site = page_of(Path(task.lake), load(folders), lambda: serving.is_stopping, folders)
    try:
        await asyncio.to_thread(site.warm)
        await serving.run(site)
    finally:
        site.close()


def _say(line: str) -> None:
    os.write(1, line.replace("\n", " ").encode("utf-8", "replace") + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
