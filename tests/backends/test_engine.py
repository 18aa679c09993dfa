"""Engines: Athena's SQL over the objects of a lake, in both formats, the same on DuckDB, Athena and Trino; and what DuckDB's adds."""

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

from aws.client import Aws
from aws_lake import create_tables, new_bucket
from eventlake.backends.athena import AthenaEngine
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.s3 import S3Store
from eventlake.backends.trino import TrinoEngine
from eventlake.errors import (
    CorruptObjectError,
    EventlakeError,
    NameNotFoundError,
    QueryFailedError,
    QueryLimitError,
    QueryRefusedError,
    QuerySyntaxError,
)
from eventlake.interfaces import Catalog, Contents, Engine, LogObject, Partition
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

    def contents(self, table: str) -> Contents:
        """What its objects are, hour by hour."""
        return Contents.of(self.objects(table))

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


def engine(folder: Path, *objects: LogObject, seconds: float = 120) -> DuckDBEngine:
    """An engine over these objects."""
    return DuckDBEngine(MemoryCatalog(ACTIONS, objects), folder, clock=FixedClock(), threads=1, seconds=seconds)


SEVENTH, EIGHTH = Hour("2026-11-07", "10"), Hour("2026-11-08", "09")


class Asking(Protocol):
    """Puts objects into a lake and gives the engine that answers there."""

    def __call__(self, *objects: LogObject) -> Engine:
        """The engine over these objects, which lie in the test's folder."""


@pytest.fixture(params=["duckdb", pytest.param("athena", marks=pytest.mark.java), pytest.param("trino", marks=pytest.mark.java)])
def asking(request: pytest.FixtureRequest, tmp_path: Path) -> Asking:
    """Each engine in turn."""
    if request.param == "duckdb":
        return lambda *objects: engine(tmp_path, *objects)
    url: str = request.getfixturevalue("trino")
    aws: Aws = request.getfixturevalue("aws")

    def ask(*objects: LogObject) -> Engine:
        bucket = new_bucket(aws)
        table = replace(ACTIONS, database=bucket.replace("-", "_"))
        create_tables(aws, [table], bucket, objects[0].format if objects else "parquet")
        store = S3Store(aws.service("s3"), bucket)
        catalog = GlueCatalog(aws.service("glue"), [table], bucket, store)
        for one in objects:
            store.put(one.key, tmp_path / one.key)
            catalog.add_partition(Partition(table.name, one.hour, one.key.rpartition("/")[0] + "/", one.format))
        if request.param == "trino":
            return TrinoEngine(url, "lake", [table])
        client = aws.service("athena")
        client.create_work_group(Name=bucket, Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{bucket}/results/"}})
        return AthenaEngine(client, bucket, [table])

    return ask


# what all hold


@pytest.mark.parametrize("make", [parquet_object, json_object])
def test_rows_carry_their_types_in_both_formats(asking: Asking, tmp_path: Path, make: type) -> None:
    """Timestamps, integers, partition keys and NULLs come back as Python values with Athena's types."""
    result = asking(make(tmp_path, SEVENTH)).query("select executionId, attempt, event_time, date, hour from actions order by 1")

    assert result.columns[1:] == ("attempt", "event_time", "date", "hour")
    assert result.columns[0].lower() == "executionid"
    assert result.types == ("varchar", "integer", "timestamp(3)", "date", "varchar")
    assert result.rows == [
        ("e1", 1, datetime.fromisoformat("2026-11-07T10:00:00.123"), date(2026, 11, 7), "10"),
        ("e2", None, None, date(2026, 11, 7), "10"),
    ]


@pytest.mark.parametrize("make", [parquet_object, json_object])
def test_what_a_row_holds_is_a_dict_or_the_text_that_athena_prints(asking: Asking, tmp_path: Path, make: type) -> None:
    """Athena does not say where a text in it ends; the answer says so, and CAST AS JSON gives the structure everywhere."""
    answering = asking(make(tmp_path, SEVENTH))
    result = answering.query("select type from actions order by executionid")

    if isinstance(answering, AthenaEngine):
        assert (result.types, result.rows) == (("row",), [("{owner=AWS, provider=S3}",), (None,)])
        assert "CAST(type AS JSON)" in result.warnings[0]
    else:
        assert result.types == ("row(owner varchar, provider varchar)",)
        assert result.rows == [({"owner": "AWS", "provider": "S3"},), (None,)]
    assert answering.query("select type.owner o from actions order by executionid").rows == [("AWS",), (None,)]


VALUES = {
    "true": ("boolean", True),
    "cast(null as varchar)": ("varchar", None),
    "''": ("varchar(0)", ""),
    "'a, {b=c} \"d\"'": ("varchar(12)", 'a, {b=c} "d"'),
    "cast(7 as smallint)": ("smallint", 7),
    "9007199254740993": ("bigint", 9_007_199_254_740_993),
    "1e10": ("double", 1e10),
    "0.1e0": ("double", 0.1),
    "cast('Infinity' as double)": ("double", float("inf")),
    "cast(12.50 as decimal(10,2))": ("decimal(10,2)", Decimal("12.50")),
    "date '2026-11-07'": ("date", date(2026, 11, 7)),
    "time '10:11:12.123'": ("time", time(10, 11, 12, 123_000)),
    "timestamp '2026-11-07 10:00:00.123'": ("timestamp(3)", datetime.fromisoformat("2026-11-07T10:00:00.123")),
    "timestamp '2026-11-07 10:00:00.000 Europe/Berlin'": ("timestamp(3) with time zone", datetime(2026, 11, 7, 9, tzinfo=UTC)),
    "x'00ff'": ("varbinary", b"\x00\xff"),
    "json_parse('{\"a\":[1,null]}')": ("json", '{"a":[1,null]}'),
    "interval '1' day": ("interval day to second", "1 00:00:00.000"),
}


@pytest.mark.parametrize(("sql", "expected"), VALUES.items())
def test_a_value_is_the_same_on_every_engine(asking: Asking, sql: str, expected: tuple[str, Any]) -> None:
    """Its Python type too."""
    result = asking().query(f"select {sql} x")

    assert (result.types[0].replace("time(3)", "time"), result.rows) == (expected[0], [(expected[1],)])
    assert type(result.rows[0][0]) is type(expected[1])


def test_a_table_without_objects_has_no_rows_and_its_types(asking: Asking) -> None:
    """Nothing is there yet: zero rows, the right columns."""
    result = asking().query("select type.owner, count(*) n, max(event_time) t from actions group by 1")

    assert (result.rows, result.types) == ([], ("varchar", "bigint", "timestamp(3)"))


def test_a_column_that_an_older_object_lacks_is_null(asking: Asking, tmp_path: Path) -> None:
    """Names, not files, say which columns there are; even when no object has one."""
    objects = parquet_object(tmp_path, SEVENTH, "executionId, attempt"), parquet_object(tmp_path, EIGHTH)
    answering = asking(*objects)

    assert answering.query("select date, count(details) from actions group by 1 order by 1").rows == [
        (date(2026, 11, 7), 0),
        (date(2026, 11, 8), 2),
    ]
    assert answering.query("select details, type.owner from actions where date = date '2026-11-07'").rows == [(None, None), (None, None)]


def test_malformed_json_in_a_row_does_not_fail_the_query(asking: Asking, tmp_path: Path) -> None:
    """A row whose details are no JSON gives NULL."""
    result = asking(parquet_object(tmp_path, SEVENTH)).query("select json_extract_scalar(details, '$.a') a from actions order by 1")

    assert result.rows == [("1",), (None,)]


def test_parameters_are_values(asking: Asking, tmp_path: Path) -> None:
    """A parameter cannot be anything but a value."""
    answering = asking(parquet_object(tmp_path, SEVENTH))
    text = "select executionid from actions where executionid = :id and date >= :day"

    assert answering.query(text, {"id": "e1", "day": date(2026, 11, 1)}).rows == [("e1",)]
    assert answering.query(text, {"id": "e1' or '1' = '1", "day": date(2026, 11, 1)}).rows == []


WRONG = [
    ("select 1 / 0", QueryFailedError, "divided by zero"),
    ("select cast('a' as integer)", QueryFailedError, "a"),
    ("select atempt from actions", NameNotFoundError, 'There is no column "atempt" (line 1, column 8). Did you mean "attempt"?'),
    ("select 1 from action", NameNotFoundError, 'Did you mean "actions"?'),
    ("select json_extract_scalar('{}', '$.a-b')", QuerySyntaxError, "'$.a-b' is no JSON path"),
    ("select frobnicate(1)", EventlakeError, "frobnicate"),
    ("select from actions", QuerySyntaxError, "line 1, column"),
    ("select attempt = 'x' from actions", QuerySyntaxError, "line 1, column"),
    ("drop table actions", QuerySyntaxError, "SELECT"),
    ("", QuerySyntaxError, "empty"),
]


@pytest.mark.parametrize(("sql", "kind", "sentence"), WRONG)
def test_what_is_wrong_with_a_query_is_told_in_our_words(asking: Asking, sql: str, kind: type[EventlakeError], sentence: str) -> None:
    """The same kind of error on every engine, with the place and the nearest name."""
    with pytest.raises(kind) as error:
        asking().query(sql)
    assert sentence in str(error.value)


def test_explain_shows_the_statement(asking: Asking) -> None:
    """And what the engine makes of it."""
    shown = asking().explain("select count(*) from actions where hour = :hour", {"hour": "10"})

    assert "'10'" in shown
    assert len(shown.splitlines()) > 2


# what DuckDB's engine adds


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


def test_a_day_of_small_objects_takes_little_memory_however_often_it_is_read(tmp_path: Path) -> None:
    """Also in JSON lines, of which DuckDB would look at each object before it reads it, with 32 MB for each of them."""
    objects = [json_object(tmp_path, Hour("2026-11-07", f"{hour:02}")) for hour in range(24)]
    asked = DuckDBEngine(MemoryCatalog(ACTIONS, objects), tmp_path, clock=FixedClock(), threads=1, memory_mb=600)

    assert asked.query(" union all ".join(["select count(*) from actions"] * 6)).rows == [(48,)] * 6


@pytest.mark.parametrize("line", ["[1]", '"e0"', "1"])
def test_a_line_that_is_no_record_fails_the_query_and_its_object_is_named(tmp_path: Path, line: str) -> None:
    """Where it stands first, too: no line is ever taken for a value."""
    made = json_object(tmp_path, SEVENTH)
    path = tmp_path / made.key
    path.write_bytes(gzip.compress(line.encode() + b"\n" + gzip.decompress(path.read_bytes())))

    with pytest.raises(CorruptObjectError, match=made.key):
        engine(tmp_path, replace(made, size_bytes=path.stat().st_size)).query("select executionId from actions")


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


def test_explain_shows_the_statement_the_hours_and_the_cost(tmp_path: Path) -> None:
    """Nothing is read, everything is said."""
    shown = engine(tmp_path, parquet_object(tmp_path, SEVENTH), parquet_object(tmp_path, EIGHTH)).explain(
        "select count(*) from actions where hour = '10'"
    )

    assert "read_parquet" in shown
    assert "actions: 1 of 2 objects, 1 hours, 2026-11-07T10 to 2026-11-07T10" in shown
    assert "on Athena" in shown


def test_a_query_that_runs_too_long_is_stopped(tmp_path: Path) -> None:
    """The deadline holds for a statement that would take years."""
    many = ", ".join(f"unnest(sequence(1, 10000)) as t{number}(n{number})" for number in range(4))
    with pytest.raises(QueryLimitError, match="longer than"):
        engine(tmp_path, seconds=0.3).query(f"select sum(n0 + n1 * n2 % 7 + n3) from {many}")


def test_nothing_outside_the_lake_can_be_read(tmp_path: Path) -> None:
    """Even an object that the catalog names wrongly stays inside the folder of objects."""
    outside = tmp_path / "outside.parquet"
    inside = tmp_path / "objects"
    made = parquet_object(tmp_path, SEVENTH, key="outside.parquet")
    escaping = LogObject("actions", SEVENTH, "../outside.parquet", "parquet", made.size_bytes, 2)

    assert outside.exists()
    with pytest.raises((CorruptObjectError, QueryRefusedError)):
        engine(inside, escaping).query("select executionid from actions")
