"""Which keys a detection may find at which moments: those that it finds in windows so long that few of them cover all moments.

That goes for one that says `-- per COLUMN`: of a key the rows of that key alone matter, and a longer window that knows less of what was before finds
no less. So what is found at a moment is found in the long window around that of the moment, and few keys and moments are left to be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from eventlake.detections.detection import Detection
from eventlake.detections.repeating import Repeating, bounds, can_be_named, in_slices, minutes, relation

SPAN = timedelta(hours=3)
"""How far the windows lie apart, if the detection looks back no farther: what is found in them is asked for at each moment once more."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """At no other moment anything is found, and of no other keys."""

    moments: Sequence[datetime]
    keys: Sequence[str]


def candidates(
    detection: Detection, engine: Repeating, moments: Sequence[datetime], values: Mapping[str, Any] | None
) -> Candidates | None:  # values are the user's
    """Return where it may find something; None where it has to be asked of everything. Raises QueryError and its kinds."""
    span = max(SPAN, detection.reach)
    groups = _groups(sorted(moments), span)
    if 4 * len(groups) > len(moments) or (detection.history and span > detection.history - detection.briefly):
        return None
    looked = detection.brief

    def statement(part: Sequence[datetime]) -> str:
        ends = f"date_add('minute', -{minutes(detection.reach)}, at) AS since, date_add('minute', {minutes(span)}, at) AS until"
        sql = looked.over(bounds(looked, part[0]), values)
        return f"SELECT run_.at, found_.key FROM (SELECT at, {ends} FROM {relation(part)}) run_ CROSS JOIN LATERAL (\n{sql}\n) found_"

    found = [row for _, result in in_slices(engine, statement, list(groups)) for row in result.rows if row[1] is not None]
    keys = {key for _, key in found}
    if not can_be_named(keys):
        return None
    return Candidates([moment for at in sorted({at for at, _ in found}) for moment in groups[at.replace(tzinfo=UTC)]], sorted(keys))


def _groups(moments: Sequence[datetime], span: timedelta) -> dict[datetime, list[datetime]]:
    """Group moments, in order, so that a span covers each group, by the first of each."""
    groups: dict[datetime, list[datetime]] = {}
    first = None
    for moment in moments:
        if first is None or moment >= first + span:
            first = moment
        groups.setdefault(first, []).append(moment)
    return groups
