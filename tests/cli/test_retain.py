"""`retain`, `hold` and `holds` as a person types them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventlake.cli import run

sys.path.insert(0, str(Path(__file__).parent.parent))
from closing_lake import RUNS, event, rows, store

LONG_AGO = datetime(2020, 1, 1, 10, 5, tzinfo=UTC)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, rows and sentences of a command."""
    code = run(words)
    got = capsys.readouterr()
    return code, [json.loads(line) for line in got.out.splitlines()], got.err


def test_a_hold_is_placed_keeps_an_hour_and_is_released(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hours` says when the hour goes and what keeps it, `retain` says what it did."""
    store(tmp_path, [(LONG_AGO, [event("a")])])
    (tmp_path / "retention.toml").write_text(f"[tables]\n{RUNS} = 30\n")
    lake = ("--lake", str(tmp_path))

    assert (
        told(capsys, "hold", "case 17", "--table", RUNS, "--from", "2020-01-01", "--to", "2020-01-01T10", "--reason", "claim", *lake)[0]
        == 0
    )
    (listed,) = told(capsys, "holds", *lake)[1]
    assert (listed["from"], listed["to"], listed["reason"]) == ("2020-01-01T00", "2020-01-01T10", "claim")
    (hour,) = told(capsys, "hours", RUNS, *lake)[1]
    assert (hour["goes"], hour["hold"]) == ("2020-01-31T11:00:00Z", "case 17")
    assert told(capsys, "retain", *lake)[1][0]["state"] == "held by case 17"
    assert rows(tmp_path) == [("a",)]

    assert told(capsys, "hold", "release", "case 17", *lake)[0] == 0
    assert told(capsys, "retain", "--dry-run", *lake)[1][0]["state"] == "would go"
    assert rows(tmp_path) == [("a",)]
    assert told(capsys, "retain", *lake)[1][0]["state"] == "removed"
    assert rows(tmp_path) == []
    assert told(capsys, "holds", *lake)[1] == []


def test_a_lake_without_holds_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, as stdout is the rows alone."""
    store(tmp_path, [(LONG_AGO, [event("a")])])

    assert run(("holds", "--lake", str(tmp_path))) == 0
    assert capsys.readouterr() == ("", "There is no hold: nothing is kept longer than its table says.\n")


def test_what_is_typed_wrongly_gets_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And places no hold."""
    store(tmp_path / "lake", [(LONG_AGO, [event("a")])])
    lake = ("--lake", str(tmp_path / "lake"))
    for words, sentence in (
        (("hold", "a", "--from", "2020-13-01"), "--from is"),
        (("hold", "a", "--from", "2020-01-02", "--to", "2020-01-01"), "exchange --from and --to"),
        (("hold", "a", "--table", "auth0_log"), "auth0_logs"),
        (("hold", "a", "b"), "one name"),
        (("hold", " "), "no name of a hold"),
        (("hold", "release"), "To release a hold"),
        (("hold", "release", "a", "--table", RUNS), "To release a hold"),
        (("hold", "release", "nobody"), 'There is no hold "nobody"'),
    ):
        code, _, said = told(capsys, *words, *lake)
        assert code > 0
        assert sentence in said
    assert told(capsys, "holds", *lake)[1] == []
    assert told(capsys, "hold", "a", *lake)[0] == 0
    assert "already" in told(capsys, "hold", "a", *lake)[2]
    for command in (("retain",), ("holds",), ("hold", "a"), ("retain", "--dry-run")):
        assert "There is no lake" in told(capsys, *command, "--lake", str(tmp_path / "none"))[2]
