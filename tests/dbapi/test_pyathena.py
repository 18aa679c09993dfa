"""The same calls on our connection and on PyAthena's: what goes to Athena, what comes back.

PyAthena, where it is installed, talks to a server of Athena's protocol that answers over the same tables.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import eventlake
from eventlake.cli.render import as_text
from eventlake.query.parameters import qmark

pyathena = pytest.importorskip("pyathena", reason="PyAthena is not installed")

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


class Athena:
    """A server of Athena's JSON protocol that asks our own connection, and prints its values as Athena does."""

    def __init__(self, connection: eventlake.Connection) -> None:
        self.connection = connection
        self.cursors: dict[str, eventlake.Cursor] = {}
        athena = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Answer one action."""
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(getattr(athena, action)(request)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def StartQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer the statement at once; its parameters are put into their places, as Athena does."""
        name = f"q-{len(self.cursors)}"
        statement = qmark(request["QueryString"], request.get("ExecutionParameters", []))
        self.cursors[name] = self.connection.cursor().execute(statement)
        return {"QueryExecutionId": name}

    def GetQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """It has succeeded."""
        execution = {
            "QueryExecutionId": request["QueryExecutionId"],
            "Query": "SELECT",
            "StatementType": "DML",
            "Status": {"State": "SUCCEEDED", "SubmissionDateTime": 1.0, "CompletionDateTime": 1.0},
            "Statistics": {"DataScannedInBytes": 7},
            "ResultConfiguration": {"OutputLocation": "s3://results/answer.csv"},
            "QueryExecutionContext": {"Database": "fixture"},
        }
        return {"QueryExecution": execution}

    def GetQueryResults(self, request: dict[str, Any]) -> dict[str, Any]:
        """All rows, behind one with the names."""
        cursor = self.cursors[request["QueryExecutionId"]]
        columns = [
            {
                "Name": name,
                "Label": name,
                "Type": kind,
                "Precision": precision,
                "Scale": scale,
                "Nullable": nullable,
                "CaseSensitive": False,
            }
            for name, kind, _, _, precision, scale, nullable in cursor.description or []
        ]
        names: list[str | None] = [column[0] for column in cursor.description or []]
        texts = [[None if value is None else as_text(value) for value in row] for row in cursor.result.rows]
        data = [{"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in [names, *texts]]
        return {"ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": columns}}, "UpdateCount": 0}

    def close(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def pyathenas(tables: dict[str, Any]) -> Iterator[Any]:
    """PyAthena's connection to a server over the same tables."""
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with eventlake.connect(fixture=tables, now=now) as behind:
        server = Athena(behind)
        with pyathena.connect(
            work_group="eventlake",
            schema_name="fixture",
            region_name="eu-west-1",
            endpoint_url=f"http://127.0.0.1:{server.server.server_port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            poll_interval=0.01,
        ) as connection:
            yield connection
        server.close()


@pytest.fixture
def ours(tables: dict[str, Any]) -> Iterator[eventlake.Connection]:
    """Our connection to the tables."""
    with eventlake.connect(fixture=tables, now=datetime(2026, 11, 20, 12, tzinfo=UTC)) as connection:
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
