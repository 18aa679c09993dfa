"""What is taken of things that end, change and go on after they were taken: every event once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from eventlake.apis.aws.derived import Derived
from eventlake.apis.aws.reach import Reach, Thing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=30)


def at(minutes: float) -> datetime:
    """A moment so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def thing(name: str, *minutes: float, has_ended: bool = True) -> tuple[Thing, list[Derived]]:
    """Something that had events at these minutes."""
    return Thing(name, at(minutes[0]), at(minutes[-1]), has_ended), [Derived(at(one), {"id": f"{name}@{one}"}) for one in minutes]


def run(
    cursor: str,
    listed: Sequence[tuple[Thing, list[Derived]]],
    now: float,
    since: datetime = LONG_AGO,
    until: float | None = None,
    pages: int = 99,
) -> tuple[str, list[str]]:
    """Take what is new of a list, one thing a page; the cursor behind, and the ids. pages: after how many it is interrupted."""
    reach = Reach.up_to(at(now), cursor, since, None if until is None else at(until))
    taken: list[str] = []
    newest_first = sorted(listed, key=lambda one: one[0].start, reverse=True)
    for one, events in newest_first[:pages]:
        bodies = reach.take(one, events) if reach.is_new(one) else []
        cursor = reach.page(bodies, [one]).cursor
        taken += [json.loads(body)["id"] for body in bodies]
    return (reach.last_page().cursor if pages > len(listed) else cursor), taken


def test_what_is_in_progress_is_taken_when_it_has_ended() -> None:
    """However long ago it began."""
    cursor, first = run("", [thing("a", 0, 1), thing("b", 2, 3, has_ended=False)], 10)
    cursor, second = run(cursor, [thing("a", 0, 1), thing("b", 2, 3, 200)], 300)

    assert (first, second) == (["a@0", "a@1"], ["b@2", "b@3", "b@200"])
    assert run(cursor, [thing("a", 0, 1), thing("b", 2, 3, 200)], 400)[1] == []


def test_what_goes_on_after_it_was_taken_is_taken_from_there() -> None:
    """A retry is seen while it runs, or only when it is over."""
    cursor, _ = run("", [thing("a", 0, 1), thing("b", 2, 3)], 10)
    cursor, none = run(cursor, [thing("a", 0, 1, 11, has_ended=False), thing("b", 2, 3)], 12)
    cursor, second = run(cursor, [thing("a", 0, 1, 11, 20), thing("b", 2, 3, 14, 15)], 30)

    assert none == []
    assert second == ["b@14", "b@15", "a@11", "a@20"]
    assert run(cursor, [thing("a", 0, 1, 11, 20), thing("b", 2, 3, 14, 15)], 40)[1] == []


def test_an_interrupted_run_goes_on_below_and_takes_what_is_new_above() -> None:
    """Of what lies between, nothing is missing and nothing twice."""
    listed = [thing(f"t{number}", number, number + 0.5) for number in range(6)]
    cursor, first = run("", listed[:4], 3.9, pages=2)
    cursor, second = run(cursor, listed, 20, pages=3)
    _, third = run(cursor, listed, 30)

    assert first == ["t3@3", "t3@3.5", "t2@2", "t2@2.5"]
    assert sorted(first + second + third) == sorted(f"t{number}@{moment}" for number in range(6) for moment in (number, number + 0.5))


def test_of_things_that_started_together_none_is_lost_between_two_pages() -> None:
    """And none is taken twice."""
    listed = [thing("a", 0, 1), thing("b", 0, 2), thing("c", 0, 3), thing("d", -5, 4)]
    cursor, first = run("", listed, 10, pages=2)
    _, second = run(cursor, listed, 20)

    assert len(first) == 4
    assert sorted(first + second) == ["a@0", "a@1", "b@0", "b@2", "c@0", "c@3", "d@-5", "d@4"]


def test_an_earlier_begin_brings_only_what_is_earlier() -> None:
    """And a later one takes nothing back."""
    listed = [thing("a", -100, -99), thing("b", 0, 1)]
    cursor, first = run("", listed, 10, since=at(-10))
    cursor, none = run(cursor, listed, 11, since=at(0))
    _, second = run(cursor, listed, 12)

    assert (first, none, second) == (["b@0", "b@1"], [], ["a@-100", "a@-99"])


def test_an_end_cuts_events_and_a_later_end_goes_on_there() -> None:
    """Also of what began before it and ended after it; an earlier end takes nothing twice."""
    listed = [thing("a", 0, 4, 6), thing("b", 5, 7)]
    cursor, first = run("", listed, 60, until=5)
    cursor, none = run(cursor, listed, 70, until=3)
    cursor, second = run(cursor, listed, 80)

    assert (first, none, sorted(second)) == (["a@0", "a@4"], [], ["a@6", "b@5", "b@7"])
    assert run(cursor, listed, 90)[1] == []


def test_its_cursor_stays_small() -> None:
    """Runs that follow each other are one."""
    cursor, listed = "", [thing(f"t{number}", number, number + 0.5) for number in range(50)]
    for now in range(1, 50):
        cursor, _ = run(cursor, listed[:now], now - 0.1)

    assert len(json.loads(cursor)["spans"]) == 1
    assert len(cursor) < 300


def test_its_cursor_stays_small_where_each_run_begins_later() -> None:
    """As it does without a begin of one's own: a year ago."""
    cursor, taken, listed = "", 0, [thing(f"t{number}", number, number + 0.5) for number in range(40)]
    for now in range(1, 40):
        cursor, new = run(cursor, listed[:now], now - 0.1, since=at(now - 12))
        taken += len(new)

    assert taken == 2 * 39
    assert len(cursor) < 2000
    assert run(cursor, listed[:39], 41)[1] == []
