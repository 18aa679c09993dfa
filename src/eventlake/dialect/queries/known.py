"""What is known before any row is read: dates, timestamps and texts that a statement says, or computes of what it says.

For predicates that decide what is read at all: what cannot be evaluated with certainty raises `UnknownError`, and decides nothing.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta

from eventlake.dialect.text import tree as exp

_PART = re.compile("%[YmdH]")
_PATTERN = re.compile("(?:%[YmdH]|[^%])*")


class UnknownError(Exception):
    """A part that cannot be decided without the rows."""


def known(node: exp.Expr, now: datetime) -> date | str:
    """Return the date, timestamp or text that needs no row to be known. now: of `current_timestamp`, naive. Raises UnknownError."""
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    if isinstance(node, exp.Paren):
        return known(node.this, now)
    if isinstance(node, exp.CurrentDate):
        return now.date()
    if isinstance(node, exp.CurrentTimestamp | exp.Localtimestamp):
        return now
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _cast(node, now)
    if isinstance(node, exp.Add | exp.Sub):
        return _shifted(node, now)
    if isinstance(node, exp.Anonymous):
        return _called(node, now)
    raise UnknownError


def _cast(node: exp.Cast, now: datetime) -> date | str:
    inner, kind = known(node.this, now), node.args["to"].this
    try:
        if kind == "date":
            return _date(inner)
        if kind == "timestamp" and isinstance(inner, str) and inner[-1:].isdigit() and "+" not in inner and inner.count("-") == 2:
            return datetime.fromisoformat(inner)
    except ValueError:
        raise UnknownError from None
    raise UnknownError


def _shifted(node: exp.Expr, now: datetime) -> date:
    base, interval = known(node.this, now), node.expression
    if isinstance(base, str) or not isinstance(interval, exp.Interval) or not isinstance(interval.args.get("unit"), exp.Var):
        raise UnknownError
    try:
        count = int(str(interval.this.this)) * (-1 if isinstance(node, exp.Sub) else 1)
        return _added(base, count, interval.args["unit"].name.lower())
    except (ValueError, OverflowError):
        raise UnknownError from None


def _called(node: exp.Anonymous, now: datetime) -> date | str:
    name, arguments = str(node.this).lower(), node.expressions
    try:
        if name == "date_add" and len(arguments) == 3:
            base = known(arguments[2], now)
            if not isinstance(base, str):
                return _added(base, _whole(arguments[1]), str(known(arguments[0], now)).lower())
        if name == "date" and len(arguments) == 1:
            return _date(known(arguments[0], now))
        if name == "now" and not arguments:
            return now
        if name == "date_trunc" and len(arguments) == 2:
            return _truncated(known(arguments[1], now), str(known(arguments[0], now)).lower())
        if name == "date_format" and len(arguments) == 2:
            return _formatted(known(arguments[0], now), str(known(arguments[1], now)))
    except (ValueError, OverflowError):
        raise UnknownError from None
    raise UnknownError


def _whole(node: exp.Expr) -> int:
    if isinstance(node, exp.Neg):
        return -_whole(node.this)
    if isinstance(node, exp.Paren):
        return _whole(node.this)
    if isinstance(node, exp.Literal) and not node.is_string:
        return int(str(node.this))
    raise UnknownError


def _date(value: date | str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if len(value) != 10:
        raise UnknownError
    return date.fromisoformat(value)


def as_moment(value: date) -> datetime:
    """Return a date as the moment at which it begins, a moment as it is; naive."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001  # wall clock of a DATE


def _added(base: date, count: int, unit: str) -> date:
    if unit in {"month", "quarter", "year"}:
        months = base.year * 12 + base.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[unit]
        year, month = divmod(months, 12)
        return base.replace(year=year, month=month + 1, day=min(base.day, calendar.monthrange(year, month + 1)[1]))
    if unit in {"day", "week"}:
        return base + timedelta(days=count * (7 if unit == "week" else 1))
    if unit in {"hour", "minute", "second"} and isinstance(base, datetime):
        return base + timedelta(seconds=count * {"hour": 3600, "minute": 60, "second": 1}[unit])
    raise UnknownError


def _formatted(value: date | str, pattern: str) -> str:
    """Write a moment as `date_format` does, of the parts that partitions are named after."""
    if not isinstance(value, datetime) or not _PATTERN.fullmatch(pattern):
        raise UnknownError
    parts = {"%Y": f"{value.year:04}", "%m": f"{value.month:02}", "%d": f"{value.day:02}", "%H": f"{value.hour:02}"}
    return _PART.sub(lambda found: parts[found[0]], pattern)


def _truncated(value: date | str, unit: str) -> date:
    if isinstance(value, str):
        raise UnknownError
    day = {
        "day": lambda d: d,
        "week": lambda d: d - timedelta(days=d.weekday()),
        "month": lambda d: d.replace(day=1),
        "year": lambda d: d.replace(month=1, day=1),
    }.get(unit)
    if day is None:
        raise UnknownError
    made: date = day(_date(value))
    return as_moment(made) if isinstance(value, datetime) else made
