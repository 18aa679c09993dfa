"""Runs the detections that are due, and saves what that comes to. Called again and again by the process of `serve`.

A detection is due when objects of its tables came and it did not run just now; and, whether anything came or not, each time its `every` is
over while it has an open alert, or if it finds what does not come. What it could not look at while nobody ran it is looked at afterwards,
a window at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from eventlake.detections.alerts import TABLE, Subject, body_of, event_of
from eventlake.detections.detection import Detection
from eventlake.detections.found import Found
from eventlake.detections.states import State, Step, Telling, Terms, step
from eventlake.detections.together import moments
from eventlake.errors import EventlakeError, UsageError
from eventlake.local.detecting.memory import Memory, Run, Saved
from eventlake.local.detecting.outbox import PATIENCE
from eventlake.local.detecting.sinks import Sink

SOON = timedelta(seconds=45)
"""How long a detection rests whose tables get objects all the time."""
_LONG = timedelta(minutes=5)
"""A detection that is to run less often than this keeps to it, whatever comes: it reads much."""
_NOTED = timedelta(minutes=10)
_OF_EVENTS = re.compile(r"event_time\s*<\s*:until\b", re.IGNORECASE)
ACCOUNT, REGION = "123456789012", "us-east-1"


class Evaluate(Protocol):
    """Finds what a detection finds up to a moment. Raises EventlakeError."""

    def __call__(self, detection: Detection, now: datetime) -> Sequence[Found]:
        """Return one for each key."""


class Ticker:
    """Runs detections over a lake.

    newest: gives for each table a number that grows with what comes. told: hears once why a detection failed.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        evaluate: Evaluate,
        newest: Callable[[], Mapping[str, int]],
        memory: Memory,
        sinks: Sequence[Sink],
        told: Callable[[str], None],
    ) -> None:
        self._detections = detections
        self._evaluate = evaluate
        self._newest = newest
        self._memory = memory
        self._sinks = sinks
        self._told = told
        self._noted: datetime | None = None
        memory.forget_others([one.name for one in detections])
        self._runs = {one.name: memory.run(one.name) for one in detections}
        self._open = {one.name: any(state.is_open for state in memory.states(one.name).values()) for one in detections}

    @property
    def problems(self) -> int:
        """Count the detections that run in vain."""
        return sum(bool(run.problem) for run in self._runs.values())

    def tick(self, now: datetime) -> int:
        """Run what is due; return how many ran. now: aware, in UTC."""
        newest = self._newest()
        due = [(one, mark) for one in self._detections if self._is_due(one, mark := _mark(one, newest), now)]
        for detection, mark in due:
            self._run(detection, mark, now)
        self._note_idle([one for one in self._detections if _mark(one, newest) == self._runs[one.name].mark], now)
        return len(due)

    def _note_idle(self, idle: Sequence[Detection], now: datetime) -> None:
        """Note now and then that nothing came that somebody would have to look at."""
        if self._noted is not None and timedelta(0) <= now - self._noted < _NOTED:
            return
        self._noted = now
        names = [one.name for one in idle if self._runs[one.name].until is not None and not self._runs[one.name].problem]
        self._memory.note_idle(names, now)
        self._runs |= {name: replace(self._runs[name], until=now) for name in names}

    def _is_due(self, detection: Detection, mark: int, now: datetime) -> bool:
        run = self._runs[detection.name]
        if run.tried is None:
            return bool(mark)
        rested = now - run.tried
        if rested < timedelta(0):  # the clock was set back
            return True
        if mark != run.mark and not run.problem:
            return rested >= (SOON if detection.every <= _LONG else detection.every)
        is_wanted = self._open[detection.name] or bool(run.problem) or mark != run.mark or finds_by_time(detection)
        return is_wanted and rested >= detection.every

    def _run(self, detection: Detection, mark: int, now: datetime) -> None:
        """Run one; a failure is its own."""
        run = self._runs[detection.name]
        try:
            if TABLE in detection.tables:
                raise UsageError(f'it reads "{TABLE}", and alerts about alerts would never end.')
            for until in moments(detection, run.until, now):
                self._look(detection, mark, until, now)
        except EventlakeError as error:
            self._failed(detection, str(error), now)

    def _look(self, detection: Detection, mark: int, until: datetime, now: datetime) -> None:
        found = self._evaluate(detection, until)
        terms = Terms(detection.name, detection.quiet, detection.reach)
        after = step(terms, self._memory.states(detection.name), found, until)
        self._save(detection, Run(until, mark, now), after, now)

    def _save(self, detection: Detection, run: Run, after: Step, now: datetime) -> None:
        subject = Subject(detection.name, detection.title, detection.severity, detection.advice)
        saved = [self._told_to(subject, telling, now) for telling in after.tellings]
        self._memory.save(detection.name, run, after.states, saved, now)
        self._runs[detection.name] = run
        self._open[detection.name] = _is_open(after.states)

    def _told_to(self, subject: Subject, telling: Telling, now: datetime) -> Saved:
        body = body_of(event_of(subject, telling, now, ACCOUNT, REGION))
        sinks = tuple(sink.name for sink in self._sinks if sink.wants(subject.severity, subject.name))
        return Saved(telling.id, subject.severity, body, sinks, now + PATIENCE)

    def _failed(self, detection: Detection, problem: str, now: datetime) -> None:
        before = self._runs[detection.name]
        self._memory.fail(detection.name, problem, now)
        self._runs[detection.name] = self._memory.run(detection.name)
        if before.problem != problem:
            self._told(f'The detection "{detection.name}" cannot run: {problem}')


def finds_by_time(detection: Detection) -> bool:
    """Return True if a detection may find what it did not find before, though nothing came: what waits, or is silent.

    It compares something else with `:until` than the time of events.
    """
    return ":until" in _OF_EVENTS.sub("", detection.sql)


def _mark(detection: Detection, newest: Mapping[str, int]) -> int:
    """Return what changes when one of the detection's tables gets an object; 0 as long as none has any."""
    return max((newest.get(table, 0) for table in detection.tables), default=0)


def _is_open(states: Mapping[str, State]) -> bool:
    return any(state.is_open for state in states.values())
