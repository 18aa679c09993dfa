"""The HTTP server in front of the bus: uvicorn over one listening socket, with watched connections, and our own signals."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from eventlake.errors import ConfigurationError
from eventlake.local.bus.answer import Application
from eventlake.local.bus.connections import Connections

_IDLE_S = 75
"""How long an idle connection stays open: longer than senders pause, so that they seldom meet one that is being closed."""
_LAST_WORD_S = 8
_END_S = 10
_FILES = 4096
_OWN_FILES = 64
"""How many files of a process are kept for the lake, the delivering process and the log."""
_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""How Linux finds out that a machine on the other side is gone, in seconds: https://man7.org/linux/man-pages/man7/tcp.7.html"""


class Server(uvicorn.Server):
    """uvicorn over a bus and its connections. ready: is told when it listens. ending: is told when it begins to end."""

    def __init__(
        self, bus: Application, connections: Connections, ready: Callable[[], None], ending: Callable[[], None] = lambda: None
    ) -> None:
        protocol: Any = connections.protocol  # uvicorn wants a class, and calls it
        super().__init__(
            uvicorn.Config(
                bus,
                http=protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                log_level="error",  # what strangers send to the port is told to them, not to the person who runs the bus
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=_END_S,
            )
        )
        self._connections = connections
        self._ready = ready
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections once a second; uvicorn calls this ten times."""
        if counter % 10 == 0:
            self._connections.look(1.0)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, and tell those whose requests are not here yet before uvicorn hangs up."""
        self._ending()
        last_word = asyncio.get_running_loop().call_later(_LAST_WORD_S, self._connections.end)
        try:
            await super().shutdown(sockets)
        finally:
            last_word.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: the service has handlers of its own, and must still deliver after the server has ended."""
        yield


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open a socket bound to the address. Raises ConfigurationError with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # An answer leaves in two writes; without this the second waits 40 ms for the sender's acknowledgement of the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(listener)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as error:
            raise ConfigurationError(
                f"Nothing can listen at {host}:{port}: {error.strerror}. Choose another --port (0 picks a free one) or --host."
            ) from None
        listener.set_inheritable(False)
        yield listener
    finally:
        listener.close()


def room_for_connections(wanted: int) -> int:
    """Return how many connections the process may keep open, at most as many as wanted, after its bound on files was raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return wanted if soft == resource.RLIM_INFINITY else max(min(wanted, soft - _OWN_FILES), 1)


@contextlib.contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C stop a service, however often they come."""
    loop = asyncio.get_running_loop()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
    except (ValueError, RuntimeError):  # not in the main thread: its owner stops the service
        yield
        return
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _keep_alive(listener: socket.socket) -> None:
    """Have the system ask whether idle senders are still there; accepted sockets take it over."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):  # macOS has fewer
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
