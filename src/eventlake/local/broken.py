"""Where a broken document ends, so that its neighbours are read: behind its last bracket, or in front of what begins another.

Another begins on a line whose first character is `{` or `[`, no further to the right than the line of the broken one begins, or directly behind
a `}` if a whole object begins there. Called by `eventlake.local.documents` with what follows from the broken document's first byte.
"""

from __future__ import annotations

import re

import msgspec

BROKEN_LIMIT_BYTES = 1 << 20
"""How large a piece of what is broken may be; more becomes several."""

_PART = re.compile(rb'\n([ \t]*+)(?:\xef\xbb\xbf)?+([{\[\]])|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?|[{}\[\],]')
"""The beginning of a line, a text, which ends with its line at the latest, or what gives a document its shape."""
_JOINED = re.compile(rb"[\s\xef\xbb\xbf]*+(?=\{\s*+\")")
_JOINED_IN_TEXT = re.compile(rb"\}[\s\xef\xbb\xbf]*+(\{[ \t]*+\"?)$")
"""How another document begins where a text does not end that ought to."""
_whole = msgspec.json.Decoder(msgspec.Raw).decode


def broken_end(data: bytes, begin: int, indent: int | None, *, in_array: bool) -> tuple[int, bool]:
    """Return where the document that begins here ends, and whether that is known: else it is only as much as one piece may be.

    indent: how far to the right its line begins; None if it begins with no bracket, so that any line may begin another.
    """
    limit = min(begin + BROKEN_LIMIT_BYTES, len(data))
    has_end = indent is not None or in_array
    level = 0
    for part in _PART.finditer(data, begin, limit):
        if part[2]:
            if (indent is None or len(part[1]) <= indent) and (part[2] != b"]" or in_array):
                return part.start() + 1, True
            mark = part[2]
        else:
            mark = part[0]
        if (other := _begins_behind(data, part.end(), mark)) is not None and not (level == 1 and mark == b"}" and has_end):
            return other, True
        if mark in (b"{", b"["):
            level += 1
        elif has_end and level == 0 and mark in (b",", b"]", b"}"):
            return part.start() if part.start() > begin else part.end(), True
        elif mark in (b"}", b"]"):
            level -= 1
            if has_end and level == 0:
                return part.end(), True
    return limit, False


def _begins_behind(data: bytes, end: int, mark: bytes) -> int | None:
    """Return where a whole object begins directly behind a `}` that these bytes are, or that ends the text they are."""
    if mark == b"}":
        joined = _JOINED.match(data, end)
        at = joined.end() if joined else None
    else:
        inside = _JOINED_IN_TEXT.search(mark) if mark[:1] == b'"' else None
        at = end - len(mark) + inside.start(1) if inside else None
    return at if at is not None and _is_object(data, at) else None


def _is_object(data: bytes, at: int) -> bool:
    try:
        _whole(memoryview(data)[at : at + BROKEN_LIMIT_BYTES])
    except (ValueError, RecursionError) as error:
        return "trailing characters" in str(error)
    return True
