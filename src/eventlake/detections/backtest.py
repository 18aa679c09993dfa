"""A detection on the past: the alerts that it would have told, had it run all the time. Made with the states that every schedule keeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from eventlake.detections.detection import Detection
from eventlake.detections.repeating import Repeating
from eventlake.detections.sliding import moments_of, slid
from eventlake.detections.states import OPENED, State, Terms, step
from eventlake.errors import QueryError
from eventlake.interfaces import Cancelled, Result


@dataclass(frozen=True, slots=True)
class Alerted:
    """What would have been told of one key. alerts: how often one was opened; first_event: of the first; last_event, events: of the last."""

    key: str
    first_event: datetime
    last_event: datetime
    events: int
    alerts: int


class Stopping(Protocol):
    """A `Repeating` that ends a query which nobody wants any more; asked by several threads."""

    def query(self, sql: str, *, repeats: bool, cancelled: Cancelled) -> Result:
        """Return the rows of one SELECT. Raises QueryError and its kinds."""


def backtests(
    detections: Sequence[Detection],
    engine: Stopping,
    begin: datetime,
    end: datetime,
    values: Mapping[str, Any] | None = None,  # the user's
    at_once: int = 1,
) -> Iterator[Sequence[Alerted] | QueryError]:
    """Yield what `backtest` returns of each detection, in their order; of one that fails the error.

    values: other thresholds, each for the detections that have it. at_once: how many run side by side.
    """
    until_stopped = _UntilStopped(engine, threading.Event())
    with ThreadPoolExecutor(at_once) as pool:
        try:
            running = {
                one.name: pool.submit(_told, one, until_stopped, begin, end, values) for one in sorted(detections, key=_looks, reverse=True)
            }
            yield from (running[one.name].result() for one in detections)
        except BaseException:  # an interrupt too: what runs is killed, and what is not begun is not begun any more
            until_stopped.stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@dataclass(frozen=True, slots=True)
class _UntilStopped:
    """An engine whose queries end once it is stopped."""

    engine: Stopping
    stopped: threading.Event

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return the rows of one SELECT. Raises QueryError and its kinds."""
        return self.engine.query(sql, repeats=repeats, cancelled=self.stopped.is_set)


def _told(
    detection: Detection, engine: Repeating, begin: datetime, end: datetime, values: Mapping[str, Any] | None
) -> Sequence[Alerted] | QueryError:
    its = {each.name for each in detection.parameters}
    try:
        return backtest(detection, engine, begin, end, {name: value for name, value in (values or {}).items() if name in its})
    except QueryError as error:
        return error


def _looks(detection: Detection) -> float:
    """Return how much it looks at; what looks at most comes first, for where it came last, others would have nothing to do beside it."""
    return (detection.reach + detection.history) / detection.every


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
