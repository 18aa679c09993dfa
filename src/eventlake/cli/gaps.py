"""Hours without anything between hours of a table that hold something: how many are missing, and how they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from eventlake.layout import Hour

_HOUR = timedelta(hours=1)
_LISTED = 48
"""So many hours in a row at most are listed one by one."""
_APART = 31 * 24
"""Hours with more between them are of different times, as those of a history that was brought in, and nothing is missing there."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours in a row without anything. count: how many they are, one at least."""

    first: Hour
    last: Hour
    count: int

    def listed(self) -> list[Gap]:
        """Return each hour as a gap of its own, or the whole of a long one."""
        if self.count > _LISTED:
            return [self]
        hours = [Hour.of(self.first.start + place * _HOUR) for place in range(self.count)]
        return [Gap(hour, hour, 1) for hour in hours]


def gaps(hours: Iterable[Hour]) -> Iterator[Gap]:
    """Yield the gaps between hours, which are given in order."""
    for before, after in pairwise(hours):
        count = (after.start - before.start) // _HOUR - 1
        if count:
            yield Gap(Hour.of(before.end), Hour.of(after.start - _HOUR), count)


def missing(hours: Iterable[Hour]) -> int:
    """Count the hours that are missing between hours, given in order, that are not too far apart."""
    return sum(gap.count for gap in gaps(hours) if gap.count <= _APART)
