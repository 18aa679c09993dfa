"""A window that moves with the row in front of a LATERAL: the hours that it touches, so that rows are found by their hour.

Where only `>=` and `<` join rows with moments, DuckDB compares each row with each moment, 8,640 of them in a month of every five minutes. An
hour that must be equal is looked up instead. It is implied, so no row is lost, and the conditions stay, so none is won.
"""

from __future__ import annotations

from collections.abc import Iterable

from eventlake.dialect.binding import Scope, Value
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.relation import whole
from eventlake.dialect.sql import Sql, emit
from eventlake.dialect.text import tree as exp
from eventlake.errors import NameNotFoundError

_FARTHEST = {"minute": 1_440, "hour": 24, "day": 1}
"""How far a bound may lie from the moment: of longer windows so many rows are found that looking them up saves nothing."""


def hours_of_window(conditions: Iterable[exp.Expr], parts: Parts) -> tuple[Sql, Sql] | None:
    """Return the relation of the hours that a window touches, and the condition that a row is of one of them; None if there is no such window.

    conditions: those that are joined by AND, of which two bound a timestamp of this SELECT by values that the statement is run with.
    """
    scope = parts.context.scope
    bounds = [bound for condition in conditions if (bound := _bound(condition, scope)) is not None]
    pairs = ((low, high) for low in bounds for high in bounds if isinstance(low, exp.GTE | exp.GT) and isinstance(high, exp.LTE | exp.LT))
    low, high = next(((low, high) for low, high in pairs if low.this.names == high.this.names), (None, None))
    if low is None or high is None:
        return None
    moment, begin, end = (parts.value(node) for node in (low.this, low.expression, high.expression))
    if any(value.type.name != "timestamp" for value in (moment, begin, end)):
        return None
    hours = emit("(SELECT unnest(range({}, {} + 1)) AS hour) AS el_hours", _hour(begin), _hour(end))
    return hours, emit("{} = el_hours.hour", _hour(moment))


def _hour(moment: Value) -> Sql:
    """Make SQL of the number of the hour that a moment lies in."""
    return emit("epoch_us({}) // 3600000000", moment)


def _bound(condition: exp.Expr, scope: Scope) -> exp.Binary | None:
    """Return the comparison if a column of this SELECT is compared with a moment that is given."""
    if not isinstance(condition, exp.GTE | exp.GT | exp.LTE | exp.LT) or not isinstance(condition.this, exp.Column):
        return None
    return condition if _scope_of(condition.this, scope) is scope and _is_given(condition.expression, scope) else None


def _is_given(node: exp.Expr, scope: Scope) -> bool:
    """Tell whether it is a column that the statement is run with, or lies a while before or after one."""
    if isinstance(node, exp.Column):
        found = _scope_of(node, scope)
        return found is not None and found.given
    if not isinstance(node, exp.Anonymous) or str(node.this).lower() != "date_add" or len(node.expressions) != 3:
        return False
    unit, number, moment = node.expressions
    size = whole(number.this if isinstance(number, exp.Neg) else number)
    farthest = _FARTHEST.get(str(unit.this).lower(), 0) if isinstance(unit, exp.Literal) else 0
    return size is not None and size <= farthest and isinstance(moment, exp.Column) and _is_given(moment, scope)


def _scope_of(column: exp.Column, scope: Scope) -> Scope | None:
    """Return the scope whose column it is; None for a part of a row, and for a name that means nothing or several."""
    try:
        found = scope.find(column.names)
    except NameNotFoundError:
        return None
    return None if found is None or found[1] else found[2]
