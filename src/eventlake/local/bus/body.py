"""The body of a request, read within limits: its own, and what the bus may hold of all requests together."""

from __future__ import annotations

from types import TracebackType

from eventlake.local.bus.answer import Headers, HttpError, Receive
from eventlake.local.bus.pressure import Pressure, Refusal
from eventlake.local.bus.sender import Sender
from eventlake.local.encodings import encoding_of
from eventlake.local.inflate import MAGIC, CutOffError
from eventlake.local.inflate import inflated as inflated_pieces

BODY_LIMIT = 64 << 20
_FIRST_OF_MAGIC = MAGIC[:1]
"""Looked for first: one byte is found sixty times as fast as two, and text has none of it."""
_STREAMS_LIMIT = 10_000
"""How many gzip streams may follow each other; programs that compress in parallel write one for each 64 KB and more."""


class Reading:
    """One request while it is under way: `with Reading(pressure, headers, sender) as reading`.

    What came of it is counted until it is answered; what its sender only says will come is not.
    """

    def __init__(self, pressure: Pressure, headers: Headers, sender: Sender) -> None:
        if b"transfer-encoding" in headers:
            _require_known_transfer(headers[b"transfer-encoding"])
        length = headers.get(b"content-length")
        self._declared = None if length is None else int(length)
        self._pressure = pressure
        self._held = 0
        self.sender = sender

    def __enter__(self) -> Reading:
        """Refuse the request if the bus cannot take any. Raises HttpError."""
        if (refusal := self._pressure.refusal(self._size()) or self._pressure.refusal_of(self.sender)) is not None:
            raise refused(refusal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give back the room that the request held: it is answered."""
        self._pressure.release(self._held, self.sender)

    def hold(self, size_bytes: int) -> None:
        """Count bytes as held. Raises HttpError if there is no room for them beside other requests."""
        self._held += size_bytes
        self._pressure.hold(size_bytes, self.sender)
        if self._pressure.is_roomy():
            return
        if self._pressure.is_crowded(self._size()) and self._held < self._pressure.flying:
            raise refused(self._pressure.crowded())
        if self._pressure.is_greedy(self.sender, self._size(), self._held):
            raise refused(self._pressure.greedy())

    async def body(self, receive: Receive, limit_bytes: int = BODY_LIMIT) -> bytes:
        """Read all of the request's body, as it was sent. Raises HttpError."""
        if self._declared is not None and self._declared > limit_bytes:
            raise too_large(limit_bytes)
        parts: list[bytes] = []
        size = 0
        while (message := await receive())["type"] == "http.request":
            part = message.get("body", b"")
            self.hold(len(part))
            size += len(part)
            if size > limit_bytes:
                raise too_large(limit_bytes, [(b"connection", b"close")])
            if not message.get("more_body"):
                return b"".join([*parts, part]) if parts else part
            parts.append(part)
        raise HttpError(400, "The sender went away before its request was whole.")

    def _size(self) -> int:
        """Return how large the request is: as its sender says, or more where more came; the limit where nobody says."""
        return max(BODY_LIMIT if self._declared is None else self._declared, self._held)


def _require_known_transfer(given: bytes) -> None:
    """Refuse a body that was changed for its way in a form that the bus does not undo. Raises HttpError.

    https://www.rfc-editor.org/rfc/rfc9112#section-6.1
    """
    coding = given.strip().lower()
    if coding not in {b"", b"chunked"}:
        said = coding.decode("latin-1")[:40]
        sentence = f'The bus takes bodies in chunks, not in "{said}"; name a compression in Content-Encoding.'
        raise HttpError(501, sentence, [(b"connection", b"close")])


def may_be_gzip(body: bytes) -> bool:
    """Return False for nearly every body that is none."""
    return _FIRST_OF_MAGIC in body


def is_gzip(headers: Headers, body: bytes) -> bool:
    """Return True if a body is gzip, or has some behind plain text; neither JSON nor text in UTF-8 ever looks so.

    Raises HttpError for other encodings, and for a header that says gzip of what is none.
    """
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if not encoding and not (may_be_gzip(body) and MAGIC in body):
        return False
    if encoding not in {b"", b"identity", b"gzip", b"x-gzip"}:
        said = encoding.decode("latin-1")[:40]
        raise HttpError(415, f'The bus reads gzip and plain bodies, not "{said}".', [(b"accept-encoding", b"gzip")])
    if encoding.endswith(b"gzip") and not body.startswith(MAGIC):
        raise HttpError(400, "The request says that it is gzip, and is not.")
    return body.startswith(MAGIC) or (MAGIC in body and encoding_of(body) is None)


def inflated(body: bytes, limit_bytes: int = BODY_LIMIT) -> bytes:
    """Decode gzip streams, with plain text, line breaks or nothing between them, never beyond the limit, however small they came. Raises HttpError."""
    if body.count(MAGIC) > _STREAMS_LIMIT:
        raise HttpError(413, f"A request holds at most {_STREAMS_LIMIT:,} gzip streams; compress it as one.")
    pieces: list[bytes] = []
    room = limit_bytes
    try:
        for piece in inflated_pieces((body,)):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                raise too_large(limit_bytes)
    except CutOffError as error:
        raise HttpError(400, f"The request is not whole gzip: {error}.") from None
    return b"".join(pieces)


def refused(refusal: Refusal) -> HttpError:
    """Return the answer to a request that the bus cannot take now."""
    return HttpError(refusal.status, refusal.sentence, [(b"retry-after", b"%d" % refusal.retry_after_s)])


def too_large(limit_bytes: int, headers: list[tuple[bytes, bytes]] | None = None) -> HttpError:
    """Return the answer to a request beyond a limit."""
    return HttpError(413, f"A request holds at most {limit_bytes >> 20} MiB; send less at once.", headers or [])
