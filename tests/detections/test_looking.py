"""How far back detections look, as `cost estimate` counts it."""

from __future__ import annotations

from dataclasses import replace

from eventlake.bill.looks import Look
from eventlake.detections.detection import load_detections
from eventlake.detections.looking import looks
from eventlake.sources import load

SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]
TAKEOVER = load_detections(SOURCES)["takeover_after_failures"]


def test_each_reading_of_a_table_counts_the_hours_that_its_dates_leave() -> None:
    """The failures of the day and the day before, and the addresses of 31 days, at noon."""
    assert looks([TAKEOVER], TABLES) == [Look("auth0_logs", 300, 24 + 13), Look("auth0_logs", 300, 31 * 24 + 13)]


def test_one_that_cannot_run_reads_nothing() -> None:
    """Nor is it an error of the bill's."""
    assert looks([replace(TAKEOVER, sql="select nothing from auth0_logs")], TABLES) == []
