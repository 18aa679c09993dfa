"""What detections read in a month, worked by hand."""

from __future__ import annotations

import pytest

from eventlake.bill.looks import Hourly, Look, Reads, reads

MONTH_S = 30 * 86_400


def test_what_runs_less_often_runs_together_with_the_rest() -> None:
    """8,640 statements, a third of which look back 30 days as well: an hour is listed once in each, an object read by each that looks."""
    looks = [Look("logs", 300, 24), Look("logs", 900, 720), Look("runs", 900, 24)]

    found = reads(looks, {"logs": Hourly(12, 1000), "runs": Hourly(1, 10)}, MONTH_S, 300)

    assert found.ticks == 8_640
    assert found.lists == 5_760 * 24 + 2_880 * (720 + 24)
    assert found.objects == 8_640 * 23.5 * 12 + 2_880 * (719.5 * 12 + 23.5)
    assert found.bytes == 8_640 * 10e6


def test_a_statement_is_charged_for_the_columns_that_it_reads_once_they_are_many() -> None:
    """27% of an hour of 4 MB, for 720 hours."""
    assert reads([Look("logs", 3600, 720)], {"logs": Hourly(1, 4e6)}, 3600, 300).bytes == pytest.approx(11 * 10e6 + 720 * 4e6 * 0.27)


def test_hours_that_are_closed_hold_one_object() -> None:
    """Of 30 hours 12.5 are open on average, twelve objects each but half as many in the newest; of five all are."""
    looks = [Look("logs", 300, 30), Look("logs", 300, 5)]
    assert reads(looks, {"logs": Hourly(12, 1000, open=12.5)}, 300, 300).objects == 12 * 12 + 17.5 + 54


def test_a_table_that_holds_nothing_has_no_hours() -> None:
    """It costs the statement, and no more."""
    assert reads([Look("logs", 60, 720)], {}, 600, 300) == Reads(2, 20e6)


def test_what_is_called_less_often_runs_less_often() -> None:
    """A third of the statements, and what is asked every quarter of an hour is asked in each."""
    looks = [Look("logs", 300, 5), Look("logs", 900, 28)]

    found = reads(looks, {"logs": Hourly(4, 1000)}, MONTH_S, 900)

    assert (found.ticks, found.lists, found.objects) == (2_880, 2_880 * 28, 2_880 * (4.5 + 27.5) * 4)
