"""A sender of events, beside a real bus, and beside a program that answers as none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from eventlake.errors import ConfigurationError, ServiceError
from eventlake.local.client import BusClient
from eventlake.local.item import Item
from running_bus import EVENT, running

MIXED = [Item(number, EVENT if number % 4 == 0 else b'{"no": "event",\n"at": %d}' % number, number) for number in range(1, 3001)]
"""Events, and three times as many documents that are none, each on two lines: more than a request may hold of those."""


class Answering(BaseHTTPRequestHandler):
    """Answers for as many events as there are lines."""

    def do_POST(self) -> None:
        """Answer."""
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).count(b"\n") + 1)

    def _answer(self, count: int) -> None:
        body = json.dumps({"accepted": count, "rejected": 0, "events": [{"id": "1"}] * count}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Forgetful(Answering):
    """Answers for one event, whatever comes."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(1)


class Greeting(Answering):
    """Says what no bus says."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[int]:
    """Run a server, and give its port."""
    with HTTPServer(("127.0.0.1", port), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
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
        refused = client.refused([item.data for item in MIXED]), client.refused([EVENT] * 3000), client.refused([EVENT])
        client.close()

    assert [outcome.item.data for outcome in refused[0]] == [item.data for item in MIXED if item.line % 4]
    assert {outcome.code for outcome in refused[0]} == {"NotAnEvent"}
    assert refused[1:] == ([], [])


def test_an_answer_that_speaks_of_fewer_events_is_none() -> None:
    """Otherwise the others would be taken for stored."""
    with listening(Forgetful) as port:
        client, two = BusClient(f"http://127.0.0.1:{port}"), [Item(1, EVENT), Item(2, EVENT)]

        with pytest.raises(ServiceError, match="answered for 1 of 2 events"):
            list(client.send(two))
        with pytest.raises(ServiceError, match="answered for 1 of 2 events"):
            client.refused([EVENT, EVENT])
        client.close()


def test_what_answers_as_no_bus_does_has_stored_nothing() -> None:
    """Another program may listen there."""
    with listening(Greeting) as port:
        client = BusClient(f"http://127.0.0.1:{port}")
        with pytest.raises(ServiceError, match="not as a bus does"):
            client.refused([EVENT])
        client.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8787/events", "127.0.0.1:8787/foo", "http://127.0.0.1:8787/?a=b", "ftp://127.0.0.1", "http://"]
)
def test_an_address_that_is_more_than_that_of_a_bus_is_none(url: str) -> None:
    """What is behind its port would be passed by."""
    with pytest.raises(ConfigurationError, match="is not the URL of a bus; write it as http://"):
        BusClient(url)


def test_a_bus_that_ends_in_the_middle_is_waited_for() -> None:
    """Until it is back; who sends is told."""
    told: list[str] = []

    def begin_again(_seconds: float) -> None:
        back.enter_context(listening(Answering, port))

    with ExitStack() as back:
        with listening(Answering) as port:
            client = BusClient(f"http://127.0.0.1:{port}", pause=begin_again, told=told.append)
            first = client.refused([EVENT])
        second = list(client.send([Item(1, EVENT), Item(2, EVENT)]))
        client.close()

    assert (first, [outcome.id for outcome in second]) == ([], ["1", "1"])
    assert told == [f"The bus at http://127.0.0.1:{port} is gone; waiting for it."]


def test_a_bus_that_is_not_back_in_time_cannot_be_reached() -> None:
    """Neither can one that was never there, which is told at once."""
    pauses: list[float] = []
    told: list[str] = []
    with listening(Answering) as port:
        client = BusClient(f"http://127.0.0.1:{port}", pause=pauses.append, told=told.append)
        client.refused([EVENT])

    with pytest.raises(ConfigurationError, match="cannot be reached: Connection refused"):
        client.refused([EVENT])
    assert (pauses, len(told)) == ([1, 2, 4, 8, 10, 10, 10], 1)
    with pytest.raises(ConfigurationError, match="cannot be reached: Connection refused"):
        BusClient(f"http://127.0.0.1:{port}", pause=pauses.append).refused([EVENT])
    assert len(pauses) == 7
