"""Which subqueries may read columns of the query around them: those that Trino turns into a join, see `require_joinable`.

Trino has no loop over the rows outside. It lifts the conditions that read columns from outside out of the subquery, step by step, and says
"Given correlated subquery is not supported" where a step is in the way: a LIMIT of all rows together, a set operation, a second subquery.
https://trino.io/docs/current/sql/select.html#subqueries
"""

from __future__ import annotations

from enum import Enum

from eventlake.dialect.binding import Scope, refused
from eventlake.dialect.queries.lifting import Lifting
from eventlake.dialect.queries.shape import (
    ends,
    has_filter,
    has_sets,
    has_window,
    holds_query,
    is_aggregate,
    is_global,
    limit_of,
    offset_of,
    only_source,
    unwrapped,
)
from eventlake.dialect.text import tree as exp


class Use(Enum):
    """What a subquery is for, which decides how much of it Trino can lift out."""

    EXISTS = "EXISTS"
    IN = "IN"
    VALUE = "a value"
    QUANTIFIED = "ALL or ANY"
    JOINED = "LATERAL"
    OUTER_JOINED = "LEFT JOIN LATERAL"
    JOINED_ON = "LATERAL with a condition"


_SINGLE = frozenset({Use.EXISTS, Use.VALUE, Use.JOINED, Use.OUTER_JOINED})
"""Uses in which a subquery of exactly one row, or a global aggregate, may read what it likes beside its aggregates."""


def require_joinable(use: Use, query: exp.Expr, outside: Scope) -> None:
    """Raise QueryRefusedError for a subquery that reads columns from outside where Trino cannot lift their conditions out of it.

    outside: what the query around it sees. The subquery's names have been read before.
    """
    reader = _Reader(outside)
    if reader.reads(query) and not reader.allows(use, query):
        name = next(reader.outer_columns(query)).name
        raise refused(f'A subquery of this form, as {use.value}, that reads "{name}" of the query around it', query, "write it as a JOIN")


def reads_outside(query: exp.Expr, outside: Scope) -> bool:
    """Tell whether a subquery, whose names have been read, reads columns from outside."""
    return _Reader(outside).reads(query)


def require_uncorrelated(condition: exp.Expr, outside: Scope) -> None:
    """Raise QueryRefusedError for a subquery in the condition of an outer join that reads columns of the relations that are joined."""
    reader = _Reader(outside)
    for query in condition.walk():
        if isinstance(query, exp.Query) and reader.reads(query):
            raise refused("A subquery in the condition of an outer join that reads columns from outside", query, "put it into a SELECT")


class _Reader(Lifting):
    """Reads a subquery for whether Trino takes it, with the columns from outside that it reads."""

    def allows(self, use: Use, query: exp.Expr) -> bool:
        """Tell whether Trino takes the subquery, which reads columns from outside, for this use."""
        query = unwrapped(query)
        if self.reads(query.args.get("with_")):
            return False
        if isinstance(query, exp.Values):
            return use is Use.EXISTS or (use in _SINGLE and len(query.expressions) == 1 and not holds_query(query))
        if not isinstance(query, exp.Select) or self.reads_deeper(query) or self.groups_by_outside(query) or self.looks_for_outside(query):
            return False
        if limit_of(query) == 0:
            return True
        source = only_source(query)
        is_unnested = isinstance(source, exp.Unnest) and self.reads(source)
        if is_global(query) and (use is Use.EXISTS or not is_unnested):
            return self._allows_global(use, query)
        if is_unnested:
            return self._allows_unnest(use, query)
        if query.args.get("from_") is None and (query.args.get("where") is None or use is Use.EXISTS):
            return use in _SINGLE and not holds_query(query)
        if source is not None and self._is_global_inside(query, source):
            return use in _SINGLE and self.allows(use, unwrapped(source))
        return self._allows_rows(use, query)

    def _allows_unnest(self, use: Use, query: exp.Select) -> bool:
        if any(query.args.get(key) is not None for key in ("where", "having", "offset")) or holds_query(query):
            return False
        grouped = query.args.get("distinct") is not None or (query.args.get("group") is not None and not is_global(query))
        if use is Use.EXISTS:
            return query.args.get("limit") is None
        if use is Use.QUANTIFIED:
            return query.args.get("limit") is None and not has_filter(query) and not has_window(query)
        return use in _SINGLE and not grouped and not has_filter(query) and not has_window(query) and not self.orders_by_outside(query)

    def _allows_global(self, use: Use, query: exp.Select) -> bool:
        """Tell it of a query that gives one row, of all of its rows together."""
        if use not in _SINGLE or query.args.get("having") is not None or offset_of(query):
            return False
        if use is Use.EXISTS:
            return True
        if limit_of(query) is not None and query.args.get("order") is not None and holds_query(query.args["order"]):
            return False
        calls = [part for item in query.expressions for part in item.walk() if is_aggregate(part)]
        kept = not any(map(self.reads, calls)) and not has_window(query) and not holds_query(*query.expressions)
        return kept and self.filtered(query) is not None

    def _is_global_inside(self, query: exp.Select, source: exp.Expr) -> bool:
        """Tell whether a query only passes on the one row of another in its FROM."""
        inner = unwrapped(source)
        plain = not any(query.args.get(key) is not None for key in ("where", "group", "having", "distinct", "order", "limit", "offset"))
        return (
            plain and isinstance(inner, exp.Select) and is_global(inner) and not has_window(query) and not holds_query(*query.expressions)
        )

    def _allows_rows(self, use: Use, query: exp.Select) -> bool:
        shown = query.expressions if use is not Use.EXISTS or query.args.get("distinct") is not None else []
        is_grouped = query.args.get("group") is not None
        if is_grouped and has_sets(query.args["group"]):
            return False
        if is_grouped and use is Use.JOINED and not ends(query) and query.args.get("having") is None and query.args.get("distinct") is None:
            calls = [part for item in shown for part in item.walk() if is_aggregate(part)]
            return not any(map(self.reads, calls)) and not holds_query(*shown) and self.filtered(query) is not None
        if any(map(self.reads, shown)):
            return False
        if use is Use.IN:
            return not is_grouped and not ends(query) and query.args.get("distinct") is None and self.rows(query, shown) is not None
        if query.args.get("distinct") is not None and use in {Use.JOINED, Use.OUTER_JOINED} and not ends(query) and not is_grouped:
            return not has_window(query) and not holds_query(*shown) and self.filtered(query) is not None
        return self.rows(query, shown) is not None
