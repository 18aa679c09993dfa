"""The whole job: events over HTTP, durable, transformed, in objects that a query can read.

    python benchmarks/whole_job.py

`serve` runs as a user starts it, on two processors with the load beside it; the clock runs from the first request until the catalog's
objects hold every event, and the rows are counted by a query. Beside it stands the processor time of an event in bus and delivery, which says more
on a shared machine: to compare two builds, run it with the `src` of each in PYTHONPATH, in turns.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from eventlake.local.folder import open_lake
from eventlake.sources import load

LOAD = Path(__file__).parent / "load.py"
_START_S = 3.0
"""How long the processes may take to start; what they spend in it is told apart."""


def run(log_format: str, job: tuple[str, int, int, int]) -> str:
    """One job on a fresh lake; its figures."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        options = ["--port", "0", "--lake", folder, "--buffer-seconds", "2", "--log-format", log_format]
        bus = subprocess.Popen([sys.executable, "-m", "eventlake", "serve", *options], stdout=subprocess.PIPE, text=True)
        assert bus.stdout is not None
        url = bus.stdout.readline().removeprefix("Ready: ").strip()
        time.sleep(_START_S)
        started = {pid: processor_s(pid) for pid in (bus.pid, *children(bus.pid))}
        said = subprocess.run([sys.executable, str(LOAD), url, *map(str, job)], capture_output=True, text=True, check=True)
        accepted = json.loads(said.stdout)
        while json.loads(urllib.request.urlopen(f"{url}/healthz").read())["pending_bytes"]:
            time.sleep(0.02)
        seconds = time.time() - accepted["begun_at"]
        peak = [
            int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) >> 10 for pid in (bus.pid, *children(bus.pid))
        ]  # type: ignore[index]
        spent_us = [(processor_s(pid) - started.get(pid, 0.0)) / accepted["events"] * 1e6 for pid in (bus.pid, *children(bus.pid))]
        bus.terminate()
        bus.wait()
        rows = stored(Path(folder))
        if rows != accepted["events"]:
            raise SystemExit(f"{accepted['events']} events went in, {rows} rows came out.")
        visible = accepted["events"] / seconds
        memory = " + ".join(map(str, peak))
        spent = " + ".join(f"{one:.1f}" for one in spent_us)
        figures = f"{rows:,} rows, {memory} MB, {spent} us an event, {started[bus.pid]:.2f} s to start the bus"
        return f"{visible:,.0f} events/s until visible ({accepted['events_per_s']:,} accepted), {figures}"


def stored(folder: Path) -> int:
    """How many rows a lake answers, of all tables but that of the alerts which the load may raise."""
    sources = load()
    engine = open_lake(folder, sources).engine
    tables = [table.name for source in sources for table in source.tables if table.name != "alerts"]
    return sum(engine.query(f"select count(*) from {name}").rows[0][0] for name in tables)


def processor_s(pid: int) -> float:
    """The seconds of processor time of a process: proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


if __name__ == "__main__":
    for log_format in ("parquet", "json"):
        for job in (("put-events", 30_000, 32, 10), ("events", 1000, 8, 500), ("company", 500, 8, 500)):
            print(f"{log_format}, {job[0]}, {job[3]} a request: {run(log_format, job)}", flush=True)
