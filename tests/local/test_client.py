"""A sender of events, beside a real bus, and beside a program that answers as none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from eventlake.errors import ServiceError
from eventlake.local.client import BusClient
from eventlake.local.item import Item
from running_bus import EVENT, running

MIXED = [Item(number, EVENT if number % 4 == 0 else b'{"no": "event",\n"at": %d}' % number, number) for number in range(1, 3001)]
"""Events, and three times as many documents that are none, each on two lines: more than a request may hold of those."""


class Forgetful(BaseHTTPRequestHandler):
    """Answers for one event, whatever comes."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"accepted": 1, "rejected": 0, "events": [{"id": "1"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def forgetful() -> Iterator[str]:
    """The URL of a program that answers for one event."""
    with HTTPServer(("127.0.0.1", 0), Forgetful) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_client_sends_the_rest_of_a_request_with_many_rejects(tmp_path: Path) -> None:
    """And hears of each item what became of it, in order."""
    with running(tmp_path) as bus:
        client = BusClient(bus.url)
        outcomes = list(client.send(MIXED))
        client.close()

    assert [outcome.item for outcome in outcomes] == MIXED
    assert [outcome.code for outcome in outcomes] == [None if item.line % 4 == 0 else "NotAnEvent" for item in MIXED]


def test_a_client_tells_what_was_refused_alone(tmp_path: Path) -> None:
    """Nothing of a request in which all are events; all others are sent nevertheless."""
    with running(tmp_path) as bus:
        client = BusClient(bus.url)
        refused = client.refused(MIXED), client.refused([Item(1, EVENT)] * 3000)
        client.close()

    assert [outcome.item for outcome in refused[0]] == [item for item in MIXED if item.line % 4]
    assert {outcome.code for outcome in refused[0]} == {"NotAnEvent"}
    assert refused[1] == []


def test_an_answer_that_speaks_of_fewer_events_is_none(forgetful: str) -> None:
    """Otherwise the others would be taken for stored."""
    client, two = BusClient(forgetful), [Item(1, EVENT), Item(2, EVENT)]

    with pytest.raises(ServiceError, match="answered for 1 of 2 events"):
        list(client.send(two))
    with pytest.raises(ServiceError, match="answered for 1 of 2 events"):
        client.refused(two)
    client.close()
