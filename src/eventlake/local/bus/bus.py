"""The bus: events over HTTP, answered when they are on disk.

`POST /events` takes one event, an array or JSON lines; `POST /` speaks EventBridge's protocol; `POST /webhooks/SOURCE` takes what a provider
posts; `GET /healthz` says how it is. An ASGI application without a framework, because the path of an accepted event is the hottest of all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec

from eventlake.local.bus.answer import (
    AWS_JSON,
    Answer,
    Application,
    AwsError,
    Headers,
    HttpError,
    Message,
    Receive,
    Send,
    answer_to,
    failure,
    respond,
)
from eventlake.local.bus.at_once import AtOnce
from eventlake.local.bus.batch import Batch, is_small, read_batch
from eventlake.local.bus.body import BODY_LIMIT, Reading, inflated, is_gzip
from eventlake.local.bus.guard import Guard, Names, region
from eventlake.local.bus.health import Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.put_events import OPERATIONS, TARGET, accepted, put_events, test_event_pattern
from eventlake.local.bus.sender import Sender, sender_of
from eventlake.local.bus.storing import Storing, microseconds
from eventlake.local.bus.turns import Turns
from eventlake.local.bus.visitors import Visitors
from eventlake.local.bus.webhooks import Webhooks
from eventlake.local.spool.frames import EVENT, encode, encode_alike
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.webhook import PATH as WEBHOOKS

AWS_BODY_LIMIT = 8 << 20
"""Of a request in AWS's protocol: 1 MB of entries, had every character been escaped, and room for white space."""
_OWN_PATHS = frozenset({"/", "/events", "/healthz"})

_encode = msgspec.json.Encoder().encode
_log = logging.getLogger(__name__)


class Bus:
    """The ASGI application.

    now: the time, in UTC. durable: is told the end of the spool after each write. token: what a sender must show, if any. names: what senders
    may call it. beside: answers the paths that are not the bus's, to those who pass the same guard; the page is one. sign_in: makes, of the
    guard, what those are answered there who show no token.
    health: what `GET /healthz` answers from. webhooks: who may post to those of sources; None where there are none.
    """

    def __init__(
        self,
        spool: SpoolWriter,
        intake: Intake,
        pressure: Pressure,
        now: Callable[[], datetime],
        durable: Callable[[int], None] = lambda _end: None,
        token: str | None = None,
        names: Names = Names(),  # noqa: B008  it is frozen
        beside: Application | None = None,
        health: Health | None = None,
        sign_in: Callable[[Guard], Application] | None = None,
        webhooks: Webhooks | None = None,
    ) -> None:
        self._intake = intake
        self._pressure = pressure
        self._health = health or Health(pressure)
        self._storing = Storing(spool, pressure, self._health, durable)
        self._now = now
        self._guard = Guard(names, token)
        self._visitors = None if beside is None else Visitors(self._guard, beside, sign_in)
        self._webhooks = webhooks
        self._large = Turns("large bodies")
        self._inflating = Turns("compressed bodies")
        self.oldest_arrival = self._storing.oldest_arrival
        self.at_once = AtOnce(self._guard, pressure, self._storing, now)
        """Takes most of PutEvents before this application is asked."""

    async def accept(self, event: bytes) -> None:
        """Store an event that the lake tells of itself, an envelope with an id. Raises StorageError, LakeTakenError."""
        now = self._now()
        with self._storing.arriving(now):
            await self._storing.keep(encode([(EVENT, microseconds(now), event)]))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if self._visitors is not None and self._is_beside(scope["path"], scope["method"]):
            await self._visitors(scope, receive, send)
            return
        headers: Headers = {}
        try:
            headers = self._guard.headers(scope["headers"])
            self._guard.check_sender(headers, scope["method"])
            answer = await self._answer(scope["path"], scope["method"], headers, receive, sender_of(scope))
        except (AwsError, HttpError) as error:
            answer = answer_to(error, to_aws=b"x-amz-target" in headers)
        except Exception:  # the sender must hear that this was no 200, whatever it was
            _log.exception("The bus failed to answer %s %s.", scope["method"], scope["path"])
            answer = answer_to(failure(), to_aws=b"x-amz-target" in headers)
        await respond(send, answer)

    async def _answer(self, path: str, method: str, headers: Headers, receive: Receive, sender: Sender) -> Answer:
        if path == "/healthz":
            _require(method, "GET", "HEAD")
            return self._how_it_is()
        if self._is_beside(path, method):
            raise HttpError(404, f"There is nothing at {path[:100]}; events go to POST /events.")
        _require(method, "POST")
        if self._webhooks is not None and path.startswith(WEBHOOKS):
            take = partial(self._webhooks.admitted(path, headers).take, arrival=self._now())
            return await self._events(partial(read_batch, take=take), headers, receive, sender)
        self._guard.check_token(headers)
        if path == "/":
            return await self._aws(headers, receive, sender)
        read = partial(read_batch, take=self._intake.take, whole=self._intake.whole)
        return await self._events(read, headers, receive, sender)

    async def _aws(self, headers: Headers, receive: Receive, sender: Sender) -> Answer:
        """Answer in EventBridge's protocol."""
        operation = headers.get(b"x-amz-target", b"").decode("latin-1").removeprefix(TARGET)
        if operation not in OPERATIONS:
            raise _unknown(operation)
        with Reading(self._pressure, headers, sender) as reading:
            body = await self._body(reading, headers, receive, AWS_BODY_LIMIT)
            if operation == "TestEventPattern":
                return Answer(200, test_event_pattern(body), AWS_JSON)
            now = self._now()
            with self._storing.arriving(now):
                put = put_events(body, region(headers), now)
                await self._storing.store(encode_alike(EVENT, microseconds(now), put.bodies), sender)
        return accepted(put)

    async def _events(self, read: Callable[[bytes, int], Batch], headers: Headers, receive: Receive, sender: Sender) -> Answer:
        """Answer `POST /events`, or a webhook. read: makes a batch of a body and the moment of its arrival."""
        with Reading(self._pressure, headers, sender) as reading:
            body = await self._body(reading, headers, receive, BODY_LIMIT)
            now = self._now()
            arrival = microseconds(now)
            with self._storing.arriving(now):
                if is_small(body):
                    batch = read(body, arrival)
                else:  # in a thread, so that other requests are answered meanwhile
                    batch = await self._large.take(sender, partial(read, body, arrival))
                await self._storing.store(batch.frames, sender)
        return Answer(batch.status, batch.answer)

    async def _body(self, reading: Reading, headers: Headers, receive: Receive, limit_bytes: int) -> bytes:
        """Read the request's body, inflated."""
        body = await reading.body(receive, limit_bytes)
        if is_gzip(headers, body):
            body = await self._inflating.take(reading.sender, partial(inflated, body, limit_bytes))
            reading.hold(len(body))
        return body

    def _is_beside(self, path: str, method: str) -> bool:
        """Return True if a request is not the bus's, but the page's if there is one."""
        if self._webhooks is not None and path.startswith(WEBHOOKS):
            return False
        return path not in _OWN_PATHS or (path == "/" and method in {"GET", "HEAD"})

    def _how_it_is(self) -> Answer:
        state = self._health.state()
        return Answer(200 if state["status"] == "ok" else 503, _encode(state))


def _require(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise HttpError(405, f"This path takes {' and '.join(allowed)}, not {method[:20]}.", [(b"allow", ", ".join(allowed).encode())])


def _unknown(operation: str) -> AwsError:
    said = f'not "{operation[:60]}"' if operation else "named in X-Amz-Target; events without it go to POST /events"
    return AwsError("UnknownOperationException", f"The bus knows {' and '.join(OPERATIONS)}, {said}.")
