"""What a lake says of itself, in both formats: information_schema, partitions, the columns of its objects."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import NameNotFoundError, QueryRefusedError
from eventlake.interfaces import Partition
from eventlake.layout import Hour, partition_location
from eventlake.model import Column, Table

RUNS = Table(
    "runs",
    "pipeline_logs",
    "pipeline",
    "Runs.",
    "runs",
    {},
    "$",
    "runId",
    (
        Column("runId", "string", (), "", "The run's id."),
        Column("type", "struct<owner:string,rank:int>", (), "", ""),
        Column("took", "decimal(5,2)", (), "", ""),
        Column("tags", "array<map<string,timestamp>>", (), "", "Tags, and when they were set."),
    ),
)
LOGS = Table("logs", "auth_logs", "auth", "", "logs", {}, "$", "", (Column("ip", "string", (), "", ""),))
TENTH, NOON = Hour("2026-11-07", "10"), Hour("2026-11-07", "12")
EMPTY = Hour("2026-11-08", "00")


@dataclass
class Place:
    """A lake of two tables: one object lies under its own hour, one elsewhere, and one hour has none."""

    folder: Path
    format: str
    catalog: SqliteCatalog
    engine: DuckDBEngine

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return list(self.engine.query(sql).rows)

    def key(self, hour: Hour, name: str) -> str:
        """The key of an object under its hour."""
        return f"{partition_location(RUNS.prefix, hour)}{name}.{'parquet' if self.format == 'parquet' else 'json.gz'}"


def parquet(path: Path, run: str) -> None:
    """An object of one run in Parquet."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT '{run}' AS runid) TO '{path}' (FORMAT parquet)")


def json_lines(path: Path, run: str) -> None:
    """An object of one run as gzip JSON lines."""
    path.write_bytes(gzip.compress((json.dumps({"runId": run}) + "\n").encode()))


@pytest.fixture(scope="module", params=["parquet", pytest.param("json", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A lake in a folder, in each format."""
    tmp_path = tmp_path_factory.mktemp("listing")
    catalog = SqliteCatalog(tmp_path / "catalog.db")
    catalog.register_tables([RUNS, LOGS], request.param)
    made = Place(tmp_path / "objects", request.param, catalog, DuckDBEngine(catalog, tmp_path / "objects", threads=1, warm=1))
    write: Callable[[Path, str], None] = parquet if request.param == "parquet" else json_lines
    objects = []
    for hour, key, run in ((TENTH, made.key(TENTH, "a"), "r1"), (NOON, made.key(NOON, "b").replace("/12/", "/12-2/"), "r2")):
        path = made.folder / key
        path.parent.mkdir(parents=True)
        write(path, run)
        objects.append(NewObject(key, "runs", hour, request.param, path.stat().st_size, 1, zlib.crc32(path.read_bytes())))
    partitions = [
        Partition("runs", hour, partition_location("runs", hour), request.param)
        for hour in (EMPTY, TENTH, NOON)
    ]  # fmt: skip
    catalog.register(objects, partitions, [], {})
    yield made
    made.engine.close()
    catalog.close()


def test_an_object_says_where_it_lies_and_how_large_it_is(place: Place) -> None:
    """The path is the file's own, from the folder of the objects on; a star shows none of it."""
    paths = [place.folder / item.key for item in place.catalog.objects("runs")]

    assert place.rows('select runid, "$path" from runs order by 1') == [
        (f"r{index + 1}", f"objects/{path.relative_to(place.folder)}") for index, path in enumerate(paths)
    ]
    assert place.rows('select "$partition", "$file_size" from runs order by 1') == [
        ("date=2026-11-07/hour=10", paths[0].stat().st_size),
        ("date=2026-11-07/hour=12", paths[1].stat().st_size),
    ]
    assert place.engine.query("select * from runs").columns == ("runid", "type", "took", "tags", "date", "hour")


def test_columns_of_an_object_stand_wherever_a_column_may(place: Place) -> None:
    """Grouped, joined, filtered, through a subquery; a name for each column leaves them behind."""
    assert place.rows('select count(*), "$path" like \'%/runs/%\' from runs group by "$path"') == [(1, True), (1, True)]
    assert place.rows('select b.runid from runs a join runs b on a."$path" <> b."$path" and a.runid = \'r1\'') == [("r2",)]
    assert place.rows("select p from (select \"$partition\" p from runs) where p like '%12'") == [("date=2026-11-07/hour=12",)]
    assert place.rows("select \"$path\" from runs where date = date '2026-11-08'") == []
    with pytest.raises(NameNotFoundError, match=r"\$path"):
        place.rows('select "$path" from runs as r (a, b, c, d, e, f)')
    with pytest.raises(QueryRefusedError, match="date and hour say when"):
        place.rows('select "$file_modified_time" from runs')


def test_objects_of_a_bucket_have_the_paths_that_athena_gives(place: Place) -> None:
    """The lake's objects are copies of the bucket's."""
    engine = DuckDBEngine(place.catalog, place.folder, threads=1, location="s3://logs")

    assert list(engine.query('select "$path" from runs order by 1').rows) == [
        (f"s3://logs/{item.key}",) for item in place.catalog.objects("runs")
    ]


def test_partitions_are_those_of_the_catalog(place: Place) -> None:
    """Those without an object too."""
    assert place.rows('select * from "runs$partitions" order by 1, 2') == [
        (date(2026, 11, 7), "10"),
        (date(2026, 11, 7), "12"),
        (date(2026, 11, 8), "00"),
    ]
    assert place.rows("select max(date), count(*) from pipeline_logs.\"runs$partitions\" where hour < '12'") == [(date(2026, 11, 8), 2)]
    assert place.rows('select count(*) from "logs$partitions"') == [(0,)]
    assert place.rows('select r.runid from runs r join "runs$partitions" p on r.date = p.date and r.hour = p.hour order by 1') == [
        ("r1",),
        ("r2",),
    ]
    with pytest.raises(NameNotFoundError, match='"nothing"'):
        place.rows('select * from "nothing$partitions"')


def test_information_schema_tells_tables_and_columns(place: Place) -> None:
    """Types as Trino spells them; comments and what is a partition key where they are asked for."""
    assert place.rows("select schema_name from information_schema.schemata order by 1") == [
        ("auth_logs",),
        ("information_schema",),
        ("pipeline_logs",),
    ]
    assert place.rows("select * from information_schema.tables where table_schema <> 'information_schema' order by 2") == [
        ("awsdatacatalog", "auth_logs", "logs", "BASE TABLE"),
        ("awsdatacatalog", "pipeline_logs", "runs", "BASE TABLE"),
    ]
    assert place.rows(
        "select column_name, ordinal_position, data_type, is_nullable, column_default, comment, extra_info "
        "from information_schema.columns where table_name = 'runs' order by ordinal_position"
    ) == [
        ("runid", 1, "varchar", "YES", None, "The run's id.", None),
        ("type", 2, "row(owner varchar, rank integer)", "YES", None, None, None),
        ("took", 3, "decimal(5,2)", "YES", None, None, None),
        ("tags", 4, "array(map(varchar, timestamp(3)))", "YES", None, "Tags, and when they were set.", None),
        ("date", 5, "date", "YES", None, "Day of arrival in S3, in UTC.", "partition key"),
        ("hour", 6, "varchar", "YES", None, "Hour of arrival in S3, 00 to 23, in UTC.", "partition key"),
    ]
    assert place.rows("select table_name from information_schema.views") == []


def test_information_schema_is_joined_and_counted_like_any_relation(place: Place) -> None:
    """With rows of events too."""
    counted = place.rows(
        "select t.table_name, count(*) from information_schema.tables t join awsdatacatalog.information_schema.columns c "
        "on t.table_schema = c.table_schema and t.table_name = c.table_name where t.table_schema like '%_logs' group by 1 order by 1"
    )

    assert counted == [("logs", 3), ("runs", 6)]
    assert place.rows("select runid, (select count(*) from information_schema.schemata) from runs order by 1") == [("r1", 3), ("r2", 3)]


@pytest.mark.parametrize(
    ("relation", "error", "says"),
    [
        ("roles", QueryRefusedError, "AWS IAM"),
        ("colums", NameNotFoundError, 'Did you mean "columns"'),
        ("xyz", NameNotFoundError, "It has columns, schemata, tables, views"),
    ],
)
def test_what_information_schema_does_not_tell_is_named(place: Place, relation: str, error: type[Exception], says: str) -> None:
    """Rights are not the lake's to know."""
    with pytest.raises(error, match=says):
        place.rows(f"select * from information_schema.{relation}")


# SHOW and DESCRIBE


@pytest.mark.parametrize(
    ("sql", "column", "names"),
    [
        ("SHOW TABLES", "tab_name", ["logs", "runs"]),
        ("SHOW TABLES IN pipeline_logs", "tab_name", ["runs"]),
        ("show tables from `auth_logs` '*'", "tab_name", ["logs"]),
        ("SHOW TABLES 'R*|x'", "tab_name", ["runs"]),
        ("SHOW TABLES LIKE '.*o.*'", "tab_name", ["logs"]),
        ("SHOW TABLES 'run'", "tab_name", []),
        ("SHOW DATABASES", "database_name", ["auth_logs", "pipeline_logs"]),
        ("SHOW SCHEMAS LIKE 'auth*'", "database_name", ["auth_logs"]),
        ("SHOW VIEWS", "views", []),
        ("SHOW COLUMNS IN runs", "field", ["runid", "type", "took", "tags", "date", "hour"]),
        ("SHOW COLUMNS FROM logs IN auth_logs", "field", ["ip", "date", "hour"]),
        ("SHOW PARTITIONS runs", "partition", ["date=2026-11-07/hour=10", "date=2026-11-07/hour=12", "date=2026-11-08/hour=00"]),
        ("SHOW PARTITIONS logs", "partition", []),
    ],
)
def test_names_are_shown_as_athena_shows_them(place: Place, sql: str, column: str, names: list[str]) -> None:
    """One column, sorted; the columns of a table in their order."""
    answer = place.engine.query(sql)

    assert (answer.columns, answer.types) == ((column,), ("varchar",))
    assert list(answer.rows) == [(name,) for name in names]


def test_a_table_is_described_with_its_partition_keys(place: Place) -> None:
    """Types as Athena's DDL spells them, and the keys once more below their heading."""
    answer = place.engine.query("DESCRIBE pipeline_logs.runs")
    keys = [("date", "date", "Day of arrival in S3, in UTC."), ("hour", "string", "Hour of arrival in S3, 00 to 23, in UTC.")]

    assert answer.columns == ("col_name", "data_type", "comment")
    assert list(answer.rows) == [
        ("runid", "string", "The run's id."),
        ("type", "struct<owner:string,rank:int>", ""),
        ("took", "decimal(5,2)", ""),
        ("tags", "array<map<string,timestamp>>", "Tags, and when they were set."),
        *keys,
        ("", "", ""),
        ("# Partition Information", "", ""),
        ("# col_name", "data_type", "comment"),
        ("", "", ""),
        *keys,
    ]


def test_the_statement_that_would_make_a_table_is_shown(place: Place) -> None:
    """A line a row, with the format and the place of its objects."""
    lines = [line for (line,) in place.rows("SHOW CREATE TABLE runs")]
    serde = {"parquet": "ParquetHiveSerDe", "json": "org.openx.data.jsonserde.JsonSerDe"}[place.format]

    assert lines[:3] == [
        "CREATE EXTERNAL TABLE `runs`(",
        "  `runid` string COMMENT 'The run\\'s id.',",
        "  `type` struct<owner:string,rank:int>,",
    ]
    assert lines[5:7] == ["PARTITIONED BY (", "  `date` date COMMENT 'Day of arrival in S3, in UTC.',"]
    assert serde in lines[9]
    assert lines[-4:] == ["LOCATION", "  'objects/runs/'", "TBLPROPERTIES (", f"  'classification'='{place.format}')"]
    assert place.rows("SHOW TBLPROPERTIES runs") == [("EXTERNAL", "TRUE"), ("classification", place.format)]


@pytest.mark.parametrize(
    ("sql", "error", "says"),
    [
        ("DESCRIBE rums", NameNotFoundError, 'Did you mean "runs"'),
        ("SHOW TABLES IN auth_log", NameNotFoundError, 'Did you mean "auth_logs"'),
        ("SHOW COLUMNS IN auth_logs.runs", NameNotFoundError, 'Did you mean "pipeline_logs.runs"'),
        ("SHOW CREATE VIEW runs", NameNotFoundError, "has tables"),
        ("SHOW CREATE TABLE logs", QueryRefusedError, "send it events first"),
        ("SHOW TABLES LIKE 'r%'", QueryRefusedError, "is for any characters"),
        ("SHOW TABLES 'r.ns'", QueryRefusedError, "is for any characters"),
    ],
)
def test_what_cannot_be_shown_is_named(place: Place, sql: str, error: type[Exception], says: str) -> None:
    """With the nearest name, or what to write instead."""
    with pytest.raises(error, match=says):
        place.rows(sql)


def test_an_explanation_tells_that_no_object_is_read(place: Place) -> None:
    """The statement is one of DuckDB's all the same."""
    shown = place.engine.explain("SHOW PARTITIONS runs")

    assert "date=" in shown
    assert "objects," not in shown
