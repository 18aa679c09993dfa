"""Connections: to a lake in a folder, to tables in memory, to Athena."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import eventlake
from eventlake import dbapi
from eventlake.dbapi import connection as module
from eventlake.errors import QueryLimitError
from eventlake.interfaces import Result

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_module_says_what_pep_249_asks() -> None:
    """Its globals, and every class and constructor by name."""
    assert (eventlake.apilevel, eventlake.threadsafety, eventlake.paramstyle) == ("2.0", 2, "pyformat")
    for name in eventlake.__all__:
        assert getattr(eventlake, name) is not None
    with pytest.raises(AttributeError, match="conect"):
        eventlake.conect  # noqa: B018


def test_the_package_offers_every_name_of_the_database() -> None:
    """What `dbapi` adds to its names, `eventlake` has as well."""
    assert set(dbapi.__all__) - set(eventlake.__all__) == set()


def test_the_errors_are_pep_249s_tree() -> None:
    """Warning apart, Error at the root, six kinds under DatabaseError."""
    assert not issubclass(eventlake.Warning, eventlake.Error)
    assert issubclass(eventlake.InterfaceError, eventlake.Error)
    assert issubclass(eventlake.DatabaseError, eventlake.Error)
    assert not issubclass(eventlake.InterfaceError, eventlake.DatabaseError)
    for name in ("DataError", "OperationalError", "IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError"):
        assert issubclass(getattr(eventlake, name), eventlake.DatabaseError)


def test_constructors_make_pythons_values() -> None:
    """Dates, times and bytes, also from ticks, which are local."""
    assert eventlake.Date(2026, 11, 7) == date(2026, 11, 7)
    assert eventlake.Binary(b"ab") == b"ab"
    then = time.mktime((2026, 11, 7, 10, 30, 5, 0, 0, -1))
    assert eventlake.DateFromTicks(then) == date(2026, 11, 7)
    assert eventlake.TimeFromTicks(then) == eventlake.Time(10, 30, 5)
    assert eventlake.TimestampFromTicks(then) == eventlake.Timestamp(2026, 11, 7, 10, 30, 5)


def test_importing_the_package_loads_no_connection() -> None:
    """Nor anything heavy: a Lambda function imports it too."""
    code = "import sys, eventlake; print([m for m in sys.modules if m.startswith(('eventlake.', 'duckdb', 'typing'))])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "['eventlake.errors']"


def test_a_lake_in_a_folder_answers(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path, or by EVENTLAKE_LAKE, with what was read to answer."""
    sql = "SELECT pipeline, count(*) AS n FROM pipeline_execution_state_change WHERE state = %(state)s GROUP BY pipeline"
    monkeypatch.setenv("EVENTLAKE_LAKE", str(lake))
    for given in (lake, str(lake), None):
        with eventlake.connect(given, timeout_s=30, memory_mb=512) as connection, connection.cursor() as cursor:
            assert cursor.execute(sql, {"state": "FAILED"}).fetchall() == [("web", 2)]
            assert cursor.data_scanned_in_bytes == cursor.result.bytes_read == cursor.result.bytes_total > 0
            assert (cursor.result.objects_read, cursor.result.objects_total) == (1, 1)


def test_a_query_of_a_lake_over_its_time_is_killed(lake: Path) -> None:
    """And says which limit it was."""
    numbers = " CROSS JOIN ".join(f"unnest(sequence(1, 9999)) t{place}(x{place})" for place in range(4))
    with eventlake.connect(lake, timeout_s=1) as connection, pytest.raises(eventlake.OperationalError, match="longer than 1 s"):
        connection.cursor().execute(f"SELECT count(*) FROM {numbers} WHERE x0 * x1 % 7 = x2 + x3")


def test_a_query_of_a_lake_over_its_memory_is_stopped(lake: Path) -> None:
    """And says which limit it was; the next query answers."""
    numbers = "unnest(sequence(1, 9999)) a(x) CROSS JOIN unnest(sequence(1, 9999)) b(y)"
    with eventlake.connect(lake, memory_mb=128) as connection, connection.cursor() as cursor:
        with pytest.raises(eventlake.OperationalError, match="more than 128 MB of memory"):
            cursor.execute(f"SELECT count(DISTINCT x * 10000 + y) FROM {numbers}")
        assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_an_answer_of_too_many_rows_is_stopped(lake: Path) -> None:
    """Fewer rows without a word would be worse."""
    numbers = "unnest(sequence(1, 9999)) a(x) CROSS JOIN unnest(sequence(1, 9999)) b(y)"
    with eventlake.connect(lake) as connection, pytest.raises(eventlake.OperationalError, match="more than 1,000,000 rows"):
        connection.cursor().execute(f"SELECT x, y FROM {numbers}")


def test_a_damaged_object_is_an_operational_error(lake: Path, tmp_path: Path) -> None:
    """It is named."""
    subprocess.run(["cp", "-r", str(lake), str(tmp_path / "lake")], check=True)
    (damaged,) = (tmp_path / "lake" / "objects").rglob("*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:100])
    with eventlake.connect(tmp_path / "lake") as connection, pytest.raises(eventlake.OperationalError, match=damaged.name):
        connection.cursor().execute("SELECT count(pipeline) FROM pipeline_execution_state_change")


def test_the_time_is_the_one_given(lake: Path, tables: dict[str, Any]) -> None:
    """`now` stands still, so that a test gives the same every day."""
    for connection in (eventlake.connect(lake, now=NOON), eventlake.connect(fixture=tables, now=NOON)):
        with connection:
            assert connection.cursor().execute("SELECT current_date, current_timestamp").fetchone() == (date(2026, 11, 20), NOON)


def test_athena_answers_through_the_same_cursor(athena_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake on AWS is asked in the workgroup of its name; values and names of types are the same."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    lake = "s3://eventlake-123456789012-eu-west-1"
    with eventlake.connect(lake, region="eu-west-1", endpoint_url=athena_url, timeout_s=60) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT took, date, tags, json_parse('[1]') AS j FROM runs WHERE pipeline = %(name)s", {"name": "web"})

        assert cursor.fetchall() == [(Decimal("1.50"), date(2026, 11, 7), '["a", null]', [1])]
        assert [column[1] for column in cursor.description or ()] == ["decimal", "date", "array", "json"]
        assert (cursor.data_scanned_in_bytes, cursor.rowcount) == (7, 1)
        assert "as text" in cursor.result.warnings[0]


def test_tables_come_from_a_file_or_from_python(tmp_path: Path, tables: dict[str, Any]) -> None:
    """JSON as conformance takes it, or Python's own dates, Decimals and bytes."""
    (tmp_path / "tables.json").write_text(json.dumps(tables))
    columns = [
        ("n", "decimal(5,2)"),
        ("d", "date"),
        ("t", "timestamp(3)"),
        ("b", "varbinary"),
        ("x", "double"),
        ("j", "json"),
        ("a", "array(date)"),
    ]
    row = [Decimal("1.50"), date(2026, 11, 7), datetime(2026, 11, 7, 10, tzinfo=UTC), b"ab", float("inf"), {"k": [1]}, [date(2026, 11, 7)]]
    python = {"t": {"columns": [{"name": name, "type": kind} for name, kind in columns], "rows": [row]}}

    with eventlake.connect(fixture=tmp_path / "tables.json") as connection:
        assert connection.cursor().execute("SELECT count(*) FROM runs").fetchone() == (3,)
    with eventlake.connect(fixture=python) as connection:
        found = connection.cursor().execute("SELECT * FROM t").fetchone()
    assert found == (row[0], row[1], datetime(2026, 11, 7, 10), row[3], row[4], row[5], row[6])  # noqa: DTZ001


def _one(kind: str, value: object) -> dict[str, Any]:
    return {"t": {"columns": [{"name": "ok", "type": "bigint"}, {"name": "c", "type": kind}], "rows": [[1, None], [2, value]]}}


@pytest.mark.parametrize(
    ("fixture", "says"),
    [
        (_one("bigint", "many"), r"table \"t\" holds 'many' in row 2, column \"c\", which is no bigint"),
        (_one("date", "7 November"), "which is no date"),
        (_one("varbinary", "xyz"), "which is no varbinary"),
        (_one("array(bigint)", 7), "which is no array"),
        (_one("varchar", object()), "which is no varchar"),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_named(fixture: dict[str, Any], says: str) -> None:
    """Table, row, column, value and type; never DuckDB's own words."""
    with eventlake.connect(fixture=fixture) as connection, pytest.raises(eventlake.ProgrammingError, match=says):
        connection.cursor().execute("SELECT * FROM t")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"lake": "nowhere"}, eventlake.OperationalError, 'There is no lake in "nowhere": give connect'),
        ({"fixture": "nowhere.json"}, eventlake.ProgrammingError, "No such file"),
        ({"fixture": {"t": {"rows": []}}}, eventlake.ProgrammingError, "is no fixture"),
        ({"fixture": {"t": {"columns": [{"name": "a", "type": "strng"}], "rows": []}}}, eventlake.ProgrammingError, "strng"),
        ({"lake": "lake", "fixture": {}}, eventlake.InterfaceError, "to a lake or to a fixture"),
        ({"timeout_s": 0}, eventlake.InterfaceError, "timeout_s is 0"),
        ({"timeout_s": float("nan")}, eventlake.InterfaceError, "timeout_s is nan"),
        ({"memory_mb": 1}, eventlake.InterfaceError, "64 MB or more"),
        ({"now": datetime(2026, 11, 7)}, eventlake.InterfaceError, "names no zone"),  # noqa: DTZ001
        ({"lake": "lake", "region": "eu-west-1"}, eventlake.InterfaceError, "for a lake on AWS"),
        ({"lake": "aws:eventlake", "memory_mb": 512}, eventlake.InterfaceError, "takes neither memory_mb nor now"),
        ({"lake": "aws:eventlake", "engine": "trino"}, eventlake.InterfaceError, "engine is .athena. or .duckdb."),
        ({"fixture": {}, "engine": "duckdb"}, eventlake.InterfaceError, "for a lake on AWS"),
        ({"lake": "aws:", "region": "eu-west-1"}, eventlake.OperationalError, "does not name a lake on AWS"),
    ],
)
def test_what_cannot_be_opened_says_why(given: dict[str, Any], error: type[Exception], says: str) -> None:
    """One sentence each."""
    with pytest.raises(error, match=says):
        eventlake.connect(**given)


class Slow:
    """An engine that waits until nobody wants its answer."""

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, cancelled: Callable[[], bool] | None = None, **_more: Any
    ) -> Result:
        """Never an answer."""
        while cancelled is None or not cancelled():
            time.sleep(0.001)
        raise QueryLimitError("The query was cancelled.")

    def explain(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Nothing."""
        return sql


def test_an_engine_without_a_limit_of_its_own_is_stopped_in_time() -> None:
    """As Athena is."""
    with module.Connection(Slow(), timeout_s=0.01) as connection, pytest.raises(eventlake.OperationalError, match=r"longer than 0\.01 s"):
        connection.cursor().execute("SELECT 1")


def test_closing_a_connection_stops_what_it_runs() -> None:
    """The thread that waits gets its error."""
    connection = module.Connection(Slow())
    raised: list[Exception] = []

    def ask() -> None:
        try:
            connection.cursor().execute("SELECT 1")
        except eventlake.Error as error:
            raised.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    connection.close()
    waiting.join(60)

    assert [type(error) for error in raised] in ([eventlake.OperationalError], [eventlake.ProgrammingError])
