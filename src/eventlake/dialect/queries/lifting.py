"""What of a subquery is left once Trino has lifted the conditions that read columns from outside out of it, step by step from FROM to LIMIT.

A step is in the way where those conditions would mean something else behind it, such as a LIMIT of all rows together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventlake.dialect.binding import Reading, Scope
from eventlake.dialect.queries.pruning import conjuncts
from eventlake.dialect.queries.relation import unbracketed
from eventlake.dialect.queries.shape import (
    chosen,
    clauses,
    has_sets,
    has_ties,
    has_window,
    holds_query,
    is_aggregate,
    is_global,
    joins,
    limit_of,
    looks_in_query,
    offset_of,
    only_source,
    relations,
    unnamed,
    unwrapped,
)
from eventlake.dialect.sql import Sql
from eventlake.dialect.text import tree as exp


@dataclass(frozen=True, slots=True)
class Lifted:
    """A part of a subquery out of which the conditions with columns from outside were lifted.

    needed: the columns that those conditions read here. fixed: those of them that a condition makes equal to something from outside.
    single: whether there is one row at most for what is outside.
    """

    needed: frozenset[Sql] = frozenset()
    fixed: frozenset[Sql] = frozenset()
    single: bool = False


class Lifting:
    """Reads a subquery for the columns from outside in it, and lifts the conditions that they stand in out of it."""

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

    def reads_deeper(self, query: exp.Select) -> bool:
        """Tell whether a subquery inside of this one, or a relation beside others in its FROM, reads columns from outside."""
        nested = [part for clause in clauses(query) for part in clause.walk() if isinstance(part, exp.Query)]
        sources = list(relations(query))
        return any(map(self.reads, nested)) or (len(sources) > 1 and any(map(self.reads, sources)))

    def groups_by_outside(self, query: exp.Select) -> bool:
        """Tell whether a key of GROUP BY reads a column from outside."""
        group = query.args.get("group")
        items = [unnamed(item) for item in query.expressions]
        return group is not None and any(self.reads(chosen(key, items)) for key in group.expressions)

    def looks_for_outside(self, query: exp.Select) -> bool:
        """Tell whether what is looked for in a subquery inside of this one reads a column from outside: `x IN (SELECT ...)`, `x > ALL (...)`."""
        places = [query.args[key] for key in ("from_", "where", "having") if query.args.get(key) is not None]
        return any(self.reads(part.this) for place in [*places, *joins(query)] for part in place.walk() if looks_in_query(part))

    # steps

    def rows(self, query: exp.Select, shown: Sequence[exp.Expr]) -> Lifted | None:
        """Return the query with its conditions lifted out, from FROM to LIMIT; None where Trino cannot."""
        if (shown and has_window(query)) or holds_query(*shown):
            return None
        lifted = self.filtered(query)
        if lifted is not None and query.args.get("group") is not None:
            lifted = self._grouped(query, shown, lifted)
        if lifted is not None and query.args.get("distinct") is not None:
            keys = self._columns(shown)
            lifted = _kept_apart(lifted, keys)
            if limit_of(query) is not None and query.args.get("order") is None:
                return None
        return self._limited(query, shown, lifted) if lifted is not None else None

    def filtered(self, query: exp.Select) -> Lifted | None:
        """Lift the conditions of WHERE and of inner joins out."""
        source = only_source(query)
        lifted: Lifted | None = Lifted()
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

    def _source(self, source: exp.Expr) -> Lifted | None:
        """Lift the conditions out of a query in FROM."""
        inner = unwrapped(source)
        if not isinstance(inner, exp.Select) or is_global(inner) or self.reads_deeper(inner) or any(map(self.reads, inner.expressions)):
            return None
        return None if self.groups_by_outside(inner) or self.reads(inner.args.get("with_")) else self.rows(inner, inner.expressions)

    def _lift(self, lifted: Lifted, conditions: Iterable[exp.Expr]) -> Lifted:
        needed, fixed = set(lifted.needed), set(lifted.fixed)
        for condition in conditions:
            if self.reads(condition):
                needed |= self._columns([condition])
                fixed |= self._fixed(condition)
        return Lifted(frozenset(needed), frozenset(fixed), lifted.single)

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

    def _grouped(self, query: exp.Select, shown: Sequence[exp.Expr], lifted: Lifted) -> Lifted | None:
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

    def _limited(self, query: exp.Select, shown: Sequence[exp.Expr], lifted: Lifted) -> Lifted | None:
        limit = limit_of(query)
        if offset_of(query) or (limit is not None and has_ties(query)):
            return None
        if limit is None or lifted.single:
            return lifted
        source = only_source(query)
        if limit == 1 and source is not None and isinstance(values := unwrapped(source), exp.Values) and len(values.expressions) == 1:
            return None  # Trino drops the LIMIT of one row before it looks for conditions
        if query.args.get("order") is not None:
            usable = lifted.needed <= lifted.fixed and not self.orders_by_outside(query) and not holds_query(query.args["order"])
        elif limit == 1:
            usable = bool(lifted.fixed) and lifted.needed | self._shown_columns(shown) <= lifted.fixed
        else:
            usable = lifted.needed <= lifted.fixed
        return Lifted(lifted.needed, lifted.fixed, limit == 1) if usable else None

    def _shown_columns(self, shown: Sequence[exp.Expr]) -> frozenset[Sql]:
        starred = any(isinstance(part, exp.Star) for item in shown for part in item.walk())
        return self._columns(shown) | (frozenset([_ALL]) if starred else frozenset())

    def orders_by_outside(self, query: exp.Select) -> bool:
        """Tell whether a term of ORDER BY reads a column from outside."""
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


def _kept_apart(lifted: Lifted, keys: frozenset[Sql]) -> Lifted | None:
    """Return the groups by these columns: what the conditions read besides must be the same in each group."""
    if not lifted.needed - keys <= lifted.fixed:
        return None
    return Lifted(lifted.needed, lifted.fixed, bool(keys) and keys <= lifted.fixed)
