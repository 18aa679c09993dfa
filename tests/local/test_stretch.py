"""Documents cut many at once: those that are cut one by one, each where it stands, in whatever parts they come."""

from __future__ import annotations

import pytest

from eventlake.local import documents as cutting
from eventlake.local.documents import documents, stretches
from eventlake.local.item import Item
from eventlake.local.stretch import behind, of_items

EVENTS = [b'{"id": "%d", "detail": {"text": "}{"}}' % number for number in range(30)]
TEXTS = {
    "lines": b"\n\n" + b"\n".join(EVENTS) + b"\n",
    "joined": b"".join(EVENTS),
    "spread over lines": b"\n".join(EVENTS).replace(b", ", b",\n "),
    "an array": b" [\n" + b",\n".join(EVENTS) + b"\n]\n",
    "an array that does not end": b"[" + b", ".join(EVENTS),
    "separated": b"\x1e" + b"\n\x1e".join(EVENTS),
    "one is broken": b"\n".join([*EVENTS[:9], b'{"id": ', *EVENTS[9:]]),
    "not UTF-8": b"\n".join([*EVENTS[:9], b'{"id": "\xff"}', *EVENTS[9:]]),
    "blank": b" \n\n",
}


@pytest.mark.parametrize("block", [1, 100, 1 << 16])
@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_documents_of_stretches_are_those_that_are_cut_one_by_one(text: bytes, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its line and its place, also where they are parted, and from each place on."""
    monkeypatch.setattr(cutting, "BLOCK_BYTES", block)
    pieces = [text[at : at + 70] for at in range(0, len(text), 70)]
    items = list(documents(pieces))

    def found(at: int, size: int) -> list[Item]:
        parts = [part for stretch in behind(stretches(pieces), at) for part in stretch.parts(size)]
        assert all(part.documents and part.at == part.item(0).at for part in parts)
        assert [document for part in parts for document in part.documents] == [item.data for part in parts for item in part.place()]
        return [item for part in parts for item in part.place()]

    assert found(0, 1 << 20) == found(0, 90) == items
    for number, item in list(enumerate(items))[:30:7]:
        assert found(item.at, 90) == items[number:]
    assert found(len(text), 90) == []


def test_a_part_is_about_as_large_as_is_asked_for() -> None:
    """No smaller but for the last, and no larger than by one document."""
    sizes = [sum(map(len, part.documents)) for part in of_items([Item(1, event) for event in EVENTS]).parts(100)]

    assert all(100 <= size < 100 + len(EVENTS[-1]) for size in sizes[:-1])
    assert sum(sizes) == sum(map(len, EVENTS))


def test_what_did_not_end_is_told_behind_what_it_holds() -> None:
    """So nobody may go on at its place, which is in front of all that."""
    *before, last = stretches([b"[" + EVENTS[0]])

    assert [one.is_in_place for one in before] == [True]
    assert (last.documents, last.at, last.is_in_place) == ([b"["], 0, False)
