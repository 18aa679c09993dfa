"""A block of text -> its documents, cut where they seem to end: if each has a line, or if they follow each other with nothing between.

Taking a piece shows whether it is one document; only the first that is none may have been cut at a wrong place. So ordinary input is read
as JSON once, and not before that to find where its documents end. Called by `eventlake.local.documents`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

import msgspec

from eventlake.local.item import Item
from eventlake.pipeline.envelope import Taken

GAP = re.compile(rb"[\s,\x1e\xef\xbb\xbf]*+")
"""What may stand between documents: white space, commas, the separators of RFC 7464, the bytes of a byte order mark."""
WHITE = b" \t\r\n"
_BETWEEN = re.compile(rb"\}\s*+,\s*+\{")
_LOOKED_AT = 1 << 20
"""How far the end of the first element of an array is looked for."""
_OBJECT, _OBJECT_END = b"{}"
_document = msgspec.json.Decoder(msgspec.Raw).decode


def taken_guesses(
    block: bytes, take: Callable[[bytes], Taken], line: int, base: int, *, in_array: bool = False
) -> Generator[tuple[Item, Taken], None, int]:
    """Take the documents of a block, which begins where one does, as long as each is one; return how much of the block that was.

    line, base: where the block begins in the input. in_array: whether it begins with an element of an array.
    """
    end = 0
    for breaks, at, data in _elements(block) if in_array else _guesses(block):
        found = take(data)
        if found.error is not None and not _is_document(data):
            return end
        end = at + len(data)
        yield Item(line + breaks, data, base + at), found
    return end


def gap(data: bytes, at: int) -> int:
    """Return where the gap between documents ends that may begin here."""
    return GAP.match(data, at).end()  # type: ignore[union-attr]  # it matches anything


def _guesses(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Cut a block as far as it looks like objects; yield how many line breaks are in front of each, where it begins, and its bytes."""
    text = block.rstrip(WHITE)
    return _lines(text) if b"\n" in text else _joined(text)


def _lines(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Cut at the line breaks, as long as lines are objects, or blank."""
    at = 0
    for breaks, line in enumerate(text.split(b"\n")):
        if data := line.strip(WHITE):
            if data[0] != _OBJECT or data[-1] != _OBJECT_END:
                return
            yield breaks, at if line[0] == _OBJECT else at + line.index(b"{"), data
        at += len(line) + 1


def _joined(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Cut where an object ends directly in front of another."""
    if not text.startswith(b"{"):
        return
    at = 0
    while (end := text.find(b"}{", at) + 1) > 0:
        yield 0, at, text[at:end]
        at = end
    yield 0, at, text[at:] if at else text


def _elements(text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Cut an array of objects, from its first one on, where what stands between the first two stands again."""
    between = _BETWEEN.search(text, 0, _LOOKED_AT)
    if not text.startswith(b"{"):
        return
    breaks = at = 0
    if between is not None:
        parted, has_breaks = between[0], b"\n" in text
        while (end := text.find(parted, at) + 1) > 0:
            yield breaks, at, text[at:end]
            following = end + len(parted) - 2
            breaks += text.count(b"\n", at, following) if has_breaks else 0
            at = following
    end = text.rfind(b"}", at, text.rfind(b"]") + 1) + 1
    if end > at:
        yield breaks, at, text[at:end]


def _is_document(data: bytes) -> bool:
    """Return True if these bytes are one JSON document, whatever is wrong with it as an event."""
    try:
        _document(data)
    except (ValueError, RecursionError):
        return False
    return True
