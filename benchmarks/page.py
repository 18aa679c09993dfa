"""What the page costs: `python benchmarks/page.py [EVENTS] [FOLDER]`.

A lake of 30 days of EVENTS events (1,000,000), whose hours are closed, is made in FOLDER, or in a folder that is removed again; one that is
there already is taken as it is. Then, on a bus of its own for each turn:

page     a page of 12 tiles or more over all of the 30 days: cold, by a page's process that has just begun, and again, warm; until the last
         byte with every tile, and, as a browser asks, until the first byte. Medians of three, by the clock and in seconds of the processor.
accept   events a second and processor time of the bus for each event, while nobody looks and while ten browsers do: each holds the stream
         and loads a page every two seconds. In turns, medians of three.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
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
EVERY_S = 2.0
"""How often a browser that looks loads a page."""
PAGES = ("/deliveries", "/logins")
LOOKED_AT = ("/", "/deliveries", "/logins", "/changes", "/lake")
JOB = ("events", 400, 8, 500)


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
        get(port, "/static/page.css")  # begins the process of the page
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


def look(port: int, number: int, over: threading.Event) -> None:
    """Be a browser: hold the stream, and load a page again and again."""
    stream = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    stream.request("GET", "/live")
    stream.getresponse()
    while not over.wait(EVERY_S * (0.5 + number / BROWSERS)):
        get(port, f"{LOOKED_AT[number % len(LOOKED_AT)]}?from=-{number % 5 + 1}d", navigates=True)
    stream.close()


def accept(folder: Path, browsers: int) -> tuple[float, float]:
    """Events a second, and microseconds of the bus's processor time for each event, while so many look."""
    over = threading.Event()
    with serving(folder) as (port, pid):
        lookers = [threading.Thread(target=look, args=(port, number, over)) for number in range(browsers)]
        for one in lookers:
            one.start()
        time.sleep(4 if browsers else 1)
        before = processor_s(pid)
        said = subprocess.run([sys.executable, str(LOAD), f"http://127.0.0.1:{port}", *map(str, JOB)], capture_output=True, check=True)
        spent = processor_s(pid) - before
        over.set()
        for one in lookers:
            one.join()
    return float(json.loads(said.stdout)["events_per_s"]), spent / (JOB[1] * JOB[3]) * 1e6


def _linked(source: str, target: str) -> str:
    """Copy a file of a lake; objects, which nobody writes again, are linked."""
    if "/objects/" not in source:
        return shutil.copy2(source, target)
    os.link(source, target)
    return target


def median(values: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of each of the two."""
    clock, processor = zip(*values, strict=True)
    return statistics.median(clock), statistics.median(processor)


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
        rates: dict[int, list[tuple[float, float]]] = {0: [], BROWSERS: []}
        for _ in range(TURNS):
            for browsers, found in rates.items():
                copy = Path(scratch) / "copy"
                shutil.copytree(folder, copy, copy_function=_linked)
                found.append(accept(copy, browsers))
                shutil.rmtree(copy)
        for browsers, found in rates.items():
            rate, each = median(found)
            print(f"accept, {browsers} browsers: {rate:,.0f} events/s, {each:.1f} us of the bus's processor for each", flush=True)


if __name__ == "__main__":
    main()
