"""What closing hours brings a question: `python benchmarks/closed_hours.py [HOURS] [ROWS] [OPEN]`.

The seven questions of `query.py` over HOURS hours (168) of ROWS log lines each (6,000) in three layouts: gzip JSON lines every 60 seconds, which
is how the lakes before this one kept them; OPEN Parquet objects (60), which is what an open hour keeps at buffers of 5 seconds; and one sorted
object for each closed hour. All are asked through the product. Seconds are of the processor, of all processes together, in turns, medians of
three, each of as many questions as take half a second; the second ratio of each pair leaves out what a question costs that reads nothing, which
is a process that begins. Bytes are those of the objects, of Parquet those of the columns that a question names. The goals are 25 times for the
first layout, no question below 4 times, 6 times fewer bytes, and 3 times for the second, of 720 objects then, one every 5 seconds.
"""

from __future__ import annotations

import gzip
import math
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb
from comparing import Objects
from questions import processor_s

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.parquet_copy import ROW_GROUP
from eventlake.interfaces import LogObject
from eventlake.layout import Hour
from query import FIRST, LINES, LOGS, NAMES, QUESTIONS

OBJECTS_AN_HOUR = 60
TURNS = 3
_ENOUGH_S = 0.5
"""How long a question is asked again, because the system counts a process's time in hundredths."""
_QUIET_S = 0.2
"""After it the process that is kept ready for the next question has begun."""


def hour_of_bytes(rows: int, open_objects: int = OBJECTS_AN_HOUR) -> dict[str, list[tuple[str, bytes, int]]]:
    """Return the files of one hour for each layout: name, bytes and rows of each."""
    made: dict[str, list[tuple[str, bytes, int]]] = {"lines": [], "open": [], "closed": []}
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE log AS SELECT *, row_number() OVER () AS n FROM ({LINES.replace('ROWS', str(rows))})")
        columns, path = ", ".join(f'"{column}"' for column in NAMES), Path(name) / "one"

        def copied(within: str, options: str) -> bytes:
            connection.execute(f"COPY (SELECT {columns} FROM log {within} ORDER BY n) TO '{path}' ({options})")
            return path.read_bytes()

        for number in range(OBJECTS_AN_HOUR):
            lines = gzip.compress(copied(f"WHERE n % {OBJECTS_AN_HOUR} = {number}", "FORMAT json"))
            made["lines"].append((f"{number}.gz", lines, _share(rows, number, OBJECTS_AN_HOUR)))
        for number in range(open_objects):
            parquet = copied(f"WHERE n % {open_objects} = {number}", "FORMAT parquet, COMPRESSION zstd")
            made["open"].append((f"{number}.parquet", parquet, _share(rows, number, open_objects)))
        whole = copied("", f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}")
        made["closed"].append(("closed.parquet", whole, rows))
    return made


def _share(rows: int, number: int, objects: int) -> int:
    """Return how many of the numbers from 1 to `rows` leave this remainder."""
    return len(range(number or objects, rows + 1, objects))


def lake(folder: Path, files: Sequence[tuple[str, bytes, int]], hours: int) -> list[LogObject]:
    """Write the same files for every hour."""
    made = []
    for index in range(hours):
        hour = Hour((FIRST + timedelta(days=index // 24)).isoformat(), f"{index % 24:02}")
        for name, body, rows in files:
            path = folder / f"auth0/{hour.path}/{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            log_format = "json" if name.endswith(".gz") else "parquet"
            made.append(LogObject(LOGS.name, hour, str(path.relative_to(folder)), log_format, len(body), rows, zlib.crc32(body)))
    return made


def bytes_of(statement: str, folder: Path, objects: Sequence[LogObject]) -> int:
    """Return how many bytes a question reads of these objects; all have the same files in each hour."""
    if objects[0].format == "json":
        return sum(one.size_bytes for one in objects)
    named = [column for column in NAMES if column in statement.replace("auth0_logs", "").replace("log_id", "")]
    first = [f"{folder}/{one.key}" for one in objects if one.hour == objects[0].hour]
    query = "SELECT coalesce(sum(total_compressed_size), 0) FROM parquet_metadata(?) WHERE list_contains(?, path_in_schema)"
    (found,) = duckdb.execute(query, [first, named]).fetchone() or (0,)
    return int(found) * len(objects) // len(first)


def processor_seconds(runs: Sequence[Callable[[], object]]) -> list[float]:
    """Seconds of each, in turns, medians; what objects are read for the first time for is not counted."""
    taken: list[list[float]] = [[] for _ in runs]
    often = [max(round(_ENOUGH_S / _seconds(run, 1)), 1) for run in runs]
    for _ in range(TURNS):
        for run, times, seconds in zip(runs, often, taken, strict=True):
            seconds.append(_seconds(run, times))
    return [max(statistics.median(seconds), 0.001) for seconds in taken]


def _seconds(run: Callable[[], object], times: int) -> float:
    """Seconds of the processor for one of so many."""
    before = processor_s()
    for _ in range(times):
        run()
    time.sleep(_QUIET_S)
    return max(processor_s() - before, 0.01) / times


def mean(values: Sequence[float]) -> float:
    """The geometric mean."""
    return math.exp(statistics.fmean(map(math.log, values)))


def main() -> None:
    """Print a line for each question, and the means."""
    given = [int(number) for number in sys.argv[1:4]]
    hours, rows, open_objects = [*given, *(168, 6000, OBJECTS_AN_HOUR)[len(given) :]]
    ratios: list[tuple[float, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        folders = {layout: Path(name).resolve() / layout for layout in ("lines", "open", "closed")}
        lakes = {layout: lake(folders[layout], files, hours) for layout, files in hour_of_bytes(rows, open_objects).items()}
        engines = [DuckDBEngine(Objects([LOGS], lakes[layout]), folders[layout], warm=1) for layout in folders]
        print(f"{hours * rows:,} log lines in {hours} hours: {', '.join(f'{len(one):,} objects' for one in lakes.values())}")
        for title, sql, _, part in QUESTIONS:
            runs = [*(partial(engine.query, sql) for engine in engines), partial(engines[2].query, "select 1")]
            lines, opened, closed, nothing = processor_seconds(runs)
            more_lines, more_open, own = (max(one - nothing, 0.001) for one in (lines, opened, closed))
            wanted = {one.hour for one in lakes["closed"][part]}
            sizes = [bytes_of(sql, folders[layout], [one for one in lakes[layout] if one.hour in wanted]) for layout in folders]
            ratios.append((lines / closed, more_lines / own, opened / closed, more_open / own, sizes[0] / max(sizes[2], 1)))
            said = f"lines {lines:.3f} s, open {opened:.3f} s, closed {closed:.3f} s, nothing {nothing:.3f} s"
            shown = " ".join(f"{ratio:.1f}" for ratio in ratios[-1])
            print(f"{title:32} {said}; to lines, to open hours, bytes: {shown}", flush=True)
    by = [(mean(one), min(one)) for one in zip(*ratios, strict=True)]
    for title, (middle, least) in zip(("to lines", "beyond nothing", "to open hours", "beyond nothing", "bytes"), by, strict=True):
        print(f"{title:16} mean {middle:.1f}, least {least:.1f}")


if __name__ == "__main__":
    main()
