from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.history.load import ALWAYS, EVENING, NIGHTLY, OFFICE, Rhythm, moments, working_time
from eventlake.history.timeline import DAY, HOUR

MONDAY = 4 * DAY  # 1970-01-05
WEEK = 7 * DAY


@pytest.mark.parametrize("rhythm", [OFFICE, EVENING, NIGHTLY, ALWAYS])
def test_a_working_day_has_its_load(rhythm: Rhythm) -> None:
    """A working day's 24 hours add up to one day's load, and a week of moments has about as many as expected."""
    assert sum(rhythm.share(MONDAY + hour * HOUR) for hour in range(24)) == pytest.approx(1)
    found = list(moments(Random(4), rhythm, 400, 0, MONDAY, MONDAY + WEEK))
    assert len(found) == pytest.approx(400 * (5 + 2 * rhythm.weekend), rel=0.1)
    assert all(before <= after for before, after in pairwise(found))
    assert MONDAY <= found[0] <= found[-1] < MONDAY + WEEK


def test_offices_are_quiet_at_night_and_at_weekends_where_they_are() -> None:
    """Nine in the morning in Tokyo is midnight in UTC."""
    tokyo = 9
    hours = {at // HOUR % 24 for at in moments(Random(1), OFFICE, 500, tokyo, MONDAY, MONDAY + 4 * DAY)}
    assert 0 in hours
    assert not hours & {16, 17, 18, 19}
    weekend = list(moments(Random(1), OFFICE, 500, 0, MONDAY + 5 * DAY, MONDAY + WEEK))
    assert len(weekend) < 100


@given(st.integers(MONDAY, MONDAY + 3 * WEEK), st.integers(-11, 12))
def test_people_answer_in_working_time(at: int, offset_hours: int) -> None:
    """Not before they are asked, within office hours of a working day, and after a weekend at most."""
    answer = working_time(Random(at), at, offset_hours)
    assert at <= answer <= at + 4 * DAY
    assert OFFICE.share(answer + offset_hours * HOUR) >= 0.03
