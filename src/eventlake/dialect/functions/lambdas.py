"""Lambdas and what takes one: https://trino.io/docs/current/functions/lambda.html"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Value, derived, mistyped
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import ordered
from eventlake.dialect.types.type import BOOLEAN, UNKNOWN, Type, array, common, mapping


def lambda_value(parts: Parts, node: exp.Expr, kinds: Sequence[Type], names: Sequence[Sql]) -> Value:
    """Make the body of a lambda whose parameters have these types and these names in DuckDB."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(kinds):
        raise mistyped(f"A lambda with {len(kinds)} parameters is wanted, as in x -> x + 1", node)
    bound = {parameter.name.lower(): Value(name, kind) for parameter, name, kind in zip(node.expressions, names, kinds, strict=True)}
    depth = parts.context.depth + len(names)
    with parts.within(lambdas={**parts.context.lambdas, **bound}, depth=depth, aggregates=False, windows=False):
        return parts.value(node.this)


def _names(parts: Parts, count: int) -> list[Sql]:
    """Make names for what lambdas of DuckDB hold that no lambda around has."""
    return [ours(f"el_p{parts.context.depth + index}") for index in range(count)]


def _array(parts: Parts, node: exp.Expr, name: str) -> Value:
    """Return the array that stands first; a bare NULL is one. Raises QuerySyntaxError for anything else."""
    value = or_no_array(parts.value(node.expressions[0]))
    if value.type.name != "array":
        raise mistyped(f"{name}() wants an array, not {value.type}", node)
    return value


def require_arguments(node: exp.Expr, name: str, count: int) -> None:
    """Raise QuerySyntaxError for another number of arguments."""
    if len(node.expressions) != count:
        raise mistyped(f"{name}() takes {count} arguments", node)


def _transform(parts: Parts, node: exp.Expr) -> Value:
    require_arguments(node, "transform", 2)
    values = _array(parts, node, "transform")
    name = _names(parts, 1)[0]
    body = lambda_value(parts, node.expressions[1], values.type.args, [name])
    return derived(emit("list_transform({}, lambda {}: {})", values.sql, name, body.sql), array(body.type), (values, body))


def _filter(parts: Parts, node: exp.Expr) -> Value:
    require_arguments(node, "filter", 2)
    values = _array(parts, node, "filter")
    name = _names(parts, 1)[0]
    body = lambda_value(parts, node.expressions[1], values.type.args, [name])
    _wants_boolean(body, node)
    return derived(emit("list_filter({}, lambda {}: coalesce({}, false))", values.sql, name, body.sql), values.type, (values, body))


def _wants_boolean(body: Value, node: exp.Expr) -> None:
    if body.type.name != "boolean":
        raise mistyped(f"The lambda must give a boolean, not {body.type}", node)


def _match(name: str) -> Syntactic:
    """Build any_match, all_match or none_match with its NULLs."""

    def build(parts: Parts, node: exp.Expr) -> Value:
        require_arguments(node, name, 2)
        values = _array(parts, node, name)
        item = _names(parts, 1)[0]
        body = lambda_value(parts, node.expressions[1], values.type.args, [item])
        _wants_boolean(body, node)
        results = emit("list_transform({}, lambda {}: CAST({} AS BOOLEAN))", values.sql, item, body.sql)
        macro = {"any_match": "el_any({0})", "all_match": "el_every({0})", "none_match": "(NOT el_any({0}))"}[name]
        return derived(emit(macro, results), BOOLEAN, (values, body))

    return build


def _reduce(parts: Parts, node: exp.Expr) -> Value:
    require_arguments(node, "reduce", 4)
    values, state = _array(parts, node, "reduce"), parts.value(node.expressions[1])
    item, names = values.type.args[0], _names(parts, 2)
    kind = state_type(parts, state.type, item, node.expressions[2], "reduce")
    step = lambda_value(parts, node.expressions[2], [kind, item], [emit("({}).s", names[0]), emit("({}).v", names[1])])
    boxed = emit("list_transform({}, lambda el_b: {{'s': CAST(NULL AS {}), 'v': el_b}})", values.sql, kind.duckdb)
    start = emit("{{'s': {}, 'v': CAST(NULL AS {})}}", exactly(coerce(state, kind)), item.duckdb)
    folded = emit("list_reduce({0}, lambda {1}, {2}: {{'s': {3}, 'v': ({2}).v}}, {4}).s", boxed, *names, exactly(coerce(step, kind)), start)
    finish = lambda_value(parts, node.expressions[3], [kind], names[:1])
    ended = emit("list_transform([{}], lambda {}: {})[1]", folded, names[0], finish)
    return derived(emit("(CASE WHEN {} IS NOT NULL THEN {} END)", values.sql, ended), finish.type, (values, state, step, finish))


def state_type(parts: Parts, kind: Type, item: Type, node: exp.Expr, name: str) -> Type:
    """Return the type that holds a first state of type `kind` and what the lambda `node` makes of it. Raises QuerySyntaxError."""
    for _ in range(2):
        step = lambda_value(parts, node, [kind, item], _names(parts, 2))
        both = common(step.type, kind)
        if both is None:
            break
        if step.type == kind or both.name == kind.name == "varchar":
            return both
        kind = both
    raise mistyped(f"The lambda of {name}() gives {step.type}, its state is {kind}: cast one of them", node)


def exactly(value: Value) -> Sql:
    """Make SQL of the very type that a list of DuckDB wants, which looks at the type of each."""
    return emit("CAST({} AS {})", value, value.type.duckdb)


def or_no_array(value: Value) -> Value:
    """Take a bare NULL as an array of unknown elements."""
    return coerce(value, array(UNKNOWN)) if value.type.name == "unknown" else value


def _zip_with(parts: Parts, node: exp.Expr) -> Value:
    require_arguments(node, "zip_with", 3)
    left, right = (or_no_array(parts.value(argument)) for argument in node.expressions[:2])
    if left.type.name != "array" or right.type.name != "array":
        raise mistyped("zip_with() wants two arrays", node)
    name = _names(parts, 1)[0]
    body = lambda_value(parts, node.expressions[2], [left.type.args[0], right.type.args[0]], [emit("{}[1]", name), emit("{}[2]", name)])
    zipped = emit("list_zip({}, {})", left.sql, right.sql)
    sql = emit(
        "(CASE WHEN {} IS NULL OR {} IS NULL THEN NULL ELSE list_transform({}, lambda {}: {}) END)",
        left.sql,
        right.sql,
        zipped,
        name,
        body.sql,
    )
    return derived(sql, array(body.type), (left, right, body))


def _sort(parts: Parts, node: exp.Expr) -> Value:
    values = _array(parts, node, "array_sort")
    if len(node.expressions) == 2:
        return _sort_by(parts, values, node)
    require_arguments(node, "array_sort", 1)
    return values.become(emit("el_sort({})", ordered(values, node)), values.type)


def _sort_by(parts: Parts, values: Value, node: exp.Expr) -> Value:
    """Sort by a comparator: an element's place is the number of those put before it; among equals the earlier stays first.

    What a comparator says of an element and one that is no other does not matter: `if(a < b, 1, -1)` says that each stands before the other.
    """
    depth = _names(parts, 4)
    k, x, i, y = depth
    compare = lambda_value(parts, node.expressions[1], [values.type.args[0]] * 2, [emit("({}).x", y), emit("({}).x", x)])
    if not compare.type.is_integer:
        raise mistyped(f"The comparator of array_sort() gives an integer, not {compare.type}", node)
    sign = emit("el_order({})", compare.sql)
    same = emit("({1}).x IS NOT DISTINCT FROM ({0}).x", x, y)
    first = emit("CASE WHEN {0} THEN ({2}).i < ({1}).i ELSE {3} < 0 OR ({3} = 0 AND ({2}).i < ({1}).i) END", same, x, y, sign)
    before = emit("len(list_filter({}, lambda {}: {}))", k, y, first)
    ranked = emit("list_transform({}, lambda {}: {{'rank': {}, 'x': ({}).x}})", k, x, before, x)
    numbered = emit("list_transform({}, lambda {}, {}: {{'i': {}, 'x': {}}})", values.sql, x, i, i, x)
    whole = emit("list_transform([{}], lambda {}: el_by_rank({}))[1]", numbered, k, ranked)
    return derived(emit("(CASE WHEN {} IS NOT NULL THEN {} END)", values.sql, whole), values.type, (values, compare))


def _map_lambda(name: str) -> Syntactic:
    """Build transform_keys, transform_values or map_filter."""

    def build(parts: Parts, node: exp.Expr) -> Value:
        require_arguments(node, name, 2)
        value = parts.value(node.expressions[0])
        if value.type.name != "map":
            raise mistyped(f"{name}() wants a map, not {value.type}", node)
        item = _names(parts, 1)[0]
        body = lambda_value(parts, node.expressions[1], value.type.args, [emit("({}).key", item), emit("({}).value", item)])
        entries = emit("map_entries({})", value.sql)
        if name == "map_filter":
            _wants_boolean(body, node)
            return derived(
                emit("map_from_entries(list_filter({}, lambda {}: coalesce({}, false)))", entries, item, body.sql),
                value.type,
                (value, body),
            )
        mapped = emit("list_transform({}, lambda {}: {})", entries, item, body.sql)
        if name == "transform_keys":
            return derived(emit("el_map({}, map_values({}))", mapped, value.sql), mapping(body.type, value.type.args[1]), (value, body))
        return derived(
            emit("(CASE WHEN {} IS NULL THEN NULL ELSE map(map_keys({}), {}) END)", value.sql, value.sql, mapped),
            mapping(value.type.args[0], body.type),
            (value, body),
        )

    return build


def _map_zip_with(parts: Parts, node: exp.Expr) -> Value:
    require_arguments(node, "map_zip_with", 3)
    left, right = (parts.value(argument) for argument in node.expressions[:2])
    if left.type.name != "map" or right.type.name != "map":
        raise mistyped("map_zip_with() wants two maps", node)
    key = common(left.type.args[0], right.type.args[0])
    if key is None:
        raise mistyped(f"The keys of map_zip_with() are {left.type.args[0]} and {right.type.args[0]}", node)
    a, b = (coerce(side, mapping(key, side.type.args[1])) for side in (left, right))
    name = _names(parts, 1)[0]
    body = lambda_value(
        parts,
        node.expressions[2],
        [key, left.type.args[1], right.type.args[1]],
        [name, emit("({})[{}]", a, name), emit("({})[{}]", b.sql, name)],
    )
    keys = emit("el_firsts(list_concat(map_keys({}), map_keys({})))", a.sql, b.sql)
    made = emit("map_from_entries(list_transform({}, lambda {}: row({}, {})))", keys, name, name, body.sql)
    return derived(
        emit("(CASE WHEN {} IS NOT NULL AND {} IS NOT NULL THEN {} END)", a.sql, b.sql, made), mapping(key, body.type), (left, right, body)
    )


FUNCTIONS: list[F] = []

SYNTACTIC: dict[str, Syntactic] = {
    "transform": _transform,
    "filter": _filter,
    "any_match": _match("any_match"),
    "all_match": _match("all_match"),
    "none_match": _match("none_match"),
    "reduce": _reduce,
    "zip_with": _zip_with,
    "array_sort": _sort,
    "map_zip_with": _map_zip_with,
    "transform_keys": _map_lambda("transform_keys"),
    "transform_values": _map_lambda("transform_values"),
    "map_filter": _map_lambda("map_filter"),
}
