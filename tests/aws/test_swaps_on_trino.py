"""Readers that never stop, on a real Trino over Glue, while hours are swapped again and again: no error, no answer but the old or the new one.

`SWAPS=1000 ./run test -m java tests/aws/test_swaps_on_trino.py` swaps more often than every test run bears.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from aws.client import Aws, eventually
from aws.events import TABLES
from aws_lake import create_tables, new_bucket
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.trino import TrinoEngine
from eventlake.interfaces import Partition
from eventlake.layout import Hour

pytestmark = pytest.mark.java

SWAPS = int(os.environ.get("SWAPS", "50"))
HOURS = [Hour("2026-08-02", "22"), Hour("2026-08-02", "23")]
ROWS = 100
CACHE_S = 60
READERS = {"lake": 0.0, "cached": CACHE_S}
"""Two readers of each of Trino's catalogs, and for how long it goes on with what it knew."""


@dataclass
class Swapped:
    """A table of two hours, swapped one after the other. Each generation of an hour holds its own number in each of its rows."""

    catalog: GlueCatalog
    aws: Aws
    bucket: str
    table: str
    folder: Path
    swaps: dict[Hour, list[tuple[float, float]]] = field(default_factory=lambda: {hour: [] for hour in HOURS})
    """When each generation's swap began and was over."""

    def swap(self, hour: Hour) -> None:
        """Write the next generation to a fresh place, and swap it in."""
        generation = len(self.swaps[hour])
        location = f"closed/{self.table}/{hour.date}/{generation}-{uuid4().hex[:8]}/hour={hour.hour}/"
        file = self.folder / "part.parquet"
        duckdb.execute(f"COPY (SELECT '{generation:06}' AS event_id FROM range({ROWS})) TO '{file}' (FORMAT parquet)")
        self.aws.service("s3").put_object(Bucket=self.bucket, Key=f"{location}part", Body=file.read_bytes())
        began = time.monotonic()
        self.swaps[hour].append((began, float("inf")))
        self.catalog.swap(Partition(self.table, hour, location, "parquet", {"generation": str(generation + 1)}))
        self.swaps[hour][-1] = (began, time.monotonic())

    def answers(self, hour: Hour, began: float, over: float, stale_s: float) -> set[int]:
        """The generations that a query may see which ran from `began` to `over`, where what was known may be this old."""
        seen = [number for number, (start, _) in enumerate(self.swaps[hour]) if start <= over]
        replaced = [number for number, (_, end) in enumerate(self.swaps[hour]) if end <= began - stale_s]
        return set(range(max(replaced, default=0), max(seen) + 1))


@dataclass
class Reader:
    """Asks for both hours at once until it is told to stop; what it saw, and what was wrong."""

    engine: TrinoEngine
    table: str
    stale_s: float
    seen: list[tuple[float, float, dict[str, tuple[int, int, int]]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def read(self, stopped: threading.Event) -> None:
        """Ask again and again."""
        sql = f"SELECT hour, min(event_id), max(event_id), count(*) FROM {self.table} WHERE date = DATE '{HOURS[0].date}' GROUP BY hour"
        while not stopped.is_set():
            began = time.monotonic()
            try:
                rows = self.engine.query(sql).rows
            except Exception as error:  # whatever it is, a reader must not meet it
                self.wrong.append(repr(error))
                continue
            found = {str(hour): (int(least), int(greatest), int(count)) for hour, least, greatest, count in rows}
            self.seen.append((began, time.monotonic(), found))


@pytest.fixture
def swapped(aws: Aws, tmp_path: Path) -> Swapped:
    """The table, with a first generation of each hour."""
    table = replace(TABLES["pipeline_execution_state_change"], database="swapped")
    bucket = new_bucket(aws)
    create_tables(aws, [table], bucket)
    made = Swapped(GlueCatalog(aws.service("glue"), [table], bucket), aws, bucket, table.name, tmp_path)
    for hour in HOURS:
        made.swap(hour)
    return made


def unlike(reader: Reader, swapped: Swapped) -> Iterator[str]:
    """What a reader saw that was neither the old nor the new."""
    for began, over, found in reader.seen:
        for hour in HOURS:
            least, greatest, count = found.get(hour.hour, (-1, -1, 0))
            allowed = swapped.answers(hour, began, over, reader.stale_s)
            if least != greatest or count != ROWS or least not in allowed:
                yield f"{hour}: generations {least} to {greatest}, {count} rows; expected {min(allowed)} to {max(allowed)}"


def test_readers_see_the_old_or_the_new(swapped: Swapped, trino: str) -> None:
    """With and without a cache of the catalog; each answer is one whole generation of each hour, none that was replaced before."""
    readers = [
        Reader(TrinoEngine(trino, catalog), f"swapped.{swapped.table}", stale) for catalog, stale in READERS.items() for _ in range(2)
    ]
    stopped = threading.Event()
    threads = [threading.Thread(target=reader.read, args=(stopped,)) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: all(len(reader.seen) > 1 for reader in readers))  # a Trino that has just started takes its time
        for number in range(SWAPS):
            swapped.swap(HOURS[number % len(HOURS)])
    finally:
        stopped.set()
        for thread in threads:
            thread.join(60)

    assert [error for reader in readers for error in reader.wrong] == []
    assert [answer for reader in readers for answer in unlike(reader, swapped)] == []
    print(f"{SWAPS} swaps, answers: {[len(reader.seen) for reader in readers]}")  # noqa: T201  with -s it says how often they asked
