"""Calls to AWS outlast seconds in which a service is away, whatever botocore's own patience is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from eventlake.backends import retries
from eventlake.backends.aws import Session
from eventlake.backends.retries import ONCE, wait_between_tries

KEYS = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
GOOD = (200, b'{"WorkGroups": []}')


def failed(status: int, code: str = "InternalFailure") -> tuple[int, bytes]:
    """An error of the service."""
    return status, b'{"__type": "%s", "message": "no"}' % code.encode()


@contextmanager
def service(answers: list[tuple[int, bytes]]) -> Iterator[str]:
    """A service that gives these answers, one a call; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Give the next answer."""
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def client_of(url: str, tries: int) -> Any:  # boto3's clients have no types
    """A client of Athena that tries so often."""
    client = boto3.client("athena", endpoint_url=url, config=ONCE.merge(Config(connect_timeout=5)), **KEYS)
    wait_between_tries(client, tries)
    return client


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each call would have waited; none does."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)
    return waited


@pytest.mark.slow
@pytest.mark.parametrize(
    "away",
    [[failed(500)], [failed(503), failed(502), failed(504)], [failed(400, "ThrottlingException")] * 2, [failed(429, "Other")] * 4],
)
def test_a_service_that_is_away_for_seconds_is_asked_again(away: list[tuple[int, bytes]], pauses: list[float]) -> None:
    """After pauses of 0.4 seconds and twice as long each time, give or take."""
    with service([*away, GOOD]) as url:
        assert client_of(url, 5).list_work_groups()["WorkGroups"] == []

    assert len(pauses) == len(away)
    assert all(0.6 * 0.5 * 2**number <= pause <= 0.5 * 2**number for number, pause in enumerate(pauses))


def test_the_last_error_is_raised_as_it_came(pauses: list[float]) -> None:
    """After so many tries, seconds later."""
    with service([failed(503)] * 4 + [failed(500, "Last")]) as url, pytest.raises(ClientError, match="Last"):
        client_of(url, 5).list_work_groups()

    assert sum(pauses) > 4


def test_what_is_wrong_for_good_is_not_asked_again(pauses: list[float]) -> None:
    """One answer is enough."""
    with service([failed(400, "InvalidRequestException")]) as url, pytest.raises(ClientError):
        client_of(url, 5).list_work_groups()

    assert pauses == []


def test_where_nobody_listens_it_is_tried_again(pauses: list[float]) -> None:
    """A service that is begun again is away for a while."""
    with service([]) as url:
        pass
    with pytest.raises(EndpointConnectionError):
        client_of(url, 3).list_work_groups()

    assert len(pauses) == 2


@pytest.mark.slow
def test_every_client_of_a_session_waits(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    """Four pauses, 4.5 seconds at least."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with service([failed(503)] * 4 + [GOOD]) as url:
        assert Session(region="eu-west-1", endpoint_url=url).client("athena").list_work_groups()["WorkGroups"] == []

    assert len(pauses) == 4
    assert sum(pauses) >= 4.5 * retries._FIRST_PAUSE_S * 2
