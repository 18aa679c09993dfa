"""How many events a second the bus accepts, each answered after it is on disk; against the same bus with a spool that keeps nothing.

    python benchmarks/accept.py

The bus runs alone in its process (nothing delivers), the load comes from another: PutEvents with ten entries over 32 connections, then
`POST /events` with 500 events over eight. Prints events a second for both, and the ratio, run by run in turns.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.connections import Connections, Limits
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.server import Server, listening
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

LOAD = Path(__file__).parent / "load.py"
JOBS = (("put-events", 20_000, 32, 10), ("events", 800, 8, 500))
RUNS = 3


class NoSpool:
    """A store that keeps nothing, and answers at once."""

    end = 0

    def submit(self, _entries: object) -> Future[int]:
        """Forget them."""
        future: Future[int] = Future()
        future.set_result(0)
        return future


def serve(spool: Any, ready: threading.Event, port: list[int]) -> None:
    """Run a bus over a spool until the process ends."""
    sys.setswitchinterval(0.0005)
    folder = Path(tempfile.gettempdir())
    pressure = Pressure(folder, time.monotonic, reserve_bytes=0)
    bus = Bus(spool, Intake(load(), FAST), pressure, lambda: datetime.now(UTC))
    with listening("127.0.0.1", 0) as listener:
        port.append(listener.getsockname()[1])
        server = Server(bus, Connections(Limits(), pressure.is_crowded, print), ready.set)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve(sockets=[listener]))


def child(kind: str) -> None:
    """The bus's process: prints its port."""
    ready, port = threading.Event(), list[int]()
    threading.Thread(target=lambda: (ready.wait(), print(port[0], flush=True)), daemon=True).start()
    serve(NoSpool() if kind == "nothing" else SpoolWriter(Path(tempfile.mkdtemp(dir="."))), ready, port)


def measure(kind: str, job: tuple[str, int, int, int]) -> int:
    """Events a second of one run."""
    bus = subprocess.Popen([sys.executable, __file__, kind], stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    port = bus.stdout.readline().strip()
    said = subprocess.run(
        [sys.executable, str(LOAD), f"http://127.0.0.1:{port}", *map(str, job)], capture_output=True, text=True, check=True
    )
    bus.kill()
    bus.wait()
    return int(json.loads(said.stdout)["events_per_s"])


def main() -> None:
    """Run both kinds in turns."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        import os

        os.chdir(folder)
        for job in JOBS:
            runs = [(measure("disk", job), measure("nothing", job)) for _ in range(RUNS)]
            disk, nothing = (round(statistics.median(column)) for column in zip(*runs, strict=True))
            print(
                f"{job[0]}, {job[3]} a request, {job[2]} connections: {disk:,} events/s on disk, {nothing:,} kept nowhere, ratio {disk / nothing:.2f}"
            )
        os.chdir("..")


if __name__ == "__main__":
    child(sys.argv[1]) if len(sys.argv) > 1 else main()
