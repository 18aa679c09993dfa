"""How far back detections look, as the hours of each table that their own predicates leave: what `cost estimate` counts.

Of those with a history what they look at first: with it they are asked where that finds something, which is seldom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import mean

from eventlake.bill.looks import Look
from eventlake.detections.detection import Detection
from eventlake.detections.evaluating import Asked
from eventlake.dialect.queries.pruning import remaining
from eventlake.dialect.translate import translate
from eventlake.errors import QueryError
from eventlake.layout import Days, Hour, days_of
from eventlake.model import Table

_MOMENTS = [datetime(2026, 6, 30, 12, minute, 30, tzinfo=UTC) for minute in (7, 22, 37, 52)]
"""When it is looked: around the middle of a day, and in each quarter of an hour, because a stretch of so many hours and a bit may lie in one more of them."""
_HOURS = 24 * 60
"""How many hours a lake is taken to have."""


def looks(detections: Sequence[Detection], tables: Sequence[Table]) -> list[Look]:
    """Return what each detection reads of which table; of one that cannot run nothing."""
    days = days_of(Hour.of(_MOMENTS[0] - timedelta(hours=back)) for back in range(_HOURS, -1, -1))
    return [look for detection in detections for look in _of(detection, tables, days)]


def _of(detection: Detection, tables: Sequence[Table], days: Days) -> Iterator[Look]:
    try:
        asked = [translate(Asked(detection, moment).brief.statement, tables, moment).scans for moment in _MOMENTS]
    except QueryError:
        return
    for scans in zip(*asked, strict=True):
        opened = [sum(map(len, remaining(days, scan.predicates).values())) for scan in scans]
        yield Look(scans[0].table.name, detection.every // timedelta(seconds=1), mean(opened))
