from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.dialect.queries.pruning import conjuncts, remaining
from eventlake.dialect.queries.ranges import implied_ranges
from eventlake.dialect.text.syntax import parse
from eventlake.dialect.translate import translate
from eventlake.model import Column, Table

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LOGS = Table("logs", "lake", "Logs", "Logs.", "logs", {}, "$", "id", (Column("t", "timestamp", (), "", ""),))


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("year(t) = 2026", [(date(2026, 1, 1), date(2027, 1, 1))]),
        ("month(t) = 12 and 2026 = year(t)", [(date(2026, 12, 1), date(2027, 1, 1))]),
        ("year(t) = 2026 and (month(t) = 11 and day(t) = 30)", [(date(2026, 11, 30), date(2026, 12, 1))]),
        ("year(t) = 2024 and month(t) = 2 and day(t) = 29", [(date(2024, 2, 29), date(2024, 3, 1))]),
        ("year(t) = 2026 and month(t) = 2 and day(t) = 30", []),
        ("year(t) = 2026 and month(t) = 13", []),
        ("month(t) = 11 and day(t) = 5", []),
        ("year(t) = 2026 or month(t) = 11", []),
        ("year(t) > 2026", []),
        ("year(t) = 2026 and year(u) = 2025", [(date(2026, 1, 1), date(2027, 1, 1)), (date(2025, 1, 1), date(2026, 1, 1))]),
        ("year(date(t)) = 2026", []),
        ("year(t) = 0", []),
    ],
)
def test_ranges_are_read_from_conditions_that_must_all_hold(condition: str, days: list[tuple[date, date]]) -> None:
    """A year, a month of a named year, a day of a named month; nothing else."""
    where = parse(f"select 1 from x where {condition}").args["where"].this

    assert [(first, end) for _, first, end in implied_ranges(conjuncts(where))] == days


def test_hours_outside_of_the_range_are_not_read() -> None:
    """The partition key `date` is asked for by its parts as often as by a range."""
    made = translate("select 1 from logs where year(date) = 2026 and month(date) = 11", [LOGS], NOW)

    assert remaining({"2026-10-31": ["00"], "2026-11-01": ["05"]}, made.scans[0].predicates) == {"2026-11-01": ["05"]}


DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@given(DAYS, st.integers(2024, 2027), st.integers(1, 13), st.integers(1, 32))
def test_no_row_is_lost_or_won(day_before: date, year: int, month: int, day: int) -> None:
    """The answer is that of the condition alone, which brackets with an OR keep from being a range."""
    condition = f"year(t) = {year} and month(t) = {month} and day(t) = {day}"
    named = date(year, min(month, 12), min(day, 28))
    moments = [f"{day_before} 23:59:59", f"{named} 00:00:00", f"{named - timedelta(days=1)} 23:59:59", f"{named} 23:59:59"]
    rows = ", ".join(f"timestamp '{moment}'" for moment in moments)
    with_range, alone = (f"select count(*) from (values {rows}) r(t) where {part}" for part in (condition, f"({condition}) or false"))

    assert list(ENGINE.query(with_range).rows) == list(ENGINE.query(alone).rows)


ENGINE = FixtureEngine(read_fixture({}))


def test_a_clock_in_another_zone_implies_no_range() -> None:
    """The year there begins at another instant."""
    made = translate("select 1 from (values timestamp '2026-01-01 00:30:00 Europe/Berlin') r(t) where year(t) = 2026", [], NOW)

    assert ">=" not in made.sql([])
