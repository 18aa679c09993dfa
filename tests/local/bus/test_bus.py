"""The bus over HTTP: taken means on disk, what is no event is kept and told, strangers are refused, pressure is answered."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import logging
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventlake.backends.msgspec_codec import FAST
from eventlake.errors import ConfigurationError
from eventlake.local.bus import batch, pressure
from eventlake.local.bus.answer import HttpError, Message, Receive, Send
from eventlake.local.bus.batch import EVENTS_LIMIT, is_small, read_batch
from eventlake.local.bus.body import BODY_LIMIT
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.guard import Names, usable_token
from eventlake.local.bus.health import Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.encodings import in_utf8
from eventlake.local.spool.frames import EVENT, REJECTED, Frame
from eventlake.local.spool.reader import SpoolReader
from eventlake.local.spool.rejection import unpack
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake, Taken
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from power import Disk

ENVELOPE = {"id": "e-1", "detail-type": "d", "source": "s", "detail": {}}
EVENT_BYTES = json.dumps(ENVELOPE).encode()
SOURCES = load()
TOKEN = "0123456789abcdef"


class Caller:
    """A bus over a spool in a folder, called as a server calls it."""

    def __init__(self, folder: Path, **options: Any) -> None:  # Bus's own options
        self.folder = folder
        self.disk = options.pop("disk", None) or Disk()
        self.spool = SpoolWriter(folder, files=self.disk)
        self.pressure = options.pop("pressure", None) or Pressure(folder, lambda: 0.0, reserve_bytes=0)
        intake = options.pop("intake", None) or Intake(SOURCES, FAST)
        self.bus = Bus(self.spool, intake, self.pressure, lambda: datetime(2026, 11, 20, tzinfo=UTC), **options)

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Status, parsed body and headers of an answer."""
        return asyncio.run(self._call(method, path, body, headers))

    def call_together(self, *bodies: bytes) -> list[int]:
        """The statuses of requests that are sent at the same time."""

        async def together() -> list[int]:
            answers = await asyncio.gather(*(self._call("POST", "/events", body, {"content-length": str(len(body))}) for body in bodies))
            return [status for status, _, _ in answers]

        return asyncio.run(together())

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        given = {"host": "127.0.0.1:8787", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self._call_raw(method, path, [(name.encode(), value.encode()) for name, value in given.items()], body)

    def call_raw(self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> tuple[int, Any, dict[str, str]]:
        """As `call`, with headers in any order and number."""
        return asyncio.run(self._call_raw(method, path, headers, body))

    async def _call_raw(self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[int, Any, dict[str, str]]:
        sent: list[Any] = []
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await self.bus(scope, _receive(body), _collect(sent))
        answer_headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], json.loads(sent[1]["body"]), answer_headers

    async def post_from(self, sender: tuple[str, int], body: bytes) -> int:
        """The status that a sender at an address gets."""
        sent: list[Any] = []
        headers = [(b"host", b"127.0.0.1:8787"), (b"content-length", b"%d" % len(body))]
        scope = {"type": "http", "method": "POST", "path": "/events", "headers": headers, "client": sender}
        await self.bus(scope, _receive(body), _collect(sent))
        return int(sent[0]["status"])

    def frames(self) -> list[Frame]:
        """What is on disk."""
        reader = SpoolReader(self.folder, 0)
        found: list[Frame] = []
        while frames := reader.read(self.spool.end):
            found += frames
        return found


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


def test_no_request_is_answered_before_it_is_synchronised(tmp_path: Path) -> None:
    """While the disk is at it, nothing is said; then 200."""

    class Waiting(Disk):
        begun, ended = threading.Event(), threading.Event()

        def sync(self, descriptor: int) -> None:
            """Synchronise when the test says so."""
            self.begun.set()
            assert self.ended.wait(120)
            super().sync(descriptor)

    caller = Caller(tmp_path, disk=Waiting())

    async def post() -> tuple[bool, int]:
        calling = asyncio.create_task(caller._call("POST", "/events", EVENT_BYTES, {}))
        assert await asyncio.to_thread(Waiting.begun.wait, 120)
        answered = calling.done()
        Waiting.ended.set()
        return answered, (await calling)[0]

    assert asyncio.run(post()) == (False, 200)


@pytest.mark.parametrize(("code", "status", "retry_after"), [(errno.ENOSPC, 507, "10"), (errno.EDQUOT, 507, "10"), (errno.EIO, 503, "10")])
@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_what_the_disk_refuses_is_never_200(tmp_path: Path, code: int, status: int, retry_after: str, call: int) -> None:
    """Whether a segment cannot be begun, or a write or its synchronisation fails; nothing of the request is stored, and the next one is."""
    caller = Caller(tmp_path)
    caller.disk.fails, caller.disk.error = len(caller.disk.calls) + call, code

    refused, said, headers = caller.call("POST", "/events", EVENT_BYTES)

    assert (refused, headers["retry-after"]) == (status, retry_after)
    assert said["message"].endswith(".")
    assert caller.frames() == []
    assert caller.call("POST", "/events", EVENT_BYTES)[0] == 200
    assert len(caller.frames()) == 1


def test_requests_of_one_group_fail_and_succeed_together(tmp_path: Path) -> None:
    """They share a write, so they share its error."""
    caller = Caller(tmp_path)
    caller.disk.fails, caller.disk.error = len(caller.disk.calls) + 3, errno.ENOSPC  # the first write

    assert caller.call_together(*[EVENT_BYTES] * 5) == [507] * 5
    calls = len(caller.disk.calls)
    assert caller.call_together(*[EVENT_BYTES] * 5) == [200] * 5
    assert caller.disk.calls[calls:] == ["write", "sync"]


def test_a_sender_that_goes_away_in_the_middle_stores_nothing(caller: Caller) -> None:
    """Half a request is none, even if its half ends with a whole line."""
    messages: list[Message] = [{"type": "http.request", "body": EVENT_BYTES + b"\n", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Message:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "path": "/events", "headers": [(b"host", b"localhost")]}
    asyncio.run(caller.bus(scope, receive, _collect(sent)))

    assert sent[0]["status"] == 400
    assert caller.frames() == []
    assert caller.pressure.flying == 0


def test_gzip_streams_that_follow_each_other_are_all_read(caller: Caller) -> None:
    """As programs write them that compress in parallel or append; also with the zeros that fill a block."""
    body = gzip.compress(EVENT_BYTES + b"\n") + gzip.compress(EVENT_BYTES) + bytes(100)

    assert caller.call("POST", "/events", body, content_encoding="gzip")[1]["accepted"] == 2


def test_gzip_streams_may_have_line_breaks_between_them(caller: Caller) -> None:
    """As a script makes them that adds a compressed line after the other."""
    stream = gzip.compress(EVENT_BYTES)

    assert caller.call("POST", "/events", stream + b"\n" + stream + b"\r\n" + stream + b"\n")[1]["accepted"] == 3


def test_what_says_that_it_is_gzip_and_is_not_is_refused(caller: Caller) -> None:
    """Plain text under the header of gzip was changed on its way."""
    assert caller.call("POST", "/events", EVENT_BYTES, content_encoding="gzip")[0] == 400


@pytest.mark.parametrize("between", [b"", b" ", b"\t\n", b"\xef\xbb\xbf", b","])
def test_events_may_follow_each_other_with_anything_between(caller: Caller, between: bytes) -> None:
    """As `curl -d @file` sends lines, and as Firehose joins records; one that is broken is told by its line and byte."""
    pretty = json.dumps(json.loads(EVENT_BYTES), indent=2).encode()
    _, said, _ = caller.call("POST", "/events", between.join([EVENT_BYTES, b'{"id": }', pretty, EVENT_BYTES]))

    assert (said["accepted"], said["rejected"]) == (3, 1)
    place = len(EVENT_BYTES + between)
    assert (said["events"][1]["line"], said["events"][1]["byte"]) == (1 + between.count(b"\n"), place + 1)
    assert f", byte {place + 1}.".encode() in caller.frames()[1].body


def test_gzip_is_known_by_its_bytes_too(caller: Caller) -> None:
    """A file that was compressed, sent without saying so."""
    assert caller.call("POST", "/events", gzip.compress(EVENT_BYTES))[1]["accepted"] == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_lines_in_another_encoding_of_text_are_events(caller: Caller, encoding: str) -> None:
    """As PowerShell writes them, with or without a byte order mark."""
    text = "\r\n".join([EVENT_BYTES.decode(), "{broken}", EVENT_BYTES.decode(), ""]).encode(encoding)

    _, said, _ = caller.call("POST", "/events", text)

    assert (said["accepted"], said["rejected"], said["events"][1]["line"]) == (2, 1, 2)
    assert caller.frames()[0].body == EVENT_BYTES


def test_gzip_may_follow_plain_text(caller: Caller) -> None:
    """As a file that was compressed in parts; a stream that is cut off is refused, as everywhere."""
    stream = gzip.compress(EVENT_BYTES)

    assert caller.call("POST", "/events", EVENT_BYTES + b"\n" + stream + EVENT_BYTES)[1]["accepted"] == 3
    assert caller.call("POST", "/events", EVENT_BYTES + b"\n" + stream[:-9])[0] == 400


@pytest.mark.parametrize(
    ("coding", "status"), [("chunked", 200), ("Chunked", 200), ("gzip, chunked", 501), ("gzip", 501), ("identity", 501)]
)
def test_a_transfer_coding_that_is_not_undone_is_refused(caller: Caller, coding: str, status: int) -> None:
    """By its name; nothing is stored."""
    found, said, headers = caller.call("POST", "/events", EVENT_BYTES, transfer_encoding=coding)

    assert found == status
    assert len(caller.frames()) == (status == 200)
    assert status == 200 or (f'"{coding}"' in said["message"] and headers["connection"] == "close")


def test_a_compressed_request_is_read_beside_a_large_one(caller: Caller) -> None:
    """While all that is large waits for its turn."""
    busy = threading.Event()
    caller.bus._large.submit(busy.wait, 60)
    try:
        assert caller.call("POST", "/events", gzip.compress(EVENT_BYTES))[0] == 200
    finally:
        busy.set()


def test_another_encoding_is_refused(caller: Caller) -> None:
    """Its bytes would be no event; nothing is stored."""
    status, said, headers = caller.call("POST", "/events", b"\x0b\x02\x80{}\x03", content_encoding="br")

    assert (status, headers["accept-encoding"]) == (415, "gzip")
    assert '"br"' in said["message"]
    assert caller.frames() == []


@pytest.mark.parametrize(
    "body",
    [
        b"\n" * (5 << 20),
        b"[" + b"1," * (5 << 20) + b"1]",
        pytest.param(b'{"source":"s","detail-type":"d","detail":{}}\n' * (EVENTS_LIMIT + 1), marks=pytest.mark.slow),
    ],
)
def test_a_small_body_of_countless_items_is_refused(caller: Caller, body: bytes) -> None:
    """Gzip makes 64 MiB of line breaks from 64 KB; they are counted before they are taken apart."""
    status, said, _ = caller.call("POST", "/events", gzip.compress(body, 1))

    assert (status, said["message"]) == (413, "A request holds at most 100,000 events; send less at once.")
    assert caller.frames() == []


@pytest.mark.parametrize(("before", "one", "behind"), [(b"", b"{}\n", b""), (b"[", b"{},", b"{}]")])
def test_the_limit_is_the_last_number_that_is_taken(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, before: bytes, one: bytes, behind: bytes
) -> None:
    """Shown at a limit of nine, with items that are told one by one."""
    monkeypatch.setattr(batch, "EVENTS_LIMIT", 9)
    last = 9 - behind.count(b"{")

    assert caller.call("POST", "/events", before + one * last + behind)[0] == 200
    assert caller.call("POST", "/events", before + one * (last + 1) + behind)[0] == 413


def test_a_large_body_is_read_as_a_small_one() -> None:
    """In another thread, with the same answer: lines are told by their number, order is kept."""
    line = json.dumps({**ENVELOPE, "detail": {"text": "x" * 1000}}).encode()
    body = b"\n".join([line, b"{no json", line] * 700)
    small = b"\n".join([line, b"{no json", line])
    intake = Intake(SOURCES, FAST)

    assert (is_small(small), is_small(body)) == (True, False)
    said = json.loads(read_batch(body, 1, intake.take).answer)
    assert (said["accepted"], said["rejected"]) == (1400, 700)
    assert [event.get("line") for event in said["events"][:6]] == [None, 2, None, None, 5, None]


EVENT_LINE, OTHER = EVENT_BYTES, json.dumps({**ENVELOPE, "id": "other", "detail": {"text": "\u00fc"}}, ensure_ascii=False).encode()
PARTS = (
    EVENT_LINE,
    OTHER,
    b"{no json",
    b"",
    b" ",
    b"[",
    b"]",
    b",",
    b'{"a":1}',
    b"{}",
    EVENT_LINE + OTHER,
    EVENT_LINE + b"\r",
    b" " + OTHER,
    b"\xff",
)


@given(st.lists(st.sampled_from(PARTS), max_size=6), st.sampled_from([b"\n", b"\n\n", b",\n", b""]))
@example([EVENT_LINE, b"[", OTHER, b",", EVENT_LINE, b"]"], b"\n")
def test_lines_that_are_whole_events_become_what_they_become_one_by_one(parts: list[bytes], between: bytes) -> None:
    """The same frames and the same answer, whatever stands behind them."""
    intake, body = Intake(SOURCES, FAST), between.join(parts)

    def became(**more: Any) -> Any:
        try:
            return read_batch(body, 1, intake.take, **more)
        except HttpError as error:
            return str(error)

    assert became(whole=intake.whole) == became()


@pytest.mark.parametrize(
    "detail",
    [
        b'"\\ud800"',
        b'"\xff"',
        b"1e999",
        b"NaN",
        b"01",
        b"[" * 70 + b"]" * 70,
        b"1" * 5000,
        b'"' + b"a" * 1_000_000 + b'"',
        b"{",
        b"6.0",
        b'"\xc3\xbc"',
    ],
)
def test_only_what_is_stored_as_it_stands_is_taken_so(detail: bytes) -> None:
    """An event that cannot be stored, or has no id of its own, goes the longer way and is told."""
    intake = Intake(SOURCES, FAST)
    for written in (b'"id":"1"', b'"id":""', b'"id":5', b'"it":"1"'):
        data = b'{%s,"detail-type":"d","detail":%s}' % (written, detail)
        taken = intake.take(data)
        is_whole = [(one.id, one.body) for one in taken.accepted] == [("1", data)]
        assert intake.whole(data) == ("1" if is_whole else None)


@pytest.mark.slow
def test_requests_beside_each_other_hold_what_memory_allows(caller: Caller) -> None:
    """One that is too much now is told to come again; what was held is given back, also by those that failed."""
    big = json.dumps({**ENVELOPE, "detail": {"text": "x" * 900_000}}).encode() + b"\n"
    bodies = [big * 50, big * 50, big * 50, EVENT_BYTES]

    assert sorted(caller.call_together(*bodies)) == [200, 200, 200, 429]
    assert caller.pressure.flying == 0
    assert caller.call_together(*bodies[2:]) == [200, 200]


def test_a_request_with_many_rejects_is_taken_up_to_one_too_many(caller: Caller) -> None:
    """The answer says what is kept, and from where on nothing was taken; sent from there it is taken like any other."""
    good, bad = EVENT_BYTES + b"\n", b"{no json}\n"
    body = good + bad * 1000 + good + bad * 700 + good

    status, said, _ = caller.call("POST", "/events", body)
    rest = said["rest"]
    assert (status, said["accepted"], said["rejected"], len(said["events"])) == (413, 2, 1000, 1002)
    assert rest == {"line": 1003, "byte": 2 * len(good) + 1000 * len(bad) + 1}
    assert said["message"].startswith(
        "1,000 documents of the request are no events, as many as one may hold. What stands before line 1,003, byte "
    )
    assert len(caller.frames()) == 1002

    status, said, _ = caller.call("POST", "/events", body[rest["byte"] - 1 :])
    assert (status, said["accepted"], said["rejected"], "rest" in said) == (200, 1, 700, False)
    assert [frame.kind for frame in caller.frames()].count(REJECTED) == 1700


@pytest.mark.parametrize("wrap", [b"%s", b"[%s]"])
def test_rejects_beyond_the_limit_cost_no_work(caller: Caller, wrap: bytes) -> None:
    """However many follow: as much is looked at as one request may hold of them."""
    looked: list[bytes] = []

    class Counting(Intake):
        def take(self, data: bytes) -> Taken:
            """Count what is looked at."""
            looked.append(data)
            return super().take(data)

    body = wrap % b",\n".join([b'{"a":1}'] * 50_000)
    batch = read_batch(body, 1, Counting(SOURCES, FAST).take)

    assert (batch.status, json.loads(batch.answer)["rejected"]) == (413, 1000)
    assert len(looked) < 1100


def test_one_sender_leaves_room_for_its_neighbours(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds more than twice what is left over is told to come again, and its only request goes on; the others are answered."""
    monkeypatch.setattr(pressure, "FLYING_BYTES", 12 << 20)
    big = json.dumps({**ENVELOPE, "detail": {"text": "x" * 90_000}}).encode() + b"\n"
    one, other = ("192.0.2.1", 1), ("192.0.2.2", 1)

    async def together() -> list[int]:
        calls = [caller.post_from(one, big * 50), caller.post_from(one, big * 50), caller.post_from(one, big * 5)]
        return await asyncio.gather(*calls, caller.post_from(other, big * 20), caller.post_from(other, EVENT_BYTES))

    first, second, third, *others = asyncio.run(together())
    assert others == [200, 200]
    assert 200 in {first, second}
    assert 429 in {second, third}
    assert caller.pressure.flying == 0


def test_who_fills_the_spool_waits_and_its_neighbours_do_not(tmp_path: Path) -> None:
    """While delivery is behind, and until it is delivered again; nothing that was taken is lost."""
    caller = Caller(tmp_path, pressure=Pressure(tmp_path, lambda: 0.0, pending_limit=3_000_000, reserve_bytes=0))
    delivered = 0
    caller.pressure.pending = lambda: caller.spool.end - delivered
    big = json.dumps({**ENVELOPE, "detail": {"text": "x" * 100_000}}).encode()
    one, other = ("192.0.2.1", 1), ("192.0.2.2", 1)

    def post(sender: tuple[str, int], body: bytes) -> int:
        return asyncio.run(caller.post_from(sender, body))

    statuses = [post(one, big) for _ in range(40)]
    taken = statuses.count(200)
    assert statuses == [200] * taken + [503] * (40 - taken)
    assert 18 <= taken <= 22, "two thirds of what may wait"
    assert [post(other, big) for _ in range(4)] == [200] * 4
    assert post(("192.0.2.1", 2), big) == 503, "another connection of the same machine"

    delivered = caller.spool.end
    assert post(one, big) == 200
    assert len(caller.frames()) == taken + 5


def test_a_body_without_a_length_is_cut_off_at_the_limit(caller: Caller) -> None:
    """And its connection closed, for nobody knows how much would follow."""
    status, _, headers = caller.call("POST", "/events", b" " * (BODY_LIMIT + 1))

    assert (status, headers["connection"]) == (413, "close")
    assert caller.pressure.flying == 0


def test_a_failure_of_our_own_is_told_without_a_traceback(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """500 and one sentence to the sender, the rest to whoever runs the bus."""

    class Failing(Intake):
        def whole(self, data: bytes) -> str | None:
            """Fail as no input should make it."""
            raise ZeroDivisionError

    caller = Caller(tmp_path, intake=Failing(SOURCES, FAST))
    with caplog.at_level(logging.ERROR):
        status, said, _ = caller.call("POST", "/events", EVENT_BYTES)

    assert (status, said) == (500, {"message": "The bus failed, and said why where it runs; nothing of the request may be stored."})
    assert "ZeroDivisionError" in caplog.text
    assert caller.pressure.flying == 0


async def page(scope: Message, _receive: Receive, send: Send) -> None:
    """Something beside the bus: answers with the path that it was asked for."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(scope["path"]).encode()})


def test_a_failure_of_the_page_has_an_id_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As every other answer."""

    async def failing(scope: Message, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError(scope["path"])

    with caplog.at_level(logging.ERROR):
        status, said, headers = Caller(tmp_path, beside=failing).call("GET", "/page")

    assert (status, said["message"]) == (500, "The bus failed, and said why where it runs.")
    assert headers["x-amzn-requestid"]


def test_the_page_gets_what_is_not_the_buses(tmp_path: Path) -> None:
    """Its own paths and GET /; health stays the bus's."""
    caller = Caller(tmp_path, beside=page)

    assert [caller.call("GET", path)[1] for path in ("/", "/style.css")] == ["/", "/style.css"]
    assert caller.call("GET", "/healthz")[1]["status"] == "ok"


@pytest.mark.parametrize("names", [Names(), Names(addresses=True)])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"Bearer {TOKEN}", "host": "evil.example"}, 400),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}, 403),
        ({"authorization": f"Bearer {TOKEN}", "sec_fetch_site": "same-site"}, 403),
        ({"authorization": f"Bearer {TOKEN}", "x_long": "x" * 70_000}, 431),
    ],
)
def test_the_page_stands_behind_the_same_guard(tmp_path: Path, names: Names, headers: dict[str, str], status: int) -> None:
    """Token, name, origin and size of the headers, whatever address the bus listens at."""
    caller = Caller(tmp_path, beside=page, token=TOKEN, names=names)

    assert caller.call("POST", "/query", b"", **headers)[0] == status


@pytest.mark.parametrize(
    ("status", "code"), [(401, "UnrecognizedClientException"), (429, "ThrottlingException"), (503, "ServiceUnavailable")]
)
def test_aws_clients_hear_codes_that_they_know(tmp_path: Path, status: int, code: str) -> None:
    """So that they send again after the right ones."""
    caller = Caller(tmp_path, token=TOKEN if status == 401 else None)
    caller.pressure.flying = 1 << 40 if status == 429 else 0
    caller.pressure.pending = lambda: 1 << 40 if status == 503 else 0

    found, said, headers = caller.call("POST", "/", b"{}", x_amz_target="AWSEvents.PutEvents")

    assert (found, said["__type"], headers["content-type"]) == (status, code, "application/x-amz-json-1.1")
    assert said["message"].endswith(".")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/events", {}),
        ("GET", "/healthz", {}),
        ("GET", "/nothing", {}),
        ("POST", "/events", {"host": "evil.example"}),
        ("POST", "/", {"x_amz_target": "AWSEvents.PutEvents"}),
        ("POST", "/", {"x_amz_target": "AWSEvents.TestEventPattern"}),
        ("POST", "/", {"x_amz_target": "AWSEvents.ListRules"}),
    ],
)
def test_every_answer_has_an_id_of_its_own(caller: Caller, method: str, path: str, headers: dict[str, str]) -> None:
    """Errors too: by it a sender's report can be found again."""
    ids = [caller.call(method, path, EVENT_BYTES, **headers)[2]["x-amzn-requestid"] for _ in range(2)]

    assert [len(one) for one in ids] == [36, 36]
    assert ids[0] != ids[1]


def test_a_request_in_aws_protocol_is_small(caller: Caller) -> None:
    """Far beyond 1 MB it is not even read as JSON."""
    assert caller.call("POST", "/", b" " * (9 << 20), x_amz_target="AWSEvents.PutEvents", content_length=str(9 << 20))[0] == 413


def test_a_post_without_target_is_told_where_events_go(caller: Caller) -> None:
    """The most likely mistake of somebody with curl."""
    status, said, _ = caller.call("POST", "/", EVENT_BYTES)

    assert status == 400
    assert "POST /events" in said["message"]


@given(
    st.lists(
        st.sampled_from([EVENT_BYTES, b"{broken", b"[1]", b'"text"', b"", b"  ", b"\xff\xfe", b'{"a": "\\ud800"}', b"\x00"])
        | st.binary(max_size=20),
        max_size=12,
    ),
    st.sampled_from([b"\n", b"\r\n", b","]),
    st.sampled_from([(b"", b""), (b"[", b"]"), (b"[", b"")]),
)
def test_whatever_is_sent_every_byte_is_an_event_a_rejection_or_refused(
    lines: list[bytes], separator: bytes, around: tuple[bytes, bytes]
) -> None:
    """Never anything but 200 or 400; as many answers as frames, in order; a rejection keeps bytes of the request, in UTF-8."""
    with tempfile.TemporaryDirectory() as folder:
        caller = Caller(Path(folder))
        body = around[0] + separator.join(lines) + around[1]
        status, said, _ = caller.call("POST", "/events", body)
        frames = caller.frames()
        caller.spool.close()

    assert status in {200, 400}
    if status == 200:
        assert [("id" in word, frame.kind) for word, frame in zip(said["events"], frames, strict=True)] == [
            (frame.kind == EVENT, frame.kind) for frame in frames
        ]
        assert all(unpack(frame.body)[1] in in_utf8(body) for frame in frames if frame.kind == REJECTED)
    else:
        assert frames == []


def test_a_bomb_stops_at_the_limit(caller: Caller) -> None:
    """A small gzip body that inflates beyond the limit is refused."""
    status, said, _ = caller.call("POST", "/events", gzip.compress(bytes(BODY_LIMIT + 1), 1), content_encoding="gzip")

    assert status == 413
    assert "at most 64 MiB" in said["message"]


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08broken", gzip.compress(b"{}" * 100, mtime=0)[:-9]])
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
        ({"host": "LocalHost"}, 200),
        ({"host": "127.0.0.1:8787@evil.example"}, 400),
        ({"host": "evil.example:127.0.0.1"}, 400),
        ({"host": "[::1]:8787"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8787"}, 200),
        ({"content_type": "text/plain"}, 200),
        ({"origin": "http://evil.example", "authorization": "Basic c2VjcmV0"}, 403),
        ({"sec_fetch_site": "cross-site", "authorization": "Bearer x"}, 403),
        ({"host": "10.1.2.3:8787"}, 400),
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
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (TOKEN, 401),
        (f"Bearer {TOKEN} more", 401),
        (f"AWS4-HMAC-SHA256 Credential={TOKEN}/20261120/eu-west-1/events/aws4_request", 200),
    ],
)
def test_with_a_token_set_it_must_be_shown(tmp_path: Path, authorization: str, status: int) -> None:
    """As a bearer, or as the access key id of an AWS client."""
    caller = Caller(tmp_path, token=TOKEN)

    assert caller.call("POST", "/events", json.dumps(ENVELOPE).encode(), authorization=authorization)[0] == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("10.1.2.3:8787", 200),
        ("[fd00::1]:8787", 200),
        ("localhost", 200),
        ("lake.example", 200),
        ("Lake.Example:443", 200),
        ("evil.example", 400),
        ("10.1.2.3.evil.example:8787", 400),
        ("lake.example.evil.example", 400),
        ("", 400),
    ],
)
def test_a_bus_that_others_reach_answers_to_its_names_and_to_addresses(tmp_path: Path, host: str, status: int) -> None:
    """A page of another site can have its name lead here, but has to call this machine by that name."""
    caller = Caller(tmp_path, names=Names(frozenset({"localhost", "lake.example"}), addresses=True))

    assert caller.call("POST", "/events", EVENT_BYTES, host=host)[0] == status


@pytest.mark.parametrize("name", ["host", "authorization", "origin", "x-amz-target", "content-encoding"])
def test_a_header_that_decides_something_stands_once(caller: Caller, name: str) -> None:
    """Of two, the guard might see the one, and what follows the other."""
    headers = [(b"host", b"localhost"), (name.encode(), b"localhost"), (name.encode(), b"evil.example")]

    status, said, _ = caller.call_raw("POST", "/events", headers, EVENT_BYTES)

    assert (status, name in said["message"]) == (400, True)
    assert caller.frames() == []


def test_other_headers_may_stand_twice(caller: Caller) -> None:
    """As proxies write them."""
    headers = [(b"host", b"localhost"), (b"via", b"1.1 a"), (b"via", b"1.1 b")]

    assert caller.call_raw("POST", "/events", headers, EVENT_BYTES)[0] == 200


@pytest.mark.parametrize("headers", [[(b"x-long", b"x" * 65_536)], [(b"x-%d" % number, b"") for number in range(2_000)]])
def test_headers_are_bounded_before_the_token_is_looked_at(tmp_path: Path, headers: list[tuple[bytes, bytes]]) -> None:
    """One that is long, or many; the connection is closed."""
    caller = Caller(tmp_path, token=TOKEN)

    status, said, answered = caller.call_raw("POST", "/events", [(b"host", b"localhost"), *headers], EVENT_BYTES)

    assert (status, answered["connection"]) == (431, "close")
    assert said["message"] == "The headers of a request take at most 64 KiB; send fewer, or shorter ones."


@pytest.mark.parametrize(("given", "used"), [(None, None), ("", None), (TOKEN, TOKEN), ("a/b+c=-._~!0123456", "a/b+c=-._~!0123456")])
def test_a_token_is_what_is_set_and_not_empty(given: str | None, used: str | None) -> None:
    """An empty one is what a composed file gives for a variable that nobody set."""
    assert usable_token(given) == used


@pytest.mark.parametrize(
    "given", [" ", " " * 20, "\t", "short", "fifteen-letters", f"{TOKEN} ", f"{TOKEN[:8]} {TOKEN[8:]}", "ä" * 20, f"{TOKEN}\n"]
)
def test_what_is_no_token_is_refused(given: str) -> None:
    """Blanks, which no header carries, and what can be guessed."""
    with pytest.raises(ConfigurationError, match=r"EVENTLAKE_TOKEN is no token: it needs 16 .* `openssl rand -hex 32`"):
        usable_token(given)


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

    status, said, _ = caller.call("POST", "/events", json.dumps(ENVELOPE).encode())
    told = [said["message"], caller.call("GET", "/healthz")[1]["message"]]

    assert status == 507
    assert told == ["The disk of the lake is full, or its reserve is reached; make room, then send it again."] * 2
    caller.pressure = caller.bus._pressure = Pressure(tmp_path, lambda: 0.0, reserve_bytes=0)
    assert caller.call("POST", "/events", json.dumps(ENVELOPE).encode())[0] == 200


def test_health_tells_what_waits(caller: Caller) -> None:
    """Status, bytes that are not delivered, version."""
    status, said, _ = caller.call("GET", "/healthz")

    assert (status, said["status"], said["pending_bytes"]) == (200, "ok", 0)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"is_in_trouble": lambda: True}, "Delivery is in trouble, and is tried again"),
        ({"stuck_s": lambda: 61.0}, "Nothing was delivered for 61 seconds"),
        ({"can_write": False}, "The last request could not be written"),
    ],
)
def test_health_fails_where_somebody_must_act(tmp_path: Path, wrong: dict[str, Any], sentence: str) -> None:
    """503, and a sentence that tells nothing about the machine."""
    pressure = Pressure(tmp_path, lambda: 0.0, reserve_bytes=0)
    health = Health(pressure)
    for name, value in wrong.items():
        setattr(health, name, value)

    status, said, _ = Caller(tmp_path, pressure=pressure, health=health).call("GET", "/healthz")

    assert (status, said["status"]) == (503, "failing")
    assert said["message"].startswith(sentence)
    assert str(tmp_path) not in said["message"]


def test_the_durable_end_is_told_after_each_group(tmp_path: Path) -> None:
    """Delivery may read up to there."""
    ends: list[int] = []
    caller = Caller(tmp_path, durable=ends.append)
    caller.call("POST", "/events", json.dumps(ENVELOPE).encode())

    assert ends == [caller.spool.end]
