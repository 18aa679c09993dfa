"""What crosses between the bus and the page's process: for each request a socket of its own, on which plain data goes in frames.

There the head of a request, pieces of its body and an empty frame; back the head of an answer, pieces of its body and an empty frame. A frame
is its length in four bytes, big-endian, and so many bytes. Where a socket ends before the empty frame, who held its other end is gone.
"""

from __future__ import annotations

from asyncio import IncompleteReadError, StreamReader
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from eventlake.local.bus.answer import Message, RawHeaders

END = b"\0\0\0\0"
"""The empty frame."""
PIECE_BYTES = 64 << 10
"""How long a piece of a body is at most, so that the bus holds no more of one."""
_LENGTH_BYTES = 4
FOLLOWS = b"x-follows"
"""The header of whoever asks for a tile only because its tables changed."""
_HEARD = frozenset({b"accept-encoding", b"sec-fetch-mode", b"sec-fetch-site", FOLLOWS})
"""The headers that the page asks for; what lets a visitor in, a token or a cookie, stays with the bus."""


class Request(NamedTuple):
    """The head of a request."""

    method: str
    path: str
    query: bytes
    headers: RawHeaders


class Head(NamedTuple):
    """The head of an answer."""

    status: int
    headers: RawHeaders


encoded = msgspec.msgpack.Encoder().encode
request_of = msgspec.msgpack.Decoder(Request).decode
head_of = msgspec.msgpack.Decoder(Head).decode


def framed(content: bytes) -> bytes:
    """Return a frame that holds this."""
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def pieces(body: bytes) -> Iterator[bytes]:
    """Yield the frames of a body, or of a part of one."""
    for begin in range(0, len(body), PIECE_BYTES):
        yield framed(body[begin : begin + PIECE_BYTES])


async def read_frame(reader: StreamReader) -> bytes | None:
    """Return what the next frame holds, nothing of the last; None where the other side is gone."""
    try:
        return await reader.readexactly(int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big"))
    except (IncompleteReadError, ConnectionError):
        return None


def heard(scope: Message) -> Request:
    """Return what the page is told of a request."""
    return Request(scope["method"], scope["path"], scope["query_string"], [one for one in scope["headers"] if one[0] in _HEARD])


def scope_of(request: Request) -> Message:
    """Return a request as an application takes it."""
    return {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": request.query,
        "headers": [(bytes(name), bytes(value)) for name, value in request.headers],
    }
