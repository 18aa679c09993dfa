"""Runs the detections that are due, and saves what that comes to. Called again and again by the process of `serve`.

A detection is due when objects of its tables came and it did not run just now, and once more when its `every` is over: a sender's clock may run
ahead, so that what it sent lies behind `:until` when it comes. Whether anything came or not, it is due each time its `every` is over while it
has an open alert, or if it finds what does not come. What it could not look at while nobody ran it is looked at afterwards, a window at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from eventlake.detections.alerts import TABLE, Subject, body_of, event_of
from eventlake.detections.detection import Detection
from eventlake.detections.evaluating import Asked
from eventlake.detections.found import Found
from eventlake.detections.states import State, Step, Telling, Terms, step
from eventlake.detections.together import moments
from eventlake.errors import EventlakeError
from eventlake.local.detecting.memory import Memory, Run, Saved
from eventlake.local.detecting.outbox import PATIENCE
from eventlake.local.detecting.sinks import Sink
from eventlake.query.saved import Unread

SOON = timedelta(seconds=45)
"""How long a detection rests whose tables get objects all the time."""
_LONG = timedelta(minutes=5)
"""A detection that is to run less often than this keeps to it, whatever comes: it reads much."""
_NOTED = timedelta(minutes=10)
_OF_EVENTS = re.compile(r"event_time\s*<\s*:until\b", re.IGNORECASE)
ACCOUNT, REGION = "123456789012", "us-east-1"


class Evaluate(Protocol):
    """Finds what each of several runs of detections finds."""

    def __call__(self, runs: Sequence[Asked]) -> Iterable[Sequence[Found] | EventlakeError]:
        """Yield one for each key, of each run in their order; of one that fails the error."""


class Ticker:
    """Runs detections over a lake.

    newest: gives for each table a number that grows with what comes. told: hears once why a detection failed.
    unread: the detections whose files cannot be read, which never run and are told of at the first tick.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        evaluate: Evaluate,
        newest: Callable[[], Mapping[str, int]],
        memory: Memory,
        sinks: Sequence[Sink],
        told: Callable[[str], None],
        unread: Sequence[Unread] = (),
    ) -> None:
        self._detections = detections
        self._evaluate = evaluate
        self._newest = newest
        self._memory = memory
        self._sinks = sinks
        self._told = told
        self._noted: datetime | None = None
        self._unread = unread
        self._untold = list(unread)
        memory.forget_others([*(one.name for one in detections), *(one.name for one in unread)])
        self._runs = {one.name: memory.run(one.name) for one in detections}
        self._again = {one.name for one in detections}
        """Those that look once more: their last run was the first that saw their newest object, or another process made it."""
        self._open = {one.name: any(state.is_open for state in memory.states(one.name).values()) for one in detections}

    @property
    def problems(self) -> int:
        """Count the detections that run in vain."""
        return len(self._unread) + sum(bool(run.problem) for run in self._runs.values())

    def tick(self, now: datetime) -> int:
        """Run what is due; return how many ran. now: aware, in UTC."""
        self._tell_unread()
        newest = self._newest()
        due = {one.name: (one, mark) for one in self._detections if self._is_due(one, mark := _mark(one, newest), now)}
        marks = {name: mark for name, (_, mark) in due.items()}
        self._again = (self._again - due.keys()) | {name for name, mark in marks.items() if mark != self._runs[name].mark}
        for runs in self._groups([one for one, _ in due.values()], now):
            self._run(runs, marks, now)
        self._note_idle([one for one in self._detections if _mark(one, newest) == self._runs[one.name].mark], now)
        return len(due)

    def _tell_unread(self) -> None:
        """Note and tell which detections cannot be read, once."""
        while self._untold:
            one = self._untold[0]
            self._memory.fail(one.name, one.sentence, None)
            self._told(_cannot_run(one.name, one.sentence))
            del self._untold[0]

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
        is_wanted = self._open[detection.name] or detection.name in self._again or bool(run.problem) or mark != run.mark
        is_wanted = is_wanted or finds_by_time(detection)
        return is_wanted and rested >= detection.every

    def _groups(self, due: Sequence[Detection], now: datetime) -> list[list[Asked]]:
        """Return the runs that are asked together; each detection that failed before is a group of its own, so that it holds up no other."""
        healthy: list[Asked] = []
        others: list[list[Asked]] = []
        for one in due:
            if TABLE in one.tables:
                self._failed(one, f'it reads "{TABLE}", and alerts about alerts would never end.', now)
                continue
            run = self._runs[one.name]
            asked = [Asked(one, until) for until in moments(one, run.until, now)]
            if run.problem:
                others.append(asked)
            else:
                healthy += asked
        return [healthy, *others] if healthy else others

    def _run(self, runs: Sequence[Asked], marks: Mapping[str, int], now: datetime) -> None:
        """Run them; a failure is a detection's own, and ends what was missed of it for now."""
        failed: set[str] = set()
        for asked, found in zip(runs, self._evaluate(runs), strict=True):
            name = asked.detection.name
            if name in failed:
                continue
            try:
                self._look(asked, _raised(found), marks[name], now)
            except EventlakeError as error:
                failed.add(name)
                self._failed(asked.detection, str(error), now)

    def _look(self, asked: Asked, found: Sequence[Found], mark: int, now: datetime) -> None:
        detection = asked.detection
        terms = Terms(detection.name, detection.quiet, detection.reach)
        after = step(terms, self._memory.states(detection.name), found, asked.until)
        self._save(detection, Run(asked.until, mark, now), after, now)

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
            self._told(_cannot_run(detection.name, problem))


def _cannot_run(name: str, problem: str) -> str:
    return f'The detection "{name}" cannot run: {problem}'


def finds_by_time(detection: Detection) -> bool:
    """Return True if a detection may find what it did not find before, though nothing came: what waits, or is silent.

    It compares something else with `:until` than the time of events.
    """
    return ":until" in _OF_EVENTS.sub("", detection.sql)


def _mark(detection: Detection, newest: Mapping[str, int]) -> int:
    """Return what changes when one of the detection's tables gets an object; 0 as long as none has any."""
    return max((newest.get(table, 0) for table in detection.tables), default=0)


def _raised(found: Sequence[Found] | EventlakeError) -> Sequence[Found]:
    if isinstance(found, EventlakeError):
        raise found
    return found


def _is_open(states: Mapping[str, State]) -> bool:
    return any(state.is_open for state in states.values())
