"""The engine on Trino against a server that speaks Trino's protocol and does what a test says."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from eventlake.backends.trino import TrinoEngine
from eventlake.errors import ConfigurationError, EventlakeError, NameNotFoundError, QueryLimitError, QuerySyntaxError, ServiceError
from eventlake.sources import load

TABLES = [table for source in load() for table in source.tables]
BIGINT = {"rawType": "bigint", "arguments": []}


class Trino:
    """A server of Trino's protocol. answers: what it answers to each request in turn, status and page; the last goes on."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.answers: list[tuple[int, Any]] = []
        trino = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Answer the next page."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                trino.asked.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                status, page = trino.answers.pop(0) if len(trino.answers) > 1 else trino.answers[0]
                answer = page.encode() if isinstance(page, str) else json.dumps(page).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_DELETE = do_POST

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def engine(self, waited: list[float] | None = None) -> TrinoEngine:
        """An engine that asks here; its waits are noted, not spent."""
        return TrinoEngine(self.url, "lake", TABLES, wait=([] if waited is None else waited).append)

    def methods(self) -> list[str]:
        """How it was asked, in order."""
        return [method for method, *_ in self.asked]

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def trino() -> Iterator[Trino]:
    """A server without answers yet."""
    server = Trino()
    yield server
    server.close()


def page(*rows: list[Any], following: str | None = None, **more: Any) -> tuple[int, dict[str, Any]]:
    """A page of one bigint column."""
    columns = [{"name": "n", "typeSignature": BIGINT}]
    return 200, {"columns": columns, "data": list(rows), "stats": {}, **({"nextUri": following} if following else {}), **more}


def raised_by(trino: Trino, sql: str = "select 1") -> EventlakeError:
    """What the engine raises for a query."""
    with pytest.raises(EventlakeError) as raised:
        trino.engine().query(sql)
    return raised.value


def test_an_error_in_a_page_is_told_in_our_words(trino: Trino) -> None:
    """With the place and the nearest name."""
    error = {"errorName": "COLUMN_NOT_FOUND", "errorType": "USER_ERROR", "message": "line 1:8: Column 'ipp' cannot be resolved"}
    trino.answers = [page(following=f"{trino.url}/1"), page(error=error)]

    raised = raised_by(trino)
    assert isinstance(raised, NameNotFoundError)
    assert str(raised) == 'There is no column "ipp" (line 1, column 8). Did you mean "ip"?'


def test_trinos_own_failure_is_not_called_the_querys(trino: Trino) -> None:
    """It can be tried again."""
    trino.answers = [page(error={"errorName": "GENERIC_INTERNAL_ERROR", "errorType": "INTERNAL_ERROR", "message": "boom"})]
    raised = raised_by(trino)
    assert isinstance(raised, ServiceError)
    assert raised.code == "GENERIC_INTERNAL_ERROR"


def test_a_catalog_that_is_not_there_is_the_settings_fault(trino: Trino) -> None:
    """The sentence names the variable to correct."""
    trino.answers = [page(error={"errorName": "CATALOG_NOT_FOUND", "errorType": "USER_ERROR", "message": "Catalog 'lake' not found"})]
    assert str(raised_by(trino)) == f'Trino at {trino.url} has no catalog "lake": name it in EVENTLAKE_TRINO_CATALOG.'


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://host", "http://", "http://[", "http://host:port"])
def test_what_is_no_url_is_refused(url: str) -> None:
    """With an example."""
    with pytest.raises(ConfigurationError, match=r"write EVENTLAKE_TRINO as http://127\.0\.0\.1:8080"):
        TrinoEngine(url, "lake")


@pytest.mark.parametrize(
    ("status", "answer", "kind", "sentence"),
    [
        (401, "", ConfigurationError, "does not take the user or password"),
        (404, "", ConfigurationError, "is no Trino server: it answered 404"),
        (200, "<html>", ConfigurationError, "is no Trino server: its answer is no JSON"),
        (200, "[]", ConfigurationError, "is no Trino server: its answer is no JSON"),
        (500, "broken\nthing", ServiceError, "answered 500: broken thing."),
        (503, "", ServiceError, "answered 503"),
    ],
)
def test_what_is_no_answer_of_trino_is_one_sentence(
    trino: Trino, status: int, answer: str, kind: type[EventlakeError], sentence: str
) -> None:
    """With what the server said of itself."""
    trino.answers = [(status, answer)]
    raised = raised_by(trino)
    assert isinstance(raised, kind)
    assert sentence in str(raised)


def test_a_trino_that_cannot_be_reached_is_named() -> None:
    """With the address that was tried."""
    server = Trino()
    server.close()
    with pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:\d+ cannot be reached \(.*refused\)"):
        server.engine().query("select 1")


def test_what_changes_a_lake_is_not_sent(trino: Trino) -> None:
    """The engine answers questions."""
    assert isinstance(raised_by(trino, "delete from auth0_logs"), QuerySyntaxError)
    assert trino.asked == []


def test_a_busy_server_is_asked_again(trino: Trino) -> None:
    """For the first page and for every other; longer pauses each time."""
    trino.answers = [(503, ""), (502, ""), page(following=f"{trino.url}/1"), (429, ""), page([1])]
    waited: list[float] = []

    assert trino.engine(waited).query("select 1 n").rows == [(1,)]
    assert waited == [0.1, 0.2, 0.1]


def test_an_interrupt_cancels_the_query_on_trino(trino: Trino) -> None:
    """Nothing goes on that nobody waits for."""
    trino.answers = [page(following=f"{trino.url}/next"), (503, "")]

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TrinoEngine(trino.url, "lake", wait=interrupted).query("select 1")
    assert [(method, path) for method, path, *_ in trino.asked][-1] == ("DELETE", "/next")


def test_an_answer_that_nobody_wants_any_more_is_cancelled(trino: Trino) -> None:
    """At the next page."""
    trino.answers = [page(following=f"{trino.url}/1"), page(following=f"{trino.url}/2"), (204, "")]
    asked = iter([False, True])

    with pytest.raises(QueryLimitError, match="cancelled"):
        trino.engine().query("select 1", cancelled=lambda: next(asked))
    assert trino.methods() == ["POST", "GET", "DELETE"]


def test_too_many_rows_are_refused_and_cancelled(trino: Trino, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the advice to ask for fewer."""
    monkeypatch.setattr("eventlake.backends.trino.MAX_ROWS", 3)
    trino.answers = [page([1], [2], following=f"{trino.url}/1"), page([3], [4], following=f"{trino.url}/2"), (204, "")]

    assert isinstance(raised_by(trino), QueryLimitError)
    assert trino.methods() == ["POST", "GET", "DELETE"]


def test_a_query_runs_as_it_is(trino: Trino) -> None:
    """In UTC, in the lake's catalog and the database of its bare tables, with its parameters' values in it."""
    trino.answers = [page([1], stats={"physicalInputBytes": 99})]
    result = trino.engine().query("select count(*) n from auth0_logs where ip = :ip;", {"ip": "a"})

    _, path, headers, body = trino.asked[0]
    assert (path, body) == ("/v1/statement", "select count(*) n from auth0_logs where ip = 'a'")
    assert {name: headers[f"x-trino-{name}"] for name in ("catalog", "schema", "time-zone", "user")} == {
        "catalog": "lake",
        "schema": "auth0_event_logs",
        "time-zone": "UTC",
        "user": "eventlake",
    }
    assert (result.rows, result.types, result.bytes_read) == ([(1,)], ("bigint",), 99)


def test_a_password_goes_to_the_server_that_was_named_and_to_no_other(trino: Trino) -> None:
    """A page may lie elsewhere; what is secret is not sent there, and no sentence holds it."""
    elsewhere = Trino()
    elsewhere.answers = [page([2])]
    trino.answers = [page([1], following=f"{elsewhere.url}/1")]
    try:
        result = TrinoEngine(trino.url.replace("//", "//analyst:s%40cret@"), "lake").query("select 1")
    finally:
        elsewhere.close()

    assert result.rows == [(1,), (2,)]
    assert base64.b64decode(trino.asked[0][2]["authorization"].removeprefix("Basic ")) == b"analyst:s@cret"
    assert "authorization" not in elsewhere.asked[0][2]
    assert elsewhere.asked[0][2]["x-trino-user"] == "analyst"
    trino.answers = [(401, "")]
    with pytest.raises(ConfigurationError) as raised:
        TrinoEngine(trino.url.replace("//", "//analyst:s%40cret@"), "lake").query("select 1")
    assert "s@cret" not in str(raised.value)
    assert "s%40cret" not in str(raised.value)
