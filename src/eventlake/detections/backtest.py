"""A detection on the past: the alerts that it would have told, had it run all the time. Made with the states that every schedule keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from eventlake.detections.detection import Detection
from eventlake.detections.sliding import Repeating, moments_of, slid
from eventlake.detections.states import OPENED, State, Terms, step


@dataclass(frozen=True, slots=True)
class Alerted:
    """What would have been told of one key. alerts: how often one was opened; first_event: of the first; last_event, events: of the last."""

    key: str
    first_event: datetime
    last_event: datetime
    events: int
    alerts: int


def backtest(
    detection: Detection,
    engine: Repeating,
    begin: datetime,
    end: datetime,
    values: Mapping[str, Any] | None = None,  # the user's
) -> Sequence[Alerted]:
    """Return what would have been told from `begin` to `end`, both aware, by first event and key. values: other thresholds. Raises QueryError.

    What happened before `begin` and is found then is told as well: the detection runs for the first time.
    """
    terms = Terms(detection.name, detection.quiet, detection.reach)
    states: Mapping[str, State] = {}
    alerted: dict[str, Alerted] = {}
    for moment, found in slid(detection, engine, moments_of(detection, begin, end), values):
        after = step(terms, states, found, moment)
        states = after.states
        for telling in after.tellings:
            alerted[telling.key] = _with(alerted.get(telling.key), telling.key, telling.state, is_new=telling.kind == OPENED)
    return sorted(alerted.values(), key=lambda one: (one.first_event, one.key))


def _with(known: Alerted | None, key: str, state: State, *, is_new: bool) -> Alerted:
    one = known or Alerted(key, state.first_event, state.last_event, state.events, 0)
    return replace(one, last_event=max(one.last_event, state.last_event), events=state.events, alerts=one.alerts + is_new)
