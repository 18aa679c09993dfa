"""A wall clock that is compared with one that only goes forward: when it can be trusted with removals, and what is said when not."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.layout import Hour
from eventlake.local.folder import open_catalog
from eventlake.local.item import Item
from eventlake.local.retaining.wall_clock import WallClock, going_on, newest_hour, passed_s

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import FIRST, event, store

START = datetime(2026, 12, 1, 10, 30, tzinfo=UTC)
YEAR_S, DAY_S, HOUR_S = 400 * 86_400, 86_400, 3_600


def begun(newest: Hour | None = None) -> WallClock:
    """A clock after its first look, at the start."""
    clock = WallClock()
    clock.look(START, 0)
    clock.begin(START, newest)
    return clock


@pytest.mark.parametrize(
    ("looks", "trusted", "sentences"),
    [
        pytest.param([(1, 0), (2, 0), (DAY_S, 0)], [True, True, True], 0, id="right"),
        pytest.param([(60 * minute, 0.03 * minute) for minute in range(1, 200)], [True] * 199, 0, id="slewed"),
        pytest.param([(1, 299), (2, 0)], [True, True], 0, id="set by less than five minutes"),
        pytest.param([(8, YEAR_S), (16, 0), (3_615, 0), (3_616, 0)], [False, False, False, True], 1, id="ahead for eight seconds"),
        pytest.param([(8, YEAR_S), (3_607, YEAR_S), (3_608, YEAR_S)], [False, False, True], 1, id="set for good"),
        pytest.param([(8, -YEAR_S), (3_608, -YEAR_S)], [False, True], 1, id="set back"),
        pytest.param([(turn * 1_800, turn % 2 * YEAR_S) for turn in range(1, 9)], [False] * 8, 1, id="to and fro"),
        pytest.param([(8, YEAR_S), (3_608, YEAR_S), (3_609, 0)], [False, True, False], 2, id="again after an hour"),
    ],
)
def test_a_clock_that_was_set_is_doubted_until_it_has_gone_evenly_for_an_hour(
    looks: list[tuple[float, float]], trusted: list[bool], sentences: int
) -> None:
    """looks: seconds that passed, and how far ahead the clock is then. It is told once, not at each turn."""
    clock = begun()
    seen, told = [], []

    for passed, ahead_s in looks:
        told.append(clock.look(START + timedelta(seconds=passed + ahead_s), passed))
        seen.append(clock.is_trusted)

    assert seen == trusted
    assert len([one for one in told if one]) == sentences


def test_the_sentence_says_from_when_to_when_the_clock_was_set_and_what_that_means() -> None:
    """Plainly: what, what is not done until when, and that events are taken."""
    assert begun().look(datetime(2028, 1, 5, 10, 30, 8, tzinfo=UTC), 8) == (
        "The clock of this machine was set from 2026-12-01 10:30:08 UTC to 2028-01-05 10:30:08 UTC: until it has gone evenly for an hour, "
        "nothing is removed, neither what retention is to remove nor what was replaced. Events are taken, into the hours that it shows."
    )


@pytest.mark.parametrize(
    ("newest", "is_trusted"),
    [(None, True), ("2026-12-01T09", True), ("2026-11-30T10", True), ("2026-11-30T09", False), ("1970-01-01T00", False)],
)
def test_a_start_is_doubted_where_nothing_arrived_for_a_day(newest: str | None, is_trusted: bool) -> None:
    """The clock may be as far ahead as that; where nothing arrived at all, nothing can go."""
    clock = begun(Hour.parse(newest) if newest else None)

    assert clock.is_trusted is is_trusted
    clock.look(START + timedelta(hours=1), HOUR_S)
    assert clock.is_trusted


def test_a_clock_is_not_trusted_before_it_is_known_when_something_arrived() -> None:
    """As where the catalog could not be read; begun later, it counts from then on."""
    clock = WallClock()
    assert not clock.is_trusted
    for hours in range(5):
        clock.look(START + timedelta(hours=hours), hours * HOUR_S)
    assert (clock.has_begun, clock.is_trusted) == (False, False)

    clock.begin(START, Hour.of(START))

    assert (clock.has_begun, clock.is_trusted) == (True, True)


def test_a_clock_that_is_doubted_since_the_start_is_told_when_it_is_set() -> None:
    """That is another thing than what was said at the start, if anything was."""
    clock = begun(Hour("2020-01-01", "00"))

    assert "was set from" in clock.look(START - timedelta(days=400), 1)
    assert clock.look(START, 2) == ""


def test_a_clock_that_goes_on_from_a_moment_heeds_no_wall_clock() -> None:
    """Only the seconds that passed since."""
    passed = [100.0]
    clock = going_on(START, lambda: passed[0])

    assert clock() == START
    passed[0] = 105.5
    assert clock() == START + timedelta(seconds=5.5)
    assert passed_s() <= passed_s()


def test_the_newest_hour_is_that_of_log_lines_or_failed_records_and_none_after_a_moment(tmp_path: Path) -> None:
    """What a wrong clock brought in within the last hour, or an event of the year 9999 that a history holds, says nothing of when it is."""
    ahead = FIRST + timedelta(days=400)
    store(tmp_path, [(FIRST, [event("a")]), (FIRST + timedelta(hours=2), [Item(1, b"no JSON")]), (ahead, [event("b")])])
    with closing(open_catalog(tmp_path)) as catalog:
        assert newest_hour(catalog, Hour.of(ahead)) == Hour.of(ahead)
        assert newest_hour(catalog, Hour.of(ahead - timedelta(hours=1))) == Hour("2026-12-30", "12")
        assert newest_hour(catalog, Hour("2026-12-30", "11")) == Hour("2026-12-30", "10")
        assert newest_hour(catalog, Hour("2026-12-30", "09")) is None
