"""Requests that came in one piece: answered and stored as by the application, however they come and whatever is odd about them."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import logging
import re
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.bus import at_once
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.connections import Connection, Connections, Limits
from eventlake.local.bus.pressure import FLYING_BYTES, PENDING_BYTES, Pressure
from eventlake.local.bus.put_events import put_events
from eventlake.local.bus.server import Server
from eventlake.local.bus.whole import Head
from eventlake.local.spool.reader import SpoolReader
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from power import Disk

T = TypeVar("T")
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
FOR_LONG = 1e6
TOKEN = "0123456789abcdef"
_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def entries(*details: str) -> bytes:
    """The body of a request."""
    return json.dumps({"Entries": [{"Source": "s", "DetailType": "d", "Detail": detail} for detail in details]}).encode()


ONE = entries("{}")


def request(
    body: bytes = ONE, line: str = "POST / HTTP/1.1", target: str = "AWSEvents.PutEvents", host: str = "localhost", **headers: str
) -> bytes:
    """A request in bytes; a header that is empty is left out."""
    others = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"Host": host, "X-Amz-Target": target, "Content-Length": str(len(body)), **others}
    lines = [line, *(f"{name}: {value}" for name, value in given.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire(asyncio.Transport):
    """The side of a connection that a bus writes to."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__({"peername": (host, 1), "sockname": ("127.0.0.1", 2)})
        self.said = b""
        self.is_closed = self.is_paused = False

    def write(self, data: Any) -> None:
        """Take what is written."""
        assert not self.is_closed
        self.said += data

    def close(self) -> None:
        """Take note."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Return True once it was closed."""
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        """Return how much waits to be taken: nothing ever does."""
        return 0

    def pause_reading(self) -> None:
        """Let nothing come for now."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Let it come again."""
        self.is_paused = False


class Waiting(Disk):
    """A disk that synchronises when a test says so. for_nothing: it need not say so at first."""

    def __init__(self, *, for_nothing: bool = False) -> None:
        super().__init__()
        self.begun, self.ended = threading.Event(), threading.Event()
        if for_nothing:
            self.ended.set()

    def sync(self, descriptor: int) -> None:
        """Wait, then synchronise."""
        self.begun.set()
        assert self.ended.wait(120)
        super().sync(descriptor)


class Running:
    """A bus whose connections a test has in hand."""

    def __init__(self, folder: Path, disk: Waiting | None = None, *, is_at_once: bool = True, token: str | None = None) -> None:
        self.folder, self.disk = folder, disk or Waiting(for_nothing=True)
        self.spool = SpoolWriter(folder, files=self.disk)
        self.pressure = Pressure(folder, lambda: 0.0, reserve_bytes=0)
        self.bus = Bus(self.spool, Intake(load(), FAST), self.pressure, lambda: NOW, token=token)
        ways = [self.bus.at_once.way_of] if is_at_once else []
        self.connections = Connections(Limits(), self.pressure.is_crowded, lambda _told: None, *ways)
        self.server = Server(self.bus, self.connections, lambda: None)
        self.server.config.load()
        self.server.server_state.default_headers = [(b"date", b"today")]
        self._reader = SpoolReader(folder, self.spool.end)

    def connect(self, wire: Wire) -> Connection:
        """A new connection."""
        connection = self.connections.protocol(config=self.server.config, server_state=self.server.server_state, app_state={})
        connection.connection_made(wire)
        return connection

    async def at_work(self) -> tuple[Wire, Connection]:
        """A new connection, once the disk is at work for a request that came on it."""
        wire = Wire()
        connection = self.connect(wire)
        connection.data_received(request())
        assert await asyncio.to_thread(self.disk.begun.wait, 120)
        return wire, connection

    def connect_one_too_many(self) -> None:
        """A new connection where no more are kept."""
        self.connections.limits = Limits(connections=1)
        self.connect(Wire())

    async def answers(self, pieces: list[bytes], *, waiting: bool = True) -> bytes:
        """What is said on a connection on which these pieces come, once all is done.

        waiting: each comes once what can be answered is; else before anything is stored, but for what the connection has to wait for.
        """
        held, wire = self.pressure.flying, Wire()
        connection = self.connect(wire)
        for piece in pieces:
            if waiting:
                await _answered(wire, connection)
            else:
                await self._resumed(wire)
            if not wire.is_closed:
                connection.data_received(piece)
                await asyncio.sleep(0)
        self.disk.ended.set()
        await _answered(wire, connection)
        wire.close()
        connection.connection_lost(None)
        while self.pressure.flying > held:  # the disk may be at work for a request before the one that was refused
            await asyncio.sleep(0)
        return wire.said

    async def _resumed(self, wire: Wire) -> None:
        """Return when more may come: the disk is at work only for as long as it must."""
        while wire.is_paused and not wire.is_closed:
            self.disk.ended.set()
            await asyncio.sleep(0)
        self.disk.ended.clear()

    def stored(self) -> list[bytes]:
        """The events that were stored since it was asked last."""
        found: list[bytes] = []
        while frames := self._reader.read(self.spool.end):
            found += [frame.body for frame in frames]
        return found


async def _answered(wire: Wire, connection: Connection) -> None:
    """Return when all that came is answered that can be."""
    turns = 0
    while turns < 20:  # an application that refuses a request takes some turns of the loop, and no time
        turns = turns + 1 if wire.is_closed or connection.is_waited_for() else 0
        await asyncio.sleep(0)


def codes(said: bytes) -> list[bytes]:
    """The status of each answer."""
    return re.findall(rb"HTTP/1\.1 (\d+)", said)


def run(folder: Path, use: Callable[[Running], Awaitable[T]], **options: Any) -> T:
    """Use a bus within a loop, and close it."""

    async def used() -> T:
        running = Running(folder, **options)
        try:
            return await use(running)
        finally:
            running.spool.close()

    return asyncio.run(used())


def without_ids(said: bytes) -> bytes:
    """An answer, or an event, but for what is new in each."""
    return _ID.sub(b"ID", said)


REQUESTS = [
    request(),
    request(entries("{}", '{"a": "é"}')),
    request(
        entries(*[json.dumps({"a": "x" * 1000})] * 10), Authorization="AWS4-HMAC-SHA256 Credential=k/20261120/eu-west-1/events/aws4_request"
    ),
    request(entries("{", "{}", "[]")),
    request(entries("{")),
    request(entries(*["{}"] * 11)),
    request(b""),
    request(b"{", X_Anything="é"),
    request(gzip.compress(ONE)),
    request(gzip.compress(ONE), Content_Encoding="gzip"),
    request(ONE, Content_Encoding="br"),
    request(ONE, host="other.example"),
    request(ONE, Origin="http://other.example"),
    request(ONE, host=""),
    request(ONE, target="AWSEvents.ListRules"),
    request(ONE, target="AWSEvents.TestEventPattern"),
    request(b'{"id":"1","detail-type":"d","detail":{}}', "POST /events HTTP/1.1", target=""),
    request(b'{"id":"1","detail-type":"d","detail":{}}', "POST /%65vents HTTP/1.1", target=""),
    request(b"", "GET /healthz HTTP/1.1", target=""),
    request(ONE, "PUT / HTTP/1.1"),
    request(ONE, "POST /?a=b HTTP/1.1"),
    request(ONE, "POST / HTTP/1.0"),
    request(ONE, "POST http://localhost/ HTTP/1.1"),
    request(ONE, Connection="close"),
    request(ONE, Connection="Upgrade", Upgrade="websocket"),
    request(ONE, Connection="Upgrade, HTTP2-Settings", Upgrade="h2c", HTTP2_Settings="AAMAAABkAAQAAP__"),
    request(b"", "CONNECT localhost:443 HTTP/1.1", target=""),
    request(ONE, Expect="100-continue"),
    request(b"%x\r\n%b\r\n0\r\n\r\n" % (len(ONE), ONE), Transfer_Encoding="chunked", Content_Length=""),
    request(ONE, Transfer_Encoding="gzip"),
    request(ONE, Content_Length=""),
    request(ONE, Content_Length=f"00{len(ONE)}"),
    request(ONE, Content_Length=f"{len(ONE)}, {len(ONE)}"),
    request(ONE).replace(b"Content-Length: ", b"content-length:\t"),
    request(ONE).replace(b"Content-Length: ", b"Content-Length: %d\r\nContent-Length: " % len(ONE)),
    request(ONE).replace(b"X-Amz-Target", b"X-Amz-Target: AWSEvents.PutEvents\r\nX-Amz-Target"),
    b"\r\n" + request(),
    b"nonsense\r\n\r\n",
]


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[Running, Running]]:
    """A bus that takes requests at once, and one that does not."""
    found = Running(folder / "at once"), Running(folder / "by application", is_at_once=False)
    try:
        yield found
    finally:
        for running in found:
            running.spool.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each bus begins where the last one ended
@given(
    st.lists(st.sampled_from(REQUESTS[:4]) | st.sampled_from(REQUESTS), min_size=1, max_size=4),
    st.lists(st.integers(0, 2000), max_size=3),
    st.booleans(),
)
@example([REQUESTS[0], REQUESTS[1], REQUESTS[0]], [], True)
@example([REQUESTS[0], REQUESTS[0]], [], False)
@example([REQUESTS[0], REQUESTS[0] + REQUESTS[1] + REQUESTS[0], REQUESTS[0]], [], False)
@example([REQUESTS[0], REQUESTS[0]], [30, 200], True)
def test_what_is_taken_at_once_is_answered_and_stored_as_by_the_application(
    tmp_path: Path, requests: list[bytes], cuts: list[int], waiting: bool
) -> None:
    """Byte for byte but for ids: whatever is asked, in one piece or many, one after the other or before the last is answered."""
    pieces = [piece for one in requests for piece in _cut(one, cuts)]

    async def compared() -> None:
        async with both(tmp_path) as (quick, slow):
            said = [without_ids(await running.answers(pieces, waiting=waiting)) for running in (quick, slow)]
            stored = [[without_ids(event) for event in running.stored()] for running in (quick, slow)]
            assert said[0] == said[1]
            assert stored[0] == stored[1]
            assert (quick.pressure.flying, slow.pressure.flying) == (0, 0)

    asyncio.run(compared())


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut for cut in set(cuts) if 0 < cut < len(data)), len(data)]
    return [data[begin:end] for begin, end in pairwise(places)]


def test_a_request_may_be_cut_anywhere(tmp_path: Path) -> None:
    """Also behind its headers; the next in one piece is taken all the same."""
    body_begins = request().index(b"\r\n\r\n") + 4

    async def use(running: Running) -> None:
        for cut in [*range(1, len(request()), 5), body_begins]:
            said = await running.answers([*_cut(request(), [cut]), request()])
            assert said.count(b"HTTP/1.1 200 OK\r\n") == len(running.stored()) == 2

    run(tmp_path, use)


@pytest.mark.parametrize("one", REQUESTS)
def test_each_request_is_answered_alike_the_second_time(tmp_path: Path, one: bytes) -> None:
    """When its head is known."""

    async def compared() -> None:
        async with both(tmp_path) as (quick, slow):
            said = [without_ids(await running.answers([one, one])) for running in (quick, slow)]
            assert said[0] == said[1]
            assert len(quick.stored()) == len(slow.stored())

    asyncio.run(compared())


def test_requests_of_one_turn_are_one_group(tmp_path: Path) -> None:
    """Of two connections: one write, one synchronisation; each hears of its own events."""

    async def use(running: Running) -> None:
        wires = [Wire(), Wire()]
        connections = [running.connect(wire) for wire in wires]
        await running.answers([request()])
        calls = len(running.disk.calls)
        for connection in connections:
            connection.data_received(request(entries("{}", "{}")))
        for wire, connection in zip(wires, connections, strict=True):
            await _answered(wire, connection)

        assert running.disk.calls[calls:] == ["write", "sync"]
        told = [json.loads(wire.said.partition(b"\r\n\r\n")[2])["Entries"] for wire in wires]
        ids = {entry["EventId"].encode() for said in told for entry in said}
        assert [len(said) for said in told] == [2, 2]
        assert ids == {_ID.search(event)[0] for event in running.stored()[1:]}  # type: ignore[index]  # each has an id

    run(tmp_path, use)


def test_nothing_is_answered_before_it_is_synchronised(tmp_path: Path) -> None:
    """Until then the request is under way: its arrival is known, what it holds is counted, and its connection waits for nobody."""
    disk = Waiting()

    async def use(running: Running) -> None:
        wire, connection = await running.at_work()
        assert (wire.said, running.bus.oldest_arrival(), connection.is_waited_for()) == (b"", NOW, False)
        assert running.pressure.flying > 0

        disk.ended.set()
        await _answered(wire, connection)
        assert wire.said.startswith(b"HTTP/1.1 200 OK\r\n")
        assert (running.pressure.flying, running.bus.oldest_arrival()) == (0, None)

    run(tmp_path, use, disk=disk)


@pytest.mark.parametrize("goes", [True, False])
def test_who_goes_away_meanwhile_is_told_nothing(tmp_path: Path, goes: bool) -> None:
    """Its events are stored all the same; a server that ends answers, and hangs up."""
    disk = Waiting()

    async def use(running: Running) -> None:
        wire = Wire()
        connection = running.connect(wire)
        connection.data_received(request())
        if goes:
            wire.close()
            connection.connection_lost(None)
        else:
            connection.shutdown()
        assert await asyncio.to_thread(disk.begun.wait, 120)
        disk.ended.set()
        while running.bus.oldest_arrival() is not None:
            await asyncio.sleep(0)

        assert wire.is_closed
        assert (b"\r\nconnection: close\r\n" in wire.said, wire.said == b"") == (not goes, goes)
        assert len(running.stored()) == 1

    run(tmp_path, use, disk=disk)


@pytest.mark.parametrize("is_at_once", [True, False])
def test_nonsense_behind_a_request_takes_its_answer_and_none_of_its_events(tmp_path: Path, is_at_once: bool) -> None:
    """Nor its answer: it comes first, though it waits for the disk."""

    async def use(running: Running) -> None:
        said = await running.answers([request(), b"nonsense\r\n\r\n", request()], waiting=False)
        assert codes(said) == [b"200", b"400"]
        assert len(running.stored()) == 1

    run(tmp_path, use, is_at_once=is_at_once)


HALF = request()[:40]


@pytest.mark.parametrize("is_at_once", [True, False])
@pytest.mark.parametrize(
    ("behind", "happens", "said"),
    [
        (HALF, lambda running, _connection: running.connections.end(), [b"200", b"503"]),
        (HALF, lambda running, _connection: running.connections.look(FOR_LONG), [b"200", b"408"]),
        (HALF, lambda running, _connection: running.connect_one_too_many(), [b"200", b"503"]),
        (HALF, lambda _running, connection: connection.data_received(b"x" * 70_000), [b"200", b"431"]),
        (HALF, lambda _running, connection: connection.eof_received(), [b"200"]),
        (request() + HALF, lambda _running, connection: connection.eof_received(), [b"200", b"200"]),
        (request(ONE, Content_Length="400"), lambda _running, connection: connection.eof_received(), [b"200"]),
        (b"", lambda _running, connection: connection.eof_received(), [b"200"]),
    ],
)
def test_what_is_stored_is_answered_before_anything_else_is_said(
    tmp_path: Path, is_at_once: bool, behind: bytes, happens: Callable[[Running, Connection], None], said: list[bytes]
) -> None:
    """What stands behind it may be given up, or the sender has said all that he had to say: he hears what became of each request, and in their order."""
    disk = Waiting()

    async def use(running: Running) -> None:
        wire, connection = await running.at_work()
        connection.data_received(behind)
        happens(running, connection)
        assert not wire.said
        disk.ended.set()
        async with asyncio.timeout(60):
            while len(codes(wire.said)) < len(said) or not wire.is_closed:
                await asyncio.sleep(0)

        assert codes(wire.said) == said
        assert len(running.stored()) == said.count(b"200")
        connection.connection_lost(None)

    run(tmp_path, use, disk=disk, is_at_once=is_at_once)


@pytest.mark.parametrize("is_at_once", [True, False])
@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_who_would_rather_speak_another_protocol_is_answered_in_this_one(tmp_path: Path, is_at_once: bool, protocol: str) -> None:
    """As HTTP allows, https://www.rfc-editor.org/rfc/rfc9110#section-7.8: Java's own client asks so of everybody. A body is never a request of its own."""
    health = request(b"", "GET /healthz HTTP/1.1", target="")

    async def use(running: Running) -> None:
        for body in (ONE, health):
            asking = request(body, Connection="Upgrade, HTTP2-Settings", Upgrade=protocol, HTTP2_Settings="AAMAAABkAAQAAP__")
            expected = b"200" if body == ONE else b"400"
            for cut in ([], [30], [len(asking) - len(body)], [len(asking) - 1]):
                said = await running.answers([*_cut(asking, cut), *_cut(asking, cut), request()])
                assert codes(said) == [expected, expected, b"200"]
                assert len(running.stored()) == (3 if body == ONE else 1)

    run(tmp_path, use, is_at_once=is_at_once)


def test_who_comes_where_all_connections_are_at_work_is_told_to_come_again(tmp_path: Path) -> None:
    """Before he has said a word; those that are at work are answered."""
    disk = Waiting()

    async def use(running: Running) -> None:
        at_work, new = Wire(), Wire()
        running.connections.limits = Limits(connections=1)
        connection = running.connect(at_work)
        connection.data_received(request())
        running.connect(new)
        assert (codes(new.said), new.is_closed) == ([b"503"], True)
        disk.ended.set()
        await _answered(at_work, connection)
        assert codes(at_work.said) == [b"200"]

    run(tmp_path, use, disk=disk)


def test_a_length_of_many_digits_is_read_as_it_is_the_first_time(tmp_path: Path) -> None:
    """More than Python reads as a number: behind a head that is known, too."""
    long = request(ONE, Content_Length=f"{'0' * 5000}{len(ONE)}")

    async def use(running: Running) -> None:
        assert codes(await running.answers([long])) == codes(await running.answers([request(), long]))[1:] == [b"200"]

    run(tmp_path, use)


def test_a_body_is_not_kept_once_it_is_taken(tmp_path: Path) -> None:
    """A thousand connections may wait for their next request."""

    async def use(running: Running) -> None:
        wire = Wire()
        connection = running.connect(wire)
        connection.data_received(request(entries(json.dumps({"a": "x" * 100_000}))))
        await _answered(wire, connection)
        assert len(running.stored()) == 1
        assert connection._body == b""

    run(tmp_path, use)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_what_the_disk_refuses_is_never_200(tmp_path: Path, code: int) -> None:
    """Those who share a group hear it all, in AWS's code; nothing is stored, and the next request is."""

    async def use(running: Running) -> None:
        await running.answers([request()])
        running.disk.fails, running.disk.error = len(running.disk.calls) + 1, code
        wires = [Wire(), Wire()]
        connections = [running.connect(wire) for wire in wires]
        for connection in connections:
            connection.data_received(request())
        for wire, connection in zip(wires, connections, strict=True):
            await _answered(wire, connection)

        for wire in wires:
            assert wire.said.startswith(b"HTTP/1.1 503 ")
            assert b'"__type":"ServiceUnavailable"' in wire.said
            assert b"\r\nretry-after: 10\r\n" in wire.said
        assert len(running.stored()) == 1
        assert b" 200 OK" in await running.answers([request()])

    run(tmp_path, use)


def test_a_failure_of_our_own_is_told_to_whom_it_concerns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And its neighbour of the same turn is stored."""

    def failing(body: bytes, region: str, now: datetime) -> Any:
        return put_events(body, region, now) if body != b"poison" else 1 / 0

    async def use(running: Running) -> None:
        wires = [Wire(), Wire()]
        connections = [running.connect(wire) for wire in wires]
        for connection, body in zip(connections, (b"poison", ONE), strict=True):
            connection.data_received(request(body))
        for wire, connection in zip(wires, connections, strict=True):
            await _answered(wire, connection)

        assert [wire.said[9:12] for wire in wires] == [b"500", b"200"]
        assert (running.pressure.flying, len(running.stored())) == (0, 1)

    monkeypatch.setattr(at_once, "put_events", failing)
    with caplog.at_level(logging.ERROR):
        run(tmp_path, use)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("given", "status"), [("", b"401"), ("Bearer wrong", b"401"), (f"Bearer {TOKEN}", b"200")])
def test_with_a_token_set_it_must_be_shown(tmp_path: Path, given: str, status: bytes) -> None:
    """By each request: who showed it once has not shown it for the next."""

    async def use(running: Running) -> None:
        said = await running.answers([request(Authorization=f"Bearer {TOKEN}"), request(Authorization=given)])
        assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"200", status]

    run(tmp_path, use, token=TOKEN)


@pytest.mark.parametrize(
    ("flying", "pending", "answer"),
    [
        (FLYING_BYTES, 0, [b"200", b"200"]),  # small requests are taken beside large ones
        (2 * FLYING_BYTES, 0, [b"429", b"429"]),
        (0, PENDING_BYTES + 1, [b"503", b"503"]),
    ],
)
def test_pressure_is_answered(tmp_path: Path, flying: int, pending: int, answer: list[bytes]) -> None:
    """As by the application: where too much is under way, and where delivery is behind."""

    async def use(running: Running) -> None:
        await running.answers([request()])
        running.pressure.flying, running.pressure.pending = flying, lambda: pending
        said = await running.answers([request(), request()])

        assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == answer
        assert running.pressure.flying == flying

    run(tmp_path, use)


def test_who_does_not_take_answers_is_not_asked_for_more(tmp_path: Path) -> None:
    """Its next request is left to the application, which waits until the last answer is taken."""

    async def use(running: Running) -> None:
        wire = Wire()
        connection = running.connect(wire)
        for _ in range(2):
            connection.data_received(request())
            await _answered(wire, connection)
        connection.pause_writing()
        connection.data_received(request())
        stored = 0
        while stored < 3:
            stored += len(running.stored())
            await asyncio.sleep(0)
        assert wire.said.count(b"HTTP/1.1 200 OK") == 2

        connection.resume_writing()
        await _answered(wire, connection)
        assert wire.said.count(b"HTTP/1.1 200 OK") == 3

    run(tmp_path, use)


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (HEAD + b"abc", b"abc"),
        (HEAD.replace(b"3", b"12") + b"x" * 12, b"x" * 12),
        (HEAD.replace(b"3", b"0"), b""),
        (HEAD, None),
        (HEAD[:40], None),
        (HEAD + b"ab", None),
        (HEAD + b"abcd", None),
        (HEAD.replace(b"3", b"-3") + b"abc", None),
        (HEAD.replace(b"3", b"") + b"abc", None),
        (HEAD.replace(b"3", b"\xb3") + b"abc", None),
        (HEAD.replace(b"A: b", b"A: c") + b"abc", None),
        (HEAD.replace(b"3\r\n", b"3\r\nX: y\r\n") + b"abc", None),
        (b"\r\n" + HEAD + b"abc", None),
    ],
)
def test_a_head_is_known_to_its_last_byte(data: bytes, body: bytes | None) -> None:
    """But for the length, which is that of what follows."""
    head = Head.of(HEAD + b"123", 3, way)

    assert head is not None
    assert head.body_of(data) == body


@pytest.mark.parametrize(
    ("data", "body_bytes"),
    [
        (HEAD + b"123", 2),
        (HEAD + b"123" + HEAD + b"123", 3),
        (HEAD[5:] + b"123", 3),
        (HEAD.replace(b"Content-Length: 3\r\n", b""), 0),
        (b"123", 3),
    ],
)
def test_what_is_not_one_whole_request_has_no_head_to_know(data: bytes, body_bytes: int) -> None:
    """The end of one, or one and a half."""
    assert Head.of(data, body_bytes, way) is None


def way(_body: bytes, _sender: object, _answered: object) -> bool:
    """A way that nothing takes here."""
    return False
