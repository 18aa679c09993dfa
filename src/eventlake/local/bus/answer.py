"""What the bus answers: status, body, headers; and the errors that become answers of one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from eventlake.local.bus.ids import new_ids

Message = MutableMapping[str, Any]  # ASGI's messages
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]
"""A request's, names in lower case."""
RawHeaders = list[tuple[bytes, bytes]]
"""A request's as they came, in order; names in lower case, one may stand twice."""

JSON = b"application/json"
AWS_JSON = b"application/x-amz-json-1.1"
REQUEST_ID = b"x-amzn-requestid"

_AWS_CODES = {
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    408: "RequestTimeoutException",
    413: "RequestEntityTooLargeException",
    415: "UnsupportedMediaTypeException",
    429: "ThrottlingException",
    500: "InternalException",
    503: "ServiceUnavailable",
    507: "ServiceUnavailable",
}
_AWS_STATUSES = {507: 503}
"""AWS's clients send again after 429, 500, 502, 503 and 504, as senders should, and give up at once after any other status.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

_STATUS_LINES = {status.value: b"HTTP/1.1 %d %b" % (status.value, status.phrase.encode()) for status in HTTPStatus}

_encode = msgspec.json.Encoder().encode


class HttpError(Exception):
    """A request that is answered with an error: status and one sentence."""

    def __init__(self, status: int, sentence: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = tuple(headers)


class AwsError(Exception):
    """An error as the service answers it: its code and message, with status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def body(self) -> bytes:
        """Return the body of the answer."""
        return _encode({"__type": self.code, "message": str(self)})


@dataclass(slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def answer_to(error: HttpError | AwsError, to_aws: bool) -> Answer:
    """Write an error as an answer. to_aws: the sender speaks AWS's protocol, and looks for the error's code in the body."""
    if isinstance(error, AwsError):
        return Answer(400, error.body(), AWS_JSON)
    if to_aws:
        code, status = _AWS_CODES.get(error.status, "ValidationException"), _AWS_STATUSES.get(error.status, error.status)
        return Answer(status, AwsError(code, str(error)).body(), AWS_JSON, (*error.headers, *_in_milliseconds(error.headers)))
    return Answer(error.status, _encode({"message": str(error)}), JSON, error.headers)


def failure() -> HttpError:
    """Return the answer of a bus that does not know what became of a request."""
    return HttpError(500, "The bus failed, and said why where it runs; nothing of the request may be stored.")


def _in_milliseconds(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield after how long to try again as AWS's clients read it since 2026: they wait up to five seconds longer for it."""
    return ((b"x-amz-retry-after", b"%d" % (1000 * int(value))) for name, value in headers if name == b"retry-after")


def headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer; each has an id of its own, by which both sides can speak of it."""
    names = [(b"content-type", answer.content_type), (b"content-length", b"%d" % len(answer.body)), *answer.headers]
    if not answer.headers or REQUEST_ID not in dict(answer.headers):
        names.append((REQUEST_ID, new_ids(1)[0]))
    return names


def written(answer: Answer, further: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Write an answer as HTTP/1.1 has it, where no server does. further: headers that a server adds."""
    lines = [_STATUS_LINES[answer.status]]
    lines += [b"%b: %b" % header for header in headers_of(answer)]
    lines += [b"%b: %b" % header for header in further]
    return b"\r\n".join([*lines, b"", answer.body])


async def respond(send: Send, answer: Answer) -> None:
    """Send an answer."""
    await send({"type": "http.response.start", "status": answer.status, "headers": headers_of(answer)})
    await send({"type": "http.response.body", "body": answer.body})
