"""How far back detections look, as `cost estimate` counts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eventlake.bill.looks import Look
from eventlake.detections.detection import Detection, load_detections
from eventlake.detections.looking import looks
from eventlake.dialect.queries.pruning import remaining
from eventlake.dialect.queries.scan import ALWAYS
from eventlake.dialect.translate import translate
from eventlake.layout import Hour, days_of
from eventlake.sources import load

SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]
DETECTIONS = load_detections(SOURCES)
UNTIL = datetime(2026, 11, 30, 0, 20, tzinfo=UTC)
DAYS = days_of(Hour.of(datetime(2026, 12, 1, 23, tzinfo=UTC) - timedelta(hours=back)) for back in range(24 * 70, -1, -1))
TAKEOVER, MACHINES, VERSIONS = (DETECTIONS[name] for name in ("takeover_after_failures", "m2m_from_new_address", "pipeline_edited"))


def test_each_reading_of_a_table_counts_the_hours_that_its_dates_leave() -> None:
    """Those of 30 days, at noon, from the beginning of one; of one with a history those of its window and of the day before, or not even that.

    What happened in an hour and a quarter lies in four hours of arrival in three quarters of each hour, and in five in the first.
    """
    assert looks([VERSIONS], TABLES) == [Look("pipeline_execution_state_change", 12 * 3600, 31 * 24 + 13)]
    assert looks([MACHINES], TABLES) == [Look("auth0_logs", 3600, 24 + 4.25)]
    assert looks([TAKEOVER], TABLES) == [Look("auth0_logs", 300, 5.25), Look("auth0_logs", 300, 4.25)]


@pytest.mark.parametrize("detection", DETECTIONS.values(), ids=DETECTIONS.keys())
def test_what_happened_in_a_window_arrived_in_the_hours_that_are_opened(detection: Detection) -> None:
    """From two hours before the first moment that each reading asks for, without an end: no detection is blind for what came late.

    One that names none in its readings asks their rows for what happened from :before on.
    """
    for asked in (detection, detection.brief):
        before = UNTIL - asked.reach - asked.history
        for scan in translate(asked.statement(UNTIL - asked.reach, UNTIL), TABLES, UNTIL).scans:
            first = before if scan.times == ALWAYS else datetime.fromtimestamp(scan.times[0] / 1e6, UTC) + timedelta(seconds=1)
            hours = [f"{day}T{hour}" for day, found in remaining(DAYS, scan.predicates).items() for hour in found]
            assert hours[0] <= f"{first - timedelta(hours=2):%Y-%m-%dT%H}"
            assert hours[-1] == "2026-12-01T23"


def test_one_that_cannot_run_reads_nothing() -> None:
    """Nor is it an error of the bill's."""
    assert looks([replace(TAKEOVER, sql="select nothing from auth0_logs")], TABLES) == []
