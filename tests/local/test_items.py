"""Events in files: one item at a time, as its bytes stand there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.errors import StorageError
from eventlake.local.items import Item, read_items, split

EVENT = b'{"id": "1", "detail": {"state": "STARTED"}}'


def test_a_line_that_is_no_json_leaves_its_neighbours_whole() -> None:
    """Line 2 is an item of its own, with its number."""
    assert list(split(EVENT + b"\n{not json\n\n" + EVENT)) == [Item(1, EVENT), Item(2, b"{not json"), Item(4, EVENT)]


def test_a_broken_document_over_several_lines_is_one_item() -> None:
    """A truncated pretty-printed event is one error, not one for each line."""
    broken = b'{\n  "id": "1",\n  "detail": {'

    assert list(split(broken)) == [Item(1, broken)]


def test_an_array_gives_its_elements_as_they_were_written() -> None:
    """Numbers keep their text: 6.0 stays 6.0."""
    assert [item.data for item in split(b' [ {"version": 6.0},\n {"b": 1} ] ')] == [b'{"version": 6.0}', b'{"b": 1}']


def test_a_document_may_span_lines() -> None:
    """A pretty-printed event is one item."""
    pretty = json.dumps(json.loads(EVENT), indent=2).encode()

    assert [json.loads(item.data) for item in split(pretty + b"\n")] == [json.loads(EVENT)]


def test_nothing_gives_nothing() -> None:
    """An empty file holds no event."""
    assert list(split(b" \n\n")) == []


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3), min_size=2))
def test_json_lines_and_an_array_hold_the_same_items(events: list[dict[str, object]]) -> None:
    """Whatever the events, both forms give them in order."""
    as_lines = "\n".join(json.dumps(event) for event in events).encode()
    as_array = json.dumps(events, indent=1).encode()

    assert [json.loads(item.data) for item in split(as_lines)] == events
    assert [json.loads(item.data) for item in split(as_array)] == events


def test_a_gzip_file_is_read_by_its_content(tmp_path: Path) -> None:
    """The name need not end in .gz."""
    file = tmp_path / "events.json"
    file.write_bytes(gzip.compress(EVENT + b"\n" + EVENT))

    assert len(list(read_items(str(file)))) == 2


def test_a_truncated_gzip_file_is_named(tmp_path: Path) -> None:
    """Half a file is an error, not half the events."""
    file = tmp_path / "events.json.gz"
    file.write_bytes(gzip.compress(EVENT * 100)[:-9])

    with pytest.raises(StorageError, match=r"events\.json\.gz"):
        list(read_items(str(file)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The sentence names the file and the reason."""
    with pytest.raises(StorageError, match=r"missing.*No such file"):
        list(read_items(str(tmp_path / "missing.json")))
