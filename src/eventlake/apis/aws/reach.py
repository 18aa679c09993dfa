"""How far the history of one resource is taken: the cursor of APIs that tell the newest first and change what they told.

What is taken is a window of moments for each thing that happened, an execution or a build: the history goes on where its window ended, and
a thing that has not ended yet is taken when it has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TypeVar

from eventlake.apis.aws.derived import Derived
from eventlake.interfaces import Page

Told = TypeVar("Told")

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_SPANS = 8
"""So many spans a cursor holds: each run that begins later than the one before leaves one below."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What an API lists: its id, when it started and changed last (aware), and whether it has ended."""

    id: str
    start: datetime
    updated: datetime
    has_ended: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """What started after `low` and before `high` is taken, of each thing what happened before `until`; and so are those of `at_low`.

    at_low: ids of things that started at `low` itself, where others of the same moment may not be taken.
    """

    low: datetime
    high: datetime
    until: datetime
    at_low: Sequence[str] = ()

    @classmethod
    def read(cls, low: str, high: str, until: str, at_low: Sequence[str]) -> _Span:
        """Read it from a cursor."""
        return cls(datetime.fromisoformat(low), datetime.fromisoformat(high), datetime.fromisoformat(until), at_low)

    @property
    def written(self) -> list[object]:
        """Return it as a cursor holds it."""
        return [*(moment.isoformat() for moment in (self.low, self.high, self.until)), list(self.at_low)]

    def holds(self, thing: Thing) -> bool:
        """Return True if a thing is taken."""
        return self.low < thing.start < self.high or (thing.start == self.low and thing.id in self.at_low)


class Reach:
    """What is taken, and what this run adds to it: it goes down from `until`, which is aware. cursor: as `cursor` wrote it, or empty."""

    def __init__(self, cursor: str, since: datetime, until: datetime) -> None:
        said = json.loads(cursor or '{"spans": [], "open": {}}')
        self._spans = [_Span.read(*span) for span in said["spans"]]
        self._open = {name: datetime.fromisoformat(moment) for name, moment in said["open"].items()}
        self._since = since
        self._until = until
        self._low = until
        self._at_low: Sequence[str] = ()

    @classmethod
    def up_to(cls, now: datetime, cursor: str, since: datetime, until: datetime | None) -> Reach:
        """Return the reach of a run that begins now, or earlier if somebody says until when. Moments are aware."""
        return cls(cursor, since, now if until is None else min(now, until))

    @property
    def cursor(self) -> str:
        """Return it as text: what was taken before is kept where this run has not been."""
        spans = self._kept()
        own = _Span(self._low, self._until, self._until, self._at_low)
        if own.low < own.high and not any(span.low < own.low and own.high <= span.high and own.until <= span.until for span in spans):
            spans.append(own)
        said = [span.written for span in _few(sorted(spans, key=lambda one: one.low))]
        return json.dumps({"spans": said, "open": {name: moment.isoformat() for name, moment in sorted(self._open.items())}})

    @property
    def done(self) -> float:
        """Return which share of the time from `since` is behind it, 0 to 1."""
        whole = (self._until - self._since).total_seconds()
        return min(1.0, (self._until - self._low).total_seconds() / whole) if whole > 0 else 1.0

    def is_new(self, thing: Thing) -> bool:
        """Return True if something of it is to be taken now."""
        if not self._since <= thing.start < self._until:
            return False
        after = self._taken(thing)
        if thing.has_ended:
            return thing.updated >= after and after < self._until
        self._open[thing.id] = after
        return False

    def take(self, thing: Thing, events: Iterable[Derived]) -> list[bytes]:
        """Return the events of a thing that are new, and note how far it is taken."""
        after = self._taken(thing)
        self._open.pop(thing.id, None)
        if thing.updated >= self._until:
            self._open[thing.id] = self._until
        return [event.body for event in events if after <= event.moment < self._until]

    def page(self, events: Sequence[bytes], things: Sequence[Thing]) -> Page:
        """Return a page of events, behind which these things and everything that started later are taken."""
        low = min(thing.start for thing in things)
        together = [thing.id for thing in things if thing.start == low]
        if low <= self._low:
            self._low, self._at_low = low, [*self._at_low, *together] if low == self._low else together
        return Page(events, self.cursor, self.done)

    def page_from(self, events: Sequence[bytes], start: datetime) -> Page:
        """Return a page of events, behind which everything is taken that started since a moment."""
        self._low, self._at_low = min(self._low, max(start, self._since) - _TICK), ()
        return Page(events, self.cursor, self.done)

    def last_page(self) -> Page:
        """Return the page behind which there is nothing."""
        return self.page_from([], self._since)

    def _taken(self, thing: Thing) -> datetime:
        """Return the moment before which everything of a thing is taken."""
        if thing.id in self._open:
            return self._open[thing.id]
        return max((span.until for span in self._spans if span.holds(thing)), default=BEGINNING)

    def _kept(self) -> list[_Span]:
        """Return what was taken before, but for what this run has gone over and taken further."""
        kept: list[_Span] = []
        for span in self._spans:
            if span.until >= self._until:
                kept.append(span)
                continue
            below, above = (
                _Span(span.low, min(span.high, self._low + _TICK), span.until, span.at_low),
                _Span(max(span.low, self._until), span.high, span.until),
            )
            kept += [piece for piece in (below, above) if piece.low + _TICK < piece.high]
        return kept


def _few(spans: list[_Span]) -> list[_Span]:
    """Make one of the lowest spans where there are many; of what changed between their runs, an event may be taken again, with the same id."""
    while len(spans) > _SPANS:
        first, second, *rest = spans
        spans = [_Span(first.low, max(first.high, second.high), min(first.until, second.until), first.at_low), *rest]
    return spans


def by_day(listed: Iterable[Told], start: Callable[[Told], datetime]) -> Iterator[list[Told]]:
    """Group what an API lists, the newest first, by days: so that histories that go back side by side are never far apart."""
    for _, day in groupby(listed, key=lambda one: start(one).astimezone(UTC).date()):
        yield list(day)
