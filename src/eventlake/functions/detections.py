"""A schedule -> what the detections that are due find, as alerts on the event bus.

One statement of Athena's a call, for all that is due, and one more where what was before decides; if one fails, halves of it are asked, so that
one detection that cannot run stops no other. What is to be told is remembered before it is put on the bus, and put again by the next call if this
one ends between.
Called by EventBridge Scheduler with `{}`, by a person with `{"detections": ["rollback"]}`: these run, whether due or not, and no other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from eventlake.backends.athena import AthenaEngine
from eventlake.backends.aws import failing
from eventlake.detections.alerts import DETAIL_TYPE, SOURCE, TABLE, Subject, detail_of
from eventlake.detections.detection import Detection, load_detections
from eventlake.detections.evaluating import Asked
from eventlake.detections.found import Found
from eventlake.detections.states import Telling, Terms, step
from eventlake.detections.together import context_of, found_together, moments, statement_of
from eventlake.errors import EventlakeError, GenerationConflictError, QueryError, UsageError
from eventlake.functions.alerting import Entry, Memory, Remembered
from eventlake.functions.deployed import sources, tables
from eventlake.functions.metrics import embedded_metrics, say
from eventlake.interfaces import Engine

_EARLY = timedelta(seconds=60)
"""How much too early a detection may run: schedules call within a minute."""
_AGAIN = timedelta(hours=1)
"""How long a detection that cannot run is left alone: each try costs a statement."""
_ENTRIES = 10
"""How many events PutEvents takes at once: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""
_TRIES = 5


def handler(event: Any, context: Any) -> dict[str, Any]:  # any JSON value and Lambda's context in, JSON out
    """Run what is due, and answer how many detections ran, how many alerts were told, and which cannot run."""
    asked = event if isinstance(event, dict) else {}
    now = datetime.fromisoformat(asked["time"]).astimezone(UTC) if asked.get("time") else datetime.now(UTC)
    call = Call(Memory(_client("s3"), os.environ["RESULTS_BUCKET"]), _engine(), _client("events"), now.replace(microsecond=0))
    try:
        call.run(_detections(), asked.get("detections"))
    except GenerationConflictError as error:
        say("WARNING", str(error))
        return {"ran": 0, "told": 0, "failing": {}, "conflict": True}
    call.report()
    return {"ran": call.ran, "told": call.told, "failing": call.remembered.problems}


@dataclass
class Call:
    """One call. events: boto3's client for the event bus. now: the moment up to which is looked, in whole seconds."""

    memory: Memory
    engine: Engine
    events: Any  # boto3's client has no types
    now: datetime
    remembered: Remembered = field(default_factory=Remembered)
    ran: int = 0
    told: int = 0

    def run(self, detections: Sequence[Detection], wanted: Sequence[str] | None = None) -> None:
        """Look, remember, tell. wanted: which detections run; those that are due unless it says.

        Raises GenerationConflictError if another call is at it, UsageError, EventlakeError.
        """
        named = _named(detections, wanted)
        self.remembered = self.memory.read()
        self.remembered.keep_only({one.name for one in detections})
        due = [one for one in detections if self._is_due(one)] if named is None else named
        runs = [Asked(one, until) for one in due if self._can_run(one) for until in moments(one, self._until(one), self.now)]
        for run, found in self._found(runs):
            self._look(run, found)
        self.memory.write(self.remembered)
        self._tell()

    def _until(self, detection: Detection) -> datetime | None:
        return self.remembered.until.get(detection.name)

    def _is_due(self, detection: Detection) -> bool:
        tried = self.remembered.tried.get(detection.name)
        if tried is not None:
            return self.now - tried >= _AGAIN
        until = self._until(detection)
        return until is None or self.now - until >= detection.every - _EARLY

    def _can_run(self, detection: Detection) -> bool:
        """Return True unless something is wrong with a detection that needs no statement to be seen."""
        try:
            if TABLE in detection.tables:
                raise UsageError(f'it reads "{TABLE}", and alerts about alerts would never end.')
            _context(detection)
        except EventlakeError as error:
            self._fail(detection, error)
            return False
        return True

    def _found(self, runs: Sequence[Asked]) -> Iterator[tuple[Asked, Sequence[Found]]]:
        """Yield what each run found, in their order; those with a history are asked without it, and with it where that finds something."""
        whole = {run.brief: run for run in runs}
        first = [(whole[brief], found) for brief, found in self._asked(list(whole))]
        again = dict(self._asked([run for run, found in first if run.detection.history and found]))
        for run, found in first:
            if not (run.detection.history and found):
                yield run, found
            elif run in again:
                yield run, again[run]

    def _asked(self, runs: Sequence[Asked]) -> Iterable[tuple[Asked, Sequence[Found]]]:
        """Return what each run found; what cannot run is noted, and left out."""
        if not runs:
            return []
        contexts = {run.detection.name: _context(run.detection) for run in runs}
        try:
            rows = self.engine.query(statement_of(runs, tables(), contexts)).rows
            return zip(runs, found_together(runs, rows), strict=True)
        except QueryError as error:
            if len(contexts) == 1:
                self._fail(runs[0].detection, error)
                return []
            names = list(contexts)
            first = set(names[: len(names) // 2])
            parts = [[run for run in runs if (run.detection.name in first) is is_first] for is_first in (True, False)]
            return [one for part in parts for one in self._asked(part)]

    def _look(self, run: Asked, found: Sequence[Found]) -> None:
        detection, remembered = run.detection, self.remembered
        terms = Terms(detection.name, detection.quiet, detection.reach)
        after = step(terms, remembered.states.get(detection.name, {}), found, run.until)
        subject = Subject(detection.name, detection.title, detection.severity, detection.advice)
        remembered.states[detection.name] = after.states
        remembered.until[detection.name] = run.until
        remembered.problems.pop(detection.name, None)
        remembered.tried.pop(detection.name, None)
        remembered.pending += [_entry(subject, telling, self.now) for telling in after.tellings]
        self.ran += 1

    def _fail(self, detection: Detection, error: EventlakeError) -> None:
        say("ERROR", f'The detection "{detection.name}" cannot run: {error}', Detection=detection.name, error=type(error).__name__)
        self.remembered.problems[detection.name] = str(error)
        self.remembered.tried[detection.name] = self.now

    def _tell(self) -> None:
        """Put what is to be told on the bus, and remember what it took."""
        if not self.remembered.pending:
            return
        left: list[Entry] = []
        for start in range(0, len(self.remembered.pending), _ENTRIES):
            part = self.remembered.pending[start : start + _ENTRIES]
            left += self._put(part)
        self.told = len(self.remembered.pending) - len(left)
        self.remembered.pending = left
        self.memory.write(self.remembered)

    def _put(self, entries: Sequence[Entry]) -> list[Entry]:
        """Put entries on the bus, and return those that it did not take."""
        with failing("Alerts cannot be put on the event bus"):
            answer = self.events.put_events(Entries=entries)
        return [entry for entry, said in zip(entries, answer["Entries"], strict=True) if "ErrorCode" in said]

    def report(self) -> None:
        """Say what was done; detections that cannot run are a metric, which nobody pays for while there are none."""
        problems = len(self.remembered.problems)
        metrics = {"_aws": embedded_metrics((["FailingDetections"], [["Lake"]]))} if problems else {}
        counts = {"DetectionsRun": self.ran, "FailingDetections": problems, "AlertsTold": self.told}
        say("WARNING" if problems else "INFO", "Detections ran.", **counts, **metrics)


def _named(detections: Sequence[Detection], wanted: Sequence[str] | None) -> list[Detection] | None:
    """Return the detections with these names, None for no names. Raises UsageError for a name that none has."""
    if wanted is None:
        return None
    known = {one.name: one for one in detections}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UsageError(f'There is no detection "{unknown[0]}" in this lake. There are: {", ".join(sorted(known)) or "none"}.')
    return [known[name] for name in dict.fromkeys(wanted)]


def _entry(subject: Subject, telling: Telling, now: datetime) -> Entry:
    """Return an entry of PutEvents. The bus gives an event an id of its own, so ours stands in the detail."""
    detail = {"event-id": telling.id, **detail_of(subject, telling)}
    return {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Time": now.isoformat(), "Detail": json.dumps(detail, ensure_ascii=False)}


@cache
def _detections() -> tuple[Detection, ...]:
    return tuple(load_detections(sources()).values())


@cache
def _context(detection: Detection) -> tuple[str, ...]:
    return context_of(detection, tables())


@cache
def _engine() -> AthenaEngine:
    return AthenaEngine(_client("athena"), os.environ["WORKGROUP"])


@cache
def _client(service: str) -> Any:  # boto3's clients have no types
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client(service, config=ONCE.merge(Config(connect_timeout=5, read_timeout=30)))
    wait_between_tries(client, _TRIES)
    return client
