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
from eventlake.pipeline.pieces import PIECE, Piece, Pieces

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
        pieces = Pieces(self._spans, self._piece)
        with ThreadPoolExecutor(1) as beside:
            coming = beside.submit(self._next, pieces)
            while (answer := coming.result()) is not None:
                coming = beside.submit(self._next, pieces)
                seen: set[str] = set()
                yield from self._once(answer, seen, before)
                before = seen

    def _once(self, answer: _Answer, seen: set[str], before: set[str]) -> Iterator[Played]:
        """Yield the events of a piece, without those that came already."""
        events, originals = answer
        for at, _, event_id, body in events:
            if not event_id:
                yield Played(at, body)
            elif not (event_id in seen or event_id in before):
                seen.add(event_id)
                original = originals.get(event_id)
                self.as_they_came += original is not None
                yield Played(at, original or body)

    def _next(self, pieces: Pieces) -> _Answer | None:
        """Ask for the events of the next piece; of a smaller one where they are too much for one answer."""
        while (piece := pieces.next()) is not None:
            try:
                events, originals = self._asked(piece)
            except QueryLimitError:
                if not pieces.parted(piece):
                    raise
                continue
            pieces.weighed(len(events), sum([len(event[3]) for event in events]))
            return events, originals
        return None

    def _asked(self, piece: Piece) -> _Answer:
        """Return the events of a piece, those of all its tables in one order, and which of them there are as they came."""
        chosen = sorted((self._rows(name) for name in self._tables if name in piece.tables), key=lambda rows: rows.is_worded)
        events = [
            (at, number, event_id or "", body)
            for number, rows in enumerate(chosen)
            if not rows.is_worded
            for at, event_id, body in rows.restored(self._engine.query(self._select(rows, piece)).rows)
        ]
        events += self._together({number: rows for number, rows in enumerate(chosen) if rows.is_worded}, piece)
        originals: dict[str, bytes] = {}
        if self._kept is not None:
            for number, rows in enumerate(chosen):
                ids = {event_id for _, of, event_id, _ in events if of == number} - {""}
                originals |= self._kept.of(rows.table, self._hours(rows, piece), ids) if ids else {}
        events.sort()
        return events, originals

    def _together(self, chosen: Mapping[int, EventRows], piece: Piece) -> list[_Event]:
        """Return the events of several tables whose events the statement writes, made as the rows come; of odd rows as they are asked for again."""
        events: list[_Event] = []
        odd: dict[int, list[tuple[str, str | None]]] = {number: [] for number in chosen}
        worded = {number: rows.worded for number, rows in chosen.items()}

        def take(answer: Sequence[Any]) -> None:
            for number, at, event_id, text, extra in answer:
                body = worded[number](text, extra)
                if body is not None:
                    events.append((at, number, event_id or "", body))
                else:
                    odd[number].append((at, event_id))

        self._all((self._select(rows, piece, f"{number}, ") for number, rows in chosen.items()), take)
        for number, few in odd.items():
            events += [(at, number, event_id or "", body) for at, event_id, body in chosen[number].odd(few, self._rows_at)]
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

    def _select(self, rows: EventRows, piece: Piece, before: str = "") -> str:
        return f"SELECT {before}{rows.selected} FROM {self._from(rows.table.name, piece.start, piece.end)}"

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


_Event = tuple[str, int, str, bytes]
"""When an event happened, the number of its table, its id, empty if it has none, and its bytes."""
_Answer = tuple[Sequence[_Event], Mapping[str, bytes]]
"""Events in their order, and by their ids those that there are as they came."""


def _around(moments: Sequence[str]) -> tuple[datetime, datetime]:
    """Return a stretch in which moments lie, given as texts in UTC."""
    return datetime.fromisoformat(f"{min(moments)}+00:00"), datetime.fromisoformat(f"{max(moments)}+00:00") + timedelta(milliseconds=1)


def _literal(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC).isoformat(' ', 'milliseconds')[:23]}'"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
