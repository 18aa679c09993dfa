"""A bus that listens on a real socket, in a thread of the test. For its connections no time passes but what the test lets pass."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.bus.answer import Application, RawHeaders
from eventlake.local.bus.at_once import Way
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.connections import Connections, Limits
from eventlake.local.bus.health import Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.server import Server, listening
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

EVENT = b'{"id": "e-1", "detail-type": "d", "source": "s", "detail": {}}'


class Unhurried(Connections):
    """Connections that grow no older by the server's rounds, which are noted. pass_: lets so many seconds pass."""

    def __init__(
        self,
        limits: Limits,
        is_crowded: Callable[[], bool],
        told: Callable[[str], None],
        way_of: Callable[[RawHeaders], Way | None] = lambda _headers: None,
    ) -> None:
        super().__init__(limits, is_crowded, told, way_of)
        self.rounds: queue.Queue[float] = queue.Queue()

    def look(self, seconds: float) -> None:
        """Take note of a round."""
        self.rounds.put(seconds)

    def pass_(self, seconds: float) -> None:
        """Look at all connections, so many seconds after the last time."""
        super().look(seconds)


@dataclass
class Running:
    """A bus that listens, what holds it, and what its owner was told."""

    pressure: Pressure
    port: int = 0
    url: str = ""
    told: list[str] = field(default_factory=list)
    connections: Callable[[], int] = lambda: 0
    """How many are open."""
    stop: Callable[[], None] = lambda: None
    rounds: queue.Queue[float] = field(default_factory=queue.Queue)
    """The seconds of each round that the server makes to look at its connections."""
    look: Callable[[float], None] = lambda _seconds: None

    def let_pass(self, seconds: float) -> None:
        """Let time pass for all connections, once the bus has read what was sent before: it has when it answers who comes after."""
        assert self.post() == 200
        self.look(seconds)

    def connect(self) -> socket.socket:
        """A connection of a sender."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def post(self) -> int:
        """The status that an honest sender gets."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", "/events", EVENT)
            return connection.getresponse().status


@contextmanager
def running(
    folder: Path,
    limits: Limits = Limits(),  # noqa: B008  it is frozen
    beside: Application | None = None,
    pressure: Pressure | None = None,
    health: Health | None = None,
) -> Iterator[Running]:
    """A bus over a spool, in a thread."""
    bus = Running(pressure=pressure or Pressure(folder, time.monotonic, reserve_bytes=0))
    ready = threading.Event()
    thread = threading.Thread(target=lambda: uvloop.run(_serve(folder, limits, beside, bus, ready.set, health)))
    thread.start()
    assert ready.wait(60)
    try:
        yield bus
    finally:
        bus.stop()
        thread.join(60)


async def _serve(
    folder: Path, limits: Limits, beside: Application | None, running: Running, ready: Callable[[], None], health: Health | None
) -> None:
    spool = SpoolWriter(folder)
    pressure = running.pressure
    bus = Bus(spool, Intake(load(), FAST), pressure, lambda: datetime.now(UTC), beside=beside, health=health)
    with listening("127.0.0.1", 0) as listener:
        running.port = listener.getsockname()[1]
        running.url = f"http://127.0.0.1:{running.port}"
        connections = Unhurried(limits, pressure.is_crowded, running.told.append, bus.at_once.way_of)
        running.connections, running.rounds = lambda: len(connections.open), connections.rounds
        running.look = _from_outside(connections.pass_)
        server = Server(bus, connections, ready)
        running.stop = lambda: setattr(server, "should_exit", True)
        await server.serve(sockets=[listener])
    spool.close()


def _from_outside(look: Callable[[float], None]) -> Callable[[float], None]:
    """The same for another thread, which waits until it is done."""
    loop = asyncio.get_running_loop()

    def looked(seconds: float) -> None:
        done = asyncio.run_coroutine_threadsafe(_looked(look, seconds), loop)
        done.result(60)

    return looked


async def _looked(look: Callable[[float], None], seconds: float) -> None:
    look(seconds)
