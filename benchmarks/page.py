"""What the page costs: `python benchmarks/page.py [EVENTS] [FOLDER]`.

A lake of 30 days of EVENTS events (1,000,000), whose hours are closed, is made in FOLDER, or in a folder that is removed again; one that is
there already is taken as it is. Then, on a bus of its own for each turn:

page     a page of 12 tiles or more over all of the 30 days: cold, by a page's process that has just begun, and again, warm; until the last
         byte with every tile, and, as a browser asks, until the first byte. Medians of three, by the clock and in seconds of the processor.
accept   events a second, processor time of the bus for each event, and what the page and its queries take of a processor, while nobody looks
         and while ten browsers do: each has loaded a page, holds the stream, and asks for its tiles again as the page's own script does.
         In turns, medians of three.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from questions import family
from whole_job import processor_s

from eventlake.history import EVENTS_PER_DAY, History
from eventlake.local.closing.closer import Closer
from eventlake.local.folder import CATALOG
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

LOAD = Path(__file__).parent / "load.py"
DAYS = 30
TURNS = 3
BROWSERS = 10
QUIET_S, FOLLOWED = 1.0, 3
"""How long a browser gathers what changed, and how many tiles that changed it asks for at the same time."""
PAGES = ("/deliveries", "/logins")
LOOKED_AT = ("/", "/deliveries", "/logins", "/changes", "/lake")
JOB = ("events", 2400, 8, 500)


def fill(folder: Path, count: int) -> None:
    """Make the lake: events arrive in their own hour, and every hour is closed."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start, sources = end - timedelta(days=DAYS), load()
    clock = [start]
    with Importer(folder, sources, now=lambda: clock[0], log_format="parquet") as importer:
        history = History(7, start, end, count / DAYS / EVENTS_PER_DAY, recording=False)
        for hour, events in groupby(history, key=lambda one: one[0].replace(minute=0, second=0, microsecond=0)):
            clock[0] = hour
            importer.accept([Item(number, body) for number, (_, body) in enumerate(events, 1)])
            importer.deliver()
        with Closer(importer.catalog, folder / "objects", lambda: end + timedelta(days=2)) as closer:
            for table in (table for source in sources for table in source.tables):
                for state in closer.due(table):
                    closer.close(table, state)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve a lake; the port and the process of the bus."""
    command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(folder), "--port", "0", "--no-close", "--no-detections"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        while body(port, "/static/page.css", {}) is None:  # the process of the page begins with the bus, and takes longer
            time.sleep(0.05)
        yield port, process.pid
        process.send_signal(signal.SIGTERM)
        process.stdout.read()


def get(port: int, path: str, *, navigates: bool = False) -> tuple[float, float]:
    """Ask for a page; seconds until its first byte, and until its last."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Sec-Fetch-Mode": "navigate"} if navigates else {})
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - begun
    assert answer.status == 200
    assert answer.read()
    connection.close()
    return first, time.perf_counter() - begun


def page_times(folder: Path, path: str) -> dict[str, tuple[float, float]]:
    """Seconds by the clock and of the processor for each way to ask, by a fresh bus."""
    found: dict[str, tuple[float, float]] = {}
    address = f"{path}?from=-{DAYS}d"

    def timed(name: str, pid: int, ask: Callable[[], float]) -> None:
        before = sum(map(_spent, family(pid)))
        found[name] = ask(), sum(map(_spent, family(pid))) - before

    with serving(folder) as (port, pid):
        timed("cold", pid, lambda: get(port, address)[1])
        timed("warm", pid, lambda: get(port, address)[1])
    with serving(folder) as (port, pid):
        timed("first byte, cold", pid, lambda: get(port, address, navigates=True)[0])
        get(port, address)
        timed("first byte, warm", pid, lambda: get(port, address, navigates=True)[0])
    return found


def _spent(pid: int) -> float:
    """The seconds of a process, and of those that it began and that have ended: proc(5)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Looking:
    """A browser that has loaded a page and follows it, as the page's script does."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        page = body(port, path, {"Sec-Fetch-Mode": "navigate"}) or ""
        named = re.findall(r'<section class="tile[^>]*>', page)
        self._tiles = {_attribute(one, "id").removeprefix("tile-"): set(_attribute(one, "data-tables").split()) for one in named}
        self._ask({name for name, one in zip(self._tiles, named, strict=True) if "data-waiting" in one}, {})
        self._changed: set[str] = set()
        self._over = threading.Event()
        self._stream = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self._stream.request("GET", "/live")
        for work in (self._hear, self._follow):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        """Look no more; what is asked for ends with the bus."""
        self._over.set()
        self._stream.sock.shutdown(socket.SHUT_RDWR)

    def _hear(self) -> None:
        with self._stream.getresponse() as heard, suppress(http.client.HTTPException, OSError):
            while line := heard.readline():
                if line.startswith(b'data: {"table"'):
                    self._changed.add(json.loads(line.removeprefix(b"data: "))["table"])

    def _follow(self) -> None:
        while not self._over.wait(QUIET_S):
            changed, self._changed = self._changed, set()
            with suppress(http.client.HTTPException, OSError):
                self._ask({name for name, tables in self._tiles.items() if tables & changed}, {"X-Follows": "1"})

    def _ask(self, names: set[str], headers: dict[str, str]) -> None:
        with ThreadPoolExecutor(FOLLOWED) as asking:
            list(asking.map(lambda name: body(self._port, f"/tiles/{name}.part?on={self._path}", headers), sorted(names)))


def body(port: int, path: str, headers: dict[str, str]) -> str | None:
    """What an address gives; None where it is told to ask again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return said if answer.status == 200 else None


def _attribute(tag: str, name: str) -> str:
    return found[1] if (found := re.search(rf'{name}="([^"]*)"', tag)) else ""


def accept(folder: Path, browsers: int) -> tuple[float, float, float]:
    """Events a second, microseconds of the bus's processor time for each, and what the page takes of a processor, while so many look."""
    with serving(folder) as (port, pid):
        with ThreadPoolExecutor(BROWSERS) as opening:
            looking = list(opening.map(lambda number: Looking(port, LOOKED_AT[number % len(LOOKED_AT)]), range(browsers)))
        page = next(one for one in family(pid) if b"eventlake.web.process" in Path(f"/proc/{one}/cmdline").read_bytes())
        time.sleep(3)
        before, shown = processor_s(pid), sum(map(_spent, family(page)))
        told = subprocess.run([sys.executable, str(LOAD), f"http://127.0.0.1:{port}", *map(str, JOB)], capture_output=True, check=True)
        spent, shown, said = processor_s(pid) - before, sum(map(_spent, family(page))) - shown, json.loads(told.stdout)
        for one in looking:
            one.close()
    return float(said["events_per_s"]), spent / (JOB[1] * JOB[3]) * 1e6, shown / said["seconds"]


def _linked(source: str, target: str) -> str:
    """Copy a file of a lake; objects, which nobody writes again, are linked."""
    if "/objects/" not in source:
        return shutil.copy2(source, target)
    os.link(source, target)
    return target


def median(values: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """The median of each."""
    return tuple(map(statistics.median, zip(*values, strict=True)))


def main() -> None:
    """Print a line for each figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    given = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(dir=given and given.parent) as scratch:
        folder = given or Path(scratch) / "lake"
        if not (folder / CATALOG).is_file():
            fill(folder, count)
        for path in PAGES:
            turns = [page_times(folder, path) for _ in range(TURNS)]
            for name in turns[0]:
                clock, processor = median([turn[name] for turn in turns])
                print(f"{path} {name}: {clock * 1000:,.0f} ms, {processor * 1000:,.0f} ms of the processor", flush=True)
        rates: dict[int, list[tuple[float, float, float]]] = {0: [], BROWSERS: []}
        for _ in range(TURNS):
            for browsers, found in rates.items():
                copy = Path(scratch) / "copy"
                shutil.copytree(folder, copy, copy_function=_linked)
                found.append(accept(copy, browsers))
                shutil.rmtree(copy)
        for browsers, found in rates.items():
            rate, each, share = median(found)
            took = f"{each:.1f} us of the bus's processor for each, {share:.1%} of a processor by the page"
            print(f"accept, {browsers} browsers: {rate:,.0f} events/s, {took}", flush=True)


if __name__ == "__main__":
    main()
