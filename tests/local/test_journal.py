"""The audit of a lake on one machine: on the disk before an answer, whole after a crash, and never a row of an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventlake.auditing.entry import Entry, named_in
from eventlake.errors import ConfigurationError, StorageError
from eventlake.local.journal import DEMANDED, OFF, ON, Journal

NOW = datetime(2026, 11, 29, 1, 2, 3, 456789, tzinfo=UTC)


def journal(folder: Path, mode: str = ON) -> Journal:
    """A journal whose lake says this."""
    made = Journal(folder, now=lambda: NOW)
    made.choose(mode, Entry(f"audit {mode}", "cli"))
    return made


def test_without_a_word_nothing_is_noted(tmp_path: Path) -> None:
    """And nothing is made in the folder."""
    Journal(tmp_path).note(Entry("query", "cli", "select 1"))

    assert list(tmp_path.iterdir()) == []


def test_a_deed_is_a_line_of_its_month_as_an_event(tmp_path: Path) -> None:
    """With who, when, what and what came of it; the newest is given first, and the switch is in it too."""
    made = journal(tmp_path)
    made.note(Entry("query", "cli", "select 'ä\n'", ("alerts",), 3, 99))

    newest, first = made.newest(5)
    assert (tmp_path / "audit/2026-11.jsonl").read_bytes().count(b"\n") == 2
    assert (newest["source"], newest["detail-type"], newest["time"]) == ("eventlake", "eventlake Audit", "2026-11-29T01:02:03.456Z")
    assert {name: newest["detail"][name] for name in ("statement", "tables", "rows", "bytes", "outcome")} == {
        "statement": "select 'ä\n'",
        "tables": ["alerts"],
        "rows": 3,
        "bytes": 99,
        "outcome": "ok",
    }
    assert first["detail"]["action"] == "audit on"
    made.choose(OFF, Entry("audit off", "cli"))
    made.note(Entry("query", "cli"))
    assert [event["detail"]["action"] for event in made.newest(2)] == ["audit off", "query"]


def test_a_line_that_a_crash_cut_costs_no_other(tmp_path: Path) -> None:
    """The next one begins on a line of its own."""
    made = journal(tmp_path)
    file = tmp_path / "audit/2026-11.jsonl"
    file.write_bytes(file.read_bytes() + b'{"version":"0","id')

    made.note(Entry("query", "cli", "select 1"))

    assert [event["detail"]["action"] for event in made.newest(9)] == ["query", "audit on"]


def test_what_cannot_be_noted_is_told_once_or_refused_where_it_is_demanded(tmp_path: Path) -> None:
    """A file stands where the journal's folder is to be, so no user can write there."""
    (tmp_path / "audit").write_text("")
    for mode in (ON, DEMANDED):
        (tmp_path / "audit.toml").write_text(f'audit = "{mode}"\n')
        told: list[str] = []
        made = Journal(tmp_path, told.append)
        if mode == ON:
            made.note(Entry("query", "cli"))
            made.note(Entry("query", "cli"))
            assert len(told) == 1
            assert "is not noted" in told[0]
        else:
            with pytest.raises(StorageError, match="demands that each deed is noted"):
                made.note(Entry("query", "cli"))


def test_a_deed_that_must_be_noted_and_cannot_be_is_not_begun(tmp_path: Path) -> None:
    """What was changed would not be taken back; where it need not be noted, it is done."""
    (tmp_path / "audit").write_text("")
    done: list[str] = []
    for mode in (DEMANDED, ON, OFF):
        (tmp_path / "audit.toml").write_text(f'audit = "{mode}"\n')
        with suppress(StorageError), Journal(tmp_path).noting("hold", "cli"):
            done.append(mode)

    assert done == [ON, OFF]


@pytest.mark.parametrize("text", ["audit = 'yes'", "audit = true", "", "audit = 'on'\nmore = 1", "audit ="])
def test_settings_that_say_nothing_clear_are_refused(tmp_path: Path, text: str) -> None:
    """Nobody is to believe that deeds are noted when they are not."""
    (tmp_path / "audit.toml").write_text(text)

    with pytest.raises(ConfigurationError, match="holds one line"):
        Journal(tmp_path).note(Entry("query", "cli"))


def test_tables_are_those_that_a_statement_names() -> None:
    """In whatever case, with or without their database."""
    assert named_in('select * from db.Alerts join "auth0_logs" on true', ["alerts", "auth0_logs", "runs"]) == ("alerts", "auth0_logs")


_WRITES = """
import sys
from pathlib import Path
from eventlake.auditing.entry import Entry
from eventlake.local.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(40):
    journal.note(Entry("query", "cli", sys.argv[2] * 20_000))
"""


@pytest.mark.slow
def test_processes_that_write_at_once_keep_every_line_whole(tmp_path: Path) -> None:
    """Of lines that are longer than one write may be."""
    journal(tmp_path)
    writers = [subprocess.Popen([sys.executable, "-c", _WRITES, str(tmp_path), letter]) for letter in "abc"]

    assert [writer.wait(60) for writer in writers] == [0, 0, 0]

    lines = [line for file in (tmp_path / "audit").iterdir() for line in file.read_text().splitlines()]
    assert len(lines) == 121
    assert all(len(set(json.loads(line)["detail"]["statement"])) <= 1 for line in lines)
