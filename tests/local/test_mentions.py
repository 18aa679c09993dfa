"""Every file of a lake that names a person is found, packed as it may be, and no other."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventlake.backends.spotting import Spotter
from eventlake.cli import run
from eventlake.errors import CorruptObjectError, LakeNotFoundError
from eventlake.local import mentions as places
from eventlake.local.item import Item
from eventlake.local.mentions import mentions
from eventlake.pipeline.spellings import pattern_of

sys.path.insert(0, str(Path(__file__).parent.parent))
from closing_lake import PAST, close, event, store

ANNA = "auth0|5f7c8e"
LATER = datetime(2026, 6, 30, 12, 5, tzinfo=UTC)


def found(lake: Path, *identifiers: str) -> dict[str, int]:
    """Folder or file below the lake -> how often it names the person; the spool has what was just delivered, and is not asked here."""
    named = [one for one in mentions(lake, identifiers or (ANNA,)) if not one.path.startswith("spool/")]
    return {"/".join(one.path.split("/")[:3]): one.count for one in named}


@pytest.mark.parametrize("log_format", ["parquet", pytest.param("json", marks=pytest.mark.slow)])
def test_rows_are_found_in_open_closed_and_replaced_objects(tmp_path: Path, log_format: str) -> None:
    """And somebody whose id begins alike is not."""
    other = event("c", PAST, trigger={"detail": f"{ANNA}99"})
    told = [
        event("a", PAST, trigger={"detail": ANNA}),
        event("b", PAST, other=[{"by": f"https://x/?u={ANNA.upper().replace('|', '%7c')}"}]),
    ]
    store(tmp_path, [(PAST, [*told, other]), (LATER, [other])], log_format)
    assert list(found(tmp_path).values()) == [2]
    close(tmp_path)
    assert {path.split("/")[1]: count for path, count in found(tmp_path).items()} == {"closed": 2, "pipeline_execution_state_change": 2}


def test_failed_records_are_found_by_what_they_keep_in_base64(tmp_path: Path) -> None:
    """Whatever the letters' case inside."""
    store(tmp_path, [(PAST, [Item(1, b'{"who": "Auth0|5F7c8E", this is no JSON')])])
    (path,) = found(tmp_path)
    assert path.startswith("objects/error/")


def test_the_spool_is_found_until_it_is_removed(tmp_path: Path) -> None:
    """What is delivered stays there for an hour."""
    store(tmp_path, [(PAST, [event("a", PAST, trigger={"detail": ANNA})])])
    assert [one.count for one in mentions(tmp_path, [ANNA]) if one.path.startswith("spool/")] == [1]


def test_what_sqlite_has_deleted_is_found_as_long_as_its_bytes_are_there(tmp_path: Path) -> None:
    """A file of any name is looked into by its bytes."""
    store(tmp_path, [(PAST, [event("a", PAST)])])
    assert found(tmp_path) == {}
    with sqlite3.connect(tmp_path / "state") as state:
        state.execute("PRAGMA secure_delete = off")
        state.execute("CREATE TABLE outbox (text)")
        state.execute("INSERT INTO outbox VALUES (?)", (base64.b64encode(f"to {ANNA}".encode()).decode(),))
        state.execute("DELETE FROM outbox")
    assert found(tmp_path) == {"state": 1}


def test_a_place_where_two_pieces_of_a_large_file_meet_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read in pieces that overlap; a longer id that is cut where they meet is somebody else's."""
    monkeypatch.setattr(places, "_PIECE", 300)
    monkeypatch.setattr(places, "_OVERLAP", 100)
    pattern = re.compile(pattern_of([ANNA]).encode())
    with Spotter(pattern_of([ANNA])) as spotter:
        for before in range(170, 320, 3):
            (tmp_path / "notes").write_bytes(b"." * before + ANNA.encode() + b"." * 500)
            assert places._places(tmp_path / "notes", pattern, spotter) == 1, before
            for other in (f"{ANNA}9", f"x{ANNA}"):
                (tmp_path / "notes").write_bytes(b"." * before + other.encode() + b"." * 500)
                assert places._places(tmp_path / "notes", pattern, spotter) == 0, (before, other)


def test_what_cannot_be_read_is_told_and_not_passed_over(tmp_path: Path) -> None:
    """A list that leaves out a broken object would be taken for whole."""
    store(tmp_path, [(PAST, [event("a", PAST)])])
    (tmp_path / "objects" / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(CorruptObjectError, match=r'broken.parquet" cannot be looked into'):
        found(tmp_path)


def test_the_command_lists_files_and_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked wrongly gets a sentence."""
    store(tmp_path, [(PAST, [event("a", PAST, trigger={"detail": "anna@example.org"})])])
    assert run(("mentions", "--email", "Anna@Example.org", "--lake", str(tmp_path))) == 0
    got = capsys.readouterr()
    assert [json.loads(line)["count"] for line in got.out.splitlines()] == [1, 1]
    assert "2 files of the lake name the person." in got.err
    assert run(("mentions", "--lake", str(tmp_path))) != 0
    assert "Say whom to look for" in capsys.readouterr().err


def test_a_folder_without_a_lake_is_refused(tmp_path: Path) -> None:
    """Nothing found would be the wrong answer."""
    with pytest.raises(LakeNotFoundError):
        found(tmp_path)
