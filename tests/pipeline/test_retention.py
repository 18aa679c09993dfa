"""Days that tables are kept, as a deployment writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eventlake.errors import ConfigurationError
from eventlake.layout import Hour
from eventlake.pipeline.retention import Retention


def test_of_two_pairs_the_later_counts() -> None:
    """What is declared stands first, what the deployment says behind it; what is no pair says nothing."""
    assert Retention.parse("logins=400 alerts=90 declared logins=30") == Retention({"logins": 30, "alerts": 90})


def test_failed_records_have_days_of_their_own() -> None:
    """Under a name that no table has."""
    assert Retention.parse("failed-records=30") == Retention({}, 30)


def test_nothing_said_is_for_ever() -> None:
    """Also by the words that are no days."""
    assert Retention.parse("").is_for_ever
    assert Retention.parse("off").is_for_ever


@pytest.mark.parametrize("said", ["logins=0", "logins=-1", "logins=x", "logins=36501", "logins="])
def test_what_is_no_number_of_days_is_refused(said: str) -> None:
    """Whoever guessed might remove too much."""
    with pytest.raises(ConfigurationError, match="logins="):
        Retention.parse(said)


def test_an_hour_is_over_its_days_after_its_end() -> None:
    """Not a moment before, and never that of another table."""
    hour, kept = Hour("2026-03-01", "05"), Retention({"logins": 30})
    assert kept.is_over("logins", hour, hour.end + timedelta(days=30))
    assert not kept.is_over("logins", hour, hour.end + timedelta(days=30, microseconds=-1))
    assert not kept.is_over("alerts", hour, hour.end + timedelta(days=3000))


def test_an_hour_at_the_end_of_the_calendar_goes_as_late_as_can_be() -> None:
    """And the first one of all after its days, as any other."""
    kept = Retention({"logins": 30})
    assert kept.goes("logins", Hour("9999-12-31", "23")) == datetime.max.replace(tzinfo=UTC)
    assert kept.goes("logins", Hour("0001-01-01", "00")) == datetime(1, 1, 31, 1, tzinfo=UTC)
