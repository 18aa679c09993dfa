"""Runs of detections: the statement of each over the window that ends at its moment, on any engine, as what was found. Called by every schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from eventlake.answers.values import as_text
from eventlake.detections.detection import Detection
from eventlake.detections.found import Found
from eventlake.errors import EventlakeError, QueryError
from eventlake.interfaces import Engine, Result

COLUMNS = ("key", "events", "first_event", "last_event")
"""The columns that a detection's rows have at least."""
AT_ONCE = 48
"""Runs that are asked together: all built-in detections, and what was missed in parts, so that no process has much to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One run of a detection, up to a moment."""

    detection: Detection
    until: datetime

    @property
    def brief(self) -> Asked:
        """Return the run that is asked first: without the history, if there is one."""
        return Asked(self.detection.brief, self.until)

    @property
    def statement(self) -> str:
        """Return its statement, in Athena's SQL."""
        return self.detection.statement(self.until - self.detection.reach, self.until)


class Together(Protocol):
    """An engine that reads once what several statements share."""

    def together(self, statements: Sequence[str]) -> Iterator[Result | EventlakeError]:
        """Yield the rows of each of several SELECTs, in their order; of one that fails the error."""


def evaluate(detection: Detection, engine: Engine, now: datetime, values: Mapping[str, Any] | None = None) -> Sequence[Found]:  # the user's
    """Return what a detection finds of the events in [now - window - lateness, now), by key.

    now: aware. values: other thresholds than the usual ones. Raises QueryError and its kinds.
    """
    result = engine.query(detection.statement(now - detection.reach, now, values))
    return list(found_in(detection.name, result.columns, result.rows))


def evaluate_all(runs: Sequence[Asked], engine: Together) -> Iterator[Sequence[Found] | EventlakeError]:
    """Yield what each run finds, as `evaluate` returns it, in their order; of one that fails the error.

    Those with a history are asked without it, and once more with it where they find something then, which is seldom.
    """
    for begin in range(0, len(runs), AT_ONCE):
        part = runs[begin : begin + AT_ONCE]
        found = list(_together([run.brief for run in part], engine))
        again = {number: run for number, run in enumerate(part) if run.detection.history and _is_any(found[number])}
        found_again = dict(zip(again, _together(list(again.values()), engine), strict=True))
        yield from (found_again.get(number, one) for number, one in enumerate(found))


def _is_any(found: Sequence[Found] | EventlakeError) -> bool:
    """Return True if something was found."""
    return bool(found) and not isinstance(found, EventlakeError)


def _together(runs: Sequence[Asked], engine: Together) -> Iterator[Sequence[Found] | EventlakeError]:
    if not runs:
        return
    for run, answer in zip(runs, engine.together([run.statement for run in runs]), strict=True):
        yield answer if isinstance(answer, EventlakeError) else _found_or_error(run, answer)


def _found_or_error(run: Asked, result: Result) -> Sequence[Found] | EventlakeError:
    try:
        return list(found_in(run.detection.name, result.columns, result.rows))
    except QueryError as error:
        return error


def found_in(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Found]:
    """Yield what the rows of a detection's statement say; a row without a key is about nobody. Raises QueryError if a column is missing."""
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise QueryError(f'The detection "{name}" has no column "{missing[0]}": its rows are {", ".join(COLUMNS)}, and context.')
    for row in rows:
        values = dict(zip(columns, row, strict=True))
        if values["key"] is not None:
            yield _found(name, values)


def _found(name: str, values: Mapping[str, Any]) -> Found:
    context = {column: as_text(value) for column, value in values.items() if column not in COLUMNS and value is not None}
    first, last = (_moment(name, column, values[column]) for column in ("first_event", "last_event"))
    return Found(as_text(values["key"]), int(values["events"] or 0), first, last, context)


def _moment(name: str, column: str, value: Any) -> datetime:  # a value of a row
    """Return a timestamp of the lake, which is of UTC, as an aware one."""
    if not isinstance(value, datetime):
        raise QueryError(
            f'The detection "{name}" gives {as_text(value) or "NULL"} for "{column}", which is no timestamp: give that of an event.'
        )
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
