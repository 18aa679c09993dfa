"""Answers as tables of pandas, polars and Arrow, where those are installed."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

import eventlake
from eventlake import Cursor
from eventlake.dbapi import frames
from eventlake.interfaces import Result

WIDE = (
    "SELECT *, json_parse('{\"k\": 1}') AS j, timestamp '2026-11-07 10:00:00 UTC' AS z, CAST(id AS integer) AS small FROM runs ORDER BY id"
)
ATHENAS = Result(("tags", "early"), ("array", "date"), [("[a, null]", "-0001-01-01"), (None, None)])
"""As Athena's own API gives them: an array as text, and a day that Python does not have."""


@pytest.mark.parametrize(("method", "library"), [("as_pandas", "pandas"), ("as_polars", "polars"), ("as_arrow", "pyarrow")])
def test_a_library_that_is_not_installed_is_named(cursor: Cursor, monkeypatch: pytest.MonkeyPatch, method: str, library: str) -> None:
    """With what to do."""
    monkeypatch.setitem(sys.modules, library, None)
    cursor.execute("SELECT 1")

    with pytest.raises(eventlake.InterfaceError, match=f"{method}.. needs {library}, which is not installed: pip install {library}"):
        getattr(cursor, method)()


def test_pandas_gets_pyathenas_dtypes(cursor: Cursor) -> None:
    """Integers that may be NULL, datetimes, objects; duplicates of names are kept."""
    pandas = pytest.importorskip("pandas")

    frame = cursor.execute(WIDE).as_pandas()

    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (kinds["id"], kinds["small"], kinds["share"], kinds["took"], kinds["failed"]) == (
        "Int64",
        "Int64",
        "float64",
        "object",
        "object",
    )
    assert (kinds["started"], kinds["date"], kinds["z"]) == ("datetime64[us]", "datetime64[us]", "datetime64[us, UTC]")
    assert frame["id"].sum() == 6
    assert frame["pipeline"].isna().tolist() == [False, False, True]
    assert frame["took"].tolist() == [Decimal("1.50"), Decimal("2.25"), None]
    assert frame["started"][0] == pandas.Timestamp("2026-11-07T10:00:00.125")
    assert frame["j"][0] == {"k": 1}
    assert frame["type"][0] == {"owner": "AWS", "rank": 2}
    assert list(cursor.execute("SELECT 1 AS a, 'x' AS a").as_pandas().columns) == ["a", "a"]
    assert cursor.execute("SELECT id, pipeline, date, failed FROM runs WHERE id > 9").as_pandas().shape == (0, 4)
    assert frames.as_pandas(ATHENAS)["tags"].tolist()[0] == "[a, null]"


def test_polars_gets_the_types_of_athena(cursor: Cursor) -> None:
    """Nested ones too; a map is a list of its entries."""
    polars = pytest.importorskip("polars")

    frame = cursor.execute(WIDE).as_polars()

    assert dict(frame.schema) == {
        "id": polars.Int64,
        "pipeline": polars.String,
        "took": polars.Decimal(5, 2),
        "share": polars.Float64,
        "failed": polars.Boolean,
        "tags": polars.List(polars.String),
        "counts": polars.List(polars.Struct({"key": polars.String, "value": polars.Int32})),
        "type": polars.Struct({"owner": polars.String, "rank": polars.Int32}),
        "body": polars.Binary,
        "started": polars.Datetime("us"),
        "date": polars.Date,
        "hour": polars.String,
        "j": polars.String,
        "z": polars.Datetime("us", "UTC"),
        "small": polars.Int32,
    }
    first: dict[str, Any] = frame.row(0, named=True)
    assert (first["took"], first["counts"], first["z"]) == (
        Decimal("1.50"),
        [{"key": "x", "value": 1}],
        datetime(2026, 11, 7, 10, tzinfo=UTC),
    )
    assert frame.row(2)[1:10] == (None,) * 9
    assert cursor.execute("SELECT id, tags FROM runs WHERE id > 9").as_polars().shape == (0, 2)
    assert frames.as_polars(ATHENAS).row(0) == ("[a, null]", "-0001-01-01")
    with pytest.raises(eventlake.NotSupportedError, match='Two columns are called "a"'):
        cursor.execute("SELECT 1 AS a, 'x' AS a").as_polars()


def test_arrow_gets_the_types_of_athena(cursor: Cursor) -> None:
    """Nested ones too; duplicates of names are kept."""
    pytest.importorskip("pyarrow")

    table = cursor.execute(WIDE).as_arrow()

    assert [f"{field.name}: {field.type}" for field in table.schema] == [
        "id: int64",
        "pipeline: string",
        "took: decimal128(5, 2)",
        "share: double",
        "failed: bool",
        "tags: list<item: string>",
        "counts: map<string, int32>",
        "type: struct<owner: string, rank: int32>",
        "body: binary",
        "started: timestamp[us]",
        "date: date32[day]",
        "hour: string",
        "j: string",
        "z: timestamp[us, tz=UTC]",
        "small: int32",
    ]
    first = table.slice(0, 1).to_pylist()[0]
    assert (first["date"], first["type"], first["counts"]) == (date(2026, 11, 7), {"owner": "AWS", "rank": 2}, [("x", 1)])
    assert cursor.execute("SELECT 1 AS a, NULL AS a").as_arrow().column_names == ["a", "a"]
    assert cursor.execute("SELECT id FROM runs WHERE id > 9").as_arrow().num_rows == 0
    assert frames.as_arrow(ATHENAS).to_pylist()[0] == {"tags": "[a, null]", "early": "-0001-01-01"}


def test_pyathenas_own_reader_reads_our_cursor(cursor: Cursor) -> None:
    """`pyathena.pandas.util.as_pandas(cursor)` works with any DB-API cursor; so does pandas' own way."""
    pytest.importorskip("pandas")
    util = pytest.importorskip("pyathena.pandas.util")

    frame = util.as_pandas(cursor.execute("SELECT id, pipeline FROM runs ORDER BY id"))

    assert frame["id"].tolist() == [1, 2, 3]
