"""How far back detections look, as `cost estimate` counts it."""

from __future__ import annotations

from dataclasses import replace

from eventlake.bill.looks import Look
from eventlake.detections.detection import load_detections
from eventlake.detections.looking import looks
from eventlake.sources import load

SOURCES = load()
TABLES = [table for source in SOURCES for table in source.tables]
DETECTIONS = load_detections(SOURCES)
TAKEOVER, MACHINES = DETECTIONS["takeover_after_failures"], DETECTIONS["m2m_from_new_address"]


def test_each_reading_of_a_table_counts_the_hours_that_its_dates_leave() -> None:
    """Those of 31 days, at noon; of one with a history the day and the day before, because the history is seldom asked for."""
    assert looks([MACHINES], TABLES) == [Look("auth0_logs", 3600, 31 * 24 + 13)]
    assert looks([TAKEOVER], TABLES) == [Look("auth0_logs", 300, 24 + 13)] * 2


def test_one_that_cannot_run_reads_nothing() -> None:
    """Nor is it an error of the bill's."""
    assert looks([replace(TAKEOVER, sql="select nothing from auth0_logs")], TABLES) == []
