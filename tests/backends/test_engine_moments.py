"""A statement is answered as of one moment, however often it reads a table and whoever delivers or closes meanwhile."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.interfaces import LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Column, Table

TABLE = Table("logs", "db", "test", "Logs.", "logs", {}, "$.detail", "id", (Column("id", "string", (), "", ""),))
NINE, TEN = Hour("2026-11-20", "09"), Hour("2026-11-20", "10")
TWICE = "select (select count(*) from logs where hour = '10'), (select count(*) from logs where hour in ('09', '10'))"
"""Reads hour 10 twice: the second number is always one more, for hour 9 has one row."""


class Lake:
    """A lake in a folder that one writes to while another reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = SqliteCatalog(folder / "catalog.db")
        self.writer.register_tables([TABLE], "parquet")
        self._numbers = count()

    def deliver(self, hour: Hour) -> None:
        """Put an object of one row into an hour."""
        key = f"logs/{hour.path}/{next(self._numbers)}.parquet"
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(f"copy (select 'a' as id) to '{path}' (format parquet)")
        one = NewObject(key, "logs", hour, "parquet", path.stat().st_size, 1, zlib.crc32(path.read_bytes()))
        self.writer.register([one], [Partition("logs", hour, f"logs/{hour.path}/", "parquet")], [], {})


class Disturbed(SqliteCatalog):
    """A reader's catalog; somebody does something after each of its first looks at objects."""

    def __init__(self, file: Path, disturbances: Iterable[Callable[[], None]]) -> None:
        super().__init__(file, read_only=True)
        self._disturbances = iter(disturbances)
        self.looks = 0

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Return what is there, and let the next thing happen."""
        found = super().objects(table, hours)
        self.looks += 1
        next(self._disturbances, lambda: None)()
        return found


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """A lake of two hours, each with a row."""
    made = Lake(tmp_path)
    made.deliver(NINE)
    made.deliver(TEN)
    with closing(made.writer):
        yield made


def answer(lake: Lake, *disturbances: Callable[[], None]) -> tuple[tuple[int, int], int]:
    """What the statement says while these things happen, and how often objects were looked up for it."""
    with closing(Disturbed(lake.folder / "catalog.db", disturbances)) as catalog, closing(DuckDBEngine(catalog, lake.folder)) as engine:
        return engine.query(TWICE).rows[0], catalog.looks


def test_two_readings_of_a_table_agree_where_an_object_comes_between_them(lake: Lake) -> None:
    """The one that came is in both, for what was seen before it is looked up again."""
    assert answer(lake, lambda: lake.deliver(TEN))[0] == (2, 3)


def test_what_nobody_changes_is_looked_up_once(lake: Lake) -> None:
    """Each of the two readings, and no more."""
    assert answer(lake) == ((1, 2), 2)


def test_who_changes_the_lake_all_the_time_keeps_nobody_from_an_answer(lake: Lake) -> None:
    """After some looks the last one is taken."""
    rows, looks = answer(lake, *[lambda: lake.deliver(TEN)] * 100)
    assert rows[0] > 1
    assert looks < 100
