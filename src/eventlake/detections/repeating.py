"""One statement in which a detection is run for each of thousands of moments, and what it is made of. Asked by `sliding` and `candidates`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

from eventlake.detections.detection import ARRIVED, GIVEN, Detection, utc
from eventlake.dialect.sql import quoted_name
from eventlake.dialect.text.parameters import literal
from eventlake.errors import QueryLimitError
from eventlake.interfaces import Result

AT_ONCE = 9_000
"""Moments in one statement: 30 days of one that runs every five minutes, and as many as sequence() makes."""
LEAST = 64
"""Moments that are asked together whatever it takes; where more need too much, fewer are asked."""

MOST_LETTERS = 30_000
"""How long all keys together may be that are named in a statement, which has an end, and of so many that of all rows is no dearer."""

SHORT = timedelta(hours=6)
"""Of windows up to this long rows are looked up by the hour, `dialect.queries.moving`."""


class Repeating(Protocol):
    """An engine that runs a LATERAL for each row in front of it, whatever stands in it."""

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return the rows of one SELECT. Raises QueryError and its kinds."""


def in_slices(
    engine: Repeating, statement: Callable[[Sequence[datetime]], str], moments: Sequence[datetime]
) -> Iterator[tuple[Sequence[datetime], Result]]:
    """Yield the answers to one statement over all moments; what needs more memory or time than a statement may have is asked in slices.

    statement: makes the one over some of them, in order. Raises QueryError and its kinds.
    """
    left, size = sorted(moments), AT_ONCE
    while left:
        part = left[:size]
        try:
            result = engine.query(statement(part), repeats=True)
        except QueryLimitError:
            if len(part) <= LEAST:
                raise
            size = max(len(part) // 4, LEAST)
            continue
        left = left[size:]
        yield part, result


def bounds(detection: Detection, first: datetime) -> dict[str, str]:
    """Return the expressions of what is given, of runs of `run_`; in brackets they are no bounds that rows are looked up by.

    Of a window of days most rows lie in most windows, and looking them up costs more than comparing them. Partitions are left out for all moments
    at once: what arrived before the first window's has no time in any.
    """
    form = "run_.{}" if detection.reach <= SHORT else "(run_.{})"
    return {name: form.format(name) for name in GIVEN} | {ARRIVED: literal(ARRIVED, utc(detection.arrived(first - detection.reach)))}


def can_be_named(keys: Collection[Any]) -> bool:  # what a detection finds as keys
    """Return True if a statement may name these keys: they are texts, and not too many."""
    return all(isinstance(key, str) for key in keys) and sum(map(len, keys)) <= MOST_LETTERS


def narrowed(detection: Detection, keys: Sequence[str]) -> str:
    """Write what has a statement read the rows of these keys alone; nothing if there are none, for those of all."""
    if not keys:
        return ""
    chosen = ", ".join(literal("key", key) for key in keys)
    names = ", ".join(
        f"{quoted_name(table)} AS (SELECT * FROM {quoted_name(table)} WHERE {quoted_name(detection.per)} IN ({chosen}))"
        for table in detection.tables
    )
    return f"WITH {names}\n"


def relation(moments: Sequence[datetime]) -> str:
    """Write moments, in order, as a relation of one column `at`: of stretches in which they are evenly spaced, which is short."""
    step = min((after - before for before, after in pairwise(moments)), default=timedelta(minutes=1))
    stretches: list[list[datetime]] = []
    for moment in moments:
        if stretches and moment - stretches[-1][-1] == step:
            stretches[-1] = [stretches[-1][0], moment]
        else:
            stretches.append([moment])
    ends = ", ".join(f"({literal('first', utc(one[0]))}, {literal('last', utc(one[-1]))})" for one in stretches)
    seconds = step // timedelta(seconds=1)
    return (
        f"(SELECT at FROM (VALUES {ends}) AS stretches (first, last) "
        f"CROSS JOIN UNNEST(sequence(first, last, INTERVAL '{seconds}' SECOND)) AS moments (at)) AS moments"
    )


def minutes(stretch: timedelta) -> int:
    """Return a stretch in whole minutes, as headers say them."""
    return stretch // timedelta(minutes=1)
