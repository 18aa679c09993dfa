"""What is known of a closing: written and read again, and what the catalog keeps of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eventlake.layout import Hour
from eventlake.pipeline.closings import ClosedHour, Closing, closed_place, loads, total_duplicates
from eventlake.sources import load

HOUR = ClosedHour(Hour("2026-11-20", "09"), 2, "closed/logs/2026/11/20/7-ab/hour=09/", ("logs/2026/11/20/09/a",), 12, 10, 5, 2, 1, 900, 400)
CLOSING = Closing("auth0_logs", 7, datetime(2026, 11, 20, 10, 25, 1, 5, UTC), (HOUR,))


def test_a_closing_is_read_as_it_was_written() -> None:
    """With its hours and what each is made of."""
    assert loads(CLOSING.dumps()) == CLOSING


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"{}", b'{"table": "x", "number": 1, "closed_at": "2026-11-20T10:25:01+00:00", "hours": [{}]}']
)
def test_what_is_no_closing_is_refused(body: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        loads(body)


def test_the_catalog_keeps_what_a_reader_asks_for() -> None:
    """Which closing it was, how many rows the hour has, and how many were left out."""
    said = {"generation": "2", "closing": "7", "rows": "10", "duplicates": "5", "closed_at": "2026-11-20T10:25:01Z"}

    assert CLOSING.parameters(HOUR) == said


def test_duplicates_add_up_over_closings() -> None:
    """Those of the closings before, and what this one left out."""
    assert total_duplicates(3, 12, 10) == 5


def test_hours_that_are_closed_together_lie_below_their_day() -> None:
    """In a place that no other closing has; those of one source lie together."""
    table = next(table for source in load() for table in source.tables if table.name == "auth0_logs")

    assert closed_place(table, "2026-12-31", 7, "ab12") == "closed/auth0/logs/2026/12/31/7-ab12/"
