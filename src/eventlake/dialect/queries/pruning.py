"""Which hours a query can need, and between which moments, read from its predicates before any object is opened.

A predicate is followed only where its value is certain: comparisons of `date` and `hour` with constants, IN, BETWEEN, AND, OR, NOT. Whatever
else stands there may be true for any hour, so the hour is kept: too many objects cost time, too few would be wrong.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from eventlake.dialect.binding import Scope
from eventlake.dialect.queries.bounds import bounds_of, texts_of
from eventlake.dialect.queries.known import UnknownError, as_moment, known
from eventlake.dialect.queries.ranges import Range
from eventlake.dialect.queries.scan import Predicate, Scan, Truth
from eventlake.dialect.text import tree as exp
from eventlake.errors import NameNotFoundError
from eventlake.model import EVENT_TIME, PARTITION_KEYS

KeyOf = Callable[[Sequence[str]], tuple[int, str] | None]
"""The scan and the partition key that a name means, None for any other name."""

_PARTITION_KEYS = frozenset(name for name, _ in PARTITION_KEYS)

_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}


_JOINED, _QUANTIFIED = exp.And | exp.Or, exp.All | exp.Any


def prune(
    scans: Sequence[Scan], scope: Scope, parts: Iterable[exp.Expr], ranges: Iterable[Range], allowed: Iterable[int], moment: str
) -> None:
    """Hand each scan the predicates that only hours it does not need can fail, and tell it what they leave of `event_time` and of texts.

    parts, ranges: the conditions, and what they imply. allowed: numbers of the scans that may be pruned.
    """
    numbers = set(allowed)
    if not numbers:
        return
    now = datetime.fromisoformat(moment)
    for part in parts:
        for names, least, most in bounds_of(part, now):
            key = _key(scope, names)
            if key is not None and key[0] in numbers and key[1] == EVENT_TIME:
                scans[key[0]].narrow(least, most)
        for names, texts in texts_of(part):
            key = _key(scope, names)
            if key is not None and key[0] in numbers:
                scans[key[0]].choose(key[1], texts)
        found = partition_predicate(part, lambda names: _partition_key(scope, names), moment)
        if found is not None and found[0] in numbers:
            scans[found[0]].predicates.append(found[1])
    for column, first, end in ranges:
        key = _key(scope, column.names)
        if key is not None and key[0] in numbers and key[1] == "date":
            scans[key[0]].predicates.append(_between(first, end))
        elif key is not None and key[0] in numbers and key[1] == EVENT_TIME:
            scans[key[0]].narrow(as_moment(first), as_moment(end))


def _between(first: date, end: date) -> Predicate:
    """Return the predicate of days that lie in a range, whose end is left out."""
    return lambda day, hour: None if first <= day < end else False


def _partition_key(scope: Scope, names: Sequence[str]) -> tuple[int, str] | None:
    found = _key(scope, names)
    return found if found is not None and found[1] in _PARTITION_KEYS else None


def _key(scope: Scope, names: Sequence[str]) -> tuple[int, str] | None:
    """Return the scan that a name is of, and which of its columns; None for a part of a column, and for what is computed."""
    try:
        found = scope.find(names)
    except NameNotFoundError:
        return None
    if found is None or found[2] is not scope or found[1] or found[0].key_of is None:
        return None
    return found[0].key_of, found[0].key


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    """Return the conditions that must all hold, taken out of their ANDs and brackets."""
    parts, todo = [], [node]
    while todo:
        part = todo.pop()
        if isinstance(part, exp.And):
            todo += [part.expression, part.this]
        elif isinstance(part, exp.Paren):
            todo.append(part.this)
        else:
            parts.append(part)
    return parts


def partition_predicate(node: exp.Expr, key_of: KeyOf, moment: str) -> tuple[int, Predicate] | None:
    """Return the scan that a condition decides about and what it says of each of its hours; None if it decides about none or several."""
    reader = _Reader(key_of, moment)
    predicate = reader.truth(node)
    if len(reader.scans) != 1:
        return None
    return reader.scans.pop(), predicate


def remaining(days: Mapping[str, Sequence[str]], predicates: Sequence[Predicate]) -> dict[str, list[str]]:
    """Keep those dates and hours that no predicate excludes; a day at a time where its date decides."""
    kept = {}
    for text, hours in days.items():
        day = date.fromisoformat(text)
        truths = [predicate(day, None) for predicate in predicates]
        if False in truths:
            continue
        open_ones = [predicate for predicate, truth in zip(predicates, truths, strict=True) if truth is None]
        left = [hour for hour in hours if all(predicate(day, hour) is not False for predicate in open_ones)]
        if left:
            kept[text] = left
    return kept


class _Reader:
    """Turns conditions into predicates over the two keys, noting whose keys they are."""

    def __init__(self, key_of: KeyOf, moment: str) -> None:
        self.key_of = key_of
        self.moment = datetime.fromisoformat(moment)
        self.scans: set[int] = set()

    def truth(self, node: exp.Expr) -> Predicate:
        """Evaluate what a condition says of an hour."""
        try:
            return self._truth(node)
        except UnknownError:
            return lambda day, hour: None

    def _truth(self, node: exp.Expr) -> Predicate:
        if isinstance(node, exp.Paren):
            return self.truth(node.this)
        if isinstance(node, _JOINED):
            return _both(self.truth(node.this), self.truth(node.expression), absorbing=isinstance(node, exp.Or))
        if isinstance(node, exp.Not):
            inner = self.truth(node.this)
            return lambda day, hour: _negated(inner(day, hour))
        if type(node) in _COMPARISONS:
            return self._compared(node)
        if isinstance(node, exp.Between):
            low, high = (
                self._comparison(operator.ge, node.this, node.args["low"]),
                self._comparison(operator.le, node.this, node.args["high"]),
            )
            return _both(low, high, absorbing=False)
        if isinstance(node, exp.In) and node.expressions:
            choices = [self._comparison(operator.eq, node.this, choice) for choice in node.expressions]
            return lambda day, hour: _any(choice(day, hour) for choice in choices)
        raise UnknownError

    def _compared(self, node: exp.Expr) -> Predicate:
        if isinstance(node.expression, _QUANTIFIED):
            raise UnknownError
        return self._comparison(_COMPARISONS[type(node)], node.this, node.expression)

    def _comparison(self, compare: Callable[[Any, Any], bool], left: exp.Expr, right: exp.Expr) -> Predicate:
        a, b = self._term(left), self._term(right)

        def truth(day: date, hour: str | None) -> Truth:
            x, y = a(day, hour), b(day, hour)
            if x is None or y is None or isinstance(x, str) != isinstance(y, str):
                return None
            if isinstance(x, datetime) != isinstance(y, datetime):
                x, y = as_moment(x), as_moment(y)
            return compare(x, y)

        return truth

    def _term(self, node: exp.Expr) -> Callable[[date, str | None], Any]:
        if isinstance(node, exp.Tuple):
            terms = [self._term(part) for part in node.expressions]
            return lambda day, hour: _all_known([term(day, hour) for term in terms])
        if isinstance(node, exp.Column | exp.Identifier):
            found = self.key_of(node.names if isinstance(node, exp.Column) else [node.name.lower()])
            if found is None:
                raise UnknownError
            self.scans.add(found[0])
            return (lambda day, hour: day) if found[1] == "date" else (lambda day, hour: hour)
        if isinstance(node, exp.Paren):
            return self._term(node.this)
        constant = known(node, self.moment)
        return lambda day, hour: constant


def _both(left: Predicate, right: Predicate, *, absorbing: bool) -> Predicate:
    """Combine three-valued predicates by AND (absorbing False) or OR (absorbing True)."""

    def truth(day: date, hour: str | None) -> Truth:
        a = left(day, hour)
        if a is absorbing:
            return a
        b = right(day, hour)
        return b if b is absorbing or a is not None else None

    return truth


def _any(truths: Iterable[Truth]) -> Truth:
    known = list(truths)
    return True if True in known else None if None in known else False


def _negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all_known(values: list[Any]) -> Any:
    return None if any(value is None or isinstance(value, datetime) for value in values) else tuple(values)
