"""Documents in a row: each is found whatever stands between, and what is broken leaves its neighbours whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from by_day import one_in
from eventlake.local import documents as cutting
from eventlake.local.broken import BROKEN_LIMIT_BYTES
from eventlake.local.cutter import Cutter
from eventlake.local.documents import documents, split, taken_of
from eventlake.local.item import Item
from eventlake.pipeline.envelope import Intake, Taken

EVENT = b'{"id": "1", "detail": {"state": "STARTED"}}'
SECOND = b'{"id": "2", "detail": {"text": "}{ \\"}{"}}'
BOM = b"\xef\xbb\xbf"

take = Intake(()).take


def data_of(text: bytes) -> list[bytes]:
    """The bytes of the documents in a text, which are the same when each is taken as soon as it is cut."""
    items = list(split(text))
    assert [item for item, _ in taken_of(text, take)] == items
    return [item.data for item in items]


# What is whole


@pytest.mark.parametrize("between", [b"", b" ", b"\n", b"\r\n", b"\t", b"\n\n \n", BOM, b"\n" + BOM, b",", b",\n", b"\n\x1e"])
def test_documents_are_found_whatever_stands_between(between: bytes) -> None:
    """Nothing, blanks, line breaks, commas, a byte order mark, or the separator of RFC 7464."""
    assert data_of(between.join([EVENT, SECOND, EVENT])) == [EVENT, SECOND, EVENT]


def test_a_byte_order_mark_may_begin_the_text() -> None:
    """As editors on Windows write it; the place of the document is behind it."""
    assert list(split(BOM + EVENT)) == [Item(1, EVENT, 3)]


def test_a_document_may_span_lines() -> None:
    """Pretty-printed events follow each other with and without a line break."""
    pretty = json.dumps(json.loads(EVENT), indent=2).encode()

    assert data_of(pretty + b"\n" + pretty + pretty) == [pretty, pretty, pretty]


def test_an_array_gives_its_elements_as_they_were_written() -> None:
    """Numbers keep their text: 6.0 stays 6.0."""
    assert data_of(b' [ {"version": 6.0},\n {"b": 1} ] ') == [b'{"version": 6.0}', b'{"b": 1}']


def test_arrays_and_documents_may_be_mixed() -> None:
    """Lines, arrays, joined documents and a pretty-printed one in one text."""
    pretty = json.dumps(json.loads(SECOND), indent=1).encode()

    text = EVENT + b"\n[" + EVENT + b", " + SECOND + b"]" + SECOND + EVENT + b"[]" + pretty + b"\n[\n " + EVENT + b"\n]\n"

    assert data_of(text) == [EVENT, EVENT, SECOND, SECOND, EVENT, pretty, EVENT]


@pytest.mark.parametrize("between", [b"\n\x1e", BOM, b",\n"])
def test_the_end_of_a_block_is_looked_for_once(between: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no document follows another directly, so that each would be a block of its own."""
    asked: list[int] = []
    usual = Cutter.block

    def counted(cutter: Cutter) -> Iterator[Item]:
        asked.append(1)
        return usual(cutter)

    monkeypatch.setattr(Cutter, "block", counted)

    assert len(data_of(between.join([EVENT] * 5000))) == 5000
    assert len(asked) < 100


def test_each_document_has_its_line_and_its_byte() -> None:
    """Both are where it begins; for a person they count from 1."""
    items = list(split(b"\n  " + EVENT + SECOND + b"\n\n[\n" + EVENT + b"]"))

    assert [(item.line, item.at) for item in items] == [(2, 3), (2, 3 + len(EVENT)), (5, 7 + len(EVENT) + len(SECOND))]
    assert items[0].place == "line 2, byte 4"


@pytest.mark.parametrize("text", [b"", b" \n\n", b"[]", BOM, b"\x1e\n"])
def test_nothing_gives_nothing(text: bytes) -> None:
    """A text without a document holds no item."""
    assert list(split(text)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4
)


@pytest.mark.slow
@given(
    st.lists(st.dictionaries(st.text(), JSON, max_size=3), min_size=1),
    st.sampled_from(["", "\n", " ", "\r\n", "array"]),
    st.sampled_from([None, 1]),
    st.integers(1, 40),
)
def test_every_form_holds_the_same_documents(events: list[dict[str, Any]], between: str, indent: int | None, size: int) -> None:
    """Whatever the events, the form, the blocks and the pieces in which they come."""
    dumped = [json.dumps(event, indent=indent, ensure_ascii=False) for event in events]
    text = json.dumps(events, indent=indent) if between == "array" else between.join(dumped)
    data = text.encode()
    usual, cutting.BLOCK_BYTES = cutting.BLOCK_BYTES, size
    try:
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        items = list(documents(pieces))
        assert [item for item, _ in taken_of(data, take)] == items
    finally:
        cutting.BLOCK_BYTES = usual

    assert [json.loads(item.data) for item in items] == events
    assert [data[item.at : item.at + len(item.data)] for item in items] == [item.data for item in items]
    assert [data.count(b"\n", 0, item.at) + 1 for item in items] == [item.line for item in items]
    assert list(split(data)) == items
    assert [item for item, _ in taken_of(data, take)] == items


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b"\n\n", b" \n\t"])
def test_what_is_in_order_is_read_once(between: bytes) -> None:
    """Each document is taken once, with its place, and nothing is read before to find where it ends."""
    asked: list[bytes] = []
    texts = [EVENT, b'{"detail-type": "A", "id": "3", "detail": {}}', EVENT]

    def noted(data: bytes) -> Taken:
        asked.append(data)
        return take(data)

    found = list(taken_of(between.join(texts), noted))

    assert asked == texts
    assert [item.at for item, _ in found] == [0, len(EVENT + between), len(EVENT + between + texts[1] + between)]
    assert [one.error is None for _, one in found] == [False, True, False]


def test_what_only_looked_like_a_document_is_cut_again() -> None:
    """A `}{` in a text, and two events on one line, are no reason to fail anything."""
    assert data_of(SECOND + SECOND) == [SECOND, SECOND]
    assert data_of(EVENT + b"\n" + EVENT + b" " + SECOND + b"\n" + EVENT) == [EVENT, EVENT, SECOND, EVENT]


# What is broken


def test_a_line_that_is_no_json_leaves_its_neighbours_whole() -> None:
    """Line 2 is an item of its own, with its number."""
    assert list(split(EVENT + b"\n{not json\n\n" + EVENT)) == [Item(1, EVENT), Item(2, b"{not json", 44), Item(4, EVENT, 55)]


@pytest.mark.parametrize("between", [b"\n", b"\r\n"])
def test_a_document_that_is_cut_off_ends_where_a_line_begins_the_next(between: bytes) -> None:
    """Wherever it is cut, inside a text or between brackets."""
    for cut in range(1, len(SECOND)):
        assert data_of(between.join([EVENT, SECOND[:cut], EVENT, SECOND])) == [EVENT, SECOND[:cut].rstrip(), EVENT, SECOND]


@pytest.mark.parametrize("broken", [b'{"a": }', b'{"a": 1,}', b'{"a": NaN}', b"{'a': 1}", b'{"a" 1}', b'{"a": "\x01"}', b'{"a": [1 2]}'])
@pytest.mark.parametrize("between", [b"", b" ", b"\n"])
def test_a_document_that_is_broken_inside_ends_with_its_last_bracket(broken: bytes, between: bytes) -> None:
    """Its neighbours may follow on the same line."""
    assert data_of(between.join([EVENT, broken, SECOND, EVENT])) == [EVENT, broken, SECOND, EVENT]
    assert data_of(b"[" + b", ".join([EVENT, broken, SECOND]) + b"]") == [EVENT, broken, SECOND]


def test_a_broken_document_on_the_line_of_others_ends_in_front_of_a_whole_one() -> None:
    """A `}` with an object directly behind it stands in no JSON; inside a text the object is none."""
    assert data_of(EVENT + b'{"a": {"b": [1}' + SECOND + EVENT) == [EVENT, b'{"a": {"b": [1}', SECOND, EVENT]
    assert data_of(b'{"a": "}{", "b": 1,, "c": {"d": 1' + b"\n" + EVENT) == [b'{"a": "}{", "b": 1,, "c": {"d": 1', EVENT]


def test_a_broken_document_over_several_lines_is_one_item() -> None:
    """What is indented further than its first line is part of it, brackets at the beginning of a line too."""
    broken = b'{\n  "id": "1",\n  "resources": [\n    {\n      "arn": "a"\n    },\n    {\n'

    assert data_of(broken) == [broken.rstrip()]
    assert data_of(broken + EVENT + b"\n" + broken + SECOND) == [broken.rstrip(), EVENT, broken.rstrip(), SECOND]


def test_a_broken_element_of_an_array_ends_before_the_next_or_before_the_bracket() -> None:
    """Pretty-printed as well as on one line, also where it is no object."""
    assert data_of(b'[\n  {"a": 1},\n  {"b": \n  {"c": 2},\n  {"d": \n]\n' + EVENT) == [b'{"a": 1}', b'{"b":', b'{"c": 2}', b'{"d":', EVENT]
    assert data_of(b"[1, tru, " + EVENT + b', "text"]') == [b"1", b"tru", EVENT, b'"text"']


def test_an_array_that_does_not_end_is_told() -> None:
    """Its elements are read; its bracket is an item that fails, because elements may be missing."""
    assert list(split(b"\n [" + EVENT + b",\n" + SECOND + b",\n")) == [Item(2, EVENT, 3), Item(3, SECOND, 5 + len(EVENT)), Item(2, b"[", 2)]


def test_text_is_one_item_until_a_document_begins() -> None:
    """A text that is no JSON does not become an item for each of its lines."""
    assert data_of(b"curl: (6)\ncould not resolve\n" + EVENT + b"trailing\nwords") == [
        b"curl: (6)\ncould not resolve",
        EVENT,
        b"trailing\nwords",
    ]


def test_nothing_of_a_text_is_dropped() -> None:
    """What is longer than a piece of broken text may be becomes several, and a bracket in the middle of it begins no document."""
    text = b'{"a": [' + b'{"id": 1}, ' * (BROKEN_LIMIT_BYTES // 8) + b"\n" + EVENT
    items = list(split(text))

    assert items[-1].data == EVENT
    assert all(len(item.data) <= BROKEN_LIMIT_BYTES for item in items)
    assert sum(len(item.data) for item in items) >= len(text) - 10


@pytest.mark.parametrize(
    "line", one_in(3, [b'{"a":\n', b'{"a": "\n', b'}{"a":', b"[\n", b'"', b"{}", b'\\"', b"}" + b" " * 1000, b'{"a":[{}],\n'])
)
def test_reading_broken_text_takes_time_in_proportion_to_it(line: bytes) -> None:
    """Each byte is looked at a bounded number of times, so a block of anything is read."""
    count = sum(1 for _ in split(line * ((128 << 10) // len(line)) + b"\n" + EVENT))

    assert count > 0


@given(
    st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b",", b":", b"\n", b" ", b"1", b"a", b"\\", BOM[:1]]), max_size=40),
    st.integers(1, 9),
)
def test_whatever_is_read_every_byte_is_in_an_item_or_between(parts: list[bytes], size: int) -> None:
    """Nothing raises, and only what JSON does not count is left out, the brackets of arrays with it."""
    text = b"".join(parts)
    left = bytearray(text)
    items = list(documents(text[at : at + size] for at in range(0, len(text), size)))
    assert [item for item, _ in taken_of(text, take)] == items
    for item in items:
        assert text[item.at : item.at + len(item.data)] == item.data
        left[item.at : item.at + len(item.data)] = b" " * len(item.data)

    assert left.strip(b" \n,[]\xef") == b""
