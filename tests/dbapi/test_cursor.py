"""Cursors, as PEP 249 and PyAthena have them."""

import threading
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

import eventlake
from eventlake import Connection, Cursor
from eventlake.errors import QueryError


def test_fetching_before_a_statement_is_refused(cursor: Cursor) -> None:
    """There is nothing yet, and the sentence says so."""
    assert (cursor.description, cursor.rowcount, cursor.rownumber, cursor.data_scanned_in_bytes) == (None, -1, None, None)
    for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, cursor.as_pandas, lambda: cursor.result):
        with pytest.raises(eventlake.ProgrammingError, match="call execute"):
            fetch()


def test_rows_come_one_by_one_some_and_all(cursor: Cursor) -> None:
    """Each row once; None and nothing behind the last."""
    assert cursor.execute("SELECT id FROM runs ORDER BY id") is cursor
    assert cursor.rowcount == 3
    assert cursor.fetchone() == (1,)
    assert (cursor.rownumber, cursor.arraysize) == (1, 1)
    assert cursor.fetchmany() == [(2,)]
    assert cursor.fetchmany(5) == [(3,)]
    assert cursor.fetchmany(5) == []
    assert (cursor.fetchone(), cursor.fetchall(), cursor.rownumber) == (None, [], 3)

    cursor.arraysize = 2
    assert cursor.execute("SELECT id FROM runs ORDER BY id").fetchmany() == [(1,), (2,)]
    assert list(cursor) == [(3,)]


def test_values_are_pythons(cursor: Cursor) -> None:
    """Each type of Athena's as PyAthena gives it, with JSON read; arrays, maps and rows with the types of their parts."""
    cursor.execute("SELECT *, json_parse('{\"a\": [1]}') AS j, CAST(NULL AS json) AS n FROM runs WHERE id = 1")

    assert cursor.fetchone() == (
        1,
        "web",
        Decimal("1.50"),
        0.25,
        False,
        ["a", None],
        {"x": 1},
        {"owner": "AWS", "rank": 2},
        b"ab",
        datetime(2026, 11, 7, 10, 0, 0, 125000),  # noqa: DTZ001  a timestamp without zone
        date(2026, 11, 7),
        "10",
        {"a": [1]},
        None,
    )


def test_json_scalars_stay_what_they_are(cursor: Cursor) -> None:
    """`null` is not NULL, and text in quotes is not the text; objects and arrays are read."""
    cursor.execute(
        "SELECT json_parse('null'), json_parse('\"1\"'), json_parse('1'), json_parse('[null]'), json_parse('{}'), CAST(NULL AS json)"
    )

    assert cursor.fetchone() == ("null", '"1"', "1", [None], {}, None)


def test_json_that_python_cannot_read_stays_text(cursor: Cursor) -> None:
    """Nested thousands deep: a stranger may store or type it."""
    deep = "[" * 20_000 + "]" * 20_000

    assert cursor.execute(f"SELECT json_parse('{deep}')").fetchone() == (deep,)


DESCRIBED = [
    ("true", "boolean", 0, 0),
    ("CAST(1 AS tinyint)", "tinyint", 3, 0),
    ("1", "integer", 10, 0),
    ("count(*)", "bigint", 19, 0),
    ("CAST(1 AS real)", "float", 17, 0),
    ("1e0", "double", 17, 0),
    ("1.50", "decimal", 3, 2),
    ("'abc'", "varchar", 3, 0),
    ("CAST('abc' AS varchar)", "varchar", 2147483647, 0),
    ("date '2026-11-07'", "date", 0, 0),
    ("timestamp '2026-11-07 10:00:00'", "timestamp", 3, 0),
    ("current_timestamp", "timestamp with time zone", 3, 0),
    ("interval '1' day", "interval day to second", 0, 0),
    ("X'6162'", "varbinary", 1073741824, 0),
    ("ARRAY[1]", "array", 0, 0),
    ("MAP(ARRAY['a'], ARRAY[1])", "map", 0, 0),
    ("ROW(1, 'a')", "row", 0, 0),
    ("json_parse('1')", "json", 0, 0),
]
"""A value, and its type, precision and scale in Athena's ColumnInfo."""


def test_a_description_has_athenas_names_of_types(cursor: Cursor) -> None:
    """Seven items for each column, as Athena's ColumnInfo says them."""
    cursor.execute("SELECT " + ", ".join(f"{sql} AS x" for sql, *_ in DESCRIBED))

    assert cursor.description == [("x", kind, None, None, precision, scale, "UNKNOWN") for _, kind, precision, scale in DESCRIBED]


def test_a_type_equals_the_type_object_it_belongs_to(cursor: Cursor) -> None:
    """PEP 249's type objects compare with the types of a description, and with nothing else."""
    cursor.execute("SELECT 1 AS n, 'a' AS s, current_date AS d, current_timestamp AS t, X'00' AS b")
    kinds = [column[1] for column in cursor.description or ()]

    assert kinds == [eventlake.NUMBER, eventlake.STRING, eventlake.DATE, eventlake.DATETIME, eventlake.BINARY]
    assert kinds[0] != eventlake.STRING
    assert eventlake.ROWID != "integer"
    assert eventlake.NUMBER == eventlake.NUMBER
    assert len({eventlake.JSON, eventlake.BOOLEAN, eventlake.TIME}) == 3


@pytest.mark.parametrize(
    ("sql", "values", "expected"),
    [
        ("id = %(id)s", {"id": 2}, [2]),
        ("pipeline = %(name)s", {"name": "o'hara 100%"}, [2]),
        ("pipeline LIKE '%%100\\%%' ESCAPE '\\' AND id > %(id)s", {"id": 0}, [2]),
        ("took = %(took)s", {"took": Decimal("1.50")}, [1]),
        ("share < %(share)s", {"share": 0.5}, [1]),
        ("failed = %(failed)s", {"failed": True}, [2]),
        ("body = %(body)s", {"body": b"ab"}, [1]),
        ("date = %(day)s", {"day": date(2026, 11, 8)}, [3]),
        ("started >= %(then)s", {"then": datetime(2026, 11, 7, 10, 30)}, [2]),  # noqa: DTZ001
        ("id IN %(ids)s AND %(none)s IS NULL", {"ids": [1, 3], "none": None}, [1, 3]),
    ],
)
def test_values_are_given_by_name(cursor: Cursor, sql: str, values: dict[str, Any], expected: list[int]) -> None:
    """pyformat, PyAthena's default."""
    assert cursor.execute(f"SELECT id FROM runs WHERE {sql} ORDER BY id", values).fetchall() == [(number,) for number in expected]


def test_values_are_given_by_question_mark(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    """qmark, for one statement or for all, with literals as text."""
    sql = "SELECT id FROM runs WHERE pipeline = ? AND id < ?"

    assert cursor.execute(sql, ["'web'", "5"], paramstyle="qmark").fetchall() == [(1,)]
    monkeypatch.setattr(eventlake, "paramstyle", "qmark")
    assert cursor.execute(sql, ["'web'", "5"]).fetchall() == [(1,)]
    assert cursor.execute("SELECT 7 % 4").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("parameters", "style", "says"),
    [
        ([1], None, "a dict by name"),
        ({"a": 1}, "qmark", "a list of literals"),
        ("1", "qmark", "a list of literals"),
        (["web"], "qmark", "no literal"),
        ({"a": object()}, None, 'parameter "a" is an object'),
        ({}, None, "no value for"),
        (None, "named", "paramstyle is"),
    ],
)
def test_wrong_parameters_are_refused(cursor: Cursor, parameters: Any, style: str | None, says: str) -> None:
    """As ProgrammingError, and the cursor has no answer then."""
    cursor.execute("SELECT 1")

    with pytest.raises(eventlake.ProgrammingError, match=says):
        cursor.execute("SELECT %(a)s" if style is None else "SELECT ?", parameters, paramstyle=style)
    assert cursor.description is None


@pytest.mark.parametrize(
    ("sql", "error", "says"),
    [
        ("SELEC 1", eventlake.ProgrammingError, "line 1"),
        ("", eventlake.ProgrammingError, "empty"),
        (b"SELECT 1", eventlake.ProgrammingError, "is a str, not a bytes"),
        ("SELECT '\ud800'", eventlake.ProgrammingError, "half of a character"),
        ("SELECT idd FROM runs", eventlake.ProgrammingError, 'Did you mean "id"'),
        ("SELECT 1 FROM run", eventlake.ProgrammingError, 'Did you mean "runs"'),
        ("SELECT 1 FROM runs TABLESAMPLE BERNOULLI (10)", eventlake.NotSupportedError, "TABLESAMPLE"),
        ("SELECT 1 FROM runs WHERE hour = 10", eventlake.ProgrammingError, "compared"),
        ("DROP TABLE runs", eventlake.ProgrammingError, "Only SELECT"),
        ("EXPLAIN SELECT 1", eventlake.NotSupportedError, "query --explain"),
        ("SHOW CREATE TABLE runs", eventlake.NotSupportedError, "A fixture has no objects"),
        ('SELECT "$file_size" FROM runs', eventlake.NotSupportedError, "A fixture has no objects"),
        ("SELECT id / 0 FROM runs", eventlake.DataError, "divided by zero"),
        ("SELECT CAST('x' AS bigint) FROM runs", eventlake.DataError, "Not a whole number"),
    ],
)
def test_what_is_wrong_has_its_class(cursor: Cursor, sql: Any, error: type[Exception], says: str) -> None:
    """And the sentence that the command line says, under the root of PEP 249's tree."""
    with pytest.raises(error, match=says) as raised:
        cursor.execute(sql)

    assert isinstance(raised.value, eventlake.Error)
    assert isinstance(raised.value, eventlake.EventlakeError)
    assert isinstance(raised.value.__cause__, QueryError) or isinstance(sql, bytes)


def test_tables_are_told_of_as_athena_tells(cursor: Cursor) -> None:
    """What tools send before they ask anything: of a fixture as of a lake."""
    assert cursor.execute("SHOW TABLES").fetchall() == [("runs",)]
    assert cursor.execute("SHOW PARTITIONS runs").fetchall() == [
        ("date=2026-11-07/hour=10",),
        ("date=2026-11-07/hour=11",),
        ("date=2026-11-08/hour=00",),
    ]
    assert cursor.execute("DESCRIBE `runs`").fetchmany(9)[5:9] == [
        ("tags", "array<string>", ""),
        ("counts", "map<string,int>", ""),
        ("type", "struct<owner:string,rank:int>", ""),
        ("body", "binary", ""),
    ]
    assert [column[0] for column in cursor.description or ()] == ["col_name", "data_type", "comment"]
    assert cursor.execute('SELECT "$path", "$partition" FROM runs WHERE id = 1').fetchall() == [
        ("fixture/runs/2026/11/07/10/rows", "date=2026-11-07/hour=10")
    ]


def test_a_query_over_its_time_is_killed_and_says_so(tables: dict[str, Any]) -> None:
    """An OperationalError that names the limit; the next query answers."""
    endless = (
        "SELECT count(*) FROM runs a, runs b, runs c CROSS JOIN unnest(sequence(1, 9999)) s(x) CROSS JOIN unnest(sequence(1, 9999)) t(y)"
    )
    with eventlake.connect(fixture=tables, timeout_s=0.2) as connection:
        with pytest.raises(eventlake.OperationalError, match=r"longer than 0\.2 s"):
            connection.cursor().execute(endless + " CROSS JOIN unnest(sequence(1, 9999)) u(z) WHERE x * y % 7 = z")
        engine: Any = connection._engine
        engine.limits = replace(engine.limits, seconds=60.0)  # it has the time that a slow machine takes
        assert connection.cursor().execute("SELECT 1").fetchone() == (1,)


def test_another_thread_cancels_a_query(connection: Connection, cursor: Cursor) -> None:
    """execute() raises OperationalError; the connection answers on."""
    with pytest.raises(eventlake.ProgrammingError, match="nothing to cancel"):
        cursor.cancel()
    asked = threading.Event()

    def cancel() -> None:
        while not asked.is_set():
            try:
                cursor.cancel()
                return
            except eventlake.ProgrammingError:
                asked.wait(0.01)

    watcher = threading.Thread(target=cancel)
    watcher.start()
    numbers = " CROSS JOIN ".join(f"unnest(sequence(1, 9999)) t{place}(x{place})" for place in range(4))
    with pytest.raises(eventlake.OperationalError, match="cancelled"):
        cursor.execute(f"SELECT count(*) FROM {numbers} WHERE x0 * x1 % 7 = x2 + x3")
    asked.set()
    watcher.join()
    assert connection.cursor().execute("SELECT 1").fetchone() == (1,)


def test_threads_share_a_connection(connection: Connection) -> None:
    """Each with a cursor of its own."""
    found: dict[int, Any] = {}

    def ask(number: int) -> None:
        found[number] = connection.cursor().execute("SELECT %(n)s, count(*) FROM runs", {"n": number}).fetchone()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: (number, 3) for number in range(8)}


def test_what_changes_tables_is_not_supported(connection: Connection, cursor: Cursor) -> None:
    """A lake is only asked: no executemany, no rollback; commit and sizes do nothing."""
    with pytest.raises(eventlake.NotSupportedError, match="only asked"):
        cursor.executemany("SELECT %(a)s", [{"a": 1}])
    with pytest.raises(eventlake.NotSupportedError, match="roll back"):
        connection.rollback()
    connection.commit()
    cursor.setinputsizes([1])
    cursor.setoutputsize(1)


def test_what_is_closed_answers_no_more(connection: Connection) -> None:
    """Neither a cursor nor its connection, however they were closed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with pytest.raises(eventlake.ProgrammingError, match="cursor is closed"):
        cursor.fetchone()
    other = connection.cursor().execute("SELECT 1")
    connection.close()
    connection.close()
    for use in (other.fetchone, connection.cursor, connection.commit):
        with pytest.raises(eventlake.ProgrammingError, match="connection is closed"):
            use()
