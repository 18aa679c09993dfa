"""The rows of one table as they are asked for, and the events that they become.

Called by `eventlake.pipeline.played`. Where the statement can write a table's events, it gives each row's id and text, and of odd rows alone their
columns are asked for; elsewhere the columns of each.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from eventlake.model import Column, Table
from eventlake.pipeline.athena_sql import quoted, texts
from eventlake.pipeline.athena_sql import text as literal
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.convert import GlueType, parse_glue_type
from eventlake.pipeline.event_sql import NoEventSqlError
from eventlake.pipeline.restoring import Restorer
from eventlake.pipeline.wording import Wording

_FEW = 1_000
"""How many moments a statement names; of more rows it asks for all that lie between."""
_AT = 'CAST("event_time" AS varchar)'
_ID = '"event_id"'

Event = tuple[str, str | None, bytes]
"""When an event happened, its id, and its bytes."""
Asking = Callable[["EventRows", Sequence[str]], Sequence[Any]]
"""Asks for the whole rows of a table, those of some moments."""


class EventRows:
    """What is selected of a table's rows, and what becomes of an answer. codec: reads and writes JSON as whoever wrote the lines did."""

    def __init__(self, table: Table, codec: Codec) -> None:
        self.table = table
        self._encode = codec.encode
        self._restorer = Restorer(table, codec)
        self._names = [column.name for column in table.columns]
        kinds = [(column.name, parse_glue_type(column.type)) for column in table.columns]
        self._nested = [(name, as_stored) for name, kind in kinds if kind.items and (as_stored := _storing(kind)) is not None]
        self.columns = f"{_AT}, {_ID}, {', '.join(map(_selected, table.columns))}"
        """What is selected of a row whose columns are wanted: its moment, its id, and all of them."""
        self._wording: Wording | None = None
        with contextlib.suppress(NoEventSqlError):
            self._wording = Wording(table, self._restorer.placed, codec)

    @property
    def is_worded(self) -> bool:
        """Return True if the statement writes the events."""
        return self._wording is not None

    def selected(self, mark: str) -> str:
        """Return what is selected of a row whose event the statement writes: its id, and a text whose first piece are its moment and the mark."""
        assert self._wording is not None  # as is asked before
        return f"{_ID}, {self._wording.selected((_AT, literal(mark)))}"

    @property
    def worded(self) -> Callable[[list[bytes]], bytes | None]:
        """Return what makes the event of such a text, given as its pieces, which are used up; None of an odd row. For tables that are worded."""
        assert self._wording is not None  # as is asked before
        return self._wording.event

    def at(self, moments: Sequence[str]) -> str:
        """Return the condition that rows are of these moments; of many it is left out."""
        few = dict.fromkeys(moments)
        return f"{_AT} IN {texts(few)}" if len(few) <= _FEW else "true"

    def odd(self, odd: Sequence[tuple[str, str | None]], ask: Asking) -> Iterator[Event]:
        """Yield the events of odd rows, given as their moments and ids. ask: of their columns."""
        if odd:
            yield from self._chosen(odd, self.restored(ask(self, [at for at, _ in odd])))

    def _chosen(self, odd: Sequence[tuple[str, str | None]], events: Iterator[Event]) -> Iterator[Event]:
        """Yield the events of odd rows. One that is no longer there is one with another row, or was erased."""
        found = defaultdict[tuple[str, str | None], deque[Event]](deque)
        for event in events:
            found[event[:2]].append(event)
        for key in odd:
            if found[key]:
                yield found[key].popleft()

    def restored(self, answer: Sequence[Any]) -> Iterator[Event]:
        """Yield the events of rows whose columns were asked for."""
        names, nested, encode, event = self._names, self._nested, self._encode, self._restorer.event
        for at, event_id, *values in answer:
            line = dict(zip(names, values, strict=True))
            for name, as_stored in nested:
                if line[name] is not None:
                    line[name] = as_stored(line[name])
            yield at, event_id, encode(event(line))


def _selected(column: Column) -> str:
    """Write a column for the SELECT: a moment as the text that log lines have."""
    name = quoted(column.stored_name)
    return f"CAST({name} AS varchar)" if column.type in ("timestamp", "date") else name


def _storing(kind: GlueType) -> Callable[[Any], Any] | None:
    """Return what makes of an engine's value, which is not NULL, what a log line has; None where that is the value itself.

    Fields are as they are declared and without those that are NULL, moments are texts.
    """
    if kind.name == "struct":
        return _storing_fields(kind)
    if kind.name in ("map", "array"):
        inner = _storing(kind.items[-1])
        if inner is None:
            return dict if kind.name == "map" else list
        each = _or_null(inner)
        if kind.name == "map":
            return lambda value: {name: each(one) for name, one in value.items()}
        return lambda value: [each(one) for one in value]
    return _moment if kind.name in ("timestamp", "date") else None


def _storing_fields(kind: GlueType) -> Callable[[Any], Any]:
    fields = [(name, name.lower(), _storing(item)) for name, item in zip(kind.fields, kind.items, strict=True)]

    def as_stored(value: Mapping[str, Any]) -> dict[str, Any]:
        by_name = {name.lower(): inner for name, inner in value.items()}
        made = {}
        for name, lowered, inner in fields:
            field = by_name.get(lowered)
            if field is not None:
                made[name] = field if inner is None else inner(field)
        return made

    return as_stored


def _or_null(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else inner(value)


def _moment(value: Any) -> Any:  # a moment, or its text
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")[:23]
    return value.isoformat() if isinstance(value, date) else value
