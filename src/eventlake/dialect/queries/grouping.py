"""GROUP BY: its keys, and the grouping sets of GROUPING SETS, ROLLUP, CUBE and several of them.

https://trino.io/docs/current/sql/select.html#group-by-clause
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations, product

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.parts import Context
from eventlake.dialect.queries.expressions import Expressions
from eventlake.dialect.queries.relation import ordinal, unbracketed
from eventlake.dialect.queries.shape import holds_query, written_alike
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import distinguished
from eventlake.dialect.types.zones import as_instants

_MAX_SETS = 2048
"""Trino's bound on the sets of one GROUP BY."""

_Set = tuple[Sql, ...]


def group(node: exp.Select, items: Sequence[exp.Expr | Value], context: Context) -> Sql:
    """Read GROUP BY, and tell the context its keys, if there is one.

    items: the columns of the SELECT, which positions name; the columns of a star as values. Raises QueryError.
    """
    clause = node.args.get("group")
    if clause is None:
        return NOTHING
    made = _Grouping(items, Expressions(context.but(clause="GROUP BY")), clause)
    plain = [key for part in clause.expressions for key in made.simple(part)]
    context.asked = made.asked
    factors = [made.sets(sets) for kind in ("rollup", "cube", "grouping_sets") for sets in clause.args.get(kind) or ()]
    context.grouped = frozenset(made.keys)
    if not factors:
        return emit(" GROUP BY {}", joined(", ", plain) if plain else ours("()"))
    return _crossed(tuple(plain), factors, node, distinct=bool(clause.args.get("distinct")))


class _Grouping:
    """Reads the elements of one GROUP BY. keys: the expressions that are grouped by. asked: those with a subquery, by their shape."""

    def __init__(self, items: Sequence[exp.Expr | Value], parts: Expressions, node: exp.Expr) -> None:
        self.items = items
        self.parts = parts
        self.node = node
        self.keys: list[Sql] = []
        self.asked: dict[Hashable, Value] = {}

    def simple(self, part: exp.Expr) -> list[Sql]:
        """Read an expression, a position or a list in brackets, as SQL of DuckDB's keys."""
        part = unbracketed(part)
        if isinstance(part, exp.Tuple):
            return [key for inner in part.expressions for key in self.simple(inner)]
        number = ordinal(part, len(self.items))
        chosen = part if number is None else self.items[number]
        value = chosen if isinstance(chosen, Value) else self.parts.value(chosen)
        if isinstance(chosen, exp.Expr) and not isinstance(chosen, exp.Column) and holds_query(chosen):
            self.asked[written_alike(chosen, self.parts.context.scope.meant)] = value
        return [self._key(value)]

    def _key(self, value: Value) -> Sql:
        self.keys.append(value.sql)
        made = distinguished(as_instants(value), "GROUP BY", self.node).sql
        return emit("CAST({} AS {})", made, value.type.duckdb) if value.literal is not None else made  # a bare number would be a position

    def sets(self, node: exp.Expr) -> list[_Set]:
        """Read ROLLUP, CUBE or GROUPING SETS as the sets that it stands for."""
        elements = [self._columns(part) for part in node.expressions]
        if isinstance(node, exp.Rollup):
            return [_together(elements[:size]) for size in range(len(elements), -1, -1)]
        if isinstance(node, exp.Cube):
            elements = list({frozenset(element): element for element in elements}.values())
            sizes = range(len(elements), -1, -1)
            return [_together(chosen) for size in sizes for chosen in combinations(elements, size)]
        return elements

    def _columns(self, part: exp.Expr) -> _Set:
        """Read one element of them: a column, or several in brackets."""
        part = unbracketed(part)
        if isinstance(part, exp.Tuple):
            return _together([self._columns(inner) for inner in part.expressions])
        found = self.parts.context.scope.find(part.names) if isinstance(part, exp.Column) else None
        if isinstance(part, exp.Column) and found is None:
            self.parts.value(part)
        if found is None or found[1]:
            raise mistyped("Only columns stand in GROUPING SETS, ROLLUP and CUBE: compute others in a subquery", part)
        return (self._key(self.parts.value(part)),)


def _together(sets: Sequence[_Set]) -> _Set:
    return tuple(dict.fromkeys(key for part in sets for key in part))


def _crossed(plain: _Set, factors: Sequence[list[_Set]], node: exp.Select, *, distinct: bool) -> Sql:
    """Make the sets of several elements: each set of one with each of the others."""
    size = 1
    for factor in factors:
        size *= len(factor)
    if size > _MAX_SETS:
        raise refused(f"A GROUP BY of {size:,} grouping sets", node, f"at most {_MAX_SETS:,} are taken")
    sets = [_together([plain, *chosen]) for chosen in product(*factors)]
    if distinct:
        sets = list({frozenset(keys): keys for keys in reversed(sets)}.values())[::-1]
    return emit(" GROUP BY GROUPING SETS ({})", joined(", ", [emit("({})", joined(", ", keys)) for keys in sets]))
