"""Answers as Parquet files."""

import random
import subprocess
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.answers.file import replacing
from eventlake.answers.parquet import write_parquet
from eventlake.conformance.fixture import FixtureEngine
from eventlake.errors import QueryRefusedError, StorageError, StorageFullError
from eventlake.interfaces import Result

COLUMNS: list[tuple[str, str, Any, str]] = [
    ("flag", "boolean", True, "BOOLEAN"),
    ("small", "tinyint", -7, "TINYINT"),
    ("big", "bigint", 9223372036854775807, "BIGINT"),
    ("single", "real", 0.5, "FLOAT"),
    ("share", "double", 0.1, "DOUBLE"),
    ("money", "decimal(38,2)", Decimal("123456789012345678901234567890123456.78"), "DECIMAL(38,2)"),
    ("name", "varchar(3)", 'Zoë\'s "x"\n\0\\x41', "VARCHAR"),
    ("body", "varbinary", bytes(range(256)), "BLOB"),
    ("day", "date", date(2026, 11, 7), "DATE"),
    ("clock", "time(3)", time(10, 0, 0, 125000), "TIME"),
    ("then", "timestamp(3)", datetime(2026, 11, 7, 10, 0, 0, 123456), "TIMESTAMP"),  # noqa: DTZ001
    ("instant", "timestamp(3) with time zone", datetime(2026, 11, 7, 10, tzinfo=UTC), "TIMESTAMP WITH TIME ZONE"),
    ("extra", "json", '{"a": 1}', "VARCHAR"),
    ("span", "interval day to second", "1 02:00:00.000", "VARCHAR"),
    ("tags", "array(varchar)", ["a", None], "VARCHAR[]"),
    ("counts", "map(bigint, array(double))", {7: [0.5], 8: None}, "MAP(BIGINT, DOUBLE[])"),
    ("type", "row(owner varchar, bytes varbinary)", {"owner": "AWS", "bytes": b"\xff"}, 'STRUCT("owner" VARCHAR, bytes BLOB)'),
    ("nothing", "unknown", None, "VARCHAR"),
]


def result(columns: list[tuple[str, str, Any, str]], *more: tuple[Any, ...]) -> Result:
    """An answer with one row of these values, and more rows."""
    return Result(
        tuple(name for name, *_ in columns), tuple(kind for _, kind, *_ in columns), [tuple(value for _, _, value, _ in columns), *more]
    )


def read(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Types and rows of a Parquet file, by DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        types = [row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
        return types, connection.execute(f"SELECT * REPLACE (instant::VARCHAR AS instant) FROM '{path}'").fetchall()


def test_every_type_comes_back(tmp_path: Path) -> None:
    """Value and type, and NULL of each; nothing else is left in the folder."""
    write_parquet(result(COLUMNS, (None,) * len(COLUMNS)), tmp_path / "answer.parquet")

    types, rows = read(tmp_path / "answer.parquet")

    assert types == [kind for *_, kind in COLUMNS]
    expected = [str(value) if name == "instant" else value for name, _, value, _ in COLUMNS]
    assert list(rows[0]) == [
        value.removesuffix(":00") if name == "instant" else value for (name, *_), value in zip(COLUMNS, expected, strict=True)
    ]
    assert rows[1] == (None,) * len(COLUMNS)
    assert [path.name for path in tmp_path.iterdir()] == ["answer.parquet"]


def test_order_and_numbers_that_are_none_are_kept(tmp_path: Path) -> None:
    """NaN and the infinities; ten thousand rows in their order; an empty answer has its columns."""
    numbers = Result(("x",), ("double",), [(float("nan"),), (float("-inf"),), *((float(number),) for number in range(10_000))])
    write_parquet(numbers, tmp_path / "numbers.parquet")
    write_parquet(Result(("x", "y"), ("double", "varchar"), []), tmp_path / "empty.parquet")

    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT x FROM '{tmp_path}/numbers.parquet'").fetchall()
        empty = connection.execute(f"DESCRIBE SELECT * FROM '{tmp_path}/empty.parquet'").fetchall()

    assert str(rows[:2]) == "[(nan,), (-inf,)]"
    assert rows[2:] == [(float(number),) for number in range(10_000)]
    assert [row[:2] for row in empty] == [("x", "DOUBLE"), ("y", "VARCHAR")]


def test_what_an_engine_gave_as_text_stays_text(tmp_path: Path) -> None:
    """Athena's arrays, and days that Python does not have."""
    write_parquet(Result(("a", "d"), ("array", "date"), [("[1, 2]", "-0001-01-01")]), tmp_path / "answer.parquet")

    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT * FROM '{tmp_path}/answer.parquet'").fetchall() == [("[1, 2]", "-0001-01-01")]


def test_an_answer_of_a_query_is_written(tmp_path: Path) -> None:
    """From the SQL to the file."""
    write_parquet(FixtureEngine({}).query("SELECT 1 AS one, ARRAY[ROW(1.5, 'x')] AS parts"), tmp_path / "answer.parquet")

    with duckdb.connect() as connection:
        ((one, parts),) = connection.execute(f"SELECT * FROM '{tmp_path}/answer.parquet'").fetchall()
    assert (one, [tuple(part.values()) for part in parts]) == (1, [(Decimal("1.5"), "x")])


def test_what_parquet_cannot_hold_is_refused(tmp_path: Path) -> None:
    """Two columns of one name, a value without a place; a file that was there stays."""
    (tmp_path / "answer.parquet").write_text("before")
    for answer in (Result(("a", "A"), ("bigint", "bigint"), []), Result(("a",), ("decimal(3,2)",), [(Decimal("100.00"),)])):
        with pytest.raises(QueryRefusedError, match="Parquet"):
            write_parquet(answer, tmp_path / "answer.parquet")

    assert [path.name for path in tmp_path.iterdir()] == ["answer.parquet"]
    assert (tmp_path / "answer.parquet").read_text() == "before"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(StorageError, match=r"none/answer\.parquet. cannot be written: No such file or directory"):
        write_parquet(Result(("a",), ("bigint",), [(1,)]), tmp_path / "none" / "answer.parquet")
    with pytest.raises(StorageError, match="cannot be written"), replacing(tmp_path) as unfinished:
        unfinished.write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_named(tmp_path: Path) -> None:
    """Whether the rows or the Parquet do not fit; nothing is left."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("a file system of its own needs the right to mount")
    try:
        for rows in ([("x" * 400_000,)], [(random.Random(number).randbytes(150),) for number in range(500)]):
            kind = "varbinary" if isinstance(rows[0][0], bytes) else "varchar"
            with pytest.raises(StorageFullError, match="the disk is full"):
                write_parquet(Result(("a",), (kind,), rows), tmp_path / "answer.parquet")
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
