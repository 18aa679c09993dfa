"""Hours without anything: of a short gap each is listed and counted, a long one is one row."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.cli import run
from eventlake.cli.gaps import Gap, gaps, missing
from eventlake.layout import Hour

sys.path.insert(0, str(Path(__file__).parent.parent))
from closing_lake import RUNS, event, store

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def hours(*distances: int) -> list[Hour]:
    """Hours so many after one."""
    return [Hour.of(AT + timedelta(hours=distance)) for distance in distances]


def test_hours_that_follow_each_other_have_no_gap() -> None:
    """Nor has one alone, nor none."""
    assert [list(gaps(found)) for found in (hours(0, 1, 2), hours(0), hours())] == [[], [], []]
    assert missing(hours(0, 1, 2)) == 0


def test_up_to_two_days_are_listed_hour_by_hour_and_more_are_one() -> None:
    """The one says its first hour, its last, and how many it is."""
    (short,), (long,) = (list(gaps(hours(0, distance))) for distance in (49, 50))

    assert short.listed() == [Gap(hour, hour, 1) for hour in hours(*range(1, 49))]
    assert long.listed() == [Gap(short.first, hours(49)[0], 49)]


def test_nothing_is_missing_between_hours_of_different_times() -> None:
    """More than 31 days apart; as far as that each hour counts."""
    month = 31 * 24

    assert missing(hours(0, month + 1, month + 3)) == month + 1
    assert missing(hours(0, month + 2, month + 4)) == 1
    assert missing([Hour("0001-01-01", "00"), *hours(0, 2), Hour("9999-12-31", "23")]) == 1


def test_a_lake_with_a_history_is_listed_in_a_few_rows(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In each form; and its tables say what is missing of the time in which it was written."""
    moments = [datetime(1970, 1, 1, tzinfo=UTC), AT, AT + timedelta(hours=3)]
    store(tmp_path, [(moment, [event(str(number))]) for number, moment in enumerate(moments)])

    def told(form: str, *words: str) -> str:
        assert run([*words, "--lake", str(tmp_path), "--output", form, "--quiet"]) == 0
        return capfd.readouterr().out

    rows = [json.loads(line) for line in told("jsonl", "hours", RUNS).splitlines()]
    assert [(one["date"], one["hour"], one["state"], one["until"], one["hours"]) for one in rows] == [
        ("1970-01-01", "00", "open", None, 1),
        ("1970-01-01", "01", "missing", "2026-11-20T08", 498_656),
        ("2026-11-20", "09", "open", None, 1),
        ("2026-11-20", "10", "missing", None, 1),
        ("2026-11-20", "11", "missing", None, 1),
        ("2026-11-20", "12", "open", None, 1),
    ]
    assert [one["hours"] for one in csv.DictReader(io.StringIO(told("csv", "hours", RUNS)))] == ["1", "498656", "1", "1", "1", "1"]
    assert "2026-11-20T08" in told("table", "hours", RUNS)
    assert [one["missing"] for one in map(json.loads, told("jsonl", "tables").splitlines()) if one["table"] == RUNS] == [2]
