"""The body of a request, read within limits: its own, and what the bus may hold of all requests together."""

from __future__ import annotations

import gzip
import io
import zlib
from types import TracebackType

from eventlake.local.bus.answer import Headers, HttpError, Receive
from eventlake.local.bus.pressure import Pressure, Refusal

BODY_LIMIT = 64 << 20
_PIECE_BYTES = 1 << 20
_MAGIC = b"\x1f\x8b\x08"
_STREAMS_LIMIT = 10_000
"""How many gzip streams may follow each other; programs that compress in parallel write one for each 64 KB and more."""


class Reading:
    """One request while it is under way: `with Reading(pressure) as reading`. What it holds is counted until it is answered."""

    def __init__(self, pressure: Pressure) -> None:
        self._pressure = pressure
        self._held = 0

    def __enter__(self) -> Reading:
        """Refuse the request if the bus cannot take any. Raises HttpError."""
        if (refusal := self._pressure.refusal()) is not None:
            raise refused(refusal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give back the room that the request held: it is answered."""
        self._pressure.flying -= self._held

    def hold(self, size_bytes: int) -> None:
        """Count bytes as held. Raises HttpError if there is no room for them beside other requests."""
        self._held += size_bytes
        self._pressure.flying += size_bytes
        if self._pressure.is_crowded() and self._held < self._pressure.flying:
            raise refused(self._pressure.crowded())

    async def body(self, headers: Headers, receive: Receive, limit_bytes: int = BODY_LIMIT) -> bytes:
        """Read all of the request's body, as it was sent. Raises HttpError."""
        length = headers.get(b"content-length")
        if length is not None:
            declared = int(length)
            if declared > limit_bytes:
                raise too_large(limit_bytes)
            self.hold(declared)
        message = await receive()
        if not message.get("more_body") and message["type"] == "http.request":
            whole: bytes = message["body"]
            return whole
        parts: list[bytes] = []
        size = 0
        while message["type"] == "http.request":
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if length is None:
                self.hold(len(part))
                if size > limit_bytes:
                    raise too_large(limit_bytes, [(b"connection", b"close")])
            if not message.get("more_body"):
                return b"".join(parts)
            message = await receive()
        raise HttpError(400, "The sender went away before its request was whole.")


def is_gzip(headers: Headers, body: bytes) -> bool:
    """Return True if a body is gzip, by its header or because it begins so, which JSON never does. Raises HttpError for other encodings."""
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in {b"", b"identity", b"gzip", b"x-gzip"}:
        said = encoding.decode("latin-1")[:40]
        raise HttpError(415, f'The bus reads gzip and plain bodies, not "{said}".', [(b"accept-encoding", b"gzip")])
    return encoding.endswith(b"gzip") or body.startswith(_MAGIC)


def inflated(body: bytes, limit_bytes: int = BODY_LIMIT) -> bytes:
    """Decode one or more gzip streams, never beyond the limit, however small they came. Raises HttpError."""
    if body.count(_MAGIC) > _STREAMS_LIMIT:
        raise HttpError(413, f"A request holds at most {_STREAMS_LIMIT:,} gzip streams; compress it as one.")
    pieces: list[bytes] = []
    room = limit_bytes
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            while piece := stream.read(_PIECE_BYTES):
                pieces.append(piece)
                room -= len(piece)
                if room < 0:
                    raise too_large(limit_bytes)
    except (EOFError, OSError, zlib.error) as error:
        raise HttpError(400, f"The request is not whole gzip: {str(error).rstrip('.')}.") from None
    return b"".join(pieces)


def refused(refusal: Refusal) -> HttpError:
    """Return the answer to a request that the bus cannot take now."""
    return HttpError(refusal.status, refusal.sentence, [(b"retry-after", b"%d" % refusal.retry_after_s)])


def too_large(limit_bytes: int, headers: list[tuple[bytes, bytes]] | None = None) -> HttpError:
    """Return the answer to a request beyond a limit."""
    return HttpError(413, f"A request holds at most {limit_bytes >> 20} MiB; send less at once.", headers or [])
