"""Documents of an input that follow each other, cut at once: where each stands is found out only when somebody asks.

That is when something is wrong with one, or when a part of the input was read before. Cut by `eventlake.local.documents`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventlake.local.item import Item


@dataclass(slots=True)
class Stretch:
    """Some documents. place: gives them as items."""

    documents: Sequence[bytes]
    place: Callable[[], Sequence[Item]]

    @property
    def at(self) -> int:
        """Return where the first one begins in the input."""
        return self.item(0).at

    @property
    def end(self) -> int:
        """Return a place behind which the next document begins, and none of these."""
        return 1 + max(item.at for item in self.place())

    @property
    def is_in_place(self) -> bool:
        """Return False for the bracket of an array that did not end, which is told behind what the array holds."""
        return self.documents[0] != b"["

    def item(self, place: int) -> Item:
        """Return one with its place."""
        return self.place()[place]

    def parts(self, size_bytes: int) -> Iterator[Stretch]:
        """Yield it in parts of about so many bytes."""
        if sum(map(len, self.documents)) <= size_bytes:
            yield self
            return
        begin = size = 0
        for end, document in enumerate(self.documents, 1):
            size += len(document)
            if size >= size_bytes or end == len(self.documents):
                yield self._part(begin, end)
                begin, size = end, 0

    def _part(self, begin: int, end: int) -> Stretch:
        return Stretch(self.documents[begin:end], lambda: self.place()[begin:end])


def of_items(items: Sequence[Item]) -> Stretch:
    """Make a stretch of documents whose places are known."""
    return Stretch([item.data for item in items], lambda: items)


def behind(stretches: Iterable[Stretch], at: int) -> Iterator[Stretch]:
    """Yield stretches without the documents that begin before a place in the input."""
    rest = iter(stretches)
    for stretch in rest:
        if left := [item for item in stretch.place() if item.at >= at]:
            yield of_items(left)
            break
    yield from rest


def together(items: Iterable[Item], size_bytes: int) -> Iterator[Stretch]:
    """Yield items in stretches of about so many bytes."""
    some, size = list[Item](), 0
    for item in items:
        some.append(item)
        size += len(item.data)
        if size >= size_bytes:
            yield of_items(some)
            some, size = [], 0
    if some:
        yield of_items(some)
