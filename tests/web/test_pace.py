"""Following takes a small share of one processor: what it cost is rested for."""

from __future__ import annotations

import pytest

from eventlake.web.pace import AHEAD_S, SHARE, Pace


def test_what_is_spent_is_rested_for() -> None:
    """A share of one processor: so many seconds for each; what comes on top of it is added, and what is long ago counts for nothing."""
    now = [100.0]
    pace = Pace(lambda: now[0])
    assert pace.rest_s == 0

    pace.spend(1.0)
    now[0] += 5
    pace.spend(0.5)
    assert pace.rest_s == pytest.approx(1.5 / SHARE - 5)
    now[0] += 3600
    assert pace.rest_s == 0
    pace.spend(0.5)
    assert pace.rest_s == pytest.approx(0.5 / SHARE)


def test_more_is_asked_a_little_before_all_is_paid_for() -> None:
    """So that what costs little is asked at once, and what costs much in parts."""
    now = [100.0]
    pace = Pace(lambda: now[0])
    pace.spend(AHEAD_S * SHARE)
    assert pace.behind_s == 0

    pace.spend(1.0)
    assert pace.behind_s == pytest.approx(1.0 / SHARE)
    now[0] += 1.0 / SHARE
    assert pace.behind_s == pytest.approx(0)
    assert pace.rest_s == pytest.approx(AHEAD_S)


def test_what_a_thread_takes_is_counted() -> None:
    """Also of what fails."""
    pace = Pace(lambda: 100.0)

    def fails() -> None:
        with pace.counted():
            sum(range(200_000))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert pace.rest_s > 0
