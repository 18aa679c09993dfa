"""A detection at many moments at once: one statement in which the detection is run for each of them, instead of one for each.

What it finds at a moment is what `evaluating.evaluate` finds then; for trying detections on the past, and on their tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from eventlake.detections.candidates import candidates
from eventlake.detections.detection import Detection
from eventlake.detections.evaluating import found_in
from eventlake.detections.found import Found
from eventlake.detections.repeating import Repeating, bounds, can_be_named, in_slices, minutes, narrowed, relation


def slid(
    detection: Detection,
    engine: Repeating,
    moments: Sequence[datetime],
    values: Mapping[str, Any] | None = None,  # the user's
) -> Iterator[tuple[datetime, list[Found]]]:
    """Yield each of the moments, in order, with what the detection finds then. moments: aware. values: as in `evaluate`. Raises QueryError.

    Where it may be asked of keys alone, it is asked which there are in long windows first. One with a history is asked without it first, and with
    it for the moments at which it finds something then.
    """
    chosen = candidates(detection, engine, moments, values) if detection.per else None
    asked = moments if chosen is None else chosen.moments
    found = dict(_with_history(detection, engine, asked, values, chosen.keys if chosen else ()))
    yield from ((moment, found.get(moment, [])) for moment in sorted(moments))


def _with_history(
    detection: Detection, engine: Repeating, moments: Sequence[datetime], values: Mapping[str, Any] | None, keys: Sequence[str]
) -> Iterator[tuple[datetime, list[Found]]]:
    """Yield what is found at each of the moments; of one with a history, at those at which something may be. keys: of these alone, if any."""
    brief = _slid(detection.brief, engine, moments, values, keys)
    if not detection.history:
        yield from brief
        return
    may_find = {moment: found for moment, found in brief if found}
    some = sorted({one.key for found in may_find.values() for one in found})
    yield from _slid(detection, engine, list(may_find), values, some if detection.per and can_be_named(some) else ())


def _slid(
    detection: Detection, engine: Repeating, moments: Sequence[datetime], values: Mapping[str, Any] | None, keys: Sequence[str]
) -> Iterator[tuple[datetime, list[Found]]]:
    """Yield what is found at each of the moments. keys: as for `_with_history`."""

    def statement(part: Sequence[datetime]) -> str:
        runs = f"SELECT date_add('minute', -{minutes(detection.reach)}, at) AS since, at AS until FROM {relation(part)}"
        sql = detection.over(bounds(detection, part[0]), values)
        return f"{narrowed(detection, keys)}SELECT run_.until, found_.* FROM ({runs}) run_ CROSS JOIN LATERAL (\n{sql}\n) found_"

    for part, result in in_slices(engine, statement, moments):
        found: dict[datetime, list[tuple[Any, ...]]] = {moment: [] for moment in part}
        for until, *row in result.rows:
            found[until.replace(tzinfo=UTC)].append(tuple(row))
        for moment, rows in found.items():
            yield moment, list(found_in(detection.name, result.columns[1:], rows))


def moments_of(detection: Detection, begin: datetime, end: datetime) -> list[datetime]:
    """List the moments at which a detection runs from `begin` to `end`, both aware, at whole multiples of `every` since 1970."""
    steps = range(-(-_seconds(begin) // _step(detection)), _seconds(end) // _step(detection) + 1)
    return [datetime.fromtimestamp(step * _step(detection), UTC) for step in steps]


def _step(detection: Detection) -> int:
    return detection.every // timedelta(seconds=1)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
