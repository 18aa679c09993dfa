"""Text in UTF-16 or UTF-32, as PowerShell and editors of Windows write it -> the same text in UTF-8, which everything behind reads.

Known by the zeros around its first characters, which no UTF-8 has there, behind a byte order mark or without one: https://www.rfc-editor.org/rfc/rfc4627#section-3
What is no text in its encoding becomes bytes that are no UTF-8, so that it fails where it stands. Called for files and for bodies of requests.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BEGINNINGS = {
    "utf-32-le": re.compile(rb"[\s{\[]\0\0\0"),
    "utf-32-be": re.compile(rb"\0\0\0[\s{\[]"),
    "utf-16-le": re.compile(rb"[\s{\[]\0[\x01-\x7f]\0"),
    "utf-16-be": re.compile(rb"\0[\s{\[]\0[\x01-\x7f]"),
}
"""How JSON begins: its first two characters are ASCII. So a stray mark or zero does not make what is behind it another text."""
_LOOKED_AT = 8


def in_utf8(text: bytes) -> bytes:
    """Return a text in UTF-8."""
    return text if encoding_of(text) is None else b"".join(utf8_pieces([text]))


def encoding_of(beginning: bytes) -> str | None:
    """Return the encoding of a text that begins so; None for UTF-8."""
    for mark, name in _MARKS:
        if beginning.startswith(mark) and _BEGINNINGS[name].match(beginning, len(mark)):
            return name
    return next((name for name, pattern in _BEGINNINGS.items() if pattern.match(beginning)), None)


def utf8_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a text that comes in pieces in UTF-8."""
    coming = iter(pieces)
    first = b""
    while len(first) < _LOOKED_AT and (piece := next(coming, None)) is not None:
        first += piece
    encoding = encoding_of(first)
    if encoding is None:
        yield first
        yield from coming
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    yield _utf8(decoder, first).removeprefix(codecs.BOM_UTF8)
    for piece in coming:
        yield _utf8(decoder, piece)
    if decoder.getstate()[0]:
        yield b"\xff"  # half a character: no UTF-8 either


def _utf8(decoder: codecs.IncrementalDecoder, piece: bytes) -> bytes:
    try:
        return decoder.decode(piece).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # beyond the last character that there is
        decoder.reset()
        return b"\xff"
