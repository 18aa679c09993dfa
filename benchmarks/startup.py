"""How long a person waits: `--help`, `--version`, the first query, the bus until it is ready, the demo.

    python benchmarks/startup.py

Whole processes, started as a user starts them; the median of seven.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

EVENTLAKE = [sys.executable, "-m", "eventlake"]
QUERY = "select pipeline, count(*) as n from pipeline_execution_state_change where state = 'FAILED' group by 1 order by 2 desc"


def milliseconds(*words: str) -> float:
    """One command, until it ends."""
    begun = time.perf_counter()
    subprocess.run([*EVENTLAKE, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1000


def until_ready(folder: str) -> float:
    """The bus, until it says that it takes events."""
    begun = time.perf_counter()
    bus = subprocess.Popen([*EVENTLAKE, "serve", "--port", "0", "--lake", folder], stdout=subprocess.PIPE)
    assert bus.stdout is not None
    bus.stdout.readline()
    took = (time.perf_counter() - begun) * 1000
    bus.terminate()
    bus.wait()
    return took


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        demo = [milliseconds("demo", "--lake", folder, "--no-serve") for _ in range(3)]
        for name, measure in {
            "--help": lambda: milliseconds("--help"),
            "--version": lambda: milliseconds("--version"),
            "first query": lambda: milliseconds("query", QUERY, "--lake", folder),
            "serve, until ready": lambda: until_ready(folder),
        }.items():
            print(f"{name}: {statistics.median(measure() for _ in range(7)):.0f} ms")
        print(f"demo: {statistics.median(demo):.0f} ms")
