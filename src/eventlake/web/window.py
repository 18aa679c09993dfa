"""The window a page looks through: from, to and a named zone, as its address says them; and the stretches that a chart counts by.

`?from=-7d&to=now&tz=Europe/Berlin`: moments are `now`, `-30m`, `-6h`, `-7d`, `-2w`, a day or an instant; without an offset they are the
zone's. Days have 23, 24 or 25 hours, as they have there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from eventlake.errors import UsageError
from eventlake.web.filters import Filter

LONGEST = timedelta(days=1100)
FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Between these lies each window: beside them there is room for the stretches, zones and axes of a chart, and a year is written with four digits."""
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""Those that a page offers; any other can stand in the address."""

_RELATIVE = re.compile(r"-(\d{1,4})([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": HOUR, "d": DAY, "w": 7 * DAY}
_OWN = ("from", "to", "tz")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in a zone. start, end: aware, in UTC. values: what the address says, by name. now: the moment of the request.

    filters: what else it says, by the names of columns.
    """

    start: datetime
    end: datetime
    zone: ZoneInfo
    values: Mapping[str, str]
    now: datetime
    filters: tuple[Filter, ...] = ()

    @property
    def step(self) -> timedelta:
        """Return how long the stretches are that a chart counts by: a quarter of an hour, an hour or a day."""
        span = self.end - self.start
        return QUARTER if span <= 13 * HOUR else HOUR if span <= 8 * DAY else DAY

    @property
    def is_fixed(self) -> bool:
        """Return True if the address says when it ends, however late it is asked."""
        end = self.values.get("to", "now")
        return end != "now" and not _RELATIVE.fullmatch(end)

    def local(self, moment: datetime) -> datetime:
        """Return a moment as the zone's clocks show it; one without an offset is in UTC, and so is one that the zone's calendar has not."""
        known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        try:
            return known.astimezone(self.zone)
        except OverflowError:
            return known

    def bucket(self, moment: datetime) -> datetime:
        """Return the beginning of the stretch that a moment falls in, in UTC."""
        here = self.local(moment)
        if self.step == DAY:
            return here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
        begin = here.astimezone(UTC) - timedelta(minutes=here.minute % 15, seconds=here.second, microseconds=here.microsecond)
        while self.step == HOUR and self.local(begin).minute and self._offset(begin - QUARTER) == self._offset(begin):
            begin -= QUARTER  # where clocks are moved by half an hour, a stretch begins there
        return begin

    def buckets(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield beginning and end of each stretch, in order, in UTC."""
        begin = self.bucket(self.start)
        while begin < self.end:
            end = self.bucket(begin + (self.step * 1.5 if self.step == DAY else self.step))
            yield begin, end
            begin = end

    def _offset(self, moment: datetime) -> timedelta | None:
        return self.local(moment).utcoffset()

    def link(self, path: str, **changes: str) -> str:
        """Return an address that looks through this window, with some of what it says changed."""
        kept = {name: value for name, value in self.values.items() if name in _OWN}
        return f"{path}?{urlencode(kept | changes)}" if kept | changes else path

    def said(self, *filters: Filter, **changes: str) -> list[tuple[str, str]]:
        """Return all that the address says, with some of it changed, and with these filters."""
        named = {one.column for one in self.filters}
        values = {name: value for name, value in self.values.items() if name not in named} | changes
        return [*values.items(), *((one.column, one.written) for one in filters)]

    def filtered(self, path: str, *filters: Filter) -> str:
        """Return the address of a page that looks through this window, with these filters instead of its own."""
        return _joined(path, self.said(*filters))

    def within(self, path: str, begin: datetime, end: datetime) -> str:
        """Return the address of a page that looks at a part of this window, with all else that is chosen."""
        return _joined(path, self.part(begin, end))

    def part(self, begin: datetime, end: datetime) -> list[tuple[str, str]]:
        """Return what an address says that looks at the part of this window between two moments."""
        return self.said(*self.filters, **{"from": _instant(max(begin, self.start)), "to": _instant(min(end, self.end))})

    def utc(self, moment: datetime) -> datetime:
        """Return a moment of an answer in UTC; one without an offset is in UTC."""
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)

    def beyond(self, path: str, begin: datetime, end: datetime) -> str:
        """Return the address of a page that looks at another stretch of time, with all else that is chosen."""
        return _joined(path, self.said(*self.filters, **{"from": _instant(begin), "to": _instant(end)}))

    def pinned(self) -> list[tuple[str, str]]:
        """Return what an address says that looks at just this window, whenever it is asked."""
        return self.part(self.start, self.end)


def window_of(values: Mapping[str, str], now: datetime, default: str = "-7d", filters: tuple[Filter, ...] = ()) -> Window:
    """Read the window from an address. Raises UsageError for what is no moment, no zone, or no stretch of time."""
    zone = _zone(values.get("tz", "UTC"))
    start, end = (_moment(name, values.get(name, other), zone, now) for name, other in (("from", default), ("to", "now")))
    said = f"from={values.get('from', default)} to={values.get('to', 'now')}"
    if not timedelta() < end - start <= LONGEST:
        raise UsageError(f"{said} is no window of up to {LONGEST.days} days; swap them, or narrow it.")
    if start < FIRST or end > LAST:
        raise UsageError(f"{said} is no window within the years {FIRST.year} to {LAST.year - 1}; SQL finds what lies beyond.")
    return Window(start, end, zone, values, now, filters)


def _joined(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _moment(name: str, text: str, zone: ZoneInfo, now: datetime) -> datetime:
    if text == "now":
        return _rounded_up(now)
    if found := _RELATIVE.fullmatch(text):
        return _rounded_up(now) - int(found[1]) * _UNITS[found[2]]
    try:
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f'{name}="{text[:40]}" is no moment: write now, -30m, -6h, -7d, 2026-11-20 or 2026-11-20T09:00.') from None


def _rounded_up(now: datetime) -> datetime:
    """Return the end of the minute, so that what is asked again within it is the same statement, and is remembered."""
    return now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a path, a folder of zones, a zone that nobody knows
        pass
    raise UsageError(f'tz="{name[:40]}" is no time zone: write UTC, or a name such as Europe/Berlin.')


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
