"""Keys, hours and names: `prefix/YYYY/MM/DD/HH/name`, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.errors import LayoutError
from eventlake.layout import (
    Hour,
    closing_key,
    closing_number,
    error_hour,
    error_key,
    moved,
    object_key,
    object_name,
    partition_location,
    split_key,
)

FIRST, LAST = Hour("0001-01-01", "00"), Hour("9999-12-31", "23")

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the strategy adds the zone


@pytest.mark.parametrize(
    "key",
    [
        "logs/2026/11/20/name",
        "logs/2026/11/20/10/folder/name",
        "logs/2026/11/31/10/name",
        "logs/2026/11/20/24/name",
        "logs/date=2026-11-20/hour=10/name",
        "2026/11/20/10/name",
        "/2026/11/20/10/name",
        "../2026/11/20/10/name",
        "logs//2026/11/20/10/name",
        "logs/./x/2026/11/20/10/name",
        "logs/2026/11/20/10/_manifest",
        "logs/2026/11/20/10/.hidden",
        "logs/2026/11/20/10/",
        "logs/2026/11/20/10/na\0me",
        "logs/٢٠٢٦/11/20/10/name",
        "logs/2026/11/20/10/" + "n" * 1024,
        "",
    ],
)
def test_a_key_of_another_form_is_refused(key: str) -> None:
    """What is not a visible object of an hour that exists is no log object."""
    with pytest.raises(LayoutError):
        split_key(key)


@pytest.mark.parametrize("hour", [FIRST, Hour("0987-06-05", "04"), LAST])
def test_hours_of_any_year_have_keys_and_ends(hour: Hour) -> None:
    """A year has four digits everywhere, and nothing lies beyond the ends of the calendar."""
    name = object_name("stream", 1, hour.start, "unique", ".gz")

    assert name == f"stream-1-{hour.date}-{hour.hour}-00-00-unique.gz"
    assert split_key(object_key("logs", hour, name)) == ("logs", hour, name)
    assert error_hour(error_key("error/logs", "processing-failed", hour.start, name)) == hour
    assert timedelta(minutes=59) < hour.end - hour.start <= timedelta(hours=1)
    assert Hour.of(moved(FIRST.start, timedelta(microseconds=-1))) == FIRST
    assert Hour.of(moved(LAST.end, timedelta(days=1))) == LAST


@given(MOMENTS)
def test_a_key_leads_back_to_its_hour(moment: datetime) -> None:
    """Prefix, hour and name come out of a key as they went in."""
    hour = Hour.of(moment)

    assert split_key(object_key("logs", hour, "name.gz")) == ("logs", hour, "name.gz")


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_an_hour_is_in_utc_whatever_the_zone(moment: datetime, offset_minutes: int) -> None:
    """The same instant falls in the same hour, however it is written."""
    elsewhere = moment.astimezone(timezone(timedelta(minutes=offset_minutes)))

    assert Hour.of(elsewhere) == Hour.of(moment)
    assert Hour.of(moment).start <= moment < Hour.of(moment).end


def test_the_last_days_of_december_keep_their_year() -> None:
    """2026-12-28 belongs to a week of 2027 in some calendars; its key says 2026."""
    days = [datetime(2026, 12, 26, 23, 59, 59, tzinfo=UTC) + timedelta(days=day) for day in range(9)]

    assert [Hour.of(day).path for day in days][1:7] == [
        "2026/12/27/23",
        "2026/12/28/23",
        "2026/12/29/23",
        "2026/12/30/23",
        "2026/12/31/23",
        "2027/01/01/23",
    ]
    assert "year=2026/month=12/day=31" in error_key("error/logs", "processing-failed", days[5], "n")


def test_a_name_is_firehoses() -> None:
    """Stream, version, second of the oldest record, unique part, extension."""
    arrival = datetime(2026, 11, 20, 9, 5, 7, tzinfo=UTC)

    assert object_name("auth0-logs", 1, arrival, "0f", ".gz") == "auth0-logs-1-2026-11-20-09-05-07-0f.gz"


def test_an_hour_knows_its_place() -> None:
    """The partition's location ends in a slash and holds its own hour."""
    hour = Hour.parse("2026-11-20T09")

    assert partition_location("logs", hour) == "logs/2026/11/20/09/"
    assert hour.values == ["2026-11-20", "09"]
    assert str(hour) == "2026-11-20T09"


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T24", "20.11.2026", ""])
def test_text_that_is_no_hour_is_refused_with_the_form(text: str) -> None:
    """The sentence shows how an hour is written."""
    with pytest.raises(LayoutError, match="YYYY-MM-DDTHH"):
        Hour.parse(text)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    """An object's name is one segment."""
    with pytest.raises(LayoutError):
        object_key("logs", Hour("2026-11-20", "09"), name)


def test_the_newest_closing_comes_first() -> None:
    """In the order in which a bucket lists its keys; the number is read from the key again."""
    keys = [closing_key("auth0_logs", number) for number in (1, 2, 9, 10, 99_999)]

    assert sorted(keys) == keys[::-1]
    assert [closing_number(key) for key in keys] == [1, 2, 9, 10, 99_999]
