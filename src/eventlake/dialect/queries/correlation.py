"""Which subqueries may read columns of the query around them: those that Trino turns into a join, see `require_joinable`.

Trino has no loop over the rows outside. It lifts the conditions that read columns from outside out of the subquery, step by step, and says
"Given correlated subquery is not supported" where a step is in the way: a LIMIT of all rows together, a set operation, a second subquery.
https://trino.io/docs/current/sql/select.html#subqueries
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from eventlake.dialect.binding import Reading, Scope, refused
from eventlake.dialect.queries.pruning import conjuncts
from eventlake.dialect.queries.relation import unbracketed
from eventlake.dialect.queries.shape import (
    chosen,
    clauses,
    ends,
    has_filter,
    has_sets,
    has_ties,
    has_window,
    holds_query,
    is_aggregate,
    is_global,
    joins,
    limit_of,
    offset_of,
    only_source,
    relations,
    unnamed,
    unwrapped,
)
from eventlake.dialect.sql import Sql
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


def require_uncorrelated(condition: exp.Expr, outside: Scope) -> None:
    """Raise QueryRefusedError for a subquery in the condition of an outer join that reads columns of the relations that are joined."""
    reader = _Reader(outside)
    for query in condition.walk():
        if isinstance(query, exp.Query) and reader.reads(query):
            raise refused("A subquery in the condition of an outer join that reads columns from outside", query, "put it into a SELECT")


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A part of a subquery out of which the conditions with columns from outside were lifted.

    needed: the columns that those conditions read here. fixed: those of them that a condition makes equal to something from outside.
    single: whether there is one row at most for what is outside.
    """

    needed: frozenset[Sql] = frozenset()
    fixed: frozenset[Sql] = frozenset()
    single: bool = False


class _Reader:
    """Reads a subquery for the columns from outside in it."""

    def __init__(self, outside: Scope) -> None:
        self.read = outside.read
        self.scopes = {id(scope) for scope in outside.chain() if not scope.given}

    # columns

    def outer_columns(self, node: exp.Expr) -> Iterator[exp.Expr]:
        """Yield the names in a node that mean columns from outside."""
        for part in node.walk():
            found = self.read.get(id(part))
            if found is not None and id(found.owner) in self.scopes:
                yield part

    def reads(self, node: exp.Expr | None) -> bool:
        """Tell whether a node reads a column from outside."""
        return node is not None and next(self.outer_columns(node), None) is not None

    def _own(self, node: exp.Expr) -> Iterator[Reading]:
        """Yield the columns in a node that are not from outside."""
        for part in node.walk():
            found = self.read.get(id(part))
            if found is not None and id(found.owner) not in self.scopes:
                yield found

    def _columns(self, nodes: Iterable[exp.Expr]) -> frozenset[Sql]:
        return frozenset(found.sql for node in nodes for found in self._own(node))

    # queries

    def allows(self, use: Use, query: exp.Expr) -> bool:
        """Tell whether Trino takes the subquery, which reads columns from outside, for this use."""
        query = unwrapped(query)
        if self.reads(query.args.get("with_")):
            return False
        if isinstance(query, exp.Values):
            return use is Use.EXISTS or (use in _SINGLE and len(query.expressions) == 1 and not holds_query(query))
        if not isinstance(query, exp.Select) or self._reads_deeper(query) or self._groups_by_outside(query):
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

    def _reads_deeper(self, query: exp.Select) -> bool:
        """Tell whether a subquery inside of this one, or a relation beside others in its FROM, reads columns from outside."""
        nested = [part for clause in clauses(query) for part in clause.walk() if isinstance(part, exp.Query)]
        sources = list(relations(query))
        return any(map(self.reads, nested)) or (len(sources) > 1 and any(map(self.reads, sources)))

    def _groups_by_outside(self, query: exp.Select) -> bool:
        group = query.args.get("group")
        items = [unnamed(item) for item in query.expressions]
        return group is not None and any(self.reads(chosen(key, items)) for key in group.expressions)

    def _allows_unnest(self, use: Use, query: exp.Select) -> bool:
        if any(query.args.get(key) is not None for key in ("where", "having", "offset")) or holds_query(query):
            return False
        grouped = query.args.get("distinct") is not None or (query.args.get("group") is not None and not is_global(query))
        if use is Use.EXISTS:
            return query.args.get("limit") is None
        if use is Use.QUANTIFIED:
            return query.args.get("limit") is None and not has_filter(query) and not has_window(query)
        return use in _SINGLE and not grouped and not has_filter(query) and not has_window(query) and not self._orders_by_outside(query)

    def _allows_global(self, use: Use, query: exp.Select) -> bool:
        """Tell it of a query that gives one row, of all of its rows together."""
        if use not in _SINGLE or query.args.get("having") is not None or offset_of(query):
            return False
        if use is Use.EXISTS:
            return True
        calls = [part for item in query.expressions for part in item.walk() if is_aggregate(part)]
        kept = not any(map(self.reads, calls)) and not has_window(query) and not holds_query(*query.expressions)
        return kept and self._filtered(query) is not None

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
            return not any(map(self.reads, calls)) and not holds_query(*shown) and self._filtered(query) is not None
        if any(map(self.reads, shown)):
            return False
        if use is Use.IN:
            return not is_grouped and not ends(query) and query.args.get("distinct") is None and self._rows(query, shown) is not None
        if query.args.get("distinct") is not None and use in {Use.JOINED, Use.OUTER_JOINED} and not ends(query) and not is_grouped:
            return not has_window(query) and not holds_query(*shown) and self._filtered(query) is not None
        return self._rows(query, shown) is not None

    # steps

    def _rows(self, query: exp.Select, shown: Sequence[exp.Expr]) -> _Lifted | None:
        """Return the query with its conditions lifted out, from FROM to LIMIT; None where Trino cannot."""
        if (shown and has_window(query)) or holds_query(*shown):
            return None
        lifted = self._filtered(query)
        if lifted is not None and query.args.get("group") is not None:
            lifted = self._grouped(query, shown, lifted)
        if lifted is not None and query.args.get("distinct") is not None:
            keys = self._columns(shown)
            lifted = _kept_apart(lifted, keys)
            if limit_of(query) is not None and query.args.get("order") is None:
                return None
        return self._limited(query, shown, lifted) if lifted is not None else None

    def _filtered(self, query: exp.Select) -> _Lifted | None:
        """Lift the conditions of WHERE and of inner joins out."""
        source = only_source(query)
        lifted: _Lifted | None = _Lifted()
        if source is not None and self.reads(source):
            lifted = self._source(source)
        if lifted is None:
            return None
        conditions = conjuncts(query.args["where"].this) if query.args.get("where") is not None else []
        for join in joins(query):
            on = join.args.get("on")
            if self.reads(on) and join.args.get("side"):
                return None
            conditions += conjuncts(on) if on is not None else []
        return None if any(map(self._takes_apart, conditions)) else self._lift(lifted, conditions)

    def _source(self, source: exp.Expr) -> _Lifted | None:
        """Lift the conditions out of a query in FROM."""
        inner = unwrapped(source)
        if not isinstance(inner, exp.Select) or is_global(inner) or self._reads_deeper(inner) or any(map(self.reads, inner.expressions)):
            return None
        return None if self._groups_by_outside(inner) or self.reads(inner.args.get("with_")) else self._rows(inner, inner.expressions)

    def _lift(self, lifted: _Lifted, conditions: Iterable[exp.Expr]) -> _Lifted:
        needed, fixed = set(lifted.needed), set(lifted.fixed)
        for condition in conditions:
            if self.reads(condition):
                needed |= self._columns([condition])
                fixed |= self._fixed(condition)
        return _Lifted(frozenset(needed), frozenset(fixed), lifted.single)

    def _takes_apart(self, condition: exp.Expr) -> bool:
        """Tell whether a condition reads a field of a row from outside, which Trino would read before it lifts it out."""
        for part in condition.walk():
            whole = part.this if isinstance(part, exp.Bracket | exp.Dot) else None
            found = self.read.get(id(part if whole is None else unbracketed(whole)))
            if (
                found is not None
                and id(found.owner) in self.scopes
                and (not found.whole or (whole is not None and found.type.name == "row"))
            ):
                return True
        return False

    def _fixed(self, condition: exp.Expr) -> set[Sql]:
        """Return the column that a condition makes equal to something that is known outside."""
        condition = unbracketed(condition)
        if not isinstance(condition, exp.EQ):
            return set()
        sides = (unbracketed(condition.this), unbracketed(condition.expression))
        return {
            found.sql
            for column, other in (sides, sides[::-1])
            for found in [self.read.get(id(column))]
            if found is not None and found.whole and id(found.owner) not in self.scopes and not any(self._own(other))
            if _keeps_apart(found, self.read.get(id(other)))
        }

    def _grouped(self, query: exp.Select, shown: Sequence[exp.Expr], lifted: _Lifted) -> _Lifted | None:
        group, having = query.args["group"], query.args.get("having")
        items = [unnamed(item) for item in query.expressions]
        keys = [chosen(key, items) for key in group.expressions]
        read = [*shown, *(query.args[key] for key in ("having", "order") if query.args.get(key) is not None)]
        calls = [part for clause in read for part in clause.walk() if is_aggregate(part)]
        if has_sets(group) or any(map(self.reads, calls)) or holds_query(*keys):
            return None
        plain = frozenset(found.sql for key in keys for found in [self.read.get(id(unbracketed(key)))] if found is not None and found.whole)
        made = _kept_apart(lifted, plain)
        if made is None or having is None:
            return made
        if holds_query(having):
            return None
        return self._lift(made, conjuncts(having.this))

    def _limited(self, query: exp.Select, shown: Sequence[exp.Expr], lifted: _Lifted) -> _Lifted | None:
        limit = limit_of(query)
        if offset_of(query) or (limit is not None and has_ties(query)):
            return None
        if limit is None or lifted.single:
            return lifted
        source = only_source(query)
        if limit == 1 and source is not None and isinstance(values := unwrapped(source), exp.Values) and len(values.expressions) == 1:
            return None  # Trino drops the LIMIT of one row before it looks for conditions
        if query.args.get("order") is not None:
            usable = lifted.needed <= lifted.fixed and not self._orders_by_outside(query) and not holds_query(query.args["order"])
        elif limit == 1:
            usable = bool(lifted.fixed) and lifted.needed | self._shown_columns(shown) <= lifted.fixed
        else:
            usable = lifted.needed <= lifted.fixed
        return _Lifted(lifted.needed, lifted.fixed, limit == 1) if usable else None

    def _shown_columns(self, shown: Sequence[exp.Expr]) -> frozenset[Sql]:
        starred = any(isinstance(part, exp.Star) for item in shown for part in item.walk())
        return self._columns(shown) | (frozenset([_ALL]) if starred else frozenset())

    def _orders_by_outside(self, query: exp.Select) -> bool:
        order = query.args.get("order")
        if order is None:
            return False
        items = [unnamed(item) for item in query.expressions]
        named = {item.alias.lower(): item.this for item in query.expressions if isinstance(item, exp.Alias)}
        terms = [chosen(term.this, items) for term in order.expressions]
        return any(self.reads(term) or self.reads(named.get(term.name.lower()) if isinstance(term, exp.Column) else None) for term in terms)


_ALL = Sql(("*",))


def _keeps_apart(column: Reading, other: Reading | None) -> bool:
    """Tell whether Trino knows that different values of a column stay different where they become the type of what they are compared with.

    other: what a bare name on the other side means, None if that is another expression.
    """
    return other is None or (column.type.name, other.type.name) not in _MERGED


_MERGED = frozenset({("bigint", "double"), ("bigint", "real"), ("integer", "real")})
"""Types whose values may become one when they become another type, as Trino has it."""


def _kept_apart(lifted: _Lifted, keys: frozenset[Sql]) -> _Lifted | None:
    """Return the groups by these columns: what the conditions read besides must be the same in each group."""
    if not lifted.needed - keys <= lifted.fixed:
        return None
    return _Lifted(lifted.needed, lifted.fixed, bool(keys) and keys <= lifted.fixed)
