"""A bus that listens on a real socket, in a thread of the test."""

from __future__ import annotations

import contextlib
import http.client
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
from eventlake.local.bus.answer import Application
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.connections import Connections, Limits
from eventlake.local.bus.health import Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.server import Server, listening
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

EVENT = b'{"id": "e-1", "detail-type": "d", "source": "s", "detail": {}}'


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
        connections = Connections(limits, pressure.is_crowded, running.told.append)
        running.connections = lambda: len(connections.open)
        server = Server(bus, connections, ready)
        running.stop = lambda: setattr(server, "should_exit", True)
        await server.serve(sockets=[listener])
    spool.close()
