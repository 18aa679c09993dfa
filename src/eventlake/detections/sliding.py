"""A detection at many moments at once: one statement in which the detection is run for each of them, instead of one for each.

What it finds at a moment is what `evaluating.evaluate` finds then; for trying detections on the past, and on their tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

from eventlake.detections.detection import ARRIVED, GIVEN, Detection, utc
from eventlake.detections.evaluating import found_in
from eventlake.detections.found import Found
from eventlake.dialect.text.parameters import literal
from eventlake.errors import QueryLimitError
from eventlake.interfaces import Result

AT_ONCE = 9_000
"""Moments in one statement: 30 days of one that runs every five minutes, and as many as sequence() makes."""
LEAST = 64
"""Moments that are asked together whatever it takes; where more need too much, fewer are asked."""

SHORT = timedelta(hours=6)
"""Of windows up to this long rows are looked up by the hour, `dialect.queries.moving`."""


class Repeating(Protocol):
    """An engine that runs a LATERAL for each row in front of it, whatever stands in it."""

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return the rows of one SELECT. Raises QueryError and its kinds."""


def slid(
    detection: Detection,
    engine: Repeating,
    moments: Sequence[datetime],
    values: Mapping[str, Any] | None = None,  # the user's
) -> Iterator[tuple[datetime, list[Found]]]:
    """Yield each of the moments, in order, with what the detection finds then. moments: aware. values: as in `evaluate`. Raises QueryError.

    One with a history is asked without it first, and with it for the moments at which it finds something then.
    """
    brief = _slid(detection.brief, engine, moments, values)
    if not detection.history:
        yield from brief
        return
    may_find = {moment: bool(found) for moment, found in brief}
    whole = dict(_slid(detection, engine, [moment for moment, is_any in may_find.items() if is_any], values))
    yield from ((moment, whole.get(moment, [])) for moment in may_find)


def _slid(
    detection: Detection, engine: Repeating, moments: Sequence[datetime], values: Mapping[str, Any] | None
) -> Iterator[tuple[datetime, list[Found]]]:
    """Yield what `slid` does, of one statement; what needs more memory or time than a statement may have is asked in slices."""
    left, size = sorted(moments), AT_ONCE
    while left:
        part = left[:size]
        try:
            result = engine.query(_statement(detection, part, values), repeats=True)
        except QueryLimitError:
            if len(part) <= LEAST:
                raise
            size = max(len(part) // 4, LEAST)
            continue
        left = left[size:]
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


def _statement(detection: Detection, moments: Sequence[datetime], values: Mapping[str, Any] | None) -> str:
    reach = detection.reach // timedelta(minutes=1)
    sql = detection.over(_bounds(detection, moments[0]), values)
    runs = f"SELECT date_add('minute', -{reach}, at) AS since, at AS until FROM {_relation(moments)}"
    return f"SELECT run_.until, found_.* FROM ({runs}) run_ CROSS JOIN LATERAL (\n{sql}\n) found_"


def _bounds(detection: Detection, first: datetime) -> dict[str, str]:
    """Return the expressions of what is given; in brackets they are no bounds that rows are looked up by.

    Of a window of days most rows lie in most windows, and looking them up costs more than comparing them. Partitions are left out for all moments
    at once: what arrived before the first window's has no time in any.
    """
    form = "run_.{}" if detection.reach <= SHORT else "(run_.{})"
    return {name: form.format(name) for name in GIVEN} | {ARRIVED: literal(ARRIVED, utc(detection.arrived(first - detection.reach)))}


def _relation(moments: Sequence[datetime]) -> str:
    """Write moments as a relation of one column `at`; as a sequence where they are evenly spaced, which is short."""
    steps = {after - before for before, after in pairwise(moments)}
    texts = [literal("moment", utc(moment)) for moment in moments]
    if len(moments) > 2 and len(steps) == 1:
        return f"unnest(sequence({texts[0]}, {texts[-1]}, INTERVAL '{steps.pop() // timedelta(seconds=1)}' SECOND)) AS moments (at)"
    return f"(VALUES {', '.join(texts)}) AS moments (at)"
