"""Windows and their stretches are right on days of 23 and 25 hours, and in zones that are not whole hours from UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from eventlake.errors import UsageError
from eventlake.query.saved import Parameter, SavedQuery
from eventlake.web.charts.ticks import MOST, ticks
from eventlake.web.tile import statement
from eventlake.web.window import Window, window_of

NOW = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu"]


_PARAMETERS = tuple(
    Parameter(name, kind, None, name)
    for name, kind in (("since", "date"), ("start", "timestamp"), ("end", "timestamp"), ("long_since", "date"), ("long_start", "timestamp"))
)


def window(start: str, end: str, zone: str) -> Window:
    """A window as an address says it."""
    return window_of({"from": start, "to": end, "tz": zone}, NOW)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-03-29", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/New_York", "2026-03-08", 23),
        ("Australia/Sydney", "2026-04-05", 25),
        ("Asia/Tokyo", "2026-10-25", 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(zone: str, day: str, hours: int) -> None:
    """Both hours of the night in which clocks are set back are there."""
    next_day = f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"

    assert len(list(window(day, next_day, zone).buckets())) == hours


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-10-20", "2026-10-27"), ("2026-10-01", "2026-11-20"), ("2026-10-25", "2026-10-25T12:00"), ("2026-04-01", "2026-04-06")],
)
def test_every_moment_falls_into_one_stretch(zone: str, start: str, end: str) -> None:
    """The stretches follow each other without a hole, and each knows the moments within it as its own."""
    looked = window(start, end, zone)
    stretches = list(looked.buckets())

    assert [begin for begin, _ in stretches[1:]] == [stop for _, stop in stretches[:-1]]
    assert stretches[0][0] <= looked.start < looked.end <= stretches[-1][1]
    assert all(looked.bucket(moment) == begin for begin, stop in stretches for moment in (begin, stop - timedelta(seconds=1)))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", ["-15m", "-3h", "-1d", "-3d", "-7d", "-30d", "-90d", "-365d", "-1000d"])
def test_an_axis_has_marks_that_are_apart(zone: str, start: str) -> None:
    """Some, not too many, in order; days are written at their midnight."""
    marks = [share for share, _ in ticks(window(start, "now", zone))]

    assert 1 <= len(marks) <= MOST + 6
    assert marks == sorted(marks)


def test_moments_without_an_offset_are_the_zones() -> None:
    """A day begins when it begins there."""
    assert window("2026-11-01", "2026-11-02", "Asia/Kolkata").start == datetime(2026, 10, 31, 18, 30, tzinfo=UTC)


def test_now_is_the_end_of_the_minute() -> None:
    """So that all who ask within it ask the same."""
    assert window("-1h", "now", "UTC").end == datetime(2026, 11, 20, 14, 38, tzinfo=UTC)


def test_a_moment_that_a_zones_calendar_has_not_stays_in_utc() -> None:
    """An event of the year 1 is shown west of Greenwich too, and one of 9999 east of it."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 30, tzinfo=UTC)

    assert window("-1h", "now", "America/New_York").local(first) == first
    assert window("-1h", "now", "Europe/Berlin").local(last.replace(tzinfo=None)) == last


@pytest.mark.parametrize(
    ("start", "end"),
    [("9999-12-30", "9999-12-31"), ("9998-12-31", "9999-01-02"), ("0001-01-01", "0001-01-02"), ("0999-12-31", "1000-01-02")],
)
def test_a_window_at_an_end_of_the_calendar_is_refused(start: str, end: str) -> None:
    """In a sentence, as any other that is wrong."""
    with pytest.raises(UsageError, match=f"from={start} to={end} is no window within the years 1000 to 9998;"):
        window(start, end, "UTC")


@pytest.mark.parametrize("zone", [*ZONES, "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize(("start", "end"), [("1000-01-02", "1000-01-03"), ("1000-01-02", "1002-12-31"), ("9996-01-01", "9998-12-31")])
def test_the_first_and_the_last_window_have_stretches(zone: str, start: str, end: str) -> None:
    """In each zone, and with the statement of a tile."""
    looked = window(start, end, zone)
    query = SavedQuery("all", "lake", "All", _PARAMETERS, "select :since, :start, :end, :long_since, :long_start")

    assert list(looked.buckets())
    moments = re.findall("'([^']*)'", statement(query, looked))
    assert len(moments) == 5
    assert all(re.fullmatch(r"[019]\d{3}-\d\d-\d\d( \d\d:\d\d:\d\d.000)?", moment) for moment in moments)
