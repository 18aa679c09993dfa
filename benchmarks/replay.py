"""How fast `replay` plays the events of thirty days to a file, and through a bus into another lake.

    python benchmarks/replay.py

Prints events a second by the clock, and the processor time of an event in this process, which writes or sends it, and in those that query beside
it; of a bus also in its two processes, while it takes the events and until they are delivered. The time of a router and transform over the same
events stands beside it: it says how fast the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from whole_job import children, processor_s, stored

from eventlake.backends.msgspec_codec import FAST
from eventlake.history.history import sized_history
from eventlake.local.client import BusClient
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.pipeline.pace import Pace
from eventlake.pipeline.played import Replay, Stretch
from eventlake.pipeline.router import Router
from eventlake.sources import load

END = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = 30
GROUP = 1_000
"""How many events the command sends together."""


def main() -> None:
    """Fill a lake, play it to a file, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    count: int = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        filling = get_context("fork").Process(target=_fill, args=(Path(folder), count))  # so that the memory of the replay is its own
        filling.start()
        filling.join()
        _to_file(Path(folder))
        with tempfile.TemporaryDirectory() as into:
            _through_bus(Path(folder), Path(into))


def _routed(events: Sequence[bytes]) -> float:
    """Return the microseconds of processor time in which an event is routed and transformed."""
    router = Router(load(), FAST)
    router.route(events[0])
    begun = time.process_time()
    for event in events[:20_000]:
        router.route(event)
    return (time.process_time() - begun) / len(events[:20_000]) * 1e6


def _fill(folder: Path, count: int) -> None:
    """Make the events, and store them as they would have arrived, some at a time."""
    events = [line.rstrip() for line in islice(sized_history(count, DAYS, END).lines(), count)]
    print(f"router and transform: {_routed(events):.1f} us an event", flush=True)
    for at in range(0, len(events), 20_000):
        arrival = END - timedelta(hours=len(events) // 20_000 - at // 20_000)
        with Importer(folder, load(), now=lambda arrival=arrival: arrival) as importer:  # type: ignore[misc]  # bound now
            importer.accept([Item(number, event) for number, event in enumerate(events[at : at + 20_000], 1)])
            importer.deliver()


def _play(folder: Path, send: Callable[[Sequence[bytes]], object], others: Collection[int] = ()) -> int:
    """Play everything; how many events. others: processes that are none of the queries'."""
    begun, used, beside = time.monotonic(), time.process_time(), _beside(others)
    lake = open_lake(folder, load(), at_once=2)  # as the command opens it
    stretch = Stretch(END - timedelta(days=DAYS + 1), END + timedelta(days=1), lake.catalog.tables())
    played = 0
    for group in Pace(None, time.monotonic, time.sleep).groups(Replay(lake.engine, stretch, FAST), GROUP):
        send(group.bodies)
        played += len(group.bodies)
    seconds, used = time.monotonic() - begun, time.process_time() - used
    print(f"  {played:,} events in {seconds:.1f} s: {played / seconds:,.0f} events/s by the clock")
    beside = _beside(others) - beside
    print(f"  processor: {used / played * 1e6:.1f} us an event in this process, {beside / played * 1e6:.1f} us in those of the queries")
    print(f"  memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at most in this process", flush=True)
    return played


def _to_file(folder: Path) -> None:
    """Play everything to a file."""
    print("to a file:")
    with (folder / "played.jsonl").open("wb") as file:
        _play(folder, lambda bodies: file.write(b"\n".join(bodies) + b"\n"))


def _through_bus(folder: Path, into: Path) -> None:
    """Play everything to the bus of another lake."""
    print("through a bus:")
    command = [sys.executable, "-m", "eventlake", "serve", "--port", "0", "--lake", str(into)]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    url = bus.stdout.readline().removeprefix("Ready: ").strip()
    time.sleep(3)  # until its processes have begun
    served = {"bus": bus.pid, "delivery": children(bus.pid)[0]}
    before = {name: processor_s(pid) for name, pid in served.items()}
    client = BusClient(url)
    played = _play(folder, client.refused, [bus.pid])
    _tell_served("meanwhile", served, before, played)
    while json.loads(urllib.request.urlopen(f"{url}/healthz").read())["pending_bytes"]:
        time.sleep(0.05)
    _tell_served("until all is delivered", served, before, played)
    client.close()
    bus.terminate()
    bus.wait()
    if (rows := stored(into)) != played:
        raise SystemExit(f"{played} events were played, {rows} rows came of them.")


def _tell_served(when: str, served: Mapping[str, int], before: Mapping[str, float], played: int) -> None:
    """Print the processor time that the processes of a bus took."""
    spent = [f"{name} {(processor_s(pid) - before[name]) / played * 1e6:.1f} us an event" for name, pid in served.items()]
    print(f"  processor, {when}: {', '.join(spent)}", flush=True)


def _beside(others: Collection[int]) -> float:
    """Return the seconds of processor time of the processes beside, which live until this one ends, and of those that they waited for."""
    pids = set(children(os.getpid())) - set(others)
    ticks = sum(int(field) for pid in pids for field in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
