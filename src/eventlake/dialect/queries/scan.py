"""`Scan`: one reading of a table, or of what the catalog says of tables, in a statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from eventlake.dialect.types.type import Type
from eventlake.model import EVENT_TIME, Table, Times

Truth = bool | None
"""True, False, or None where only the rows can tell."""

Predicate = Callable[[date, str | None], Truth]
"""What a predicate says of an hour, given the partition's date and hour, or of the whole day if no hour is given."""


ALWAYS: Times = (-(1 << 63), (1 << 63) - 1)

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # of moments that are in UTC anyway
_SLACK = 1_000_000
"""How many microseconds more are read on either side, so that nobody need think of how moments are rounded."""


@dataclass(slots=True)
class Scan:
    """One reading of a table: which of its columns, and which of its hours and moments the query's own predicates leave.

    times: between which an event happened whose row is needed. texts: columns of which a row that is needed has one of a few texts.
    listing: what the catalog is asked for instead of the table's rows, one of `listings.LISTINGS`; empty for the rows.
    """

    table: Table
    columns: Mapping[str, Type]
    predicates: list[Predicate] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    listing: str = ""
    times: Times = ALWAYS
    texts: dict[str, frozenset[str]] = field(default_factory=dict)

    def narrow(self, first: datetime | None, last: datetime | None) -> None:
        """Leave out what happened before the first moment or after the last; naive, in UTC."""
        kind = self.columns.get(EVENT_TIME)
        if kind is None or kind.name != "timestamp":  # other types are compared otherwise
            return
        begin, end = self.times
        self.times = max(begin, _microseconds(first) - _SLACK if first else begin), min(end, _microseconds(last) + _SLACK if last else end)

    def choose(self, column: str, texts: frozenset[str]) -> None:
        """Leave out rows whose text in a column is none of these."""
        kind = self.columns.get(column)
        if kind is not None and kind.name == "varchar":  # of char(n) spaces count otherwise
            self.texts[column] = self.texts.get(column, texts) & texts

    def may_hold(self, times: Times | None) -> bool:
        """Return True if an object may hold a row that is needed. times: between which its events happened, None if that is not known."""
        return times is None or (times[0] <= self.times[1] and self.times[0] <= times[1])


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
