"""States before, what a detection found, the moment -> states after, and the alerts to tell. Pure: called by the tick of one machine and of AWS.

An alert opens when a key is found, is told again each time its count of events doubles, and is resolved when the key was not found for one
quiet window. Its id follows from the detection, the key and the event that opened it, so who tells it twice tells the same alert.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from eventlake.detections.found import Found

OPENED, GROWN, RESOLVED = "opened", "grown", "resolved"
"""What an alert is told for."""

_NAMESPACE = uuid.UUID("b6c1d9b4-52f3-5b0e-9a77-0f4c7f0d5c1e")


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one key of a detection; times aware, in UTC.

    opened: the event that opened the alert; late events do not move it. events: the most that were found at once. told: the count it was
    told with last. tellings: how often it was told. seen: when the key was found last, by the clock.
    """

    alert: str
    opened: datetime
    first_event: datetime
    last_event: datetime
    events: int
    told: int
    tellings: int
    seen: datetime
    is_open: bool
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell of an alert: `opened`, `grown` or `resolved`, and the state of its key then. id: that of the event that tells it."""

    id: str
    kind: str
    key: str
    state: State


@dataclass(frozen=True, slots=True)
class Terms:
    """What the states of a detection depend on: its name, its quiet window, and how far back it looks, lateness included."""

    detection: str
    quiet: timedelta
    reach: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """The states after a tick, by key, and what is to be told."""

    states: Mapping[str, State]
    tellings: tuple[Telling, ...]


def step(terms: Terms, states: Mapping[str, State], found: Iterable[Found], now: datetime) -> Step:
    """Take one tick. now: the moment up to which was looked, aware."""
    after = dict(states)
    tellings: list[Telling] = []
    seen = _by_key(found)
    for key, one in sorted(seen.items()):
        after[key], told = _found(terms, key, after.get(key), one, now)
        tellings += told
    for key, state in sorted(states.items()):
        if key in seen:
            continue
        if state.is_open and now - state.seen >= terms.quiet:
            after[key], told = _resolved(key, state)
            tellings += told
        elif not state.is_open and now - state.seen > terms.quiet + terms.reach:
            del after[key]
    return Step(after, tuple(tellings))


def alert_id(detection: str, key: str, opened: datetime) -> str:
    """Return the id of the alert that an event opened, a UUID."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join((detection, key, opened.isoformat()))))


def _found(terms: Terms, key: str, state: State | None, one: Found, now: datetime) -> tuple[State, list[Telling]]:
    if state is None:
        return _opened(terms, key, one, one.first_event, now)
    if state.is_open and not _is_another(terms, state, one, now):
        return _seen_again(key, state, one, now)
    if one.last_event <= state.last_event:  # nothing that was not told of
        return state, []
    closed, told = _resolved(key, state) if state.is_open else (state, [])
    opened, more = _opened(terms, key, one, one.first_event if one.first_event > closed.last_event else one.last_event, now)
    return opened, told + more


def _is_another(terms: Terms, state: State, one: Found, now: datetime) -> bool:
    """Return True if nobody looked for a quiet window, and what is found now lies a quiet window behind what was found then."""
    return now - state.seen >= terms.quiet and one.first_event - state.last_event >= terms.quiet


def _opened(terms: Terms, key: str, one: Found, opened: datetime, now: datetime) -> tuple[State, list[Telling]]:
    alert = alert_id(terms.detection, key, opened)
    state = State(alert, opened, one.first_event, one.last_event, one.events, one.events, 1, now, True, dict(one.context))
    return state, [Telling(alert, OPENED, key, state)]


def _seen_again(key: str, state: State, one: Found, now: datetime) -> tuple[State, list[Telling]]:
    state = replace(
        state,
        first_event=min(state.first_event, one.first_event),
        last_event=max(state.last_event, one.last_event),
        events=max(state.events, one.events),
        seen=max(state.seen, now),
        context=dict(one.context),
    )
    if one.events < 2 * state.told:
        return state, []
    return _told(key, replace(state, told=one.events), GROWN)


def _resolved(key: str, state: State) -> tuple[State, list[Telling]]:
    return _told(key, replace(state, is_open=False), RESOLVED)


def _told(key: str, state: State, kind: str) -> tuple[State, list[Telling]]:
    """Return the state once it was told, and the telling, whose id follows from the alert and from how often that was told."""
    number = state.tellings + 1
    state = replace(state, tellings=number)
    return state, [Telling(str(uuid.uuid5(uuid.UUID(state.alert), f"{kind} {number}")), kind, key, state)]


def _by_key(found: Iterable[Found]) -> dict[str, Found]:
    """Return what was found by key; rows of one key count as one."""
    seen: dict[str, Found] = {}
    for one in found:
        other = seen.get(one.key)
        if other is not None:
            first, last = min(one.first_event, other.first_event), max(one.last_event, other.last_event)
            one = replace(one, events=max(one.events, other.events), first_event=first, last_event=last)
        seen[one.key] = one
    return seen
