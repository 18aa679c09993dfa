"""A load generator that costs little: prepared requests over kept connections, answers counted and not parsed.

    python benchmarks/load.py URL put-events|events|company REQUESTS CONNECTIONS EVENTS_PER_REQUEST

Prints requests, seconds and events a second as JSON, and when the first was sent, in seconds since 1970; ends with 1 if any answer was not 200 or
told of a failure.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def detail(number: int) -> dict[str, object]:
    """The detail of a pipeline event of today's shape."""
    return {
        "pipeline": f"pipeline-{number % 12}",
        "execution-id": str(uuid.UUID(int=number)),
        "start-time": "2026-11-20T09:59:09.981Z",
        "execution-trigger": {
            "trigger-type": "StartPipelineExecution",
            "trigger-detail": "arn:aws:sts::123456789012:assumed-role/Deploy/someone",
        },
        "state": "STARTED",
        "version": 6.0,
        "pipeline-execution-attempt": 1.0,
    }


DETAIL_TYPE = "CodePipeline Pipeline Execution State Change"


def put_events_body(numbers: range) -> bytes:
    """A PutEvents request."""
    entries = [{"Source": "aws.codepipeline", "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail(number))} for number in numbers]
    return json.dumps({"Entries": entries}).encode()


def events_body(numbers: range) -> bytes:
    """Events as JSON lines."""
    envelope = {
        "version": "0",
        "detail-type": DETAIL_TYPE,
        "source": "aws.codepipeline",
        "account": "123456789012",
        "time": "2026-11-20T10:00:00Z",
    }
    place = {"region": "eu-west-1", "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:pipeline-1"]}
    return b"\n".join(json.dumps({**envelope, "id": str(uuid.uuid4()), **place, "detail": detail(number)}).encode() for number in numbers)


def company_body(numbers: range) -> bytes:
    """Events of a company's pipelines and logins as JSON lines, the next of thirty days."""
    return b"\n".join(islice(_company(), len(numbers)))


@cache
def _company() -> Iterator[bytes]:
    from eventlake.history import sized_history

    return (event for _, event in sized_history(400_000, 30, datetime(2026, 11, 20, tzinfo=UTC)))


BODIES = {"put-events": put_events_body, "events": events_body, "company": company_body}


def requests(kind: str, host: str, count: int, events: int) -> list[bytes]:
    """The prepared requests."""
    body_of = BODIES[kind]
    path = "/" if kind == "put-events" else "/events"
    extra = "X-Amz-Target: AWSEvents.PutEvents\r\nContent-Type: application/x-amz-json-1.1\r\n" if kind == "put-events" else ""
    prepared = []
    for number in range(count):
        body = body_of(range(number * events, (number + 1) * events))
        prepared.append(f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return prepared


class Sender(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is whole."""

    def __init__(self, supply: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._supply = supply
        self._done = done
        self._answer = b""
        self.failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # a TCP transport writes
        self._next()

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is whole."""
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(_LENGTH.search(head)[1]):  # type: ignore[index]  # every answer has a length
            return
        if b" 200 " not in head[:20] or (b'"FailedEntryCount":0' not in body and b'"rejected":0' not in body):
            self.failures += 1
        self._answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closed the connection."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed"))

    def _next(self) -> None:
        request = next(self._supply, None)
        if request is None:
            self._done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)


async def load(url: str, kind: str, count: int, connections: int, events: int) -> int:
    """Send everything; print the figures."""
    parts = urlsplit(url)
    prepared = requests(kind, parts.netloc, count, events)
    supply = iter(prepared)
    loop = asyncio.get_running_loop()
    begun_at, begun = time.time(), time.perf_counter()
    futures = [loop.create_future() for _ in range(connections)]
    senders = [Sender(supply, future) for future in futures]
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, parts.hostname, parts.port)  # type: ignore[misc]  # the default binds it now
    await asyncio.gather(*futures)
    seconds = time.perf_counter() - begun
    failures = sum(sender.failures for sender in senders)
    print(
        json.dumps(
            {
                "requests": count,
                "events": count * events,
                "seconds": round(seconds, 3),
                "events_per_s": round(count * events / seconds),
                "failures": failures,
                "begun_at": begun_at,
            }
        )
    )
    return 1 if failures else 0


if __name__ == "__main__":
    import uvloop

    arguments = sys.argv[1:]
    sys.exit(uvloop.run(load(arguments[0], arguments[1], *map(int, arguments[2:5]))))
