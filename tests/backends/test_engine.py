"""The engine on DuckDB: Athena's SQL over the objects of a lake, in both formats."""

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.errors import CorruptObjectError, QueryLimitError, QueryRefusedError
from eventlake.interfaces import Catalog, LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 8, 12, 0, tzinfo=UTC)
ACTIONS = Table(
    "actions",
    "pipes",
    "test",
    "Actions.",
    "actions",
    {},
    "$.detail",
    "event_id",
    (
        Column("executionId", "string", (), "", ""),
        Column("type", "struct<owner:string,provider:string>", (), "", ""),
        Column("attempt", "int", (), "", ""),
        Column("event_time", "timestamp", (), "", ""),
        Column("details", "string", (), "", ""),
    ),
)
LINES = [
    {
        "executionId": "e1",
        "type": {"owner": "AWS", "provider": "S3"},
        "attempt": 1,
        "event_time": "2026-11-07 10:00:00.123",
        "details": '{"a":1}',
    },
    {"executionId": "e2", "type": None, "attempt": None, "event_time": None, "details": "broken {"},
]


class MemoryCatalog(Catalog):
    """A catalog of one table whose objects are given."""

    def __init__(self, table: Table, objects: Sequence[LogObject]) -> None:
        self.table = table
        self.known = list(objects)

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Nothing to do: the table is given."""

    def tables(self) -> Sequence[Table]:
        """The one table."""
        return [self.table]

    def add_partition(self, partition: Partition) -> bool:
        """No partition is ever new here."""
        return False

    def partitions(self, table: str) -> Sequence[Partition]:
        """Those of the objects."""
        return [Partition(item.table, item.hour, item.key, item.format) for item in self.known]

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Every object given."""
        return self.known


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        """The fixed moment."""
        return NOW


def parquet_object(folder: Path, hour: Hour, columns: str = "executionId, type, attempt, event_time, details", key: str = "") -> LogObject:
    """An object of LINES in Parquet, with lower-case names as Glue stores them."""
    path = folder / (key or f"actions/{hour.path}/a.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        "(SELECT 'e1' executionid, {'owner': 'AWS', 'provider': 'S3'} AS type, 1::INTEGER attempt, TIMESTAMP '2026-11-07 10:00:00.123' event_time, "
        "'{\"a\":1}' details UNION ALL SELECT 'e2', NULL, NULL, NULL, 'broken {')"
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns.lower()} FROM {rows}) TO '{path}' (FORMAT parquet)")
    return LogObject("actions", hour, str(path.relative_to(folder)), "parquet", path.stat().st_size, 2)


def json_object(folder: Path, hour: Hour) -> LogObject:
    """An object of LINES as gzip JSON lines, with names as documented."""
    path = folder / f"actions/{hour.path}/a.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in LINES).encode()))
    return LogObject("actions", hour, str(path.relative_to(folder)), "json", path.stat().st_size, 2)


def engine(folder: Path, *objects: LogObject, seconds: float = 30) -> DuckDBEngine:
    """An engine over these objects."""
    return DuckDBEngine(MemoryCatalog(ACTIONS, objects), folder, clock=FixedClock(), threads=1, seconds=seconds)


SEVENTH, EIGHTH = Hour("2026-11-07", "10"), Hour("2026-11-08", "09")


@pytest.mark.parametrize("make", [parquet_object, json_object])
def test_an_object_that_is_gone_fails_the_query_and_is_named(tmp_path: Path, make: type) -> None:
    """A missing object is never silently fewer rows."""
    gone = make(tmp_path, SEVENTH)
    (tmp_path / gone.key).unlink()

    with pytest.raises(CorruptObjectError, match=gone.key):
        engine(tmp_path, gone, make(tmp_path, EIGHTH)).query("select count(executionid) from actions")


@pytest.mark.parametrize("make", [parquet_object, json_object])
def test_an_object_cut_short_fails_the_query_and_is_named(tmp_path: Path, make: type) -> None:
    """A truncated object is never silently fewer rows."""
    cut = make(tmp_path, SEVENTH)
    (tmp_path / cut.key).write_bytes((tmp_path / cut.key).read_bytes()[:-20])

    with pytest.raises(CorruptObjectError, match=cut.key):
        engine(tmp_path, cut).query("select count(executionid) from actions")


@pytest.mark.parametrize("make", [parquet_object, json_object])
def test_rows_carry_their_types_in_both_formats(tmp_path: Path, make: type) -> None:
    """Structs, timestamps, integers and NULLs come back as Python values with Athena's types."""
    result = engine(tmp_path, make(tmp_path, SEVENTH)).query(
        "select executionId, type, attempt, event_time, date, hour from actions order by 1"
    )

    assert result.columns == ("executionid", "type", "attempt", "event_time", "date", "hour")
    assert result.types == ("varchar", "row(owner varchar, provider varchar)", "integer", "timestamp(3)", "date", "varchar")
    assert result.rows == [
        ("e1", {"owner": "AWS", "provider": "S3"}, 1, datetime.fromisoformat("2026-11-07T10:00:00.123"), date(2026, 11, 7), "10"),
        ("e2", None, None, None, date(2026, 11, 7), "10"),
    ]


def test_a_table_without_objects_has_no_rows_and_its_types(tmp_path: Path) -> None:
    """Nothing is there yet: zero rows, the right columns."""
    result = engine(tmp_path).query("select type.owner, count(*) n, max(event_time) t from actions group by 1")

    assert (result.rows, result.types) == ([], ("varchar", "bigint", "timestamp(3)"))


def test_a_column_that_an_older_object_lacks_is_null(tmp_path: Path) -> None:
    """Names, not files, say which columns there are; even when no object has one."""
    objects = parquet_object(tmp_path, SEVENTH, "executionId, attempt"), parquet_object(tmp_path, EIGHTH)

    assert engine(tmp_path, *objects).query("select date, count(details) from actions group by 1 order by 1").rows == [
        (date(2026, 11, 7), 0),
        (date(2026, 11, 8), 2),
    ]
    assert engine(tmp_path, objects[0]).query("select details, type.owner from actions").rows == [(None, None), (None, None)]


def test_only_the_hours_asked_for_are_read(tmp_path: Path) -> None:
    """Objects of other hours are not opened: here they do not even exist."""
    other = LogObject("actions", EIGHTH, f"actions/{EIGHTH.path}/gone.parquet", "parquet", 100, 1)
    result = engine(tmp_path, parquet_object(tmp_path, SEVENTH), other).query(
        "select count(*) from pipes.actions where date = date_add('day', -1, current_date)"
    )

    assert (result.rows, result.objects_read, result.objects_total) == ([(2,)], 1, 2)
    assert result.bytes_read > 0


def test_date_and_hour_come_from_the_catalog(tmp_path: Path) -> None:
    """An object that lies elsewhere still belongs to the hour the catalog says."""
    moved = parquet_object(tmp_path, SEVENTH, key="actions/closed/2026-11-07/part-1.parquet")
    result = engine(tmp_path, moved, parquet_object(tmp_path, EIGHTH)).query(
        "select date, hour, count(*) from actions group by 1, 2 order by 1"
    )

    assert result.rows == [(date(2026, 11, 7), "10", 2), (date(2026, 11, 8), "09", 2)]


def test_malformed_json_in_a_row_does_not_fail_the_query(tmp_path: Path) -> None:
    """A row whose details are no JSON gives NULL."""
    result = engine(tmp_path, parquet_object(tmp_path, SEVENTH)).query(
        "select json_extract_scalar(details, '$.a') a from actions order by 1"
    )

    assert result.rows == [("1",), (None,)]


def test_parameters_are_values(tmp_path: Path) -> None:
    """A parameter cannot be anything but a value."""
    result = engine(tmp_path, parquet_object(tmp_path, SEVENTH)).query(
        "select executionid from actions where executionid = :id and date >= :day", {"id": "e1", "day": date(2026, 11, 1)}
    )

    assert result.rows == [("e1",)]


def test_explain_shows_the_statement_the_hours_and_the_cost(tmp_path: Path) -> None:
    """Nothing is read, everything is said."""
    shown = engine(tmp_path, parquet_object(tmp_path, SEVENTH), parquet_object(tmp_path, EIGHTH)).explain(
        "select count(*) from actions where hour = '10'"
    )

    assert "read_parquet" in shown
    assert "actions: 1 of 2 objects, 1 hours, 2026-11-07T10 to 2026-11-07T10" in shown
    assert "on Athena" in shown


def test_a_query_that_runs_too_long_is_stopped(tmp_path: Path) -> None:
    """The deadline holds for a statement that would never end."""
    with pytest.raises(QueryLimitError, match="longer than"):
        engine(tmp_path, seconds=0.3).query("with recursive r(n) as (select 1 union all select n + 0 from r) select max(n) from r")


def test_nothing_outside_the_lake_can_be_read(tmp_path: Path) -> None:
    """Even an object that the catalog names wrongly stays inside the folder of objects."""
    outside = tmp_path / "outside.parquet"
    inside = tmp_path / "objects"
    made = parquet_object(tmp_path, SEVENTH, key="outside.parquet")
    escaping = LogObject("actions", SEVENTH, "../outside.parquet", "parquet", made.size_bytes, 2)

    assert outside.exists()
    with pytest.raises((CorruptObjectError, QueryRefusedError)):
        engine(inside, escaping).query("select executionid from actions")
