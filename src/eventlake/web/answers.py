"""Answers to a browser: their kinds, and the headers that keep a browser from doing anything that this page does not ask for."""

from __future__ import annotations

import gzip
import zlib

from eventlake.local.bus.answer import Answer

HTML, SVG, CSS, JS, TEXT, CSV, JSON = (
    b"text/html; charset=utf-8",
    b"image/svg+xml",
    b"text/css; charset=utf-8",
    b"text/javascript; charset=utf-8",
    b"text/plain; charset=utf-8",
    b"text/csv; charset=utf-8",
    b"application/json",
)
POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style in the page itself: https://www.w3.org/TR/CSP3/"""
_HEADERS = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_LEAST_TO_SHRINK = 1000


def answer(status: int, kind: bytes, body: bytes, *headers: tuple[bytes, bytes], shrinks: bool = False) -> Answer:
    """Return an answer with all headers. shrinks: whether the browser takes gzip."""
    lasting = (b"cache-control", b"private, no-cache" if kind not in {CSS, JS} else b"private, max-age=300")
    if shrinks and len(body) >= _LEAST_TO_SHRINK:
        body, headers = gzip.compress(body, 5, mtime=0), ((b"content-encoding", b"gzip"), *headers)
    return Answer(status, body, kind, (*_HEADERS, lasting, (b"vary", b"accept-encoding"), *headers))


def plain_answer(status: int, text: str) -> Answer:
    """Return an answer of one sentence."""
    return answer(status, TEXT, text.encode())


class Shrinking:
    """A body that is sent in two parts. shrinks: whether the browser takes gzip."""

    def __init__(self, shrinks: bool) -> None:
        self._shrinking = zlib.compressobj(5, zlib.DEFLATED, 16 + zlib.MAX_WBITS) if shrinks else None
        self.headers = ((b"content-encoding", b"gzip"),) if shrinks else ()

    def begin(self, part: bytes) -> bytes:
        """Return the first part as it is sent, all of it."""
        return part if self._shrinking is None else self._shrinking.compress(part) + self._shrinking.flush(zlib.Z_SYNC_FLUSH)

    def end(self, part: bytes) -> bytes:
        """Return the rest."""
        return part if self._shrinking is None else self._shrinking.compress(part) + self._shrinking.flush()
