"""States of alerts: one alert for each key and quiet window, whatever comes twice, late or after a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from eventlake.detections.found import Found
from eventlake.detections.states import GROWN, OPENED, RESOLVED, State, Step, Telling, Terms, step

START = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
WINDOW, LATENESS, QUIET = 30, 10, 120
"""Minutes."""
TERMS = Terms("surge", timedelta(minutes=QUIET), timedelta(minutes=WINDOW + LATENESS))


def _at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def _found(events: int, first: float, last: float, key: str = "203.0.113.7") -> Found:
    return Found(key, events, _at(first), _at(last), {"users": "11"})


def _ticks(*ticks: tuple[float, Sequence[Found]], terms: Terms = TERMS) -> list[Telling]:
    """What is told in the course of ticks, each with its minute and what was found then."""
    states: Mapping[str, State] = {}
    told: list[Telling] = []
    for minute, found in ticks:
        after = step(terms, states, found, _at(minute))
        states, told = after.states, [*told, *after.tellings]
    return told


def _kinds(told: Iterable[Telling]) -> list[str]:
    return [one.kind for one in told]


def test_nothing_found_tells_nothing() -> None:
    """A tick over an empty lake leaves no state."""
    assert step(TERMS, {}, [], START) == Step({}, ())


def test_what_is_found_opens_an_alert_once() -> None:
    """The same rows a minute later, and twice in one tick, are the same alert."""
    once = _found(12, 0, 5)
    assert _kinds(_ticks((6, [once]), (7, [once, once]), (8, [once]))) == [OPENED]


def test_growth_is_told_at_each_double() -> None:
    """12 events, then 23, then 24, then 47, then 48."""
    told = _ticks(*((6 + n, [_found(events, 0, 5 + n)]) for n, events in enumerate((12, 23, 24, 47, 48))))
    assert [(one.kind, one.state.events) for one in told] == [(OPENED, 12), (GROWN, 24), (GROWN, 48)]


def test_an_alert_is_resolved_once_after_a_quiet_window() -> None:
    """Not a minute before it, and never again."""
    seen = (6, [_found(12, 0, 5)])
    assert _kinds(_ticks(seen, (6 + QUIET - 1, []))) == [OPENED]
    assert _kinds(_ticks(seen, (6 + QUIET, []), (7 + QUIET, []), (9 + 2 * QUIET, []))) == [OPENED, RESOLVED]


def test_a_pause_shorter_than_the_quiet_window_opens_nothing() -> None:
    """The key is found again: it is the same alert."""
    assert _kinds(_ticks((6, [_found(12, 0, 5)]), (90, []), (120, [_found(11, 110, 119)]))) == [OPENED]


def test_after_it_was_resolved_new_events_open_another() -> None:
    """With an id of its own."""
    told = _ticks((6, [_found(12, 0, 5)]), (6 + QUIET, []), (500, [_found(12, 490, 499)]))
    assert _kinds(told) == [OPENED, RESOLVED, OPENED]
    assert len({one.id for one in told}) == 3
    assert told[0].state.alert == told[1].state.alert != told[2].state.alert


def test_old_events_that_are_found_again_open_nothing() -> None:
    """What was told of is not told of once more, whatever brought it back."""
    seen = _found(12, 0, 5)
    assert _kinds(_ticks((6, [seen]), (6 + QUIET, []), (7 + QUIET, [seen]))) == [OPENED, RESOLVED]


def test_late_events_move_the_first_event_and_not_the_id() -> None:
    """The alert keeps the event that opened it; its first event is what is known now."""
    told = _ticks((6, [_found(12, 3, 5)]), (20, [_found(25, 0, 5)]))
    assert _kinds(told) == [OPENED, GROWN]
    assert {one.state.alert for one in told} == {told[0].id}
    assert {one.state.opened for one in told} == {_at(3)}
    assert told[1].state.first_event == _at(0)


def test_the_id_follows_from_the_detection_the_key_and_the_opening() -> None:
    """Who lost its states tells the same alert again, and each other one has another id."""
    ids = [
        _ticks((minute, [_found(events, first, 5, key)]), terms=replace(TERMS, detection=name))[0].id
        for minute, events, first, key, name in [
            (6, 12, 0, "a", "surge"),
            (9, 14, 0, "a", "surge"),
            (6, 12, 1, "a", "surge"),
            (6, 12, 0, "b", "surge"),
            (6, 12, 0, "a", "other"),
        ]
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


def test_keys_do_not_touch_each_other() -> None:
    """Each has its own alert."""
    told = _ticks((6, [_found(12, 0, 5, "a"), _found(10, 1, 5, "b")]), (7, [_found(30, 0, 6, "b")]))
    assert [(one.key, one.kind) for one in told] == [("a", OPENED), ("b", OPENED), ("b", GROWN)]


def test_after_nobody_looked_for_days_a_new_incident_is_another_alert() -> None:
    """The service was down: the old alert is resolved, and what is found now opens."""
    told = _ticks((6, [_found(12, 0, 5)]), (3000, [_found(14, 2990, 2999)]))
    assert _kinds(told) == [OPENED, RESOLVED, OPENED]


def test_a_state_is_forgotten_when_nothing_can_bring_it_back() -> None:
    """The states do not grow for ever."""
    states = step(TERMS, {}, [_found(12, 0, 5)], _at(6)).states
    states = step(TERMS, states, [], _at(6 + QUIET)).states
    assert list(states) == ["203.0.113.7"]
    assert step(TERMS, states, [], _at(7 + QUIET + WINDOW + LATENESS)).states == {}


# properties: events happen, arrive late, are looked for by ticks some of which are lost with the process

_EVENTS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.integers(0, LATENESS)), min_size=1, max_size=12)
_LOST = st.sets(st.integers(0, 450), max_size=40)


def _run(events: Sequence[tuple[str, int, int]], lost: set[int], copies: int = 1) -> list[Telling]:
    """Tick each minute over events of (key, minute, lateness); a tick that is lost saved nothing."""
    last = max(minute for _, minute, _ in events) + WINDOW + LATENESS + QUIET + 200
    states: Mapping[str, State] = {}
    told: list[Telling] = []
    for minute in range(last):
        if minute in lost and minute < last - 100:
            continue
        found = [_found(len(seen), min(seen), max(seen), key) for key in "ab" if (seen := _seen(events, key, minute))]
        after = step(TERMS, states, found * copies, _at(minute))
        states, told = after.states, [*told, *after.tellings]
    return told


def _seen(events: Sequence[tuple[str, int, int]], key: str, minute: int) -> list[int]:
    """The minutes of the events of a key that a tick finds."""
    return [at for one, at, late in events if one == key and minute - WINDOW - LATENESS <= at < minute and at + late < minute]


def _openings(told: Iterable[Telling]) -> Counter[str]:
    return Counter(one.key for one in told if one.kind == OPENED)


@given(_EVENTS, _LOST)
def test_exactly_one_alert_for_each_key_and_quiet_window(events: Sequence[tuple[str, int, int]], lost: set[int]) -> None:
    """Each alert opens a quiet window behind all that was seen before; each event lies in an alert; each alert is resolved, once."""
    told = _run(events, lost)
    assert len({one.id for one in told}) == len(told)
    for key in "ab":
        of_key = [one for one in told if one.key == key]
        opened = [one.state for one in of_key if one.kind == OPENED]
        resolved = [one.state for one in of_key if one.kind == RESOLVED]
        assert [one.alert for one in opened] == [one.alert for one in resolved]
        for before, after in zip(resolved, opened[1:], strict=False):
            assert after.opened - before.last_event >= TERMS.quiet - timedelta(minutes=LATENESS)
        if not lost:
            assert all(any(one.first_event <= _at(at) <= one.last_event for one in resolved) for name, at, _ in events if name == key)


@given(_EVENTS, st.randoms(use_true_random=False), _LOST)
def test_order_copies_and_restarts_change_nothing(events: list[tuple[str, int, int]], random: object, lost: set[int]) -> None:
    """The same alerts are told when rows come in another order, or twice."""
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert [one.id for one in _run(shuffled, lost, copies=2)] == [one.id for one in _run(events, lost)]


@given(_EVENTS)
def test_incidents_a_quiet_window_apart_are_alerts_of_their_own(events: list[tuple[str, int, int]]) -> None:
    """As many alerts open as there are groups of events with more than reach and quiet between them."""
    far = WINDOW + 2 * LATENESS + QUIET + 2
    spread = [(key, index * far + minute % 10, late) for index, (key, minute, late) in enumerate(events)]
    assert _openings(_run(spread, set())) == Counter(key for key, _, _ in _clusters(spread, far - 10))


def _clusters(events: Sequence[tuple[str, int, int]], gap: int) -> list[tuple[str, int, int]]:
    """The events that begin a group."""
    last: dict[str, int] = {}
    first = []
    for key, at, late in sorted(events, key=lambda one: one[1]):
        if key not in last or at - last[key] >= gap:
            first.append((key, at, late))
        last[key] = at
    return first
