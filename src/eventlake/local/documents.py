"""Bytes in pieces -> the JSON documents in them, one at a time, each with its place; what is broken is a document of its own.

Documents may follow each other with anything between that JSON does not count: newlines, blanks, a byte order mark, or nothing, as Firehose
joins records (https://docs.aws.amazon.com/firehose/latest/dev/create-destination.html). The elements of an array are documents.
Called for files and for the bodies of requests. What is held at once is a block, or one document while it is larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from eventlake.local.cutter import Cutter
from eventlake.local.guess import gap, taken_guesses
from eventlake.local.item import Item
from eventlake.local.stretch import Stretch, together
from eventlake.pipeline.envelope import Taken

BLOCK_BYTES = 64 << 10
"""How much is taken apart at once."""


def documents(pieces: Iterable[bytes]) -> Iterator[Item]:
    """Cut the pieces of one input into its documents."""
    cutter = Cutter(iter(pieces))
    while cutter.fill(BLOCK_BYTES):
        yield from cutter.block()


def stretches(pieces: Iterable[bytes]) -> Iterator[Stretch]:
    """Cut the pieces of one input into its documents, those of a block that is in order at once."""
    cutter = Cutter(iter(pieces))
    while cutter.fill(BLOCK_BYTES):
        whole = cutter.whole()
        if whole is None:
            yield from together(cutter.singly(), BLOCK_BYTES)
        elif whole.documents:
            yield whole


def split(data: bytes) -> Iterator[Item]:
    """Cut a text into its documents."""
    return documents(_in_pieces(data))


def taken_of(data: bytes, take: Callable[[bytes], Taken], begin: int = 0) -> Iterator[tuple[Item, Taken]]:
    """Cut a text into its documents, and take each; ordinary ones are read only then, and not to find where they end.

    begin: behind the whole lines that were taken already.
    """
    is_begun, begin = begin > 0, gap(data, begin)
    if data.startswith(b"[", begin) and not is_begun:
        yield from _taken_array(data, begin, take)
        return
    end = begin + (yield from taken_guesses(data[begin:], take, 1 + data.count(b"\n", 0, begin), begin))
    if gap(data, end) < len(data):
        yield from _taken(Cutter(iter(_in_pieces(data[end:])), 1 + data.count(b"\n", 0, end), end), take)


def taken_documents(pieces: Iterable[bytes], take: Callable[[bytes], Taken]) -> Iterator[tuple[Item, Taken]]:
    """Cut the pieces of one input into its documents, and take each; as `taken_of` does, for what is not held at once."""
    return _taken(Cutter(iter(pieces)), take)


def _taken_array(data: bytes, begin: int, take: Callable[[bytes], Taken]) -> Iterator[tuple[Item, Taken]]:
    """Take the elements of the array that begins here, and whatever follows it."""
    first = gap(data, begin + 1)
    opened = Item(1 + data.count(b"\n", 0, begin), b"[", begin)
    line = opened.line + data.count(b"\n", begin, first)
    end = first + (yield from taken_guesses(data[first:], take, line, first, in_array=True))
    yield from _taken(Cutter(iter(_in_pieces(data[end:])), 1 + data.count(b"\n", 0, end), end, opened), take)


def _taken(cutter: Cutter, take: Callable[[bytes], Taken]) -> Iterator[tuple[Item, Taken]]:
    while cutter.fill(BLOCK_BYTES):
        is_cut = yield from cutter.guessed(take)
        if not is_cut:
            for item in cutter.block():
                yield item, take(item.data)


def _in_pieces(data: bytes) -> Iterable[bytes]:
    return (data,) if len(data) <= BLOCK_BYTES else (data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))
