"""The bus over HTTP: taken means on disk, what is no event is kept and told, strangers are refused, pressure is answered."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.bus import BODY_LIMIT, Bus
from eventlake.local.pressure import Pressure
from eventlake.local.rejection import unpack
from eventlake.local.spool import EVENT, REJECTED, Frame, SpoolReader, SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

ENVELOPE = {"id": "e-1", "detail-type": "d", "source": "s", "detail": {}}
SOURCES = load()


class Caller:
    """A bus over a spool in a folder, called as a server calls it."""

    def __init__(self, folder: Path, **options: Any) -> None:  # Bus's own options
        self.folder = folder
        self.spool = SpoolWriter(folder)
        self.pressure = options.pop("pressure", None) or Pressure(folder, lambda: 0.0, reserve_bytes=0)
        self.bus = Bus(self.spool, Intake(SOURCES, FAST), self.pressure, lambda: datetime(2026, 11, 20, tzinfo=UTC), **options)

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Status, parsed body and headers of an answer."""
        return asyncio.run(self._call(method, path, body, headers))

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        sent: list[Any] = []
        given = {"host": "127.0.0.1:8787", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {"type": "http", "method": method, "path": path, "headers": [(k.encode(), v.encode()) for k, v in given.items()]}
        await self.bus(scope, _receive(body), _collect(sent))
        answer_headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], json.loads(sent[1]["body"]), answer_headers

    def frames(self) -> list[Frame]:
        """What is on disk."""
        return SpoolReader(self.folder, 0).read(self.spool.end)


def _receive(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    pieces = [body[at : at + 1_000_000] for at in range(0, len(body), 1_000_000)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    return receive


def _collect(sent: list[Any]) -> Callable[[Any], Awaitable[None]]:
    async def send(message: Any) -> None:
        sent.append(message)

    return send


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    """A bus with room."""
    return Caller(tmp_path)


@pytest.mark.parametrize(
    ("poison", "code"),
    [
        (b"{not json", "NotJson"),
        (b'{"a": 1}', "NotAnEvent"),
        (b'{"id":"1","detail-type":"d","detail":{"x":NaN}}', "NotANumber"),
        (b'{"id":"1","detail-type":"d","detail":{"x":1e999}}', "NotANumber"),
        (b'{"id":"1","detail-type":"d","detail":{"x":"\\ud800"}}', "LoneSurrogate"),
        (b'{"id":"1","detail-type":"d","detail":"\xff"}', "InvalidUtf8"),
        (b'{"id":"1","detail-type":"d","detail":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "TooDeep"),
        (b'{"id":"1","detail-type":"d","detail":"' + b"x" * 2_000_000 + b'"}', "TooLarge"),
        (b'{"id":5,"detail-type":"d"}', "NotAnEvent"),
    ],
)
def test_what_is_no_event_is_kept_as_it_came_and_its_neighbours_are_stored(caller: Caller, poison: bytes, code: str) -> None:
    """The sender hears line and reason; the original bytes are on disk."""
    good = json.dumps(ENVELOPE).encode()

    status, said, _ = caller.call("POST", "/events", good + b"\n" + poison + b"\n" + good)

    assert (status, said["accepted"], said["rejected"]) == (200, 2, 1)
    assert said["events"][1]["ErrorCode"] == code
    assert said["events"][1]["line"] == 2
    frames = caller.frames()
    assert [frame.kind for frame in frames] == [EVENT, REJECTED, EVENT]
    error, original = unpack(frames[1].body)
    assert (error.code, original) == (code, poison)


@pytest.mark.parametrize(
    "body", [json.dumps(ENVELOPE), json.dumps([ENVELOPE]), json.dumps(ENVELOPE, indent=2), f"\n{json.dumps(ENVELOPE)}\n\n"]
)
@pytest.mark.parametrize("zipped", [False, True])
def test_an_event_may_come_in_any_form(caller: Caller, body: str, zipped: bool) -> None:
    """One document, an array, JSON lines; plain or gzip."""
    data = body.encode()

    if zipped:
        status, said, _ = caller.call("POST", "/events", gzip.compress(data), content_encoding="gzip")
    else:
        status, said, _ = caller.call("POST", "/events", data)

    assert (status, said["events"]) == (200, [{"id": "e-1"}])
    assert json.loads(caller.frames()[0].body) == ENVELOPE


def test_a_request_in_many_pieces_is_one(caller: Caller) -> None:
    """A body of several megabytes arrives in pieces and is stored whole."""
    events = [{**ENVELOPE, "id": str(number), "detail": {"text": "x" * 1000}} for number in range(3000)]

    status, said, _ = caller.call("POST", "/events", "\n".join(map(json.dumps, events)).encode())

    assert (status, said["accepted"]) == (200, 3000)
    assert caller.pressure.flying == 0


def test_a_bomb_stops_at_the_limit(caller: Caller) -> None:
    """A small gzip body that inflates beyond the limit is refused."""
    status, said, _ = caller.call("POST", "/events", gzip.compress(bytes(BODY_LIMIT + 1), 1), content_encoding="gzip")

    assert status == 413
    assert "at most 64 MiB" in said["message"]


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08broken", gzip.compress(b"{}" * 100, mtime=0)[:-9], gzip.compress(b"{}", mtime=0) * 2])
def test_broken_gzip_is_refused(caller: Caller, body: bytes) -> None:
    """Nothing of it is stored."""
    assert caller.call("POST", "/events", body, content_encoding="gzip")[0] == 400
    assert caller.frames() == []


def test_a_declared_length_beyond_the_limit_is_refused_at_once(caller: Caller) -> None:
    """Before a byte of the body is read."""
    assert caller.call("POST", "/events", b"{}", content_length=str(BODY_LIMIT + 1))[0] == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/events", 405), ("PUT", "/", 405), ("POST", "/healthz", 405), ("GET", "/nothing", 404), ("GET", "/", 404)],
)
def test_other_requests_get_one_sentence(caller: Caller, method: str, path: str, status: int) -> None:
    """Never a traceback, always what would be right."""
    found, said, _ = caller.call(method, path)

    assert found == status
    assert said["message"].endswith(".")


def test_an_empty_request_is_refused(caller: Caller) -> None:
    """It holds no event."""
    assert caller.call("POST", "/events", b" \n ")[0] == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 400),
        ({"host": "127.0.0.1.evil.example:8787"}, 400),
        ({"host": ""}, 400),
        ({"host": "localhost:8787"}, 200),
        ({"host": "[::1]:8787"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8787"}, 200),
        ({"content_type": "text/plain"}, 200),
    ],
)
def test_pages_of_other_sites_may_not_send(caller: Caller, headers: dict[str, str], status: int) -> None:
    """Programs may; a browser on another site, or under another name for this machine, may not."""
    assert caller.call("POST", "/events", json.dumps(ENVELOPE).encode(), **headers)[0] == status


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        ("Bearer wrong", 401),
        ("Bearer secret", 200),
        ("AWS4-HMAC-SHA256 Credential=secret/20261120/eu-west-1/events/aws4_request", 200),
    ],
)
def test_with_a_token_set_it_must_be_shown(tmp_path: Path, authorization: str, status: int) -> None:
    """As a bearer, or as the access key id of an AWS client."""
    caller = Caller(tmp_path, token="secret")

    assert caller.call("POST", "/events", json.dumps(ENVELOPE).encode(), authorization=authorization)[0] == status


def test_delivery_that_is_behind_is_waited_for(tmp_path: Path) -> None:
    """503, with the seconds to wait; nothing is stored; health says so."""
    caller = Caller(tmp_path)
    caller.pressure.pending = lambda: 1 << 40

    status, _, headers = caller.call("POST", "/events", json.dumps(ENVELOPE).encode())

    assert (status, headers["retry-after"]) == (503, "5")
    assert caller.frames() == []
    assert caller.call("GET", "/healthz")[0] == 503


def test_the_reserve_of_the_disk_is_left_to_delivery(tmp_path: Path) -> None:
    """507 before the disk is full; taking goes on when there is room again."""
    pressure = Pressure(tmp_path, lambda: 0.0, reserve_bytes=1 << 60)
    caller = Caller(tmp_path, pressure=pressure)

    assert caller.call("POST", "/events", json.dumps(ENVELOPE).encode())[0] == 507
    caller.pressure = caller.bus._pressure = Pressure(tmp_path, lambda: 0.0, reserve_bytes=0)
    assert caller.call("POST", "/events", json.dumps(ENVELOPE).encode())[0] == 200


def test_health_tells_what_waits(caller: Caller) -> None:
    """Status, bytes that are not delivered, version."""
    status, said, _ = caller.call("GET", "/healthz")

    assert (status, said["status"], said["pending_bytes"]) == (200, "ok", 0)


def test_the_durable_end_is_told_after_each_group(tmp_path: Path) -> None:
    """Delivery may read up to there."""
    ends: list[int] = []
    caller = Caller(tmp_path, durable=ends.append)
    caller.call("POST", "/events", json.dumps(ENVELOPE).encode())

    assert ends == [caller.spool.end]
