"""What was read of an input and is not yet cut into its documents, and where it stands in the input.

Called by `eventlake.local.documents` until nothing is left. All of a block that is in order is cut at once, else document by document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cache, partial

import msgspec

from eventlake.local.broken import BROKEN_LIMIT_BYTES, broken_end
from eventlake.local.guess import WHITE, gap, taken_guesses
from eventlake.local.item import Item
from eventlake.local.stretch import Stretch
from eventlake.pipeline.envelope import Taken

DOCUMENT_LIMIT_BYTES = 64 << 20
"""How far the end of a document is looked for."""
_WASTE_FACTOR, _WASTE_BYTES = 8, 8 << 20
"""How much may be read again behind the ends of broken documents: so many times what was taken apart, and so many bytes."""

_PLACE = re.compile(r"(trailing characters)? \(byte (\d+)\)$")
"""How msgspec says where it stopped: behind the character."""
_INDENT = re.compile(rb"[ \t]*+")
_OBJECT, _ARRAY, _ARRAY_END = b"{[]"
_stream = msgspec.json.Decoder(msgspec.Raw).decode_lines
_document = msgspec.json.Decoder(msgspec.Raw).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Cutter:
    """What was read and not yet cut, and where it stands in the input.

    An array at the top is open between its brackets; its elements are cut as documents are. One that is still open at the end is told.
    array: the one in which the pieces begin.
    """

    def __init__(self, pieces: Iterator[bytes], line: int = 1, base: int = 0, array: Item | None = None) -> None:
        self._pieces = pieces
        self._ended = False
        self._buffer, self._at = b"", 0
        self._base = base
        self._line, self._counted = line, 0
        self._array = array
        self._is_lost = False
        self._wasted = 0

    def fill(self, size_bytes: int) -> bool:
        """Hold so many bytes that are not yet cut, or all that there are; return False if nothing is left."""
        if len(self._buffer) - self._at < size_bytes and not self._ended:
            self._read(size_bytes)
        return self._at < len(self._buffer) or self._array is not None

    def guessed(self, take: Callable[[bytes], Taken]) -> Generator[tuple[Item, Taken], None, bool]:
        """Take the documents of what is held where they seem to end, as long as each is one; return True if that was all of it."""
        self._at = begin = gap(self._buffer, self._at)
        end = self._end()
        if begin >= end or self._buffer[begin] != _OBJECT or self._array is not None or self._is_lost:
            return False
        self._at += yield from taken_guesses(self._buffer[begin:end], take, self._line_at(begin), self._base + begin)
        return gap(self._buffer, self._at) >= end

    def block(self) -> Iterator[Item]:
        """Cut what is held: at once if all of it is in order, else document by document."""
        whole = self.whole()
        yield from self.singly() if whole is None else whole.place()

    def whole(self) -> Stretch | None:
        """Cut what is held at once, if all of it is in order."""
        self._at = begin = gap(self._buffer, self._at)
        end = self._end()
        whole = self._whole(begin, end) if begin < end and not self._is_lost else None
        if whole is not None:
            self._at = end
        return whole

    def singly(self) -> Iterator[Item]:
        """Cut what is held document by document."""
        yield from self._one_by_one(self._end() or len(self._buffer))  # all of it, so that no end is looked for again for each
        if self._ended and self._at == len(self._buffer) and self._array is not None:
            yield self._array
            self._array = None

    def _read(self, size_bytes: int) -> None:
        """Forget what was cut, and read."""
        self._line_at(self._at)
        parts = [self._buffer[self._at :]]
        self._base += self._at
        self._at = self._counted = 0
        held = len(parts[0])
        while held < size_bytes and not self._ended:
            piece = next(self._pieces, None)
            self._ended = piece is None
            parts.append(piece or b"")
            held += len(parts[-1])
        self._buffer = b"".join(parts)

    def _end(self) -> int:
        """Return where the last document that may be whole ends: in front of the last `{` that follows a `}`, 0 if there is none.

        The same may stand in a text, or between objects in an inner array; then what is in front is not in order.
        """
        if self._ended:
            return len(self._buffer)
        data, at = self._buffer, len(self._buffer)
        while (at := data.rfind(b"{", self._at, at)) > self._at:
            if data[max(at - 64, 0) : at].rstrip(WHITE if self._array is None else WHITE + b",").endswith(b"}"):
                return at
        return 0

    # A block at once

    def _whole(self, begin: int, end: int) -> Stretch | None:
        """Return the documents of a block; None if one is broken or no object."""
        block = self._buffer[begin:end]
        try:
            if self._array is not None or block[0] == _ARRAY:
                return self._whole_elements(block, begin)
            found = _stream(block)
        except (ValueError, RecursionError):
            return None
        return self._stretch(found, begin, end)

    def _whole_elements(self, block: bytes, begin: int) -> Stretch | None:
        """Return the elements of a part of an array; the array is open or closed afterwards as its brackets say."""
        text = block.rstrip(WHITE + b",")
        opens, closes = self._array is None, text.endswith(b"]")
        found = _elements((b"" if opens else b"[") + text + (b"" if closes else b"]"))
        whole = self._stretch(found, begin + opens, begin + len(block))
        if whole is not None:
            self._array = None if closes else self._array or Item(self._line_at(begin), b"[", self._base + begin)
        return whole

    def _stretch(self, found: Sequence[msgspec.Raw], begin: int, end: int) -> Stretch | None:
        """Return the documents of a block; None if one is no object."""
        documents = [bytes(one) for one in found]
        if not all(document[0] == _OBJECT for document in documents):
            return None
        return Stretch(documents, cache(partial(_placed, documents, self._buffer, begin, end, self._line_at(begin), self._base)))

    # Document by document

    def _one_by_one(self, end: int) -> Iterator[Item]:
        """Cut what begins before the end, at least one document."""
        until = self._base + end
        while (begin := gap(self._buffer, self._at)) < len(self._buffer):
            self._at = begin
            if self._buffer[begin] == _ARRAY and self._array is None and not self._is_lost:
                self._array = self._item(begin + 1)
            elif self._buffer[begin] == _ARRAY_END and self._array is not None:
                self._array, self._at = None, begin + 1
            else:
                size = self._size_of_document() or self._size_of_broken()
                yield self._item(self._at + size)
            if self._base + self._at >= until:
                return
        self._at = begin

    def _size_of_document(self) -> int:
        """Return the size of the document that begins here; 0 if what begins here is broken, or no document."""
        if self._is_lost or (self._buffer[self._at] != _OBJECT and self._array is None):
            return 0
        while True:
            text = self._text()
            try:
                size = len(_document(text))
                if self._ended or self._buffer[self._at] in b"{[":
                    return size
            except (ValueError, RecursionError) as error:
                place = _PLACE.search(str(error))
                if place is not None and place[1]:
                    return len(self._buffer[self._at : self._at + int(place[2]) - 1].rstrip(WHITE))
                if place is not None or isinstance(error, RecursionError) or not self._may_go_on(len(text)):
                    self._wasted += int(place[2]) if place else len(text)
                    return 0
            self.fill(min(2 * len(text), DOCUMENT_LIMIT_BYTES))

    def _text(self) -> memoryview:
        """Return what is read of the document that begins here: of its line only, if too much was read for nothing."""
        end = len(self._buffer)
        if self._is_wasting() and (found := self._buffer.find(b"\n", self._at)) >= 0:
            end = found
        return memoryview(self._buffer)[self._at : min(end, self._at + DOCUMENT_LIMIT_BYTES)]

    def _is_wasting(self) -> bool:
        return self._wasted > _WASTE_FACTOR * (self._base + self._at) + _WASTE_BYTES

    def _may_go_on(self, size_bytes: int) -> bool:
        """Return True if a document that did not end within so many bytes may end within more."""
        return self._at + size_bytes == len(self._buffer) and size_bytes < DOCUMENT_LIMIT_BYTES and not self._ended

    def _size_of_broken(self) -> int:
        """Return the size of the broken document that begins here, or of as much of it as one piece may be."""
        self.fill(BROKEN_LIMIT_BYTES)
        indent = None if self._is_lost or self._buffer[self._at] not in b"{[" else self._indent()
        end, is_known = broken_end(self._buffer, self._at, indent, in_array=self._array is not None)
        self._is_lost = not is_known
        return end - self._at

    def _indent(self) -> int:
        """Return how far to the right the line begins on which the document begins."""
        begin = self._buffer.rfind(b"\n", 0, self._at) + 1
        return _INDENT.match(self._buffer, begin, self._at).end() - begin  # type: ignore[union-attr]  # it matches anything

    def _item(self, end: int) -> Item:
        """Take the document that begins here, and go on behind it."""
        begin, self._at = self._at, end
        return Item(self._line_at(begin), self._buffer[begin:end].rstrip(WHITE), self._base + begin)

    def _line_at(self, at: int) -> int:
        """Return the line of a place that no earlier call was behind."""
        self._line += self._buffer.count(b"\n", self._counted, at)
        self._counted = at
        return self._line


def _placed(documents: Sequence[bytes], data: bytes, begin: int, end: int, line: int, base: int) -> list[Item]:
    """Find where each of the documents stands that fill a part of what was read. line: on which it begins. base: where the data begins."""
    items, at, counted = [], begin, begin
    has_breaks = data.find(b"\n", begin, end) >= 0
    for document in documents:
        at = data.index(b"{", at)
        if has_breaks:
            line += data.count(b"\n", counted, at)
            counted = at
        items.append(Item(line, document, base + at))
        at += len(document)
    return items
