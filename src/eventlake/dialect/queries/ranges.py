"""Ranges that parts of a date imply: `year(t) = 2026 and month(t) = 11` holds only from November 1st to before December 1st.

DuckDB skips the row groups of an object that a range excludes, and none for a function of the column, so the range is added to the condition.
It is implied, so no row is lost, and the condition stays, so none is won.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from eventlake.dialect.queries.relation import whole
from eventlake.dialect.sql import Sql, emit, joined, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import Type

_PARTS = ("year", "month", "day")
Names = tuple[str, ...]
"""The names by which a column is called."""

Range = tuple[exp.Column, date, date]
"""A column, the first day that it may have, and the day after the last."""


def implied_ranges(conditions: Iterable[exp.Expr]) -> list[Range]:
    """Return what conditions, all of which hold, leave of columns.

    conditions: those that are joined by AND. Only comparisons with whole numbers count, and a month only with its year, a day with both.
    """
    found: dict[Names, tuple[exp.Column, dict[str, int]]] = {}
    for condition in conditions:
        part = _part(condition)
        if part is not None:
            column, name, number = part
            found.setdefault(_names(column), (column, {}))[1].setdefault(name, number)
    days = ((column, _days(parts)) for column, parts in found.values())
    return [(column, *between) for column, between in days if between is not None]


def in_range(value: Sql, kind: Type, first: date, end: date) -> Sql:
    """Make the condition that a date or timestamp lies between two days, the second left out."""
    cast = "CAST({} AS DATE)" if kind.name == "date" else "CAST({} AS TIMESTAMP)"
    low, high = (emit(cast, text(day.isoformat())) for day in (first, end))
    return joined(" AND ", [emit("{} >= {}", value, low), emit("{} < {}", value, high)])


def _part(condition: exp.Expr) -> tuple[exp.Column, str, int] | None:
    """Return the column, the part of a date and the number of `year(t) = 2026`, written in either order."""
    if not isinstance(condition, exp.EQ):
        return None
    for call, number in ((condition.this, condition.expression), (condition.expression, condition.this)):
        name = str(call.this).lower() if isinstance(call, exp.Anonymous) else ""
        column = call.expressions[0] if name in _PARTS and len(call.expressions) == 1 else None
        value = whole(number)
        if isinstance(column, exp.Column) and value is not None:
            return column, name, value
    return None


def _names(column: exp.Column) -> Names:
    return tuple(column.names)


def _days(parts: dict[str, int]) -> tuple[date, date] | None:
    """Return the first day and the day after the last; None where no year is named, or no calendar has the day."""
    try:
        if "year" not in parts:
            return None
        if "month" not in parts:
            return date(parts["year"], 1, 1), date(parts["year"] + 1, 1, 1)
        first = date(parts["year"], parts["month"], 1)
        if "day" not in parts:
            return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)
        day = first.replace(day=parts["day"])
        return day, date.fromordinal(day.toordinal() + 1)
    except ValueError:
        return None
