"""Which hours are due, what a closing reads, and the SELECT that it is; decided without any file."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.interfaces import HourContents
from eventlake.layout import Hour
from eventlake.pipeline.compaction import (
    LARGE_BYTES,
    MANY,
    ROWS_TOGETHER,
    TOGETHER,
    closing,
    due,
    may_be_ready,
    merged,
    neighbours,
    small,
    together,
)
from eventlake.sources import load

NOW = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
TABLES = {table.name: table for source in load() for table in source.tables}


def hour(distance: int) -> Hour:
    """The hour so many hours after the one of now."""
    return Hour.of(NOW + timedelta(hours=distance))


def test_an_hour_is_due_when_it_is_over_and_not_closed_with_all_it_holds() -> None:
    """The oldest first; the slack is for what is still on its way."""
    states = {-1: ("open", 0), 0: ("open", 0), -3: ("dirty", 2), -2: ("closed", 1)}
    known = [HourContents(hour(distance), 1, 1, 1, *state) for distance, state in states.items()]

    assert [(one.hour, one.generation) for one in due(known, NOW)] == [(hour(-3), 2), (hour(-1), 0)]
    assert [one.hour for one in due(known, NOW, timedelta(minutes=30))] == [hour(-3)]


def test_hours_are_surveyed_together_as_far_as_memory_holds_their_rows() -> None:
    """In their order; one that is too large stands alone, and is none that may stay as it is."""
    rows = [5, ROWS_TOGETHER - 5, 1, ROWS_TOGETHER + 1, 2, 3]
    known = [HourContents(hour(at), 1, count, 1) for at, count in enumerate(rows)]

    assert [[one.rows for one in group] for group in together(known)] == [[5, ROWS_TOGETHER - 5], [1], [ROWS_TOGETHER + 1], [2, 3]]
    assert [may_be_ready(one) for one in known] == [True, True, True, False, True, True]


def test_an_hour_of_several_objects_or_that_was_closed_before_never_stays_as_it_is() -> None:
    """Nor one whose object is large."""
    known = [HourContents(hour(0), 2, 1, 1), HourContents(hour(0), 1, 1, 1, "closed", 1), HourContents(hour(0), 1, 1, 1 << 30)]

    assert [may_be_ready(one) for one in known] == [False] * 3


def test_two_days_around_an_hour_and_after_its_events_may_hold_its_rows() -> None:
    """Never the hour itself; of closed hours only."""
    closed = [hour(distance) for distance in (-1500, -1453, -1452, -1404, -1403, -49, -48, 0, 48, 49)]

    assert neighbours(hour(0), [], closed) == [hour(-48), hour(48)]
    assert neighbours(hour(0), [hour(-1452)], closed) == [hour(-1452), hour(-1404), hour(-48), hour(48)]


def test_hours_at_the_ends_of_the_calendar_have_neighbours_on_one_side() -> None:
    """And are due when they are over, whatever the slack is."""
    first, last = Hour("0001-01-01", "00"), Hour("9999-12-31", "23")
    closed = [first, Hour("0001-01-02", "23"), hour(-1), Hour("9999-12-30", "01"), last]

    assert neighbours(first, [first], closed) == closed[1:2]
    assert neighbours(last, [last], closed) == closed[3:4]
    assert neighbours(hour(0), [first, last], closed) == [first, *closed[1:3], last]
    assert [one.hour for one in due([HourContents(one, 1, 1, 1, "open", 0) for one in (first, last)], NOW, timedelta(days=1))] == [first]


def test_the_select_keeps_the_first_of_each_key_and_every_row_without_one() -> None:
    """The same text runs on DuckDB, Trino and Athena; other hours are named by day, so that partitions prune."""
    sql = closing(TABLES["auth0_logs"], hour(0), [hour(-13), hour(-12), hour(-1)])

    assert 'row_number() OVER (PARTITION BY "log_id" ORDER BY' in sql
    assert 'WHERE "log_id" IS NULL OR (el_copy = 1 AND "log_id" NOT IN (SELECT "log_id" FROM' in sql
    assert (
        """AND "log_id" IN (SELECT "log_id" FROM "auth0_event_logs"."auth0_logs" WHERE ((date = DATE '2026-11-20' AND hour IN ('12')))"""
        in sql
    )
    assert "((date = DATE '2026-11-19' AND hour IN ('23')) OR (date = DATE '2026-11-20' AND hour IN ('00', '11')))" in sql
    assert sql.endswith('ORDER BY "event_time", "log_id"')


STRETCHES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4), st.booleans()), max_size=12)


@given(STRETCHES, st.integers(0, 80))
def test_merged_stretches_hold_their_own_and_nothing_of_others(drawn: list[tuple[int, int, bool]], delivered: int) -> None:
    """Whatever lies between them; and no gap beyond what is delivered, where something may still come."""
    own: list[tuple[int, int]] = []
    foreign: list[tuple[int, int]] = []
    end = 0
    for gap, length, is_own in drawn:
        start = end + gap
        end = start + length
        (own if is_own else foreign).append((start, end))

    found = merged(own, [*own, *foreign], delivered)

    assert all(any(first <= start and end <= last for first, last in found) for start, end in own)
    assert not any(first < end and start < last for first, last in found for start, end in foreign)
    gaps = [(end, start) for (_, end), (start, _) in itertools.pairwise(own) if end < start and start > delivered]
    assert not any(first <= end and start <= last for end, start in gaps for first, last in found)
    assert len(found) <= len(foreign) + 1 + len(gaps)


@given(st.lists(st.integers(1, 10**6), max_size=900))
def test_a_trickle_leaves_few_objects_and_writes_each_row_again_a_few_times(sizes: list[int]) -> None:
    """However the sizes are: never as many as are too many after a merge, and none is merged as long as there are few."""
    objects: list[int] = []
    written = 0
    for size in sizes:
        objects.append(size)
        chosen = small(objects)
        assert len(objects) >= MANY or not chosen
        if chosen:
            assert len(chosen) >= TOGETHER
            one = sum(objects[place] for place in chosen)
            written += one
            objects = [kept for place, kept in enumerate(objects) if place not in set(chosen)] + [one]
        assert len(objects) < MANY
    assert written <= 8 * sum(sizes)


def test_masses_are_not_merged() -> None:
    """They stay as they are until their hour is closed."""
    assert small([64 << 20] * 100) == []


@pytest.mark.parametrize("size", [125_000, 1_000_000, 16_000_000])
def test_what_comes_beside_masses_is_merged_all_the_same(size: int) -> None:
    """Once an hour has more than is written again at once, only so much of it is, and the small ones do not become more and more."""
    objects: list[int] = []
    for _ in range(6_000):
        objects.append(size)
        chosen = set(small(objects))
        assert sum(objects[place] for place in chosen) <= LARGE_BYTES
        objects = [kept for place, kept in enumerate(objects) if place not in chosen] + [sum(objects[place] for place in chosen)] * bool(
            chosen
        )
        assert len(objects) < MANY or sum(sorted(objects)[:TOGETHER]) > LARGE_BYTES
