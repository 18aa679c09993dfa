"""What closing an hour costs: processor time beside DuckDB's bare COPY of the same rows, rows a second and core, and memory.

    python benchmarks/closing.py [--rows 1000000] [--row-bytes 1000] [--objects 64] [--duplicates 0.035] [--disorder 0]

An hour of Auth0's log entries is made in so many objects, in the order of arrival, some of the rows in two of them. They happened in that order,
or so many seconds apart from it. It is closed by the same
code as in `serve`; then a process of DuckDB copies the same rows with the same settings, unsorted and undeduplicated. Processor times are those of the
processes that did it, memory is the largest resident set that the system saw of the one that rewrites. The rows are compared by a checksum of every column.
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
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.parquet import duckdb_type
from eventlake.backends.parquet_copy import METADATA_KEY, ROW_GROUP
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.description import LINES, Description
from eventlake.interfaces import HourContents, Partition
from eventlake.layout import Hour
from eventlake.local.closing.closer import Closed, Closer
from eventlake.local.folder import CATALOG, OBJECTS
from eventlake.sources import load

HOUR = Hour("2026-11-20", "10")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
TABLE = next(table for source in load() for table in source.tables if table.name == "auth0_logs")


def closed(catalog: SqliteCatalog, folder: Path, state: HourContents) -> Closed:
    """Close the hour, and end the process that did it, so that its time is counted."""
    with Closer(catalog, folder / OBJECTS, lambda: NOW) as closer:
        return closer.close(TABLE, state)


Done = TypeVar("Done")

COPY = """
import duckdb, sys
target, group, *files = sys.argv[1:]
with duckdb.connect(":memory:", config={"threads": 1}) as connection:
    connection.execute("set preserve_insertion_order = true")
    listed = ", ".join(f"'{file}'" for file in files)
    connection.execute(f"copy (select * from read_parquet([{listed}])) to '{target}' (format parquet, compression zstd, row_group_size {group})")
"""
"""A process that copies files to one, as plainly as DuckDB does it."""


def main() -> None:
    """Make an hour, close it, copy it, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--row-bytes", type=int, default=1000)
    parser.add_argument("--objects", type=int, default=64)
    parser.add_argument("--duplicates", type=float, default=0.035)
    parser.add_argument("--disorder", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="closing-", dir=os.environ.get("TMPDIR")) as name:
        print(json.dumps(measured(Path(name), **vars(options)), indent=1))


def measured(folder: Path, rows: int, row_bytes: int, objects: int, duplicates: float, disorder: int) -> dict[str, object]:
    """The figures of one hour."""
    distinct = rows - int(rows * duplicates)
    with closing(made(folder, rows, distinct, row_bytes, objects, disorder)) as catalog:
        before = [str(folder / OBJECTS / one.key) for one in catalog.objects(TABLE.name)]
        (state,) = catalog.contents(TABLE.name).hours
        done, cpu_s, wall_s = timed(lambda: closed(catalog, folder, state))
        assert not done.problem, done.problem
        closed_rss_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
        after = [str(folder / OBJECTS / one.key) for one in catalog.objects(TABLE.name)]
    target = str(folder / "copied.parquet")
    _, copy_cpu_s, _ = timed(lambda: subprocess.run([sys.executable, "-c", COPY, target, str(ROW_GROUP), *before], check=True))
    assert (done.rows, len(after)) == (distinct, 1)
    assert checksum(before) == checksum(after), "the rows differ"
    return {
        "rows": rows,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "cpu_s": round(cpu_s, 2),
        "wall_s": round(wall_s, 2),
        "copy_cpu_s": round(copy_cpu_s, 2),
        "times_copy": round(cpu_s / copy_cpu_s, 2),
        "rows_per_cpu_s": round(rows / cpu_s),
        "rss_mb": closed_rss_mb,
    }


def timed(run: Callable[[], Done]) -> tuple[Done, float, float]:
    """What it gives, and the seconds of processors, its children's too, and of the wall."""
    before, started = os.times(), time.perf_counter()
    result = run()
    after = os.times()
    return result, sum(after[:4]) - sum(before[:4]), time.perf_counter() - started


def made(folder: Path, rows: int, distinct: int, row_bytes: int, objects: int, disorder: int = 0) -> SqliteCatalog:
    """Write the hour's objects and register them."""
    catalog = SqliteCatalog(folder / CATALOG)
    catalog.register_tables([TABLE], "parquet")
    location = f"{TABLE.prefix}/{HOUR.path}/"
    (folder / OBJECTS / location).mkdir(parents=True)
    with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "1GB", "temp_directory": str(folder)}) as connection:
        for number in range(objects):
            first, last = rows * number // objects, rows * (number + 1) // objects
            key = f"{location}{number:04}.parquet"
            said = Description(catalog.lake_id, TABLE.name, LINES, HOUR, first, last, last - first, 0)
            about = f"compression zstd, row_group_size {ROW_GROUP}, kv_metadata {{{METADATA_KEY}: '{said.encode()}'}}"
            connection.execute(
                f"copy ({entries(first, last, distinct, row_bytes, disorder)}) to '{folder / OBJECTS / key}' (format parquet, {about})"
            )
            new = NewObject.described(key, folder / OBJECTS / key, "parquet", said)
            catalog.register([new], [Partition(TABLE.name, HOUR, location, "parquet")], [], {})
    return catalog


def entries(first: int, last: int, distinct: int, row_bytes: int, disorder: int) -> str:
    """DuckDB's SELECT of log entries by number; beyond `distinct` the numbers begin again. Text like a login's details fills the rows."""
    values = {
        "log_id": "'90020261120' || lpad(cast(n as varchar), 40, '0')",
        "type": "(['s', 'f', 'fp', 'fu', 'seacft', 'sapi', 'slo', 'ss'])[cast(1 + hash(n) % 8 as int)]",
        "ip": "'198.51.' || hash(n, 1) % 64 || '.' || hash(n, 2) % 256",
        "user_name": "'user-' || hash(n, 3) % 5000 || '@example.com'",
        "user_id": "'auth0|' || md5(cast(hash(n, 3) % 5000 as varchar))",
        "client_id": "md5(cast(hash(n, 4) % 40 as varchar))",
        "event_id": "md5(cast(n as varchar))",
        "event_time": f"timestamp '2026-11-20 10:00:00' + to_microseconds(cast(n * 3599 + hash(n, 5) % {disorder * 1_000_000 + 1} as bigint))",
        "details": "'{\"prompts\":[' || array_to_string(list_transform(range(greatest(1, {size} // 50)), "
        "lambda one: '{\"name\":\"prompt-' || hash(n, one) % 1000 || '\",\"elapsed\":' || hash(one, n) % 100000 || '}'), ',') || ']}'",
    }
    shown = ", ".join(
        f'{_value(values, column.stored_name, row_bytes)}::{duckdb_type(column.type)} as "{column.stored_name}"' for column in TABLE.columns
    )
    return f"select {shown} from (select i % {distinct} as n from range({first}, {last}) as one(i))"


def _value(values: dict[str, str], name: str, row_bytes: int) -> str:
    return f"({values[name].replace('{size}', str(row_bytes))})" if name in values else "null"


def checksum(files: list[str]) -> list[object]:
    """The number of keys, and the sum of a hash of every column together over the rows, one of each key."""
    columns = ", ".join(f'"{column.stored_name}"' for column in TABLE.columns)
    listed = ", ".join(f"'{file}'" for file in files)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        query = f"select count(*), sum(el_hash) from (select any_value(hash({columns})) as el_hash from read_parquet([{listed}]) group by log_id)"
        return list(connection.execute(query).fetchone() or ())


if __name__ == "__main__":
    main()
