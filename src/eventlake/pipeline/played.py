"""The events of a stretch of time, made again from the rows of a lake, in the order in which they happened.

Takes an engine that answers Athena's SQL, gives the envelopes in pieces that memory holds. Called by `replay`.
An event that stands in two tables, or twice in one, is given once: two rows of one `event_id` are one event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol

from eventlake.errors import QueryLimitError
from eventlake.interfaces import Engine
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.athena_sql import place
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.event_rows import EventRows
from eventlake.pipeline.event_sql import SEAM
from eventlake.pipeline.pieces import PIECE, Piece, Pieces

_LONGEST = 100_000
"""How long a statement gets where several are asked in one; Athena takes 262,144 bytes."""
_UNITS = (("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)), ("second", timedelta(seconds=1)))
"""How finely a stretch is parted: an hour of many rows by its minutes, such a minute by its seconds."""
_MARK = 4
"""How many digits the number of a table has, behind the moment of its rows."""
_SEAM = SEAM.encode()


@dataclass(slots=True)
class Played:
    """An event: when it happened, in UTC as `YYYY-MM-DD HH:MM:SS.fff`, and the bytes of its envelope."""

    at: str
    body: bytes


@dataclass(slots=True)
class Group:
    """Events that follow each other: when the last of them happened, and the bytes of each."""

    at: str
    bodies: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is played: from `start` to before `end`, both aware, of these tables; where: a condition in Athena's SQL, checked, or nothing."""

    start: datetime
    end: datetime
    tables: Sequence[Table]
    where: str = ""


class Kept(Protocol):
    """What gives events as they came, if somebody keeps them."""

    def of(self, table: Table, hours: Iterable[Hour], ids: Collection[str]) -> Mapping[str, bytes]:
        """Return the envelopes with these ids, by id, of rows in these hours; what is not there is left out."""


class Replay:
    """The events of a stretch; `total` rows.

    codec: reads and writes JSON as whoever wrote the lines did. kept: gives events as they came, in place of what their rows become.
    Raises QueryError and its kinds.
    """

    def __init__(self, engine: Engine, stretch: Stretch, codec: Codec = STANDARD, piece: int = PIECE, kept: Kept | None = None) -> None:
        self._engine = engine
        self._kept = kept
        self.as_they_came = 0
        """How many of the events so far were given as they came."""
        self._piece = piece
        self._where = stretch.where
        self._tables = {table.name: table for table in stretch.tables}
        self._rows = cache(lambda name: EventRows(self._tables[name], codec))
        self._spans = list(self._parted(stretch.start, stretch.end, 0))
        self.total = sum(span.rows for span in self._spans)

    def __iter__(self) -> Iterator[Played]:
        """Yield the events in order of `event_time`."""
        for events in self._once():
            for key, _, body in events:
                yield Played(_moment(key), body)

    def groups(self, most: int) -> Iterator[Group]:
        """Yield the same events in groups, which takes a fraction of the time."""
        for events in self._once():
            for begin in range(0, len(events), most):
                some = events[begin : begin + most]
                yield Group(_moment(some[-1][0]), [body for _, _, body in some])

    def _once(self) -> Iterator[Sequence[_Event]]:
        """Yield the events in pieces, each event once; the next piece is asked for while one is read."""
        before: set[str] = set()
        pieces = Pieces(self._spans, self._piece)
        with ThreadPoolExecutor(1) as beside:
            coming = beside.submit(self._next, pieces)
            while (answer := coming.result()) is not None:
                coming = beside.submit(self._next, pieces)
                events, originals = answer
                ids = {event_id for _, event_id, _ in events}
                if len(ids) < len(events) or not ids.isdisjoint(before):
                    events = list(_first(events, before))
                if originals:
                    self.as_they_came += sum(event_id in originals for _, event_id, _ in events)
                    events = [(key, event_id, originals.get(event_id, body)) for key, event_id, body in events]
                yield events
                before = ids

    def _next(self, pieces: Pieces) -> _Answer | None:
        """Ask for the events of the next piece; of a smaller one where they are too much for one answer."""
        while (piece := pieces.next()) is not None:
            try:
                events, originals = self._asked(piece)
            except QueryLimitError:
                if not pieces.parted(piece):
                    raise
                continue
            pieces.weighed(len(events), sum([len(body) for _, _, body in events]))
            return events, originals
        return None

    def _asked(self, piece: Piece) -> _Answer:
        """Return the events of a piece, those of all its tables in one order, and which of them there are as they came."""
        chosen = sorted((self._rows(name) for name in self._tables if name in piece.tables), key=lambda rows: rows.is_worded)
        events = [
            (at + _mark(number), event_id or "", body)
            for number, rows in enumerate(chosen)
            if not rows.is_worded
            for at, event_id, body in rows.restored(self._engine.query(self._select(rows, rows.columns, piece)).rows)
        ]
        events += self._together({_mark(number): rows for number, rows in enumerate(chosen) if rows.is_worded}, piece)
        originals: dict[str, bytes] = {}
        if self._kept is not None:
            for number, rows in enumerate(chosen):
                ids = {event_id for key, event_id, _ in events if int(key[-_MARK:]) == number} - {""}
                originals |= self._kept.of(rows.table, self._hours(rows, piece), ids) if ids else {}
        events.sort()
        return events, originals

    def _together(self, chosen: Mapping[str, EventRows], piece: Piece) -> list[_Event]:
        """Return the events of several tables whose events the statement writes, made as the rows come; of odd rows as they are asked for again.

        chosen: by the mark of each.
        """
        events: list[_Event] = []
        odd: dict[str, list[tuple[str, str | None]]] = {mark: [] for mark in chosen}
        worded = {mark: rows.worded for mark, rows in chosen.items()}

        def take(answer: Sequence[Any]) -> None:
            for event_id, text in answer:
                pieces = text.encode().split(_SEAM)
                key = text[: len(pieces[0])]
                body = worded[key[-_MARK:]](pieces)
                if body is not None:
                    events.append((key, event_id or "", body))
                else:
                    odd[key[-_MARK:]].append((_moment(key), event_id))

        self._all((self._select(rows, rows.selected(mark), piece) for mark, rows in chosen.items()), take)
        for mark, rows in chosen.items():
            events += [(at + mark, event_id or "", body) for at, event_id, body in rows.odd(odd[mark], self._rows_at)]
        return events

    def _all(self, selects: Iterable[str], take: Callable[[Sequence[Any]], None]) -> None:
        """Hand over the rows of several SELECTs as they come, asked in few statements: one costs as much as thousands of rows."""
        statement = ""
        for select in selects:
            if statement and len(statement) + len(select) > _LONGEST:
                self._engine.query(statement, each=take)
                statement = ""
            statement = f"{statement} UNION ALL {select}" if statement else select
        if statement:
            self._engine.query(statement, each=take)

    def _select(self, rows: EventRows, selected: str, piece: Piece) -> str:
        return f"SELECT {selected} FROM {self._from(rows.table.name, piece.start, piece.end)}"

    def _hours(self, rows: EventRows, piece: Piece) -> list[Hour]:
        """Return the hours in which the rows of a piece lie."""
        asked = f'SELECT DISTINCT CAST("date" AS varchar), "hour" FROM {self._from(rows.table.name, piece.start, piece.end)}'
        return [Hour(day, hour) for day, hour in self._engine.query(asked).rows]

    def _rows_at(self, rows: EventRows, moments: Sequence[str]) -> Sequence[Any]:
        """Ask for whole rows of a table, those of some moments."""
        return self._engine.query(
            f"SELECT {rows.columns} FROM {self._from(rows.table.name, *_around(moments))} AND {rows.at(moments)}"
        ).rows

    def _from(self, name: str, start: datetime, end: datetime) -> str:
        condition = f" AND (\n{self._where}\n)" if self._where else ""
        return f"{place(self._tables[name])} WHERE event_time >= {_literal(start)} AND event_time < {_literal(end)}{condition}"

    def _parted(self, start: datetime, end: datetime, depth: int, only: Sequence[str] = ()) -> Iterator[Piece]:
        """Yield the hours of a stretch that hold rows, in order; one that holds too many in minutes, and such a minute in seconds."""
        unit, length = _UNITS[depth]
        counts: dict[datetime, dict[str, int]] = {}
        counting = (
            f"SELECT '{name}', date_trunc('{unit}', event_time), count(*) FROM {self._from(name, start, end)} GROUP BY 2"
            for name in only or self._tables
        )

        def take(answer: Sequence[Any]) -> None:
            for name, moment, count in answer:
                counts.setdefault(_aware(moment), {})[name] = count

        self._all(counting, take)
        for moment in sorted(counts):
            one = Piece(max(moment, start), min(moment + length, end), counts[moment])
            if one.rows > self._piece and depth + 1 < len(_UNITS):
                yield from self._parted(one.start, one.end, depth + 1, tuple(one.tables))
            else:
                yield one


_Event = tuple[str, str, bytes]
"""When an event happened and the number of its table, as a text, its id, empty if it has none, and its bytes."""
_Answer = tuple[Sequence[_Event], Mapping[str, bytes]]
"""Events in their order, and by their ids those that there are as they came."""


def _mark(number: int) -> str:
    """Return the number of a table as it stands behind moments; so many tables there are not."""
    return f"{number:0{_MARK}}"


def _moment(key: str) -> str:
    return key[:-_MARK]


def _first(events: Iterable[_Event], before: Collection[str]) -> Iterator[_Event]:
    """Yield events but those whose id came already; one without an id is always another."""
    seen: set[str] = set()
    for event in events:
        event_id = event[1]
        if not event_id:
            yield event
        elif not (event_id in seen or event_id in before):
            seen.add(event_id)
            yield event


def _around(moments: Sequence[str]) -> tuple[datetime, datetime]:
    """Return a stretch in which moments lie, given as texts in UTC."""
    return datetime.fromisoformat(f"{min(moments)}+00:00"), datetime.fromisoformat(f"{max(moments)}+00:00") + timedelta(milliseconds=1)


def _literal(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC).isoformat(' ', 'milliseconds')[:23]}'"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
