"""What a provider posts to a function's URL -> records on the source's delivery streams; answered when Firehose has them.

Who shows no token of the source is refused before the body is looked at. What Firehose does not take of a batch is sent again; where that does
not help, the provider is told to come again, and what then comes twice has the same event id. What is no entry goes on the stream as it came:
the transform fails it with its reason, and Firehose keeps it under `error/`.
Format: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from os import environ
from time import time
from typing import Any

from eventlake.backends.aws import is_away
from eventlake.backends.delivery_streams import DeliveryStreams
from eventlake.backends.secret_tokens import read_tokens
from eventlake.errors import ConfigurationError, EventError, ServiceError
from eventlake.functions.deployed import declared
from eventlake.functions.metrics import LAKE, say
from eventlake.model import Source
from eventlake.pipeline.envelope import Accepted
from eventlake.pipeline.pattern import compile_pattern
from eventlake.pipeline.reading import SIZE_LIMIT_BYTES, read_event
from eventlake.pipeline.webhook import Entries, documents
from eventlake.pipeline.webhook_tokens import WebhookTokens

SECRET = "WEBHOOK_TOKENS_SECRET_ARN"
"""The setting that says where the tokens lie."""
FRESH_S = 300
"""After so many seconds tokens are read again."""
AGAIN_S = 5
"""After so many, if one is shown that is not known: it may be new."""
USABLE_S = 3_600
"""For so long tokens are used that cannot be read again because what holds them is away."""
BODY_LIMIT_BYTES = 16 << 20
"""Of a body, inflated; Lambda hands over 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_TRIES = 3
_TRIES_OF_RECORDS = 6
"""Seven seconds in all: a provider waits for its answer."""
_RETRY_S = 10
_GZIP, _MAGIC = 31, b"\x1f\x8b"
_NO_EVENT = b"refused by the webhook: "
"""Stands in front of what the transform would take for an event, and the source's webhook does not."""

Answer = dict[str, Any]
"""An answer as Lambda defines it."""


class Refused(Exception):
    """A request that is answered with an error: status, one sentence, headers."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class Tokens:
    """The tokens of one secret as this container knows them. now: seconds of a clock that goes on while a container is frozen."""

    def __init__(self, read: Callable[[], WebhookTokens], now: Callable[[], float] = time) -> None:
        self._read, self._now = read, now
        self._known: WebhookTokens | None = None
        self._read_at = self._tried_at = float("-inf")

    def require(self, source: str, given: bytes) -> None:
        """Raise Refused unless a token of the source is shown."""
        if self._now() - self._tried_at >= FRESH_S:
            self._renew()
        if self._known is not None and not self._known.admit(source, given) and self._now() - self._tried_at >= AGAIN_S:
            self._renew()
        if self._known is None:
            raise Refused(503, "The tokens of the webhook cannot be read here just now.", **{"retry-after": "60"})
        if not self._known.has(source):
            raise Refused(404, f'The webhook of "{source}" has no token, and so is closed.')
        if not self._known.admit(source, given):
            raise Refused(401, f'The webhook of "{source}" wants its token in the header Authorization.', **{"www-authenticate": "Bearer"})

    def _renew(self) -> None:
        self._tried_at = now = self._now()
        try:
            self._known, self._read_at = self._read(), now
        except (ServiceError, ConfigurationError) as error:
            say("ERROR", str(error))
            if not is_away(error) or now - self._read_at >= USABLE_S:
                self._known = None


@dataclass
class _Posted:
    """A body while it is taken apart: the records of each stream, and what is told of them."""

    records: dict[str, list[bytes]] = field(default_factory=dict)
    accepted: int = 0
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, stream: str, record: bytes) -> None:
        self.records.setdefault(stream, []).append(record)


class Webhook:
    """The webhook of one source. around: what its envelopes say of where they came in, account and region."""

    def __init__(self, source: Source, streams: DeliveryStreams, around: Mapping[str, str]) -> None:
        self._entries = Entries(source, around)
        self._streams = streams
        self._rules = [(compile_pattern(table.pattern), f"{LAKE}-{table.stream}") for table in source.tables]

    def take(self, body: bytes, arrival: datetime) -> Answer:
        """Put what a body holds on the streams. Raises Refused if it holds nothing, or Firehose does not have all of it."""
        posted = _Posted()
        for document in documents(body):
            self._add(posted, document, arrival)
        if not posted.records:
            raise Refused(400, "The request holds no entry.")
        for stream, records in posted.records.items():
            self._put(stream, records)
        if posted.rejected:
            say("WARNING", "What was posted is not all entries.", Rejected=posted.rejected, reasons=posted.reasons[:5])
        return _answer(200, {"accepted": posted.accepted, "rejected": posted.rejected})

    def _add(self, posted: _Posted, document: bytes, arrival: datetime) -> None:
        taken = self._entries.take(document, arrival)
        wanted = [(event, streams) for event in taken.accepted if (streams := self._wanting(event))]
        for event, streams in wanted:
            for stream in streams:
                posted.add(stream, event.body)
        posted.accepted += len(wanted)
        if taken.error is not None or len(wanted) < len(taken.accepted):
            posted.rejected += 1
            posted.reasons.append(str(taken.error or "No rule of the source wants it."))
            for record in _kept(document):
                posted.add(self._rules[0][1], record)

    def _wanting(self, event: Accepted) -> list[str]:
        value = json.loads(event.body)
        return [stream for rule, stream in self._rules if rule.matches(value)]

    def _put(self, stream: str, records: Sequence[bytes]) -> None:
        """Return when Firehose has all of them. Raises Refused."""
        try:
            left = self._streams.put(stream, records)
        except (ServiceError, ConfigurationError) as error:
            say("ERROR", str(error))
            raise _again() from None
        if left:
            say(
                "ERROR",
                "Firehose does not take what was posted; it is posted again.",
                Stream=stream,
                Left=len(left),
                reason=next(iter(left.values())),
            )
            raise _again()


def handler(event: Any, context: Any) -> Answer:  # any JSON value in, JSON as Lambda defines it out
    """Answer one request."""
    try:
        method, headers = event["requestContext"]["http"]["method"], event.get("headers", {})
        if method != "POST":
            raise Refused(405, "The webhook takes POST.", allow="POST")
        _tokens().require(environ["SOURCE"], headers.get("authorization", "").encode("latin-1", "replace"))
        return _webhook(context.invoked_function_arn).take(_body(event, headers), datetime.now(UTC))
    except Refused as refused:
        return _answer(refused.status, {"message": str(refused)}, refused.headers)


def _body(event: Any, headers: Mapping[str, str]) -> bytes:  # a request as Lambda defines it
    """Return a request's body, inflated. Raises Refused."""
    text = event.get("body") or ""
    body = b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
    is_gzip = headers.get("content-encoding", "").strip().lower() in {"gzip", "x-gzip"}
    if not is_gzip and not body.startswith(_MAGIC):
        return body
    inflating = zlib.decompressobj(_GZIP)
    try:
        inflated = inflating.decompress(body, BODY_LIMIT_BYTES + 1)
    except zlib.error:
        raise Refused(400, "The request says that it is gzip, and is not.") from None
    if len(inflated) > BODY_LIMIT_BYTES:
        raise Refused(413, f"A request holds at most {BODY_LIMIT_BYTES >> 20} MiB, inflated; send less at once.")
    if not inflating.eof or inflating.unused_data:
        raise Refused(400, "The request is not one whole gzip stream.")
    return inflated


def _kept(document: bytes) -> Iterator[bytes]:
    """Yield the records that keep what is no entry: as it came, unless the transform would make a log line of it, or Firehose not take it."""
    if len(document) <= SIZE_LIMIT_BYTES:
        yield _NO_EVENT + document if _is_event(document) else document
        return
    for at in range(0, len(document), SIZE_LIMIT_BYTES):
        yield _NO_EVENT + document[at : at + SIZE_LIMIT_BYTES]


def _is_event(document: bytes) -> bool:
    try:
        read_event(document)
    except EventError:
        return False
    return True


def _again() -> Refused:
    return Refused(503, "Not all of it is stored; post it again.", **{"retry-after": str(_RETRY_S)})


def _answer(status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return {"statusCode": status, "headers": {"content-type": "application/json", **(headers or {})}, "body": json.dumps(said)}


@cache
def _tokens() -> Tokens:
    client = cache(lambda service: _client(service, 5))
    return Tokens(lambda: read_tokens(client, environ[SECRET]))


@cache
def _webhook(function_arn: str) -> Webhook:
    source = next(source for source in declared() if source.name == environ["SOURCE"])
    _, _, _, region, account, *_ = function_arn.split(":")
    return Webhook(source, DeliveryStreams(_client("firehose", 10), tries=_TRIES_OF_RECORDS), {"account": account, "region": region})


def _client(service: str, read_timeout_s: int) -> Any:  # boto3's client has no types
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client(service, config=ONCE.merge(Config(connect_timeout=3, read_timeout=read_timeout_s)))
    wait_between_tries(client, _TRIES)
    return client
