"""The bus: events over HTTP, answered when they are on disk.

`POST /events` takes one event, an array or JSON lines; `POST /` speaks EventBridge's protocol; `GET /healthz` says how it is. An ASGI
application without a framework, because the path of an accepted event is the hottest of all. What is no event is kept with its reason and
told to its sender; it never stops its neighbours.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from eventlake.errors import EventError, StorageError, StorageFullError
from eventlake.local.group_commit import GroupCommit
from eventlake.local.items import Item, split
from eventlake.local.pressure import Pressure, Refusal
from eventlake.local.put_events import OPERATIONS, TARGET, AwsError, put_events, test_event_pattern
from eventlake.local.rejection import pack
from eventlake.local.spool import EVENT, REJECTED, Entry, SpoolWriter
from eventlake.pipeline.envelope import Intake

Message = MutableMapping[str, Any]  # ASGI's messages
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

BODY_LIMIT = 64 << 20
_ITEMS_PER_TURN = 500
"""How many items are looked at before others get a turn."""

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_CREDENTIAL = re.compile(rb"Credential=([^/,\s]+)/\d+/([a-z0-9-]+)/")
_JSON = b"application/json"
_AWS_JSON = b"application/x-amz-json-1.1"

_encode = msgspec.json.Encoder().encode


class HttpError(Exception):
    """A request that is answered with an error: status and one sentence."""

    def __init__(self, status: int, sentence: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = list(headers)


@dataclass(slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: bytes
    content_type: bytes = _JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Bus:
    """The ASGI application.

    now: the time, aware. durable: is told the end of the spool after each write. token: what a sender must show, if any.
    beside: answers the paths that are not the bus's; the page is one.
    """

    def __init__(
        self,
        spool: SpoolWriter,
        intake: Intake,
        pressure: Pressure,
        now: Callable[[], datetime],
        durable: Callable[[int], None] = lambda _end: None,
        token: str | None = None,
        hosts: frozenset[str] = _LOCAL_NAMES,
        beside: Application | None = None,
    ) -> None:
        self._commit = GroupCommit(spool)
        self._intake = intake
        self._pressure = pressure
        self._now = now
        self._durable = durable
        self._token = token
        self._hosts = hosts
        self._beside = beside

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        path, method = scope["path"], scope["method"]
        try:
            self._check_sender(headers, method)
            if path not in {"/", "/events", "/healthz"} or (path == "/" and method in {"GET", "HEAD"}):
                if self._beside is not None:
                    await self._beside(scope, receive, send)
                    return
                raise HttpError(404, f"There is nothing at {path[:100]}; events go to POST /events.")
            answer = await self._answer(path, method, headers, receive)
        except AwsError as error:
            answer = Answer(400, error.body(), _AWS_JSON)
        except HttpError as error:
            answer = Answer(error.status, _encode({"message": str(error)}), headers=tuple(error.headers))
        await _respond(send, answer)

    async def _answer(self, path: str, method: str, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        if path == "/healthz":
            _require(method, "GET", "HEAD")
            return self._health()
        _require(method, "POST")
        self._check_token(headers)
        if path == "/":
            return await self._aws(headers, receive)
        return await self._events(await self._body(headers, receive))

    # EventBridge's protocol

    async def _aws(self, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        operation = headers.get(b"x-amz-target", b"").decode("latin-1").removeprefix(TARGET)
        if operation not in OPERATIONS:
            raise AwsError("UnknownOperationException", f'The bus knows {" and ".join(OPERATIONS)}, not "{operation[:60]}".')
        body = await self._body(headers, receive)
        if operation == "TestEventPattern":
            return Answer(200, test_event_pattern(body), _AWS_JSON)
        now = self._now()
        put = put_events(body, _region(headers), now)
        arrival = _microseconds(now)
        await self._store([(EVENT, arrival, event) for event in put.bodies])
        return Answer(200, put.answer, _AWS_JSON)

    # POST /events

    async def _events(self, body: bytes) -> Answer:
        entries: list[Entry] = []
        said: list[dict[str, Any]] = []
        arrival = _microseconds(self._now())
        for count, item in enumerate(split(body), 1):
            entry, word = self._entry(item, arrival)
            entries.append(entry)
            said.append(word)
            if count % _ITEMS_PER_TURN == 0:
                await asyncio.sleep(0)
        if not entries:
            raise HttpError(400, "The request holds no event.")
        await self._store(entries)
        accepted = sum("id" in word for word in said)
        return Answer(200, _encode({"accepted": accepted, "rejected": len(said) - accepted, "events": said}))

    def _entry(self, item: Item, arrival: int) -> tuple[Entry, dict[str, Any]]:
        """The frame of an item, and what its sender is told."""
        try:
            accepted = self._intake.accept(item.data)
        except EventError as error:
            return (REJECTED, arrival, pack(error, item.data)), {"ErrorCode": error.code, "ErrorMessage": str(error), "line": item.line}
        return (EVENT, arrival, accepted.body), {"id": accepted.id}

    # What both share

    async def _store(self, entries: list[Entry]) -> None:
        """Return when the entries are durable."""
        if not entries:
            return
        try:
            end = await self._commit.store(entries)
        except StorageFullError:
            raise _refused(self._pressure.full()) from None
        except StorageError as error:
            raise HttpError(503, str(error), [(b"retry-after", b"10")]) from None
        self._durable(end)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """The request's body, inflated. Raises HttpError if it is too large or the bus cannot take it."""
        if (refusal := self._pressure.refusal()) is not None:
            raise _refused(refusal)
        if int(headers.get(b"content-length", b"0")) > BODY_LIMIT:
            raise _too_large()
        message = await receive()
        body = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body, receive)
        return _inflated(body) if headers.get(b"content-encoding", b"").strip().lower() == b"gzip" else body

    async def _rest(self, body: bytes, receive: Receive) -> bytes:
        parts, size = [body], len(body)
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HttpError(400, "The sender went away before its request was whole.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                self._pressure.flying += len(parts[-1])
                if size > BODY_LIMIT:
                    raise _too_large()
                if not message.get("more_body"):
                    return b"".join(parts)
        finally:
            self._pressure.flying -= size - len(body)

    def _health(self) -> Answer:
        from eventlake import __version__

        refusal = self._pressure.refusal()
        state = {"status": "ok" if refusal is None else "busy", "pending_bytes": self._pressure.pending(), "version": __version__}
        return Answer(200 if refusal is None else 503, _encode(state if refusal is None else {**state, "message": refusal.sentence}))

    # Who may send

    def _check_sender(self, headers: dict[bytes, bytes], method: str) -> None:
        """Refuse other names for this machine, and pages of other sites that make a browser send.

        As Go's CrossOriginProtection does it: https://pkg.go.dev/net/http#CrossOriginProtection
        """
        host = headers.get(b"host", b"").decode("latin-1")
        if self._hosts and _name(host) not in self._hosts:
            raise HttpError(400, f'This bus does not answer to the name "{host[:100]}"; call it by its address.')
        if method in {"GET", "HEAD", "OPTIONS"}:
            return
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin", b"").decode("latin-1")
        crosses = site not in {b"same-origin", b"none"} if site is not None else bool(origin) and origin.partition("//")[2] != host
        if crosses and b"authorization" not in headers:
            raise HttpError(403, "A page of another site may not send events.")

    def _check_token(self, headers: dict[bytes, bytes]) -> None:
        """With a token set, it must be the bearer, or the access key id of an AWS signature."""
        if self._token is None:
            return
        given = headers.get(b"authorization", b"")
        match = _CREDENTIAL.search(given)
        shown = match[1] if match else given.removeprefix(b"Bearer ").strip()
        if not hmac.compare_digest(shown, self._token.encode()):
            raise HttpError(
                401,
                "This bus wants a token: Authorization: Bearer TOKEN, or the token as AWS access key id.",
                [(b"www-authenticate", b"Bearer")],
            )


def _require(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise HttpError(405, f"This path takes {' and '.join(allowed)}, not {method[:20]}.", [(b"allow", ", ".join(allowed).encode())])


def _refused(refusal: Refusal) -> HttpError:
    return HttpError(refusal.status, refusal.sentence, [(b"retry-after", str(refusal.retry_after_s).encode())])


def _too_large() -> HttpError:
    return HttpError(413, f"A request holds at most {BODY_LIMIT >> 20} MiB; send less at once.", [(b"connection", b"close")])


def _inflated(body: bytes) -> bytes:
    """The bytes of a gzip body, never more than the limit, however small it came."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise HttpError(400, f"The request is not gzip: {error}.") from None
    if len(inflated) > BODY_LIMIT:
        raise _too_large()
    if not inflater.eof:
        raise HttpError(400, "The gzip stream of the request ends too early.")
    if inflater.unused_data:
        raise HttpError(400, "The request holds more than one gzip stream, or something after it; send it as one stream.")
    return inflated


def _region(headers: dict[bytes, bytes]) -> str:
    """The region an AWS client signs for, us-east-1 without a signature."""
    match = _CREDENTIAL.search(headers.get(b"authorization", b""))
    return match[2].decode() if match else "us-east-1"


def _name(host: str) -> str:
    return host.rpartition(":")[0] if re.search(r":\d+\Z", host) else host


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


async def _respond(send: Send, answer: Answer) -> None:
    headers = [(b"content-type", answer.content_type), (b"content-length", str(len(answer.body)).encode()), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
