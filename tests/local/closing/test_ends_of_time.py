"""Events of the first and the last hour of the calendar: their hours are closed, listed and kept as any other, and stop none."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.cli import run
from eventlake.errors import LakeTakenError, StorageError
from eventlake.interfaces import HourContents
from eventlake.layout import Hour
from eventlake.local.closing import process
from eventlake.local.closing.closer import Closer
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG
from eventlake.local.retaining.retainer import Retainer
from eventlake.model import Table

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import PAST, RUNS, event, rows, states

FIRST, LAST = "0001-01-01T00", "9999-12-31T23"


@pytest.fixture
def lake(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """A lake with one event of each end of the calendar, and five of an hour that came twice."""
    events = [event("zero", datetime(1, 1, 1, tzinfo=UTC)), event("never", datetime(9999, 12, 31, 23, tzinfo=UTC))]
    events += [event(f"e{number}", PAST) for number in range(5)] * 2
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(one.data for one in events))
    assert run(["backfill", "files", str(tmp_path / "events.jsonl"), "--lake", str(tmp_path / "lake"), "--quiet"]) == 0
    capfd.readouterr()
    return tmp_path / "lake"


def shown(lake: Path, capfd: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """What a command answers."""
    assert run([*words, "--lake", str(lake), "--output", "jsonl", "--quiet"]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_hours_at_the_ends_of_the_calendar_are_closed_and_listed_as_any_other(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The first one is closed and each event is there once; the last one is not over."""
    usual = str(Hour.of(PAST))
    (table,) = [one for one in shown(lake, capfd, "tables") if one["table"] == RUNS]
    assert (table["first_hour"], table["last_hour"], table["open"]) == (FIRST, LAST, 3)
    assert [one["hour"] for one in shown(lake, capfd, "close", "--all", "--dry-run")] == [FIRST, usual]

    closed = shown(lake, capfd, "close")

    assert [(one["hour"], one["rows"], one["duplicates"], one["problem"]) for one in closed] == [(FIRST, 1, 0, None), (usual, 5, 5, None)]
    assert [state[:2] for state in states(lake)] == [(FIRST, "closed"), (usual, "closed"), (LAST, "open")]
    assert sorted(set(rows(lake))) == [("e0",), ("e1",), ("e2",), ("e3",), ("e4",), ("never",), ("zero",)]
    assert check_lake(lake) == []


def test_hours_at_the_ends_of_the_calendar_are_kept_as_long_as_any_other(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What goes is told with four digits of the year; the last hour stays."""
    (lake / "retention.toml").write_text(f"[tables]\n{RUNS} = 36500\n")

    goes = {f"{one['date']}T{one['hour']}": one["goes"] for one in shown(lake, capfd, "hours", RUNS) if one["state"] == "open"}
    assert (goes[FIRST], goes[LAST]) == ("0100-12-08T01:00:00Z", "9999-12-31T23:59:59Z")
    assert any(FIRST in one.sentence for one in check_lake(lake))
    assert [one["hour"] for one in shown(lake, capfd, "retain")] == [FIRST]
    assert [state[0] for state in states(lake)] == [str(Hour.of(PAST)), LAST]


def failing(hour: Hour) -> Any:
    """What closes as ever, and fails at one hour as nobody expected."""
    rewritten = Closer._rewritten

    def fail(self: Closer, table: Table, state: HourContents, inputs: Sequence[Any]) -> Any:
        if state.hour == hour:
            raise OverflowError("date value out of range")
        return rewritten(self, table, state, inputs)

    return fail


def test_an_hour_that_fails_as_nobody_expected_is_told_and_stops_no_other(
    lake: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command ends with 1, doctor finds it, and the next one closes it."""
    with monkeypatch.context() as patched:
        patched.setattr("eventlake.local.closing.survey.neighbours", lambda *_: 1 / 0)
        patched.setattr(Closer, "_rewritten", failing(Hour.parse(FIRST)))
        assert run(["close", "--lake", str(lake), "--output", "jsonl", "--quiet"]) == 1

    problems = [json.loads(line)["problem"] for line in capfd.readouterr().out.splitlines()]
    assert problems == ["Unexpected OverflowError: date value out of range.", None]
    (finding,) = check_lake(lake)
    assert finding.sentence.startswith(f"The hour {FIRST} of {RUNS} could not be closed; ")
    assert [one["hour"] for one in shown(lake, capfd, "close")] == [FIRST]
    assert check_lake(lake) == []


def test_a_table_that_fails_as_nobody_expected_stops_no_other_table(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process beside the bus tells it, and notes it for the oldest hour that is open; so it does with what cannot be merged or removed."""
    with closing(SqliteCatalog(lake / CATALOG)) as catalog, Closer(catalog, lake / "objects") as closer:
        (table,) = [one for one in catalog.tables() if one.name == RUNS]

        with monkeypatch.context() as patched:
            patched.setattr(Closer, "waiting", lambda *_: 1 / 0)
            assert process._table(closer, table, catalog, Hour.of(PAST)) == ["Unexpected ZeroDivisionError: division by zero."]
        assert [(name, str(one.hour)) for name, one in catalog.problems()] == [(RUNS, FIRST)]
        with monkeypatch.context() as patched:
            patched.setattr(Closer, "waiting", lambda *_: [])
            patched.setattr(Closer, "merge", lambda *_: 1 / 0)
            assert process._table(closer, table, catalog, Hour.parse(LAST)) == ["Unexpected ZeroDivisionError: division by zero."]
        assert [(name, str(one.hour)) for name, one in catalog.problems()] == [(RUNS, FIRST), (RUNS, LAST)]
        monkeypatch.setattr(Retainer, "remove", lambda *_: 1 / 0)
        assert process._retained(catalog, lake, closer.now) == ["Unexpected ZeroDivisionError: division by zero."]


@pytest.mark.parametrize("error", [StorageError("The catalog cannot be used."), LakeTakenError("Another process has taken the lake.")])
def test_what_stops_every_table_ends_the_process(lake: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The catalog itself, and another process that writes the lake now; no hour is told for that."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Closer, "waiting", fail)
    with closing(SqliteCatalog(lake / CATALOG)) as catalog, Closer(catalog, lake / "objects") as closer:
        (table,) = [one for one in catalog.tables() if one.name == RUNS]
        with pytest.raises(type(error)):
            process._table(closer, table, catalog, Hour.of(PAST))
        assert catalog.problems() == []
