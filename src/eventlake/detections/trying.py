"""Tries detections on their cases: what each finds at the moment of each case, in one statement for all cases of a detection.

Each case is tried as it is written, with every event three times, and, where it finds something, 20 minutes later, as if its events had come
so late. The tries of a detection lie years apart in one lake, so that none sees the events of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventlake.detections.cases import CLOCK, Case
from eventlake.detections.detection import Detection
from eventlake.detections.found import Found
from eventlake.detections.header import length_text
from eventlake.detections.repeating import Repeating
from eventlake.detections.sliding import slid

APART = timedelta(weeks=58)
"""Between the tries of a detection: more than the farthest that one looks back."""
LATE = timedelta(minutes=20)
AS_WRITTEN, THREE_TIMES, LATER = "as written", "every event three times", "late by 20 minutes"


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a case: how it is varied, and the moment of its slot."""

    case: Case
    variant: str
    clock: datetime

    @property
    def runs_at(self) -> datetime:
        """Return when the detection runs."""
        return self.clock + LATE if self.variant == LATER else self.clock

    @property
    def events(self) -> Iterator[bytes]:
        """Yield its events."""
        for number, event in enumerate(self.case.events):
            body = event.at(self.clock, f"{self.clock.isoformat()} {number}")
            yield from [body] * (3 if self.variant == THREE_TIMES else 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try went; wrong is a sentence, empty if all was found that should be, and nothing else."""

    detection: str
    case: str
    variant: str
    wrong: str


def tries_of(cases: Sequence[Case]) -> list[Try]:
    """List the tries of a detection's cases, each in a slot of its own."""
    wanted = [(case, variant) for case in cases for variant in (AS_WRITTEN, THREE_TIMES, *([LATER] if case.finds else []))]
    return [Try(case, variant, CLOCK - number * APART) for number, (case, variant) in enumerate(wanted)]


def outcomes(detection: Detection, tries: Sequence[Try], engine: Repeating) -> list[Outcome]:
    """Try a detection on the lake that holds the events of its tries. Raises QueryError for a statement that does not run."""
    found = dict(slid(detection, engine, [one.runs_at for one in tries]))
    return [Outcome(detection.name, one.case.name, one.variant, _wrong(one.case.finds, found[one.runs_at], one.clock)) for one in tries]


def _wrong(finds: Mapping[str, Mapping[str, str]], found: Iterable[Found], clock: datetime) -> str:
    """Say what differs between what should be found and what was; nothing if all is as it should be."""
    seen = {one.key: _columns(one, clock) for one in found}
    if missing := sorted(finds.keys() - seen.keys()):
        return f'Does not find "{missing[0]}".'
    if more := sorted(seen.keys() - finds.keys()):
        return f'Finds "{more[0]}", and should not.'
    for key, columns in finds.items():
        for column, value in columns.items():
            if seen[key].get(column, "") != value:
                return f'Finds "{key}" with {column} {seen[key].get(column, "") or "NULL"} instead of {value}.'
    return ""


def _columns(one: Found, clock: datetime) -> dict[str, str]:
    """Return what was found by column, as text; times as cases write them, so long before the clock."""
    times = {"first_event": f"-{length_text(clock - one.first_event)}", "last_event": f"-{length_text(clock - one.last_event)}"}
    return {**one.context, **times, "events": str(one.events)}
