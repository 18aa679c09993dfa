"""What conditions say of a column before any row is read: between which moments it lies, such as `event_time`, and which texts it may be.

An object knows when the first and the last of its events happened, so that one of other moments need not be opened. Followed are comparisons
with what is known before any row is read, as they stand in a WHERE, joined by AND; a row without a moment fulfils none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from eventlake.dialect.queries.known import UnknownError, as_moment, known
from eventlake.dialect.text import tree as exp

Bound = tuple[Sequence[str], datetime | None, datetime | None]
"""The names of a column, and the first and the last moment that it may have, None where it is not bounded; naive, in UTC."""

_AT_LEAST, _AT_MOST = exp.GT | exp.GTE, exp.LT | exp.LTE
_COMPARED = exp.EQ | _AT_LEAST | _AT_MOST


def bounds_of(condition: exp.Expr, now: datetime) -> Iterator[Bound]:
    """Yield what a condition leaves of columns. now: of `current_timestamp`."""
    if isinstance(condition, exp.Between):
        yield from _bound(condition.this, condition.args["low"], now, is_least=True)
        yield from _bound(condition.this, condition.args["high"], now, is_most=True)
    elif isinstance(condition, _COMPARED):
        left, right = condition.this, condition.expression
        is_least, is_most = not isinstance(condition, _AT_MOST), not isinstance(condition, _AT_LEAST)
        yield from _bound(left, right, now, is_least=is_least, is_most=is_most)
        yield from _bound(right, left, now, is_least=is_most, is_most=is_least)


def _bound(column: exp.Expr, moment: exp.Expr, now: datetime, *, is_least: bool = False, is_most: bool = False) -> Iterator[Bound]:
    """Yield the bound if the one is a column and the other is known."""
    if not isinstance(column, exp.Column):
        return
    try:
        found = known(moment, now)
    except UnknownError:
        return
    if isinstance(found, date):
        at = as_moment(found)
        yield column.names, at if is_least else None, at if is_most else None


def texts_of(condition: exp.Expr) -> Iterator[tuple[Sequence[str], frozenset[str]]]:
    """Yield the names of a column of which a condition leaves a few texts, and these: `type = 'f'`, `type IN ('f', 'fp')`."""
    sides = [(condition.this, condition.expression), (condition.expression, condition.this)] if isinstance(condition, exp.EQ) else []
    choices = [(condition.this, condition.expressions)] if isinstance(condition, exp.In) and condition.expressions else []
    for column, values in [*((one, [other]) for one, other in sides), *choices]:
        if isinstance(column, exp.Column) and all(isinstance(value, exp.Literal) and value.is_string for value in values):
            yield column.names, frozenset(str(value.this) for value in values)
