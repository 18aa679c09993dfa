"""Where a time axis has its marks: at full hours and days of the page's zone, also on days of 23 and 25 hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eventlake.web.window import DAY, HOUR, QUARTER, Window

MOST = 9
MONTH = 30 * DAY
_MONTHS = (1, 2, 3, 4, 6, 12)
_HOURS = (1, 2, 3, 6, 12)


def ticks(window: Window) -> Iterator[tuple[float, str]]:
    """Yield where each mark stands between 0 and 1, and what it says: a month with its year, a day at its beginning, else the time of day."""
    stretches = list(window.buckets())
    first, last = stretches[0][0], stretches[-1][1]
    wanted = (last - first) / MOST
    for begin, _ in stretches:
        here = window.local(begin)
        if wanted > MONTH:
            if here.day == 1 and (here.month - 1) % next(step for step in _MONTHS if wanted <= step * MONTH * 1.04) == 0:
                yield (begin - first) / (last - first), f"{here:%b %Y}"
        elif _is_marked(here.hour, here.minute, here.toordinal(), wanted):
            label = f"{here:%d %b}" if here.hour == here.minute == 0 else f"{here:%H:%M}"
            yield (begin - first) / (last - first), label


def _is_marked(hour: int, minute: int, day: int, wanted: timedelta) -> bool:
    """Return True if marks that are at least so far from each other stand here."""
    if wanted <= QUARTER:
        return True
    if wanted <= HOUR / 2:
        return minute % 30 == 0
    if minute:
        return False
    if wanted <= 12 * HOUR:
        return hour % next(step for step in _HOURS if wanted <= step * HOUR) == 0
    return hour == 0 and day % max(-(-wanted // DAY), 1) == 0
