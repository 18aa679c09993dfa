"""How far back detections look, as the hours of each table that their own predicates leave: what `cost estimate` counts.

Of those with a history what they look at first: with it they are asked where that finds something, which is seldom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from eventlake.bill.looks import Look
from eventlake.detections.detection import Detection
from eventlake.detections.evaluating import Asked
from eventlake.dialect.queries.pruning import remaining
from eventlake.dialect.translate import translate
from eventlake.errors import QueryError
from eventlake.layout import Days, Hour, days_of
from eventlake.model import Table

_NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
_HOURS = 24 * 60
"""How many hours a lake is taken to have."""


def looks(detections: Sequence[Detection], tables: Sequence[Table]) -> list[Look]:
    """Return what each detection reads of which table; of one that cannot run nothing."""
    days = days_of(Hour.of(_NOON - timedelta(hours=back)) for back in range(_HOURS, -1, -1))
    return [look for detection in detections for look in _of(detection, tables, days)]


def _of(detection: Detection, tables: Sequence[Table], days: Days) -> Iterator[Look]:
    try:
        scans = translate(Asked(detection, _NOON).brief.statement, tables, _NOON).scans
    except QueryError:
        return
    for scan in scans:
        hours = sum(map(len, remaining(days, scan.predicates).values()))
        yield Look(scan.table.name, detection.every // timedelta(seconds=1), hours)
