"""What a large catalog costs its readers: a query of one hour, `tables`, opening, and doctor's look at the files.

python benchmarks/catalog.py [OBJECTS]: a table with 126 objects beside one with OBJECTS (100,000 if nothing is said), each with one hour whose
objects are there; every figure is a median of seven, the two tables in turns.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.parquet import ParquetWriter
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.description import Description
from eventlake.interfaces import Partition
from eventlake.layout import Hour, partition_location
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, OBJECTS, open_catalog, open_lake
from eventlake.sources import load

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
FEW, MANY = "stage_execution_state_change", "pipeline_execution_state_change"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
AN_HOUR = 720
"""Objects of a stream in an hour where one is delivered every five seconds."""
RUNS = 7


def register(catalog: SqliteCatalog, folder: Path, name: str, count: int) -> Hour:
    """Register objects hour by hour; those of the first hour are there, and so many rows as objects. Gives that hour."""
    table, first = TABLES[name], Hour.of(FIRST)
    for number in range(0, count, AN_HOUR):
        hour = Hour.of(FIRST + timedelta(hours=number // AN_HOUR))
        location = partition_location(table.prefix, hour)
        keys = [f"{location}{name}-{at}.parquet" for at in range(number, min(number + AN_HOUR, count))]
        objects = [NewObject(key, name, hour, "parquet", 3000, 1, 7, at, at + 1) for at, key in enumerate(keys, number)]
        if hour == first:
            objects = [written(folder, table.name, one, at) for at, one in enumerate(objects[:10])]
        catalog.register(objects, [Partition(name, hour, location, "parquet")], [], {})
    return first


def written(folder: Path, name: str, one: NewObject, at: int) -> NewObject:
    """Write an object of one row, and give what is true of it."""
    from eventlake.checksum import crc32

    path = folder / OBJECTS / one.key
    path.parent.mkdir(parents=True, exist_ok=True)
    said = Description("", name, "lines", one.hour, at, at + 1, 1, 0)
    ParquetWriter().write(TABLES[name], [json.dumps({"event_id": str(at)}).encode() + b"\n"], path, said)
    return NewObject(one.key, one.table, one.hour, "parquet", path.stat().st_size, 1, crc32(path), at, at + 1)


def median(work: Callable[[], object]) -> float:
    """Seconds of one run, of several."""
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def in_turns(*works: Callable[[], object]) -> list[float]:
    """Seconds of one run of each, in turns."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(RUNS):
        for times, work in zip(taken, works, strict=True):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
    return [statistics.median(times) for times in taken]


def main(count: int) -> None:
    """Build the lake, and print what its readers wait for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = SqliteCatalog(folder / CATALOG, hurried=True)
        catalog.register_tables(TABLES.values(), "parquet")
        hour = register(catalog, folder, FEW, 126)
        register(catalog, folder, MANY, count)
        catalog.close()
        engine = open_lake(folder, SOURCES).engine
        asked = [f"select count(*) from {table} where date = date '{hour.date}' and hour = '{hour.hour}'" for table in (FEW, MANY)]
        few, many = in_turns(*(lambda sql=sql: engine.query(sql) for sql in asked))  # type: ignore[misc]  # the loop's own
        print(f"query of one hour: {few * 1000:.0f} ms among 126 objects, {many * 1000:.0f} ms among {count:,}: {many / few:.2f}x")
        print(f"opening the catalog: {median(lambda: open_catalog(folder).close()) * 1000:.1f} ms")
        reader = open_catalog(folder)
        print(f"sums of every table: {median(lambda: [reader.contents(table).count for table in TABLES]) * 1000:.1f} ms")
    examined()


def examined() -> None:
    """Time doctor over 20,000 small files that the catalog does not know, without what it does in a lake of none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        SqliteCatalog(folder / CATALOG).close()
        nothing = median(lambda: check_lake(folder))
        place = folder / OBJECTS / "other" / "2026" / "01" / "01" / "00"
        place.mkdir(parents=True)
        for number in range(20_000):
            (place / f"{number}.gz").write_bytes(b"x" * 100)
        print(f"doctor: {(median(lambda: check_lake(folder)) - nothing) / 20_000 * 1e6:.0f} us a file")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
