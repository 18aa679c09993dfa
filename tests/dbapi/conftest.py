"""A connection to tables in memory, a lake in a folder, and an Athena."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import eventlake
from eventlake.answers.values import as_text
from eventlake.cli import run
from eventlake.dialect.text.parameters import qmark

FIXTURE: dict[str, Any] = {
    "runs": {
        "columns": [
            {"name": "id", "type": "bigint"},
            {"name": "pipeline", "type": "varchar"},
            {"name": "took", "type": "decimal(5,2)"},
            {"name": "share", "type": "double"},
            {"name": "failed", "type": "boolean"},
            {"name": "tags", "type": "array(varchar)"},
            {"name": "counts", "type": "map(varchar, integer)"},
            {"name": "type", "type": "row(owner varchar, rank integer)"},
            {"name": "body", "type": "varbinary"},
            {"name": "started", "type": "timestamp(3)"},
            {"name": "date", "type": "date"},
            {"name": "hour", "type": "varchar"},
        ],
        "rows": [
            [1, "web", "1.50", 0.25, False, ["a", None], {"x": 1}, ["AWS", 2], "6162", "2026-11-07T10:00:00.125", "2026-11-07", "10"],
            [2, "o'hara 100%", "2.25", None, True, [], {}, ["you", None], "", "2026-11-07T11:00:00", "2026-11-07", "11"],
            [3, None, None, None, None, None, None, None, None, None, "2026-11-08", "00"],
        ],
    }
}
EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "account": "123456789012",
    "time": "2026-11-20T10:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:web"],
    "detail": {"pipeline": "web", "execution-id": "x-1", "state": "FAILED", "version": 6.0},
}


class Athena:
    """A server of Athena's JSON protocol that asks our own connection, and prints its values as Athena does; S3 has every bucket."""

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

            def do_GET(self) -> None:
                """Every bucket is there, and here."""
                body = b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
                self.send_response(200)
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
def athena_url() -> Iterator[str]:
    """The endpoint of an Athena over the tables of FIXTURE, on the 20th of November 2026."""
    with eventlake.connect(fixture=FIXTURE, now=datetime(2026, 11, 20, 12, tzinfo=UTC)) as behind:
        server = Athena(behind)
        yield f"http://127.0.0.1:{server.server.server_port}"
        server.close()


@pytest.fixture
def tables() -> dict[str, Any]:
    """The tables in memory, as JSON."""
    return FIXTURE


@pytest.fixture
def connection() -> Iterator[eventlake.Connection]:
    """A connection to the tables of FIXTURE."""
    with eventlake.connect(fixture=FIXTURE) as connection:
        yield connection


@pytest.fixture
def cursor(connection: eventlake.Connection) -> eventlake.Cursor:
    """A cursor of that connection."""
    return connection.cursor()


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake in a folder, with two events of one pipeline."""
    folder = tmp_path_factory.mktemp("dbapi")
    (folder / "events.jsonl").write_text("\n".join(json.dumps({**EVENT, "id": f"e-{number}"}) for number in (1, 2)))
    assert run(["send", str(folder / "events.jsonl"), "--lake", str(folder / "lake"), "--quiet"]) == 0
    return folder / "lake"
