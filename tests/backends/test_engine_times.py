"""A statement about some time opens the objects that can hold its rows, and answers as if it opened all."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.parquet_times import event_times
from eventlake.interfaces import Catalog, Contents, LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Column, Table

TABLE = Table(
    "logs",
    "db",
    "test",
    "Logs.",
    "logs",
    {},
    "$.detail",
    "id",
    (Column("id", "string", (), "", ""), Column("event_time", "timestamp", (), "", "")),
)
START = datetime(2026, 11, 20, tzinfo=UTC)
QUESTIONS = (
    "select id from logs where event_time {} {} order by id",
    "select id from logs where {1} {0} event_time order by id",
    "select id from logs where event_time between {1} and {2} order by id",
    "select id from logs where event_time {0} {1} and event_time < {2} order by id",
    "select count(*), count(event_time), min(event_time) from logs where event_time >= {1} or event_time is null",
    "select count(*) from logs where not event_time {0} {1}",
    "select a.id, b.id from logs a left join logs b on a.id = b.id and b.event_time {0} {1} where a.event_time < {2} order by 1",
    "select count(*) from logs where event_time {0} {1} and event_time in (select max(event_time) from logs where event_time < {2})",
    "select id from logs where day(event_time) = 20 and month(event_time) = 11 and year(event_time) = 2026 and event_time {0} {1} order by id",
)


class Given(Catalog):
    """A catalog of one table whose objects are given."""

    def __init__(self, objects: Sequence[LogObject]) -> None:
        self._objects = objects

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Nothing to do: the table is given."""

    def add_partition(self, partition: Partition) -> bool:
        """No partition is ever new here."""
        return False

    def tables(self) -> Sequence[Table]:
        """The one table."""
        return [TABLE]

    def partitions(self, table: str) -> Sequence[Partition]:
        """Those of the objects."""
        return [Partition(item.table, item.hour, item.key, item.format) for item in self._objects]

    def contents(self, table: str) -> Contents:
        """What its objects are, hour by hour."""
        return Contents.of(self._objects)

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Every object given."""
        return self._objects


def moment(chance: random.Random) -> datetime:
    """A moment of these days, often one that others have too, sometimes far away."""
    if chance.random() < 0.05:
        return chance.choice([datetime(1969, 12, 31, 23, 59, 59, 999000, UTC), datetime(9999, 12, 31, tzinfo=UTC), START])
    return START + timedelta(minutes=chance.randrange(0, 600), milliseconds=chance.choice([0, 0, 1, 999]))


def written(at: datetime | None) -> str:
    """A moment as a literal, NULL for none."""
    return f"timestamp '{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}'" if at is not None else "cast(null as timestamp)"


def log_object(folder: Path, number: int, chance: random.Random) -> LogObject:
    """An object whose rows happened in an hour, at any time or at none."""
    around = START + timedelta(hours=number)
    times = [
        chance.choice([None, moment(chance), *[around + timedelta(seconds=chance.randrange(3600))] * 4])
        for _ in range(chance.randrange(1, 6))
    ]
    rows = ", ".join(f"('{number}-{row}', {written(at)})" for row, at in enumerate(times))
    path = folder / f"logs/2026/11/20/{number:02}/a.parquet"
    path.parent.mkdir(parents=True)
    duckdb.execute(f"copy (select * from (values {rows}) t(id, event_time)) to '{path}' (format parquet)")
    hour = Hour("2026-11-20", f"{number:02}")
    return LogObject("logs", hour, str(path.relative_to(folder)), "parquet", path.stat().st_size, len(times), times=event_times(path))


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[LogObject]]:
    """Objects of some hours, of which a few do not say when their rows happened."""
    folder, chance = tmp_path_factory.mktemp("lake"), random.Random(7)
    made = [log_object(folder, number, chance) for number in range(8)]
    return folder, [replace(one, times=None) if number in {2, 5} else one for number, one in enumerate(made)]


def test_only_objects_are_opened_that_can_hold_a_row(objects: tuple[Path, list[LogObject]]) -> None:
    """Those that do not say when their rows happened are, whatever is asked."""
    folder, known = objects
    engine = DuckDBEngine(Given(known), folder, threads=1)

    found = engine.query("select count(*) from logs where event_time < timestamp '1900-01-01 00:00:00'")
    assert (found.objects_read, found.objects_total, list(found.rows)) == (2, 8, [(0,)])


@pytest.mark.slow
def test_answers_are_those_of_all_objects(objects: tuple[Path, list[LogObject]]) -> None:
    """Whatever is compared with what, rows without a time among them, and with fewer objects."""
    folder, known = objects
    chance = random.Random(11)
    asked = [
        question.format(chance.choice([">=", ">", "<", "<=", "="]), written(moment(chance)), written(moment(chance)))
        for question in QUESTIONS
        for _ in range(10)
    ]
    some, others = (DuckDBEngine(Given(given), folder, threads=1) for given in (known, [replace(one, times=None) for one in known]))

    read = [0, 0]
    for sql, found, expected in zip(asked, some.together(asked), others.together(asked), strict=True):
        assert not isinstance(found, Exception), sql
        assert not isinstance(expected, Exception), sql
        assert list(found.rows) == list(expected.rows), sql
        read = [read[0] + found.objects_read, read[1] + expected.objects_read]
    assert read[0] < read[1] * 0.9
