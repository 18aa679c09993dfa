"""Connections to a bus over real sockets: who keeps it waiting is given up, and honest senders are answered beside them."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from by_day import one_in
from eventlake.local.bus import connections
from eventlake.local.bus.answer import Message, Receive, Send
from eventlake.local.bus.connections import Limits
from eventlake.local.bus.pressure import FLYING_BYTES
from running_bus import EVENT, running

FOR_EVER = 1e9
HEAD = b"POST /events HTTP/1.1\r\nHost: localhost\r\n"
AWS_HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSEvents.PutEvents\r\n"


async def _large(_scope: Message, _receive: Receive, send: Send) -> None:
    """Answer with more than a connection holds."""
    body = bytes(64 << 20)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def answer(connection: socket.socket) -> bytes:
    """Everything that comes until the bus hangs up; nothing if it hung up on bytes that it did not read."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /ev",
        HEAD + b"X-Long: abc",
        HEAD + b"Content-Length: 67108864\r\n\r\n",
        HEAD + b"Content-Length: 67108864\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
        AWS_HEAD + b"Content-Length: 1000\r\n\r\n",
    ],
)
def test_honest_senders_are_answered_beside_those_of_whom_nothing_comes(tmp_path: Path, said: bytes) -> None:
    """However many there are and whatever they promised: what did not arrive holds nothing."""
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(bus.connect()).sendall(said)

        assert [bus.post() for _ in range(3)] == [200, 200, 200]
        assert bus.pressure.flying <= 20


@pytest.mark.parametrize(
    ("said", "status"),
    one_in(
        4,
        [
            (b"", None),
            (b"POST /ev", 408),
            (HEAD, 408),
            (HEAD + b"Content-Length: 67108864\r\n\r\n", 408),
            (HEAD + b"Content-Length: 67108864\r\n\r\n{", 408),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", 408),
            (HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT + b"POST /ev", 200),
            (HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT + HEAD + b"Content-Length: 9\r\n\r\n", 200),
        ],
    ),
)
def test_who_falls_silent_is_told_and_given_up(tmp_path: Path, said: bytes, status: int | None) -> None:
    """408 where part of a request is here; a connection that never said anything is closed without a word."""
    with running(tmp_path, Limits(patience_s=0)) as bus, bus.connect() as connection:
        connection.sendall(said)
        bus.let_pass(1)
        found = answer(connection)

    assert found[9:12] == (b"" if status is None else b"%d" % status)
    if status == 408:
        head, _, body = found.partition(b"\r\n\r\n")
        assert json.loads(body) == {"message": "The rest of the request did not come in time; send it again."}
        assert b"x-amzn-requestid: " in head


def test_an_aws_client_that_falls_silent_hears_a_code_that_it_knows(tmp_path: Path) -> None:
    """So that it sends again."""
    with running(tmp_path, Limits(patience_s=0)) as bus, bus.connect() as connection:
        connection.sendall(AWS_HEAD + b"Content-Length: 1000\r\n\r\n{")
        bus.let_pass(1)

        assert json.loads(answer(connection).partition(b"\r\n\r\n")[2])["__type"] == "RequestTimeoutException"


def test_the_bus_looks_at_its_connections_once_a_second(tmp_path: Path) -> None:
    """The tests of what it does then let the seconds pass themselves."""
    with running(tmp_path) as bus:
        assert bus.rounds.get(timeout=60) == 1.0


def test_a_body_that_comes_slowly_buys_its_time(tmp_path: Path) -> None:
    """What comes is counted in seconds: at a byte for each, one byte now and then is enough."""
    with running(tmp_path, Limits(patience_s=3, rate=1)) as bus, bus.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT))
        for at in range(0, len(EVENT), 8):
            bus.let_pass(2)
            connection.sendall(EVENT[at : at + 8])

        assert connection.recv(1000)[9:12] == b"200"


@pytest.mark.parametrize("rate", [1, 1 << 40])
def test_headers_buy_no_time(tmp_path: Path, rate: int) -> None:
    """A line of them now and then does not keep a connection."""
    with running(tmp_path, Limits(patience_s=2, rate=rate)) as bus, bus.connect() as connection:
        connection.sendall(HEAD)
        for number in range(3):
            connection.sendall(b"X-%d: abcdefgh\r\n" % number)
            bus.let_pass(1)

        assert answer(connection)[9:12] == b"408"


def test_while_large_requests_hold_all_room_the_silent_ones_go_first(tmp_path: Path) -> None:
    """Small requests are taken all the time; large ones again, when those that stopped in the middle were given up."""
    large = EVENT + b"\n" * (2 << 20)
    with running(tmp_path, Limits(patience_s=FOR_EVER, hurried_s=0)) as bus, ExitStack() as stack:
        silent = stack.enter_context(bus.connect())
        silent.sendall(HEAD + b"Content-Length: 67108864\r\n\r\n" + bytes(3 << 20))
        while bus.pressure.flying < 3 << 20:
            time.sleep(0.01)
        bus.pressure.flying += FLYING_BYTES

        bus.let_pass(1)
        assert answer(silent)[9:12] == b"408"
        bus.pressure.flying -= FLYING_BYTES
        connection = http.client.HTTPConnection("127.0.0.1", bus.port, timeout=60)
        connection.request("POST", "/events", large)
        assert connection.getresponse().status == 200
        connection.close()


def test_a_thousand_idle_connections_make_room_for_one_that_sends(tmp_path: Path) -> None:
    """Of as many as the bus keeps, the one goes that was silent longest; the person who runs it hears of it once."""
    with running(tmp_path, Limits(patience_s=FOR_EVER, connections=100)) as bus, ExitStack() as stack:
        idle = [stack.enter_context(bus.connect()) for _ in range(250)]

        assert [bus.post() for _ in range(5)] == [200] * 5
        assert answer(idle[0]) == b""
        assert bus.told == ["100 connections are open, as many as the bus keeps: for a new one, the one goes that was silent longest."]


def test_who_opens_the_most_connections_loses_them_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbour that was silent longer keeps its own."""
    monkeypatch.setattr(connections, "sender_at", lambda host, _port: host)
    with running(tmp_path, Limits(patience_s=FOR_EVER, connections=20)) as bus, ExitStack() as stack:
        modest = http.client.HTTPConnection("127.0.0.1", bus.port, timeout=60)
        stack.callback(modest.close)
        modest.request("POST", "/events", EVENT)
        assert modest.getresponse().read()
        from_another = ("127.0.0.2", 0)
        greedy = [
            stack.enter_context(socket.create_connection(("127.0.0.1", bus.port), timeout=60, source_address=from_another))
            for _ in range(60)
        ]

        assert answer(greedy[0]) == b""
        modest.request("POST", "/events", EVENT)
        assert modest.getresponse().status == 200
        assert bus.connections() <= 20


@pytest.mark.parametrize("said", [HEAD + b"X-Long: ", b"GET /" + b"a" * 100, b"\r\n" * 5])
def test_headers_without_end_are_cut_off(tmp_path: Path, said: bytes) -> None:
    """64 MB of them, in one header or in the path: the bus hangs up, keeps nothing, and answers others."""
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, bus.connect() as connection:
        connection.sendall(said)
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 64 << 20:
                sent += connection.send(b"a" * (1 << 16))

        assert bus.post() == 200
        assert sent < 32 << 20
        assert answer(connection)[9:12] in {b"", b"431", b"400"}


def test_headers_of_many_lines_are_cut_off(tmp_path: Path) -> None:
    """However short each is."""
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, bus.connect() as connection:
        connection.sendall(HEAD)
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 64 << 20:
                sent += connection.send(b"A: b\r\n" * 10_000)

        assert bus.post() == 200
        assert sent < 32 << 20


def test_who_does_not_take_its_answer_is_given_up(tmp_path: Path) -> None:
    """Nothing is kept for it."""
    with running(tmp_path, Limits(patience_s=0), _large) as bus, bus.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        bus.let_pass(1)

        assert len(answer(connection)) < 64 << 20
        while bus.connections() > 0:
            time.sleep(0.01)


def test_who_takes_its_answer_slowly_gets_all_of_it(tmp_path: Path) -> None:
    """Each piece that is taken buys time."""
    with running(tmp_path, Limits(patience_s=3, rate=1 << 20), _large) as bus, bus.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        taken = 0
        with connection.makefile("rb") as coming:
            while part := coming.read(4 << 20):
                taken += len(part)
                bus.let_pass(1)

    assert taken > 64 << 20


def test_what_is_no_request_gets_a_sentence(tmp_path: Path) -> None:
    """As everything else."""
    with running(tmp_path, Limits()) as bus, bus.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        head, _, body = answer(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(body) == {"message": "This is no HTTP request: invalid http request received."}


def test_a_bus_that_ends_tells_those_whose_requests_are_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says nothing to the person who runs it."""
    monkeypatch.setattr("eventlake.local.bus.server._LAST_WORD_S", 0.2)
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, bus.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        assert bus.post() == 200
        bus.stop()

        assert b"The bus ends; send it again when it is back." in answer(connection)
    assert bus.told == []


def test_connections_leave_files_for_the_lake() -> None:
    """At most as many as wanted, and 64 fewer than the process may open."""
    code = "import resource, eventlake.local.bus.server as s; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200)); print({})"
    asked = "s.room_for_connections(50), s.room_for_connections(1000), resource.getrlimit(resource.RLIMIT_NOFILE)"
    said = subprocess.run([sys.executable, "-c", code.format(asked)], capture_output=True, text=True, check=True)

    assert said.stdout == "50 136 (200, 200)\n"


@pytest.mark.parametrize("line", one_in(3, [b"X: a\r\n", b"X-Long: " + b"a" * 60_000 + b"\r\n", b"a" * 60_000]))
@pytest.mark.parametrize("before", [b"2\r\n[]\r\n0\r\n", b"2\r\n[]\r\n0;said=", b"2;said="])
def test_what_stands_between_and_behind_chunks_is_bounded(tmp_path: Path, before: bytes, line: bytes) -> None:
    """Trailers, or what is said of a chunk: nobody reads it, and 64 MB of it are not kept."""
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, bus.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + before)
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 64 << 20:
                sent += connection.send(line * (120_000 // len(line)))

        assert bus.post() == 200
        assert sent < 32 << 20


def test_a_trailer_is_no_header(tmp_path: Path) -> None:
    """A proxy in front checks headers; what follows the body names no host and shows no token."""
    with running(tmp_path, Limits()) as bus, bus.connect() as connection:
        head = b"POST /events HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"%x\r\n" % len(EVENT) + EVENT + b"\r\n0\r\nHost: localhost\r\n\r\n")

        assert answer(connection)[9:12] == b"400"


@pytest.mark.parametrize(
    ("target", "hosts", "status"),
    [
        (b"http://evil.example/healthz", b"Host: localhost\r\n", b"400"),
        (b"http://localhost@evil.example/healthz", b"Host: localhost\r\n", b"400"),
        (b"http://localhost/healthz", b"Host: evil.example\r\n", b"200"),
        (b"http://localhost:80/healthz", b"", b"200"),
        (b"http://localhost/healthz", b"Host: localhost\r\nHost: evil.example\r\n", b"400"),
    ],
)
def test_a_target_with_a_host_is_believed_before_the_header(tmp_path: Path, target: bytes, hosts: bytes, status: bytes) -> None:
    """As the protocol has it; two headers stay two."""
    with running(tmp_path, Limits()) as bus, bus.connect() as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")

        assert answer(connection)[9:12] == status


def test_a_burst_of_connections_makes_room_for_all_of_itself(tmp_path: Path) -> None:
    """Each that comes in one turn takes another's place."""
    with running(tmp_path, Limits(patience_s=FOR_EVER, connections=100)) as bus, ExitStack() as stack:
        old = [stack.enter_context(bus.connect()) for _ in range(100)]
        assert bus.post() == 200
        for _ in range(90):
            stack.enter_context(bus.connect())
        assert bus.post() == 200

        assert [answer(one) for one in old[:90]] == [b""] * 90


def test_requests_that_come_at_once_are_answered_in_their_order(tmp_path: Path) -> None:
    """The second waits until the first is answered, whatever its path looks like."""
    first = HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT
    second = b"GET /%68ealthz?now HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with running(tmp_path, Limits()) as bus, bus.connect() as connection:
        connection.sendall(first + second)
        said = answer(connection)

    assert said.index(b'"accepted":1') < said.index(b'"pending_bytes"')


@pytest.mark.parametrize("behind", [b"", b"POST /ev", HEAD + b"Content-Length: 1000\r\n\r\n{"])
def test_who_has_said_all_hears_the_answer_though_he_ends_his_half_of_the_connection(tmp_path: Path, behind: bytes) -> None:
    """What stands behind it will never be whole."""
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, ExitStack() as stack:
        senders = [stack.enter_context(bus.connect()) for _ in range(20)]
        for sender in senders:
            sender.sendall(whole + behind)
            sender.shutdown(socket.SHUT_WR)

        assert [answer(sender)[9:12] for sender in senders] == [b"200"] * 20
        while bus.connections():
            time.sleep(0.01)


def test_an_idle_connection_is_closed_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was answered, and is told nothing more."""
    monkeypatch.setattr("eventlake.local.bus.server._IDLE_S", 0)
    with running(tmp_path, Limits(patience_s=FOR_EVER)) as bus, bus.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT)
        begun = connection.recv(1)
        bus.let_pass(1)

        assert (begun + answer(connection)).count(b"HTTP/1.1 200 OK") == 1


def test_an_idle_connection_is_kept_longer_than_a_silent_one(tmp_path: Path) -> None:
    """The bus waits for no request on it."""
    with (
        running(tmp_path, Limits(patience_s=0)) as bus,
        bus.connect() as silent,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", bus.port, timeout=60)) as connection,
    ):
        connection.request("POST", "/events", EVENT)
        assert connection.getresponse().read()
        bus.let_pass(1)
        assert answer(silent) == b""

        connection.request("POST", "/events", EVENT)
        assert connection.getresponse().status == 200
