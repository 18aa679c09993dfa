"""The same calls on our connection and on PyAthena's: what goes to Athena, what comes back.

PyAthena, where it is installed, talks to a server of Athena's protocol that answers over the same tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

import eventlake

pyathena = pytest.importorskip("pyathena", reason="PyAthena is not installed")

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATEMENTS: list[tuple[str, Any, str | None]] = [
    ("SELECT id, pipeline, took, share, failed, body, started, date, hour FROM runs ORDER BY id", None, None),
    ("SELECT pipeline, count(*) AS n FROM runs WHERE id IN %(ids)s GROUP BY pipeline ORDER BY 1", {"ids": [1, 2]}, None),
    (
        "SELECT %(a)s, %(b)s, %(c)s, %(d)s, %(e)s",
        {"a": "o'hara 100%", "b": Decimal("1.50"), "c": True, "d": date(2026, 11, 7), "e": -3},
        None,
    ),
    ("SELECT id FROM runs WHERE started > %(then)s AND pipeline LIKE 'o%%'", {"then": datetime(2026, 11, 7, 10, 30)}, None),  # noqa: DTZ001
    ("SELECT id FROM runs WHERE body = %(body)s AND share < %(share)s", {"body": b"ab", "share": 0.5}, None),
    ("SELECT id FROM runs WHERE pipeline = ? AND id < ? AND date = ?", ["'web'", "5", "DATE '2026-11-07'"], "qmark"),
    ("SELECT 7 % 4 AS rest, 'it''s' AS text", None, None),
    (
        "SELECT json_parse('{\"a\": [1, null]}') AS j, json_format(CAST(tags AS json)) AS v, CAST(type AS json) AS r FROM runs WHERE id = 1",
        None,
        None,
    ),
    ("SELECT CAST(1.1 AS real) AS x, 1e10 AS y, nan() AS z WHERE 1 = 1", None, None),
    ("SELECT current_timestamp AS t, time '10:00:00.125' AS c, interval '1' day AS i, CAST(1 AS tinyint) AS s", None, None),
    ("SELECT id FROM runs WHERE id > 9", None, None),
]


@pytest.fixture
def pyathenas(athena_url: str) -> Iterator[Any]:
    """PyAthena's connection to a server over the same tables."""
    with pyathena.connect(
        work_group="eventlake",
        schema_name="fixture",
        region_name="eu-west-1",
        endpoint_url=athena_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        poll_interval=0.01,
    ) as connection:
        yield connection


@pytest.fixture
def ours(tables: dict[str, Any]) -> Iterator[eventlake.Connection]:
    """Our connection to the tables."""
    with eventlake.connect(fixture=tables, now=NOON) as connection:
        yield connection


@pytest.mark.parametrize(("sql", "parameters", "style"), STATEMENTS)
def test_a_notebook_moves_by_one_line(ours: Any, pyathenas: Any, sql: str, parameters: Any, style: str | None) -> None:
    """The same calls give the same descriptions and values, whichever connection they are made on."""

    def notebook(connection: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters, paramstyle=style)
            return [cursor.description, cursor.fetchone(), cursor.fetchmany(1), list(cursor), cursor.fetchall()]

    assert repr(notebook(ours)) == repr(notebook(pyathenas)).replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc")


def test_both_have_the_same_globals() -> None:
    """apilevel, threadsafety, paramstyle, type objects and errors."""
    assert (eventlake.apilevel, eventlake.threadsafety, eventlake.paramstyle) == (
        pyathena.apilevel,
        pyathena.threadsafety,
        pyathena.paramstyle,
    )
    for name in ("STRING", "BINARY", "BOOLEAN", "NUMBER", "DATE", "TIME", "DATETIME", "JSON"):
        assert set(getattr(eventlake, name)) == set(getattr(pyathena, name))
    for name in (
        "Warning",
        "Error",
        "InterfaceError",
        "DatabaseError",
        "DataError",
        "OperationalError",
        "InternalError",
        "NotSupportedError",
    ):
        assert getattr(pyathena, name).__mro__[1].__name__ in {base.__name__ for base in getattr(eventlake, name).__mro__}


def test_both_refuse_alike(ours: Any, pyathenas: Any) -> None:
    """What fails on one fails on the other, by the same class where PyAthena has one."""
    for connection, errors in ((ours, eventlake), (pyathenas, pyathena)):
        cursor = connection.cursor()
        with pytest.raises(errors.ProgrammingError):
            cursor.fetchone()
        with pytest.raises(errors.ProgrammingError):
            cursor.execute("")
        with pytest.raises(errors.ProgrammingError):
            cursor.execute("SELECT %(a)s", [1])
        with pytest.raises(errors.NotSupportedError):
            connection.rollback()
        connection.commit()
        cursor.close()
        with pytest.raises(errors.ProgrammingError):
            cursor.execute("SELECT 1")


def test_frames_have_the_same_values(ours: Any) -> None:
    """pandas' way and PyAthena's own reader take our cursor."""
    pytest.importorskip("pandas")
    from pyathena.pandas.util import as_pandas  # type: ignore[import-not-found,unused-ignore]

    cursor = ours.cursor().execute("SELECT id, pipeline FROM runs ORDER BY id")

    assert as_pandas(cursor)["id"].tolist() == cursor.as_pandas()["id"].tolist() == [1, 2, 3]
