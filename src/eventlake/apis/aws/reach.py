"""How far the history of one resource is taken: the cursor of APIs that tell the newest first and change what they told.

What is taken is a window of moments for each thing that happened, an execution or a build: the history goes on where its window ended, and
a thing that has not ended yet is taken when it has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVar

from eventlake.apis.aws.derived import Derived
from eventlake.interfaces import Page

Told = TypeVar("Told")

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Thing:
    """What an API lists: its id, when it started and changed last (aware), and whether it has ended."""

    id: str
    start: datetime
    updated: datetime
    has_ended: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """What started after `low` and before `high` is taken, of each thing what happened before `until`."""

    low: datetime
    high: datetime
    until: datetime


class Reach:
    """What is taken, and what this run adds to it: it goes down from `until`, which is aware. cursor: as `cursor` wrote it, or empty."""

    def __init__(self, cursor: str, since: datetime, until: datetime) -> None:
        said = json.loads(cursor or '{"spans": [], "open": {}}')
        self._spans = [_Span(*map(datetime.fromisoformat, span)) for span in said["spans"]]
        self._open = {name: datetime.fromisoformat(moment) for name, moment in said["open"].items()}
        self._since = since
        self._until = until
        self._low = until

    @classmethod
    def up_to(cls, now: datetime, cursor: str, since: datetime, until: datetime | None) -> Reach:
        """Return the reach of a run that begins now, or earlier if somebody says until when. Moments are aware."""
        return cls(cursor, since, now if until is None else min(now, until))

    @property
    def cursor(self) -> str:
        """Return it as text: what was taken before is kept where this run has not been."""
        spans = self._kept()
        own = _Span(self._low, self._until, self._until)
        if own.low < own.high and not any(span.low <= own.low and own.high <= span.high and own.until <= span.until for span in spans):
            spans.append(own)
        said = [[moment.isoformat() for moment in (span.low, span.high, span.until)] for span in sorted(spans, key=lambda one: one.low)]
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

    def page(self, events: Sequence[bytes], start: datetime) -> Page:
        """Return a page of events, behind which everything is taken that started later."""
        self._low = min(self._low, max(start, self._since))
        return Page(events, self.cursor, self.done)

    def last_page(self) -> Page:
        """Return the page behind which there is nothing."""
        return self.page([], self._since)

    def _taken(self, thing: Thing) -> datetime:
        """Return the moment before which everything of a thing is taken."""
        if thing.id in self._open:
            return self._open[thing.id]
        return max((span.until for span in self._spans if span.low < thing.start < span.high), default=BEGINNING)

    def _kept(self) -> list[_Span]:
        """Return what was taken before, but for what this run has gone over and taken further."""
        kept: list[_Span] = []
        for span in self._spans:
            if span.until >= self._until:
                kept.append(span)
                continue
            below, above = _Span(span.low, min(span.high, self._low), span.until), _Span(max(span.low, self._until), span.high, span.until)
            kept += [piece for piece in (below, above) if piece.low < piece.high]
        return kept


def by_day(listed: Iterable[Told], start: Callable[[Told], datetime]) -> Iterator[list[Told]]:
    """Group what an API lists, the newest first, by days: so that histories that go back side by side are never far apart."""
    for _, day in groupby(listed, key=lambda one: start(one).astimezone(UTC).date()):
        yield list(day)
