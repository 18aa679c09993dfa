"""`erase`: what is shown, what is asked, and what is refused."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest

from eventlake.cli import run

sys.path.insert(0, str(Path(__file__).parent.parent))
from closing_lake import PAST, event, rows, store

ANNA = "auth0|5f7c8e"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake with a row of hers and one of somebody else's."""
    store(tmp_path, [(PAST, [event("a", PAST, **{"execution-id": ANNA}), event("b", PAST)])])
    return tmp_path


def test_a_dry_run_lists_what_would_go_and_changes_nothing(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Objects with the rows in them, and every other file."""
    assert run(("erase", "--user", ANNA, "--dry-run", "--lake", str(lake))) == 0

    first, *others = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["table"], first["own_rows"], first["mentions"]) == ("pipeline_execution_state_change", 1, 0)
    assert [one["file"].split("/")[0] for one in others] == ["spool"]
    assert len(rows(lake)) == 2


def test_it_is_done_with_yes_and_says_what_was(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And where the certificate lies."""
    assert run(("erase", "--user", ANNA, "--yes", "--lake", str(lake))) == 0

    said = capsys.readouterr().err
    assert "1 row erased, 0 rows edited, 0 failed records erased; 1 object rewritten." in said
    assert next(iter((lake / "erasures").iterdir())).name in said
    assert rows(lake) == [("b",)]
    assert run(("erase", "--user", ANNA, "--lake", str(lake))) == 0
    assert "Nothing in the lake names the person" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--user", ANNA), "add --yes"),
        ((), "Say whom to erase"),
        (("--user", "anna", "--yes"), "too short"),
        (("--user", ANNA, "--lake", "aws:eventlake"), "docs/erasure.md"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    lake: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is changed."""
    monkeypatch.setattr("sys.stdin", StringIO())
    assert run(("erase", *words, *(() if "--lake" in words else ("--lake", str(lake))))) != 0
    assert said in capsys.readouterr().err
    assert len(rows(lake)) == 2
