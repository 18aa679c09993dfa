"""Functions of dates and times, asked of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryFailedError, QueryRefusedError


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """An engine without tables."""
    with closing(FixtureEngine(read_fixture({}))) as tables:
        yield tables


def _read(engine: FixtureEngine, written: str) -> object:
    return engine.query(f"select cast(from_iso8601_timestamp('{written}') as varchar)").rows[0][0]


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-01T\t1:00:00.000Z",
        "2026-11-01T\n1:00:00Z",
        "2026-11-01T 1:00:00+01:00",
        "\t026-11-01T01:00:00.000Z",
        " 026-11-01T01:00:00+01:00",
        "2026-11-01T24:00:00.000Z",
        "2026-11-01T29:00:00Z",
        "2026-11-01T23:59:5 Z",
        "2026-11-01T23:59:60Z",
        "2026-11-31T00:00:00.000Z",
    ],
)
def test_blanks_and_hours_that_no_clock_has_are_no_iso_timestamp(written: str, engine: FixtureEngine) -> None:
    """DuckDB reads over blanks; Athena takes none."""
    with pytest.raises(QueryFailedError):
        _read(engine, written)


def test_an_iso_timestamp_before_year_one_is_refused(engine: FixtureEngine) -> None:
    """DuckDB reads the sign as a year before Christ, which it writes otherwise than Athena."""
    with pytest.raises(QueryRefusedError, match="A year before 1"):
        _read(engine, "-026-11-01T01:00:00.000Z")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-11-01T01:02:03.456Z", "2026-11-01 01:02:03.456 UTC"),
        ("2026-11-01T19:02:03.456Z", "2026-11-01 19:02:03.456 UTC"),
        ("2026-11-01T23:59:59.999Z", "2026-11-01 23:59:59.999 UTC"),
        ("1999-12-31T23:59:59.999Z", "1999-12-31 23:59:59.999 UTC"),
        ("2026-11-01T20:02:03Z", "2026-11-01 20:02:03.000 UTC"),
        ("2026-1-01T2:02:03.45678Z", "2026-01-01 02:02:03.456 UTC"),
        ("2026-11-01T01:02:03+05:30", "2026-11-01 01:02:03.000 +05:30"),
    ],
)
def test_an_iso_timestamp_is_read_whatever_form_it_has(written: str, shown: str, engine: FixtureEngine) -> None:
    """The usual forms have ways of their own, which agree with the general one."""
    assert _read(engine, written) == shown


def test_extremes_of_iso_timestamps_are_subtracted(engine: FixtureEngine) -> None:
    """An aggregate of what a text says stands inside of another value, where DuckDB takes no lambda in its argument."""
    rows = "(values ('2026-11-01T01:00:00.000Z'), ('2026-11-01T03:00:00Z')) t(x)"
    read = "from_iso8601_timestamp(x)"
    assert engine.query(
        f"select date_diff('hour', min({read}), max({read})), cast(max({read}) - min({read}) as varchar) from {rows}"
    ).rows == [(2, "0 02:00:00.000")]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("26-11-1", "0026-11-01"),
        ("2026-305", "2026-11-01"),
        ("2026-W44-7", "2026-11-01"),
        ("+2026-11", "2026-11-01"),
        ("T01", "1970-01-01"),
    ],
)
def test_years_of_iso_timestamps_have_four_digits(written: str, day: str, engine: FixtureEngine) -> None:
    """A shorter year is filled up from the left, and none is that of 1970."""
    assert str(_read(engine, written)).startswith(day)
