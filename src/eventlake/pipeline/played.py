"""The events of a stretch of time, made again from the rows of a lake, in the order in which they happened.

Takes an engine that answers Athena's SQL, gives the envelopes in pieces that memory holds. Called by `replay`.
An event that stands in two tables, or twice in one, is given once: two rows of one `event_id` are one event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

from eventlake.interfaces import Engine
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.athena_sql import place
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.event_rows import EventRows

PIECE = 20_000
"""About how many rows are held at once."""
_LONGEST = 100_000
"""How long a statement gets where several are asked in one; Athena takes 262,144 bytes."""
_UNITS = (("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)), ("second", timedelta(seconds=1)))
"""How finely a stretch is parted: an hour of many rows by its minutes, such a minute by its seconds."""


@dataclass(slots=True)
class Played:
    """An event: when it happened, in UTC as `YYYY-MM-DD HH:MM:SS.fff`, and the bytes of its envelope."""

    at: str
    body: bytes


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
        """Yield the events in order of `event_time`; the next piece is asked for while one is read."""
        before: set[str] = set()
        with ThreadPoolExecutor(1) as beside:
            pieces = list(_pieces(self._spans, self._piece))
            coming = [beside.submit(self._asked, piece) for piece in pieces[:1]]
            for _, following in pairwise([*pieces, None]):
                answers, originals = coming.pop().result()
                if following is not None:
                    coming.append(beside.submit(self._asked, following))
                seen: set[str] = set()
                yield from self._once(answers, originals, seen, before)
                before = seen

    def _once(self, answers: _Answers, originals: Mapping[str, bytes], seen: set[str], before: set[str]) -> Iterator[Played]:
        """Yield the events of a piece, those of all its tables in one order, without those that came already."""
        events = [
            (at, number, event_id or "", body)
            for number, (rows, answer) in enumerate(answers)
            for at, event_id, body in rows.events(answer, self._rows_at)
        ]
        events.sort()
        for at, _, event_id, body in events:
            if not event_id:
                yield Played(at, body)
            elif not (event_id in seen or event_id in before):
                seen.add(event_id)
                original = originals.get(event_id)
                self.as_they_came += original is not None
                yield Played(at, original or body)

    def _asked(self, piece: _Piece) -> tuple[_Answers, Mapping[str, bytes]]:
        """Ask for the rows of a piece, table by table, and for their events as they came."""
        chosen = [self._rows(name) for name in self._tables if name in piece.tables]
        answers = [(rows, self._engine.query(self._select(rows, piece)).rows) for rows in chosen if not rows.is_worded]
        answers += self._together([rows for rows in chosen if rows.is_worded], piece)
        originals: dict[str, bytes] = {}
        if self._kept is not None:
            for rows, answer in answers:
                originals |= self._originals(self._kept, rows, answer, piece)
        return answers, originals

    def _together(self, chosen: Sequence[EventRows], piece: _Piece) -> _Answers:
        """Ask for the rows of several tables whose events the statement writes."""
        answers: list[tuple[EventRows, list[Any]]] = [(rows, []) for rows in chosen]
        for number, *row in self._all(self._select(rows, piece, f"{number}, ") for number, rows in enumerate(chosen)):
            answers[number][1].append(row)
        return answers

    def _all(self, selects: Iterable[str]) -> Iterator[Any]:
        """Yield the rows of several SELECTs, asked in few statements: one costs as much as thousands of rows."""
        statement = ""
        for select in selects:
            if statement and len(statement) + len(select) > _LONGEST:
                yield from self._engine.query(statement).rows
                statement = ""
            statement = f"{statement} UNION ALL {select}" if statement else select
        if statement:
            yield from self._engine.query(statement).rows

    def _select(self, rows: EventRows, piece: _Piece, before: str = "") -> str:
        return f"SELECT {before}{rows.selected} FROM {self._from(rows.table.name, piece.start, piece.end)}"

    def _originals(self, kept: Kept, rows: EventRows, answer: Sequence[Any], piece: _Piece) -> Mapping[str, bytes]:
        """Return the events of rows as they came: those of the hours in which the rows lie."""
        asked = f'SELECT DISTINCT CAST("date" AS varchar), "hour" FROM {self._from(rows.table.name, piece.start, piece.end)}'
        hours = [Hour(day, hour) for day, hour in self._engine.query(asked).rows]
        return kept.of(rows.table, hours, rows.ids(answer))

    def _rows_at(self, rows: EventRows, moments: Sequence[str]) -> Sequence[Any]:
        """Ask for whole rows of a table, those of some moments."""
        return self._engine.query(
            f"SELECT {rows.columns} FROM {self._from(rows.table.name, *_around(moments))} AND {rows.at(moments)}"
        ).rows

    def _from(self, name: str, start: datetime, end: datetime) -> str:
        condition = f" AND (\n{self._where}\n)" if self._where else ""
        return f"{place(self._tables[name])} WHERE event_time >= {_literal(start)} AND event_time < {_literal(end)}{condition}"

    def _parted(self, start: datetime, end: datetime, depth: int, only: Sequence[str] = ()) -> Iterator[_Piece]:
        """Yield the hours of a stretch that hold rows, in order; one that holds too many in minutes, and such a minute in seconds."""
        unit, length = _UNITS[depth]
        counts: dict[datetime, dict[str, int]] = {}
        counting = (
            f"SELECT '{name}', date_trunc('{unit}', event_time), count(*) FROM {self._from(name, start, end)} GROUP BY 2"
            for name in only or self._tables
        )
        for name, moment, count in self._all(counting):
            counts.setdefault(_aware(moment), {})[name] = count
        for moment in sorted(counts):
            one = _Piece(max(moment, start), min(moment + length, end), counts[moment])
            if one.rows > self._piece and depth + 1 < len(_UNITS):
                yield from self._parted(one.start, one.end, depth + 1, tuple(one.tables))
            else:
                yield one


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the stretch, with how many rows each table has there."""

    start: datetime
    end: datetime
    tables: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return sum(self.tables.values())


def _pieces(spans: Sequence[_Piece], most: int) -> Iterator[_Piece]:
    """Join spans that follow each other into pieces of about so many rows."""
    start, end, tables = None, None, dict[str, int]()
    for span in spans:
        if start is not None and end is not None and sum(tables.values()) + span.rows > most:
            yield _Piece(start, end, tables)
            start, tables = None, {}
        start, end = start or span.start, span.end
        tables = {name: tables.get(name, 0) + span.tables.get(name, 0) for name in {**tables, **span.tables}}
    if start is not None and end is not None:
        yield _Piece(start, end, tables)


_Answers = Sequence[tuple[EventRows, Sequence[Any]]]


def _around(moments: Sequence[str]) -> tuple[datetime, datetime]:
    """Return a stretch in which moments lie, given as texts in UTC."""
    return datetime.fromisoformat(f"{min(moments)}+00:00"), datetime.fromisoformat(f"{max(moments)}+00:00") + timedelta(milliseconds=1)


def _literal(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC).isoformat(' ', 'milliseconds')[:23]}'"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
