"""Bytes in pieces -> the same bytes, gzip inflated: one member or many, with nothing, zeros or line breaks between them, or plain text.

Called for files and for the bodies of requests. What is held at once is a piece. https://www.rfc-editor.org/rfc/rfc1952
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Iterator

MAGIC = b"\x1f\x8b\x08"
"""How a gzip member begins: JSON never does, and no text in UTF-8 holds it."""
PIECE_BYTES = 256 << 10
_FED_BYTES = 16 << 10
"""How much compressed is handed over at once: what follows a member's end is copied."""
_BETWEEN = b"\0\r\n \t"
_GZIP = 31


class CutOffError(Exception):
    """A gzip member is broken or does not end. Its message is zlib's, without a full stop."""


def inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes that the pieces hold, each at most PIECE_BYTES. Raises CutOffError after what could be read."""
    reading = _Reading()
    for piece in pieces:
        step = _FED_BYTES if reading.is_compressed or MAGIC in piece else len(piece) or 1
        for at in range(0, len(piece), step):
            yield from reading.feed(piece[at : at + step])
    yield from reading.end()


class _Reading:
    """Where reading stands: in a member, or between members and plain text."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None
        self._held = b""
        self._is_after_member = False

    @property
    def is_compressed(self) -> bool:
        """Return True within a member."""
        return self._member is not None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes."""
        data, self._held = self._held + data, b""
        while data:
            if self._member is None:
                data = yield from self._plain(data)
            else:
                data = yield from self._inflate(self._member, data)

    def end(self) -> Iterator[bytes]:
        """End the input."""
        if self._held:
            yield self._held
        if self._member is not None:
            raise CutOffError("Compressed file ended before the end-of-stream marker was reached")

    def _plain(self, data: bytes) -> Generator[bytes, None, bytes]:
        """Give what is in front of the next member; what may be the beginning of one is held until more is known."""
        at = data.find(MAGIC)
        text = data[:at] if at >= 0 else data[: len(data) - _begun(data)]
        given = text.lstrip(_BETWEEN) if self._is_after_member else text
        if given:
            self._is_after_member = False
            yield given
        if at < 0:
            self._held = data[len(text) :]
            return b""
        self._member = zlib.decompressobj(_GZIP)
        return data[at:]

    def _inflate(self, member: zlib._Decompress, data: bytes) -> Generator[bytes, None, bytes]:
        """Give what a member holds, and return what follows its end."""
        try:
            while True:
                yield (given := member.decompress(data, PIECE_BYTES))
                data = member.unconsumed_tail
                if member.eof or (not data and len(given) < PIECE_BYTES):
                    break
        except zlib.error as error:
            raise CutOffError(str(error).rstrip(".")) from None
        if member.eof:
            self._member, self._is_after_member = None, True
        return member.unused_data


def _begun(data: bytes) -> int:
    """Return how many bytes at the end may be the beginning of a member."""
    return 2 if data.endswith(MAGIC[:2]) else 1 if data.endswith(MAGIC[:1]) else 0
