"""Window functions: https://trino.io/docs/current/functions/window.html"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eventlake.dialect.binding import Value, mistyped, refused, unknown
from eventlake.dialect.failures import failure
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.queries.aggregation import aggregate, listagg, ordered, ordered_by
from eventlake.dialect.queries.modifiers import Modifiers
from eventlake.dialect.queries.ordering import parts_nan
from eventlake.dialect.queries.shape import outside_queries
from eventlake.dialect.sql import Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.literals import is_of_whole_days
from eventlake.dialect.types.type import BIGINT, DATE, DOUBLE, INTERVAL_DAY, Type, coercible, common
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
    """Make the value of `function(...) OVER (...)`. Raises QueryError."""
    if not parts.context.windows or parts.context.inside_aggregate:
        raise mistyped(f"A window function cannot stand in {parts.context.clause}", node)
    inner, ignore = _function(node.this)
    definition = _resolved(parts.context.named_windows, node)
    over, columns = _over(parts, definition)
    made = _read(parts, inner, definition, over, node, ignore=ignore)
    return made._replace(columns=made.columns | columns)


def _read(parts: Parts, inner: exp.Expr, definition: _Window, over: Sql, node: exp.Expr, *, ignore: bool) -> Value:
    if isinstance(inner, exp.Filter) or (isinstance(inner, exp.Anonymous) and inner.name.lower() in AGGREGATES):
        return _aggregate(parts, inner, over, node, ignore=ignore)
    if isinstance(inner, exp.GroupConcat):
        return _listagg(parts, inner, over, node, ignore=ignore)
    name = inner.name.lower() if isinstance(inner, exp.Anonymous) else type(inner).__name__.lower()
    if name not in WINDOWS:
        raise unknown("window function", name, [*WINDOWS, *AGGREGATES], inner)
    _require_shape(name, definition, inner)
    counts, kind = WINDOWS[name]
    with parts.within(windows=False):
        values = [parts.value(argument) for argument in inner.expressions]
    if len(values) not in counts:
        raise mistyped(f"{name}() takes {' or '.join(map(str, counts))} arguments", inner)
    if ignore and kind is not None:
        raise mistyped(f"{name}() knows no IGNORE NULLS", inner)
    return _made(name, values, kind, ignore, over, inner)


def columns_of_windows(parts: Parts, windows: Mapping[str, exp.Window]) -> frozenset[str]:
    """Return the columns that a WINDOW clause reads. Raises the QueryError of a window that is wrong, even if nothing uses it."""
    columns = frozenset[str]()
    for index, given in enumerate(windows.values()):
        columns |= _over(parts, _resolved(dict(list(windows.items())[:index]), given))[1]
    return columns


_UNFRAMED = frozenset({"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"})


def _require_shape(name: str, definition: _Window, node: exp.Expr) -> None:
    if name in {"lag", "lead"} and not definition.order:
        raise mistyped(f"{name}() wants an ORDER BY in its window", node)
    if name in _UNFRAMED and definition.frame is not None:
        raise mistyped(f"{name}() takes no frame (ROWS, RANGE or GROUPS) in its window", node)


def _made(name: str, values: list[Value], kind: Type | None, ignore: bool, over: Sql, node: exp.Expr) -> Value:
    result = kind or values[0].type
    if len(values) == 3:
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
    if name in {"grouping", "reduce_agg"}:
        raise refused(f"{name}() as a window function", node)
    if isinstance(inner, exp.Filter):
        raise mistyped("FILTER behind a window function is not in Athena: write the condition into the argument with CASE", node)
    columns = frozenset[str]()
    grouped = parts.context.grouped is not None or _has_aggregate(call)
    with parts.within(aggregates=True):
        if grouped:
            value = _over_groups(parts, name, call, over)
            columns = value.columns
        else:
            value = aggregate(parts, name, call.expressions, call, over=emit(" OVER {}", over))
            columns = frozenset(part for argument in call.expressions for part in _columns(parts, argument))
    return value._replace(sql=emit("({})", value.sql), window=True, aggregate=grouped and value.aggregate, columns=columns)


def _listagg(parts: Parts, inner: exp.GroupConcat, over: Sql, node: exp.Expr, *, ignore: bool) -> Value:
    if ignore or parts.context.grouped is not None:
        raise refused("LISTAGG over a window of groups, or with IGNORE NULLS", node, "group in a subquery")
    with parts.within(aggregates=True):
        value = listagg(parts, inner, over=emit(" OVER {}", over))
    nodes = [inner.this.this, *(term.this for term in inner.this.expressions)]
    columns = frozenset(part for argument in nodes for part in _columns(parts, argument))
    return value._replace(sql=emit("({})", value.sql), window=True, aggregate=False, columns=columns)


def _over_groups(parts: Parts, name: str, call: exp.Expr, over: Sql) -> Value:
    """Make a window over grouped rows: its arguments may hold aggregates, and read only the groups' keys."""
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
    parents = call.parents()
    inside = outside_queries(call.expressions)
    return any(
        isinstance(part, exp.Anonymous) and part.name.lower() in AGGREGATES and not isinstance(parents[part], exp.Window) for part in inside
    )


def _over(parts: Parts, definition: _Window) -> tuple[Sql, frozenset[str]]:
    """Return the SQL of a window in its brackets, and the columns that it reads."""
    with parts.within(windows=False):
        keys = [as_instants(_comparable(parts.value(part), part)) for part in definition.keys]
        made = [emit(" PARTITION BY {}", joined(", ", (key.sql for key in keys)))] if keys else []
        terms = ordered(parts, definition.order)
        if terms:
            made.append(ordered_by(terms))
    if definition.frame is not None:
        _require_bounds(definition.frame)
        _require_range(parts, definition)
        made.append(_frame(parts, definition.frame))
    columns = frozenset[str]().union(*(value.columns for value in (*keys, *(value for value, _ in terms))))
    return emit("({})", joined("", made)), columns


def _require_bounds(frame: exp.Expr) -> None:
    """Refuse a frame whose end lies before its start. Raises QuerySyntaxError."""
    start = _place(frame.args["start"], frame.args["start_side"])
    end = _place(frame.args["end"], frame.args["end_side"]) if "end" in frame.args else 0
    if start == _LAST or end == -_LAST or start > end:
        raise mistyped("The frame of a window ends before it starts", frame)


_LAST = 2


def _place(bound: exp.Expr | str, side: str) -> int:
    """Return where a bound of a frame lies: -2 for UNBOUNDED PRECEDING, -1, 0 for CURRENT ROW, 1, 2 for UNBOUNDED FOLLOWING."""
    if bound == "CURRENT ROW":
        return 0
    return (_LAST if bound == "UNBOUNDED" else 1) * (-1 if side == "PRECEDING" else 1)


def _require_range(parts: Parts, definition: _Window) -> None:
    """Refuse a frame of RANGE or GROUPS whose distance cannot be taken from what the window is ordered by."""
    frame = definition.frame
    if frame is None or frame.args["kind"] == "ROWS":
        return
    distances = [part for part in (frame.args.get("start"), frame.args.get("end")) if isinstance(part, exp.Expr)]
    if frame.args["kind"] == "GROUPS":
        if distances and not definition.order:
            raise mistyped("A frame of GROUPS with a distance wants an ORDER BY", frame)
        return
    if distances and len(definition.order) != 1:
        raise mistyped("A frame of RANGE with a distance wants one column in ORDER BY", frame)
    for part in distances:
        with parts.within(windows=False, aliases={}):
            ordered_as = parts.value(definition.order[0].this)
            kind, distance = ordered_as.type, parts.value(part).type
        if not (kind.is_number and distance.is_number) and not (kind.name in _MOMENTS and distance.name.startswith("interval")):
            raise mistyped(f"A frame of RANGE takes no {distance} from {kind}", part)
        if kind == DATE and distance == INTERVAL_DAY and not is_of_whole_days(part):
            raise refused("A frame of RANGE with hours, minutes or seconds over a date", part, "write days")
        if isinstance(definition.order[0], exp.Ordered) and parts_nan(ordered_as, definition.order[0]):
            raise refused(f"A frame of RANGE with a distance over {kind} NULLS FIRST", part)


_MOMENTS = frozenset({"date", "timestamp", "timestamptz", "time"})


def _comparable(value: Value, node: exp.Expr) -> Value:
    if value.type.holds("map") or value.type.holds("json"):  # Trino has no order of them, and fails where it sorts to part the rows
        raise refused(f"PARTITION BY of {value.type}", node, "take a part of it that is a text or a number")
    return value


@dataclass(frozen=True, slots=True)
class _Window:
    """A window with what it inherits: the nodes of its PARTITION BY, of its ORDER BY, and of its frame."""

    keys: tuple[exp.Expr, ...]
    order: tuple[exp.Expr, ...]
    frame: exp.Expr | None


def _resolved(windows: Mapping[str, exp.Window], node: exp.Expr) -> _Window:
    """Return the window of a node with what the window that it names gives it. Raises QueryError.

    https://trino.io/docs/current/sql/select.html#window-clause
    """
    order = node.args.get("order")
    made = _Window(tuple(node.args.get("partition_by") or ()), tuple(order.expressions) if order else (), node.args.get("spec"))
    name = node.args.get("alias")
    if name is None:
        return made
    given = windows.get(name.name.lower())
    if given is None:
        raise unknown("window", name.name, windows, node)
    earlier = {key: window for key, window in windows.items() if list(windows).index(key) < list(windows).index(name.name.lower())}
    base = _resolved(earlier, given)
    if made.keys:
        raise mistyped(f'A window that begins with the window "{name.name}" cannot have a PARTITION BY of its own', node)
    if made.order and base.order:
        raise mistyped(f'The window "{name.name}" has an ORDER BY already: write a whole window', node)
    if base.frame is not None and node.args.get("bracketed"):
        raise mistyped(f'The window "{name.name}" has a frame, so that no other window can begin with it: write OVER {name.name}', node)
    return _Window(base.keys, base.order or made.order, base.frame or made.frame)


_CURRENT = ours("CURRENT ROW")


def _frame(parts: Parts, spec: exp.Expr) -> Sql:
    start = _bound(parts, spec.args["start"], spec.args["start_side"], spec)
    end = _bound(parts, spec.args["end"], spec.args["end_side"], spec) if "end" in spec.args else _CURRENT
    return emit(" {} BETWEEN {} AND {}", ours(spec.args["kind"]), start, end)


def _bound(parts: Parts, bound: exp.Expr | str, side: str, node: exp.Expr) -> Sql:
    if isinstance(bound, str):
        return _CURRENT if bound == "CURRENT ROW" else emit("UNBOUNDED {}", ours(side))
    with parts.within(windows=False):
        value = parts.value(bound)
    if node.args["kind"] != "RANGE" and not value.type.is_integer:
        raise mistyped(f"A frame of {node.args['kind']} wants a whole number of rows, not {value.type}", bound)
    if not isinstance(bound, exp.Literal | exp.Interval):
        if not value.type.is_integer or value.columns:
            raise refused("A frame of a window with a bound that is not a literal", node)
        wrong = failure("A bound of a window's frame is negative or NULL: ", value.sql)
        value = value.become(emit("(CASE WHEN {} >= 0 THEN {} ELSE {} END)", value, value, wrong), value.type)
    return emit("{} {}", value, ours(side))
