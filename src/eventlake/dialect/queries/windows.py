"""Window functions: https://trino.io/docs/current/functions/window.html"""

from __future__ import annotations

from dataclasses import replace

from eventlake.dialect.binding import Value, mistyped, refused, unknown
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.aggregation import AGGREGATES, Modifiers, aggregate, ordering
from eventlake.dialect.sql import Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.type import BIGINT, DOUBLE, Type, coercible, common
from eventlake.dialect.types.zones import as_instants

WINDOWS: dict[str, tuple[tuple[int, ...], Type | None]] = {
    "row_number": ((0,), BIGINT),
    "rank": ((0,), BIGINT),
    "dense_rank": ((0,), BIGINT),
    "percent_rank": ((0,), DOUBLE),
    "cume_dist": ((0,), DOUBLE),
    "ntile": ((1,), BIGINT),
    "lag": ((1, 2, 3), None),
    "lead": ((1, 2, 3), None),
    "first_value": ((1,), None),
    "last_value": ((1,), None),
    "nth_value": ((2,), None),
}
"""Name -> how many arguments it takes, and its type; None is the type of its first argument."""


def window(parts: Parts, node: exp.Expr) -> Value:
    """`function(...) OVER (...)`. Raises QueryError."""
    if not parts.context.windows or parts.context.inside_aggregate:
        raise mistyped(f"A window function cannot stand in {parts.context.clause}", node)
    inner, ignore = _function(node.this)
    over = _over(parts, node)
    if isinstance(inner, exp.Filter) or (isinstance(inner, exp.Anonymous) and str(inner.this).lower() in AGGREGATES):
        return _aggregate(parts, inner, over, node, ignore=ignore)
    name = str(inner.this).lower() if isinstance(inner, exp.Anonymous) else type(inner).__name__.lower()
    if name not in WINDOWS:
        raise unknown("window function", name, [*WINDOWS, *AGGREGATES], inner)
    counts, kind = WINDOWS[name]
    with parts.within(windows=False):
        values = [parts.value(argument) for argument in inner.expressions]
    if len(values) not in counts:
        raise mistyped(f"{name}() takes {' or '.join(map(str, counts))} arguments", inner)
    if ignore and kind is not None:
        raise mistyped(f"{name}() knows no IGNORE NULLS", inner)
    return _made(name, values, kind, ignore, over, inner)


def _made(name: str, values: list[Value], kind: Type | None, ignore: bool, over: Sql, node: exp.Expr) -> Value:
    result = kind or values[0].type
    if len(values) == 3 and result.name == "timestamptz":
        result = common(result, values[2].type) or result
    sqls = [coerce(value, result).sql if index == 0 and kind is None else value.sql for index, value in enumerate(values)]
    if len(values) == 3 and values[2].type.name != "unknown":
        sqls[2] = _default(values[2], result, node)
    if name in {"lag", "lead"} and len(values) > 1 and (not isinstance(values[1].literal, int) or values[1].literal < 0):
        raise refused(f"{name}() by an offset that is not a literal", node)
    if name in {"ntile", "nth_value"} and (not isinstance(values[-1].literal, int) or values[-1].literal < 1):
        raise refused(f"{name}() with a number that is not a literal", node)
    call = shut("{}({} IGNORE NULLS)" if ignore else "{}({})", ours(name), joined(", ", sqls))
    columns = frozenset[str]().union(*(value.columns for value in values))
    sql = shut("{} OVER {}", call, over)
    if name in {"ntile", "row_number"}:
        sql = emit("CAST({} AS BIGINT)", sql)
    return Value(emit("({})", sql), result, columns=columns, aggregate=any(value.aggregate for value in values), window=True)


def _default(value: Value, kind: Type, node: exp.Expr) -> Sql:
    if not coercible(value.type, kind):
        raise mistyped(f"The default of lag() or lead() is {value.type}, its values are {kind}", node)
    return coerce(value, kind).sql


def _function(node: exp.Expr) -> tuple[exp.Expr, bool]:
    if isinstance(node, exp.IgnoreNulls):
        return node.this, True
    if isinstance(node, exp.RespectNulls):
        return node.this, False
    return node, False


def _aggregate(parts: Parts, inner: exp.Expr, over: Sql, node: exp.Expr, *, ignore: bool) -> Value:
    if ignore:
        raise refused("IGNORE NULLS behind an aggregate", node)
    call = inner.this if isinstance(inner, exp.Filter) else inner
    name = str(call.this).lower()
    if name in {"map_agg", "multimap_agg", "max_by", "min_by", "skewness", "approx_distinct", "grouping", "geometric_mean"}:
        raise refused(f"{name}() as a window function", node)
    where = inner.expression.this if isinstance(inner, exp.Filter) else None
    columns = frozenset[str]()
    grouped = parts.context.grouped is not None or _has_aggregate(call)
    with parts.within(aggregates=True):
        if grouped:
            value = _over_groups(parts, name, call, where, over)
            columns = value.columns
        else:
            value = aggregate(parts, name, call.expressions, call, where, over=emit(" OVER {}", over))
            columns = frozenset(part for argument in call.expressions for part in _columns(parts, argument))
    return replace(value, sql=emit("({})", value.sql), window=True, aggregate=grouped and value.aggregate, columns=columns)


def _over_groups(parts: Parts, name: str, call: exp.Expr, where: exp.Expr | None, over: Sql) -> Value:
    """A window over grouped rows: its arguments may hold aggregates, and read only the groups' keys."""
    if where is not None:
        raise refused("FILTER in a window over groups", call)
    nodes = list(call.expressions)
    if any(isinstance(part, exp.Distinct | exp.Order) for part in nodes):
        raise refused("DISTINCT or ORDER BY in a window over groups", call)
    with parts.within(windows=False):
        values = [Value(emit("*"), Type("star")) if isinstance(part, exp.Star) else parts.value(part) for part in nodes]
    sql, kind = AGGREGATES[name](values, Modifiers(window=emit(" OVER {}", over)), call)
    return Value(sql, kind, columns=frozenset[str]().union(*(value.columns for value in values)), aggregate=True)


def _columns(parts: Parts, node: exp.Expr) -> frozenset[str]:
    if isinstance(node, exp.Star | exp.Distinct | exp.Order):
        return frozenset()
    with parts.within(windows=False):
        return parts.value(node).columns


def _has_aggregate(call: exp.Expr) -> bool:
    return any(
        isinstance(part, exp.Anonymous)
        and part is not call
        and str(part.this).lower() in AGGREGATES
        and not isinstance(part.parent, exp.Window)
        for part in call.walk()
    )


def _over(parts: Parts, node: exp.Expr) -> Sql:
    named = node.args.get("alias")
    if named is not None and not node.args.get("partition_by") and not node.args.get("order") and not node.args.get("spec"):
        definition = parts.context.named_windows.get(named.name.lower())
        if definition is None:
            raise unknown("window", named.name, parts.context.named_windows, node)
        return _over(parts, definition)
    if node.args.get("first") is not None and node.args.get("first") is not True:
        raise refused("This OVER", node)
    with parts.within(windows=False, aliases={}):
        keys = [as_instants(parts.value(part)) for part in node.args.get("partition_by") or ()]
        order = node.args.get("order")
        made = [emit(" PARTITION BY {}", joined(", ", (key.sql for key in keys)))] if keys else []
        if order is not None:
            made.append(ordering(parts, order.expressions))
    if node.args.get("spec") is not None:
        made.append(_frame(parts, node.args["spec"]))
    return emit("({})", joined("", made))


_CURRENT = ours("CURRENT ROW")


def _frame(parts: Parts, spec: exp.Expr) -> Sql:
    kind = str(spec.args.get("kind") or "").upper()
    if kind not in {"ROWS", "RANGE", "GROUPS"} or spec.args.get("exclude"):
        raise refused("This frame of a window", spec)
    start = _bound(parts, spec.args.get("start"), spec.args.get("start_side"), spec)
    end = _bound(parts, spec.args.get("end"), spec.args.get("end_side"), spec) if spec.args.get("end") is not None else _CURRENT
    return emit(" {} BETWEEN {} AND {}", ours(kind), start, end)


def _bound(parts: Parts, bound: object, side: object, node: exp.Expr) -> Sql:
    if isinstance(bound, str) and bound.upper() == "CURRENT ROW":
        return _CURRENT
    if side is None or str(side).upper() not in {"PRECEDING", "FOLLOWING"}:
        raise refused("This frame of a window", node)
    if isinstance(bound, str) and bound.upper() == "UNBOUNDED":
        return emit("UNBOUNDED {}", ours(str(side).upper()))
    if isinstance(bound, exp.Literal | exp.Interval):
        return emit("{} {}", parts.value(bound), ours(str(side).upper()))
    raise refused("A frame of a window with a bound that is not a literal", node)
