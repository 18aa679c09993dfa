"""Zones by Java's names, and the types of timestamps that hold them."""

from __future__ import annotations

from datetime import datetime

import pytest

from eventlake.dialect.types.type import EACH, LOST, array, common, instants, timestamp
from eventlake.dialect.types.zones import is_skipped, zone_named

MOMENT = timestamp(3, zoned=True)
TOKYO = MOMENT.at("Asia/Tokyo")


@pytest.mark.parametrize("name", ["", "utc", "EST", "IST", "europe/berlin", "Mars/Phobos", "+5:30", "+14:01", "UTC+0530", "localtime"])
def test_unknown_name_is_no_zone(name: str) -> None:
    """Names are matched letter for letter, and offsets end at 14 hours."""
    assert zone_named(name) is None


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Z", "UTC"),
        ("Etc/Zulu", "UTC"),
        ("GMT-0", "UTC"),
        ("-00:00", "UTC"),
        ("+5", "+05:00"),
        ("+0530", "+05:30"),
        ("GMT+2", "+02:00"),
        ("UT-3", "-03:00"),
        ("Etc/GMT+5", "-05:00"),
        ("CET", "CET"),
        ("EST5EDT", "EST5EDT"),
        ("America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
    ],
)
def test_zone_is_written_as_athena_writes_it(name: str, zone: str) -> None:
    """Offsets have two digits each, whatever comes to UTC is UTC, other names stay."""
    assert zone_named(name) == zone


def test_clock_put_forward_leaves_times_out() -> None:
    """In Berlin there is no 02:30 on the day when summer time begins, and there are two when it ends."""
    assert is_skipped(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    assert not is_skipped(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")  # noqa: DTZ001


def test_moments_in_two_zones_keep_each_its_own() -> None:
    """Types that differ in their zones are equal, and what both are coerced to has the zone in each value."""
    both = common(array(TOKYO), array(MOMENT))

    assert array(TOKYO) == array(MOMENT)
    assert both is not None
    assert both.zones == (EACH,)


def test_lost_zone_does_not_come_back() -> None:
    """Where only instants are compared their zones are gone for good."""
    lost = instants(TOKYO.at(EACH))

    assert lost.zone == LOST
    assert common(lost, TOKYO) == TOKYO
    assert common(lost, TOKYO).zone == LOST  # type: ignore[union-attr]
