"""`reduce_agg`: the values of a group folded by lambdas: https://trino.io/docs/current/functions/aggregate.html#lambda-aggregate-functions

Trino folds parts of a group by the first lambda and combines them by the second, in any order; here one fold meets all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.dialect.binding import Scope, Value, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.lambdas import exactly, lambda_value, state_type
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.shape import clauses, is_aggregate, outside_queries
from eventlake.dialect.sql import Sql, emit, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.type import Type
from eventlake.errors import NameNotFoundError

_STATES = frozenset(("boolean", "tinyint", "smallint", "integer", "bigint", "double", "real", "varchar", "date"))
"""Types of a state that is folded here; Trino takes no array, map or row either."""


def folded(parts: Parts, nodes: Sequence[exp.Expr], node: exp.Expr, behind: Sql) -> Value:
    """Make the value of `reduce_agg(x, first, (state, x) -> ..., (state, state) -> ...)`. behind: SQL behind the brackets of the aggregate."""
    if len(nodes) != 4:
        raise mistyped("reduce_agg() takes a value, a first state and two lambdas", node)
    parts.context.scope.folds = True
    value = parts.value(nodes[0])
    try:
        with parts.within(scope=Scope([]), aliases={}):
            first = parts.value(nodes[1])
            kind, step = _lambdas(parts, nodes, value.type, first, node)
    except NameNotFoundError as error:
        raise refused("reduce_agg() with a first state or a lambda that reads a column", node) from error
    if first.is_null:
        raise refused("reduce_agg() whose first state is NULL", node)
    names = _names(parts)
    boxed = emit("list_transform({}, lambda el_b: {{'s': CAST(NULL AS {}), 'v': el_b}})", shut("list({}){}", value, behind), kind.duckdb)
    start = emit("{{'s': {}, 'v': CAST(NULL AS {})}}", exactly(coerce(first, kind)), value.type.duckdb)
    made = emit("coalesce({}, {})", exactly(coerce(step, kind)), failure("A lambda of reduce_agg() gives NULL"))
    whole = emit("list_reduce({0}, lambda {1}, {2}: {{'s': {3}, 'v': ({2}).v}}, {4}).s", boxed, *names, made, start)
    return Value(whole, kind, aggregate=True)


def require_folded_alone(query: exp.Select) -> None:
    """Refuse reduce_agg() beside an aggregate of DISTINCT values: Trino makes two steps of them, and fails for want of a lambda in the second.

    It makes one step where an aggregate has a FILTER or an order. Raises QueryRefusedError.
    """
    calls = list(_calls(query))
    fold = next((call for call in calls if isinstance(call, exp.Anonymous) and str(call.this).lower() == "reduce_agg"), None)
    if fold is None or any(isinstance(call, exp.Filter | exp.GroupConcat) or _has(call, exp.Order) for call in calls):
        return
    if any(_has(call, exp.Distinct) for call in calls):
        raise refused("reduce_agg() beside an aggregate with DISTINCT", fold, "compute one of them in a subquery")


def _calls(query: exp.Select) -> Iterator[exp.Expr]:
    """Yield the aggregates of a SELECT, but not those under OVER."""
    found = list(outside_queries(clauses(query)))
    windowed = [part.this for part in found if isinstance(part, exp.Window)]
    return (part for part in found if is_aggregate(part) and part not in windowed)


def _has(call: exp.Expr, kind: type[exp.Expr]) -> bool:
    return any(isinstance(part, kind) for part in call.expressions)


def _names(parts: Parts) -> list[Sql]:
    return [ours(f"el_p{parts.context.depth + index}") for index in range(2)]


def _lambdas(parts: Parts, nodes: Sequence[exp.Expr], item: Type, first: Value, node: exp.Expr) -> tuple[Type, Value]:
    """Read both lambdas: the type of the state, and what the first makes of it. Raises QueryError."""
    names = _names(parts)
    kind = state_type(parts, first.type, item, nodes[2], "reduce_agg")
    step = lambda_value(parts, nodes[2], [kind, item], [emit("({}).s", names[0]), emit("({}).v", names[1])])
    combined = lambda_value(parts, nodes[3], [kind, kind], names)
    if combined.type != kind and not (combined.type.name == kind.name == "varchar"):
        raise mistyped(f"The second lambda of reduce_agg() gives {combined.type}, its state is {kind}: cast one of them", node)
    if kind.args:
        raise mistyped(f"reduce_agg() with a state that is {kind} is not in Athena", node)
    if kind.name not in _STATES:
        raise refused(f"reduce_agg() with a state that is {kind}", node)
    return kind, step
