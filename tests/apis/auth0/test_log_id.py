"""Ids of log entries and their moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from eventlake.apis.auth0.log_id import FIRST, log_id_of, moment_of

ENTRY = "90020251103080431652000000000000000001223372036854775804"


def test_an_id_made_of_a_moment_stands_before_the_entries_of_that_moment_and_behind_those_before() -> None:
    """In any zone, to the millisecond; and it is as long as theirs."""
    moment = datetime(2025, 11, 3, 9, 4, 31, 652_000, timezone(timedelta(hours=1)))

    assert FIRST < log_id_of(moment) < ENTRY < log_id_of(moment + timedelta(milliseconds=1))
    assert len(log_id_of(moment)) == len(FIRST) == len(ENTRY)


def test_an_id_tells_its_moment() -> None:
    """One of another form tells none."""
    assert moment_of(ENTRY) == datetime(2025, 11, 3, 8, 4, 31, 652_000, UTC)
    assert [moment_of(other) for other in ("", FIRST, "5f3a9c", "900202513030804316520001")] == [None] * 4
