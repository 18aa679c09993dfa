"""Events in files: one item at a time, as its bytes stand there."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pytest

from eventlake.errors import EventError, StorageError
from eventlake.local.encodings import in_utf8, utf8_pieces
from eventlake.local.item import Item
from eventlake.local.items import read_items
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

EVENT = b'{"id": "1", "detail": {"state": "STARTED"}}'


def test_a_gzip_file_is_read_by_its_content(tmp_path: Path) -> None:
    """The name need not end in .gz."""
    file = tmp_path / "events.json"
    file.write_bytes(gzip.compress(EVENT + b"\n" + EVENT))

    assert len(list(read_items(str(file)))) == 2


def test_a_truncated_gzip_file_is_named(tmp_path: Path) -> None:
    """What stands before the end is read, and then the file is told to be cut off."""
    file = tmp_path / "events.json.gz"
    file.write_bytes(gzip.compress(EVENT * 100)[:-9])
    items: list[Item] = []

    with pytest.raises(StorageError, match=r"events\.json\.gz.*is not whole"):
        items.extend(read_items(str(file)))
    assert all(item.data == EVENT for item in items)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (gzip.compress(gzip.compress(EVENT)), "a gzip file within a gzip file"),
        (bz2.compress(EVENT), "a bzip2 file"),
        (lzma.compress(EVENT), "an xz file"),
        (b"\x28\xb5\x2f\xfd" + EVENT, "a Zstandard file"),
        (b"PK\x03\x04" + EVENT, "a zip archive"),
        (b"PAR1" + EVENT, "a Parquet file"),
        (b"a.json".ljust(257, b"\0") + b"ustar\x0000" + EVENT, "a tar archive"),
        (gzip.compress(b"a.json".ljust(257, b"\0") + b"ustar  \0" + EVENT), "a tar archive"),
    ],
    ids=["gzip in gzip", "bzip2", "xz", "Zstandard", "zip", "Parquet", "tar", "tar in gzip"],  # compressed bytes hold the time
)
def test_what_must_be_unpacked_first_is_named(tmp_path: Path, data: bytes, kind: str) -> None:
    """Nothing of it is taken for an event, or for a broken one."""
    file = tmp_path / "events"
    file.write_bytes(data)

    with pytest.raises(StorageError, match=f'events" is {kind}; unpack it, and send what it holds'):
        next(read_items(str(file)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The sentence names the file and the reason."""
    with pytest.raises(StorageError, match=r"missing.*No such file"):
        list(read_items(str(tmp_path / "missing.json")))


def test_a_file_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    """The first event of a large file is there before its last is read."""
    file = tmp_path / "events.jsonl"
    file.write_bytes((EVENT + b"\n") * 100_000)
    items = read_items(str(file))
    first = next(items)
    with file.open("r+b") as writing:
        writing.truncate(2 << 20)

    assert first.data == EVENT
    assert sum(1 for _ in items) < 60_000


@pytest.mark.parametrize(("sentence", "told"), [("It is none.", "It is none"), ('Its keys are "a", ...', 'Its keys are "a", ...')])
def test_the_place_of_a_document_follows_what_is_wrong_with_it(sentence: str, told: str) -> None:
    """As one sentence, of which nothing is cut off but its full stop."""
    assert str(Item(2, b"{}", 9).failed(EventError("NotAnEvent", sentence))) == f"{told}; it begins at line 2, byte 10."
    assert str(Item(1, b"{}", 0).failed(EventError("NotAnEvent", sentence))) == sentence


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("between", ["\r\n", "", ","])
def test_text_in_another_encoding_is_read_document_by_document(tmp_path: Path, encoding: str, between: str) -> None:
    """As `>` of PowerShell writes it, in pieces of any size, compressed or not; a broken document costs no other."""
    documents = [EVENT.decode(), '{"id": "\u00e9\U0001f600"}', "{broken", EVENT.decode()] if between == "\r\n" else [EVENT.decode()] * 3
    text = between.join(documents).encode(encoding)
    for name, data in (("plain", text), ("gzip", gzip.compress(text))):
        (tmp_path / name).write_bytes(data)

        assert [item.data for item in read_items(str(tmp_path / name))] == [document.encode() for document in documents]


def test_pieces_may_cut_a_character(tmp_path: Path) -> None:
    """What comes in pieces of any size is what comes at once."""
    text = ('{"\U0001f600"}\r\n' * 50).encode("utf-16")

    for size in (1, 2, 3, 5, 7):
        pieces = (text[at : at + size] for at in range(0, len(text), size))
        assert b"".join(utf8_pieces(pieces)) == ('{"\U0001f600"}\r\n' * 50).encode()


def test_what_is_no_text_in_its_encoding_fails_where_it_stands(tmp_path: Path) -> None:
    """Half a character at the end, half a pair in a text: bytes that are no UTF-8, as one failed record has them."""
    lone = '{"a": "'.encode("utf-16-le") + b"\x00\xd8" + '"}\n{}'.encode("utf-16-le") + b"x"

    text = in_utf8(b"\xff\xfe" + lone)

    assert text == b'{"a": "\xed\xa0\x80"}\n{}\xff'
    assert in_utf8(EVENT) is EVENT
    assert in_utf8(b"") == b""


@pytest.mark.parametrize("stray", [b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0", b"\xff\xfe\n\0"])
def test_a_stray_mark_or_zero_makes_no_other_text_of_what_is_behind_it(stray: bytes) -> None:
    """A text is in UTF-16 or UTF-32 if it begins as JSON does there."""
    assert in_utf8(stray + b"\n" + EVENT) == stray + b"\n" + EVENT


def test_lines_of_an_export_of_auth0_are_events(tmp_path: Path) -> None:
    """One entry of the tenant log a line, with the id of the database that exported it."""
    entry = {"_id": "900202611200001", "date": "2026-11-20T10:00:00.000Z", "type": "s", "client_id": "c", "isMobile": False}
    more = {"log_id": "900202611200002", "details": {"prompts": []}, "hostname": "acorn.eu.auth0.com", "_id": "900202611200002"}
    file = tmp_path / "export.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in (entry, {**entry, **more})))
    intake = Intake(load())

    taken = [intake.take(item.data) for item in read_items(str(file))]

    events = [json.loads(accepted.body) for one in taken for accepted in one.accepted]
    assert [event["detail"]["data"]["_id"] for event in events] == ["900202611200001", "900202611200002"]
    assert {event["detail-type"] for event in events} == {"Auth0 log"}
