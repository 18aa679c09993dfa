"""Whether a machine's wall clock can be trusted with removals: one that is wrong for seconds must not take all history out of the lake.

It is compared with a clock that only goes forward, at each look of the service for what is over. What the service begins then goes on from the
moment that was looked at, and heeds no wall clock of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.layout import Hour

LEAP = timedelta(minutes=5)
"""What moves a clock so far between two looks sets it: ntpd slews it by 0.5 ms a second, https://docs.ntpsec.org/latest/ntpd.html."""

SETTLED = timedelta(hours=1)
"""How long a clock that was set must go evenly: a time server is asked every 34 minutes at least, so what it is to correct is corrected by then.

Whoever reads the sentence has that long to act. https://www.freedesktop.org/software/systemd/man/latest/timesyncd.conf.html
"""

ABSENCE = timedelta(days=1)
"""How long before a start nothing may have arrived for its clock to be trusted at once: an hour goes so much too early at most."""


def passed_s() -> float:
    """Return seconds of a clock that only goes forward, also while the machine sleeps: on Linux its monotonic one stands still then."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def going_on(moment: datetime, passed_s: Callable[[], float] = passed_s) -> Callable[[], datetime]:
    """Return a clock that shows this moment now and goes on evenly, whatever becomes of the wall clock."""
    begun_s = passed_s()
    return lambda: moment + timedelta(seconds=passed_s() - begun_s)


def newest_hour(catalog: SqliteCatalog, last: Hour) -> Hour | None:
    """Return the newest hour in which anything arrived, this one or before it; None if there is none. Raises StorageError."""
    hours = [one.hour for table in catalog.tables() for one in catalog.contents(table.name).hours]
    hours += [hour for _, arrived in catalog.failed_hours() for hour in arrived]
    return max((hour for hour in hours if hour <= last), default=None)


class WallClock:
    """The wall clock, look by look. It is not trusted before `begin`."""

    def __init__(self) -> None:
        self._zero: datetime | None = None
        """What it shows when the other clock stands at 0, by the last look: the same as long as both go evenly."""
        self._passed = timedelta()
        self._settled = timedelta()
        """From when on, by the other clock, it has gone evenly for long enough."""
        self._is_told = False
        self.has_begun = False
        """Whether it was compared with what arrived."""

    @property
    def is_trusted(self) -> bool:
        """Return True if what is over by it can go."""
        return self.has_begun and self._passed >= self._settled

    def look(self, now: datetime, passed_s: float) -> str:
        """Compare it with the other clock; a sentence if it was set since the last look, once as long as it is doubted, else empty."""
        self._passed = timedelta(seconds=passed_s)
        before, self._zero = self._zero, now - self._passed
        if self.is_trusted:
            self._is_told = False
        if before is None or abs(self._zero - before) < LEAP:
            return ""
        self._settled = self._passed + SETTLED
        if self._is_told:
            return ""
        self._is_told = True
        return _was_set(before + self._passed, now)

    def begin(self, now: datetime, newest: Hour | None) -> str:
        """Compare it, once and behind a first look, with the newest hour in which anything arrived; a sentence if it is far beyond it, else empty.

        Without a sentence it is trusted from now on; with one, once it has gone evenly for long enough.
        """
        self.has_begun = True
        if newest is None or now - newest.end < ABSENCE:
            return ""
        self._settled = self._passed + SETTLED
        return _is_far(now, newest)


def _is_far(now: datetime, newest: Hour) -> str:
    return (
        f"The clock of this machine shows {_shown(now)}, and the newest hour of the lake is {newest}: hours whose days are over by that clock "
        "are removed in an hour, and not yet. If it is wrong, stop this before then and set it right. Events are taken meanwhile."
    )


def _was_set(shown: datetime, now: datetime) -> str:
    return (
        f"The clock of this machine was set from {_shown(shown)} to {_shown(now)}: until it has gone evenly for an hour, nothing is removed, "
        "neither what retention is to remove nor what was replaced. Events are taken, into the hours that it shows."
    )


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
