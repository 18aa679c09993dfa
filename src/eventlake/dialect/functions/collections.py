"""Arrays, maps, rows and lambdas: https://trino.io/docs/current/functions/array.html, map.html, lambda.html"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast, coerce
from eventlake.dialect.types.comparison import ordered
from eventlake.dialect.types.type import BIGINT, BOOLEAN, DATE, INTERVAL_MONTH, UNKNOWN, VARCHAR, Type, array, common, mapping, row
from eventlake.dialect.types.zones import as_instants


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
    value = _or_no_array(parts.value(node.expressions[0]))
    if value.type.name != "array":
        raise mistyped(f"{name}() wants an array, not {value.type}", node)
    return value


def _arguments(node: exp.Expr, name: str, count: int) -> None:
    if len(node.expressions) != count:
        raise mistyped(f"{name}() takes {count} arguments", node)


def _transform(parts: Parts, node: exp.Expr) -> Value:
    _arguments(node, "transform", 2)
    values = _array(parts, node, "transform")
    name = _names(parts, 1)[0]
    body = lambda_value(parts, node.expressions[1], values.type.args, [name])
    return derived(emit("list_transform({}, lambda {}: {})", values.sql, name, body.sql), array(body.type), (values, body))


def _filter(parts: Parts, node: exp.Expr) -> Value:
    _arguments(node, "filter", 2)
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
        _arguments(node, name, 2)
        values = _array(parts, node, name)
        item = _names(parts, 1)[0]
        body = lambda_value(parts, node.expressions[1], values.type.args, [item])
        _wants_boolean(body, node)
        results = emit("list_transform({}, lambda {}: CAST({} AS BOOLEAN))", values.sql, item, body.sql)
        macro = {"any_match": "el_any({0})", "all_match": "el_every({0})", "none_match": "(NOT el_any({0}))"}[name]
        return derived(emit(macro, results), BOOLEAN, (values, body))

    return build


def _reduce(parts: Parts, node: exp.Expr) -> Value:
    _arguments(node, "reduce", 4)
    values, state = _array(parts, node, "reduce"), parts.value(node.expressions[1])
    item, names = values.type.args[0], _names(parts, 2)
    kind = state_type(parts, state.type, item, node.expressions[2], "reduce")
    step = lambda_value(parts, node.expressions[2], [kind, item], [emit("{}.s", names[0]), emit("{}.v", names[1])])
    boxed = emit("list_transform({}, lambda el_b: {{'s': CAST(NULL AS {}), 'v': el_b}})", values.sql, kind.duckdb)
    start = emit("{{'s': {}, 'v': CAST(NULL AS {})}}", exactly(coerce(state, kind)), item.duckdb)
    folded = emit("list_reduce({0}, lambda {1}, {2}: {{'s': {3}, 'v': {2}.v}}, {4}).s", boxed, *names, exactly(coerce(step, kind)), start)
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


def _or_no_array(value: Value) -> Value:
    """Take a bare NULL as an array of unknown elements."""
    return coerce(value, array(UNKNOWN)) if value.type.name == "unknown" else value


def _zip_with(parts: Parts, node: exp.Expr) -> Value:
    _arguments(node, "zip_with", 3)
    left, right = (_or_no_array(parts.value(argument)) for argument in node.expressions[:2])
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


def _zip(parts: Parts, node: exp.Expr) -> Value:
    values = [_or_no_array(parts.value(argument)) for argument in node.expressions]
    if len(values) < 2 or any(value.type.name != "array" for value in values):
        raise mistyped("zip() wants two or more arrays", node)
    kind = row(*((None, value.type.args[0]) for value in values))
    fields = joined(", ", (emit("{} := el_z[{}]", quoted(name), index + 1) for index, (name, _) in enumerate(kind.fields())))
    missing = joined(" OR ", (emit("{} IS NULL", value.sql) for value in values))
    zipped = emit("list_transform(list_zip({}), lambda el_z: struct_pack({}))", joined(", ", (value.sql for value in values)), fields)
    return derived(emit("(CASE WHEN {} THEN NULL ELSE {} END)", missing, zipped), array(kind), values)


def _row(parts: Parts, node: exp.Expr) -> Value:
    if not node.expressions:
        raise mistyped("row() wants a field", node)
    return parts.row_of([parts.value(argument) for argument in node.expressions])


def _map_lambda(name: str) -> Syntactic:
    """Build transform_keys, transform_values or map_filter."""

    def build(parts: Parts, node: exp.Expr) -> Value:
        _arguments(node, name, 2)
        value = parts.value(node.expressions[0])
        if value.type.name != "map":
            raise mistyped(f"{name}() wants a map, not {value.type}", node)
        item = _names(parts, 1)[0]
        body = lambda_value(parts, node.expressions[1], value.type.args, [emit("{}.key", item), emit("{}.value", item)])
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


def _map(parts: Parts, node: exp.Expr) -> Value:
    if not node.expressions:
        return Value(emit("MAP {{}}"), mapping(UNKNOWN, UNKNOWN))
    _arguments(node, "map", 2)
    keys, values = (parts.value(argument) for argument in node.expressions)
    if keys.type.name != "array" or values.type.name != "array":
        raise mistyped("map() wants an array of keys and an array of values", node)
    keys = as_instants(keys)
    return derived(emit("el_map({}, {})", keys.sql, values.sql), mapping(keys.type.args[0], values.type.args[0]), (keys, values))


def _from_entries(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    entries = values[0]
    if entries.is_null:
        return Value(emit("NULL"), mapping(UNKNOWN, UNKNOWN), is_null=True)
    if entries.type.name != "array" or entries.type.args[0].name != "row" or len(entries.type.args[0].args) != 2:
        raise mistyped("map_from_entries() wants an array of rows of a key and a value", node)
    pair = entries.type.args[0]
    first, second = (name for name, _ in pair.fields())
    made = [emit("list_transform({}, lambda el_e: struct_extract(el_e, {}))", entries, text(name)) for name in (first, second)]
    return entries.become(emit("el_map({}, {})", made[0], made[1]), mapping(*pair.args))


def _multimap_from_entries(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    entries = values[0]
    if entries.is_null:
        return Value(emit("NULL"), mapping(UNKNOWN, array(UNKNOWN)), is_null=True)
    if entries.type.name != "array" or entries.type.args[0].name != "row" or len(entries.type.args[0].args) != 2:
        raise mistyped("multimap_from_entries() wants an array of rows of a key and a value", node)
    pair = entries.type.args[0]
    key, item = (emit("struct_extract(el_e, {})", text(name)) for name, _ in pair.fields())
    pairs = emit("list_transform({}, lambda el_e: {{'k': {}, 'v': {}}})", entries.sql, key, item)
    return entries.become(emit("el_pairs_to_multimap(el_keyed({}))", pairs), mapping(pair.args[0], array(pair.args[1])))


def _entries(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    kind = row((None, values[0].type.args[0]), (None, values[0].type.args[1]))
    return values[0].become(
        emit("list_transform(map_entries({}), lambda el_e: struct_pack(field0 := el_e.key, field1 := el_e.value))", values[0].sql),
        array(kind),
    )


def _sequence(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    if len(values) == 2 and values[0].type == DATE:
        a, b = values[0].sql, values[1].sql
        days = emit("el_sequence(0, CAST({} - {} AS BIGINT), CASE WHEN {} >= {} THEN 1 ELSE -1 END)", b, a, b, a)
        return derived(emit("list_transform({}, lambda el_d: {} + CAST(el_d AS INTEGER))", days, a), array(DATE), values)
    if values[0].type == DATE or values[0].type.name == "timestamp":
        return _sequence_of_moments(values, node)
    a, b = values[0].sql, values[1].sql
    step = values[2].sql if len(values) == 3 else emit("(CASE WHEN {} >= {} THEN 1 ELSE -1 END)", b, a)
    return derived(emit("CAST(el_sequence({}, {}, {}) AS {})", a, b, step, array(values[0].type).duckdb), array(values[0].type), values)


def _sequence_of_moments(values: list[Value], node: exp.Expr) -> Value:
    start, stop, step = values
    a, b = (emit("CAST({} AS TIMESTAMP)", value.sql) for value in (start, stop))
    if step.type == INTERVAL_MONTH:
        count = emit("CAST(el_months({}, {}) AS BIGINT)", a, b)
        size = emit("(year({}) * 12 + month({}))", step.sql, step.sql)
        last = emit(
            "CASE WHEN {0} = 0 AND {1} < {2} AND {3} > 0 THEN -1 WHEN {0} = 0 AND {1} > {2} AND {3} < 0 THEN 1 ELSE {0} - {0} % {3} END",
            count,
            b,
            a,
            size,
        )
        made = emit("list_transform(el_sequence(0, {}, {}), lambda el_d: {} + to_months(CAST(el_d AS INTEGER)))", last, size, a)
    else:
        size = emit("epoch_us({})", step)
        if start.type == DATE:
            wrong = failure("The step of a sequence of dates is a number of days, months or years: ", step.sql)
            size = emit("(CASE WHEN {0} % 86400000000 <> 0 THEN {1} ELSE {0} END)", size, wrong)
        made = emit("list_transform(el_sequence(epoch_us({}), epoch_us({}), {}), lambda el_d: make_timestamp(el_d))", a, b, size)
    kind = start.type
    return derived(emit("CAST({} AS {})", made, array(kind).duckdb), array(kind), values)


def _sort(parts: Parts, node: exp.Expr) -> Value:
    values = _array(parts, node, "array_sort")
    if len(node.expressions) == 2:
        return _sort_by(parts, values, node)
    _arguments(node, "array_sort", 1)
    return values.become(emit("el_sort({})", ordered(values, node)), values.type)


def _sort_by(parts: Parts, values: Value, node: exp.Expr) -> Value:
    """Sort by a comparator: an element's place is the number of those put before it; among equals the earlier stays first.

    What a comparator says of an element and one that is no other does not matter: `if(a < b, 1, -1)` says that each stands before the other.
    """
    depth = _names(parts, 4)
    k, x, i, y = depth
    compare = lambda_value(parts, node.expressions[1], [values.type.args[0]] * 2, [emit("{}.x", y), emit("{}.x", x)])
    if not compare.type.is_integer:
        raise mistyped(f"The comparator of array_sort() gives an integer, not {compare.type}", node)
    sign = emit("el_order({})", compare.sql)
    same = emit("{1}.x IS NOT DISTINCT FROM {0}.x", x, y)
    first = emit("CASE WHEN {0} THEN {2}.i < {1}.i ELSE {3} < 0 OR ({3} = 0 AND {2}.i < {1}.i) END", same, x, y, sign)
    before = emit("len(list_filter({}, lambda {}: {}))", k, y, first)
    ranked = emit("list_transform({}, lambda {}: {{'rank': {}, 'x': {}.x}})", k, x, before, x)
    numbered = emit("list_transform({}, lambda {}, {}: {{'i': {}, 'x': {}}})", values.sql, x, i, i, x)
    whole = emit("list_transform([{}], lambda {}: el_by_rank({}))[1]", numbered, k, ranked)
    return derived(emit("(CASE WHEN {} IS NOT NULL THEN {} END)", values.sql, whole), values.type, (values, compare))


def _combinations(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    a, n = values[0].sql, values[1].literal
    if values[1].is_null:
        return _no_arrays(values)
    if not isinstance(n, int) or not 0 <= n <= 5:
        raise refused("combinations() of a size that is not a literal from 0 to 5", node)
    kind = array(values[0].type)
    found = emit("[[]]") if n == 0 else emit("list_transform(range(1, len({}) + 1), lambda i: [i])", a)
    for _ in range(n - 1):
        found = emit("el_longer({}, len({}))", found, a)
    picked = emit("list_transform(el_by_last({}), lambda p: list_transform(p, lambda i: ({})[i]))", found, a)
    return derived(emit("(CASE WHEN {} IS NOT NULL THEN CAST({} AS {}) END)", a, picked, kind.duckdb), kind, values)


def _no_arrays(values: list[Value]) -> Value:
    """Return a NULL in place of an array of arrays like the first value."""
    kind = array(values[0].type)
    return derived(emit("CAST(NULL AS {})", kind.duckdb), kind, values)


def _map_zip_with(parts: Parts, node: exp.Expr) -> Value:
    _arguments(node, "map_zip_with", 3)
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


def _histogram(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    kind = mapping(values[0].type.args[0], BIGINT)
    return values[0].become(emit("el_array_histogram({})", values[0].sql), kind)


def _join(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Join the elements of an array; a NULL among the separators is a NULL, one among the elements is left out or replaced."""
    inner = cast(Value(emit("el_x"), values[0].type.args[0]), VARCHAR, node).sql
    items = values[0].sql if inner == "el_x" else emit("list_transform({}, lambda el_x: {})", values[0].sql, inner)
    if len(values) == 3:
        items = emit("list_transform({}, lambda el_y: coalesce(el_y, {}))", items, values[2].sql)
    else:
        items = emit("list_filter({}, lambda el_y: el_y IS NOT NULL)", items)
    missing = joined(" OR ", (emit("{} IS NULL", value) for value in values[1:] if not isinstance(value.literal, str)))
    made = emit("array_to_string({}, {})", items, values[1].sql)
    return derived(emit("(CASE WHEN {} THEN NULL ELSE {} END)", missing, made) if missing else made, VARCHAR, values)


def _flatten(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Make one array out of an array of arrays, those that are NULL left out."""
    item = values[0].type.args[0]
    if item.name not in {"array", "unknown"}:
        raise mistyped(f"flatten() wants an array of arrays, not {values[0].type}", node)
    whole = coerce(values[0], array(array(UNKNOWN))) if item.name == "unknown" else values[0]
    return whole.become(emit("flatten({})", whole.sql), whole.type.args[0])


def _concat_maps(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Make one map, in which the last of equal keys counts; the entries of the last map stand first."""
    if len(values) == 1:
        return values[0].become(
            emit("(CASE WHEN {} IS NOT NULL THEN {} END)", values[0], failure("map_concat wants two maps or more")), values[0].type
        )
    missing = joined(" OR ", (emit("{} IS NULL", value.sql) for value in values))
    whole = values[0].sql
    for value in values[1:]:
        whole = emit("el_map_concat({}, {})", whole, value)
    return derived(emit("(CASE WHEN {} THEN NULL ELSE {} END)", missing, whole), values[0].type, values)


def _array_max(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    """Return the greatest element; NaN is greater than no other."""
    kind = values[0].type.args[0]
    macro = "el_greatest_of" if kind.name in {"double", "real"} else "el_array_max"
    return values[0].become(emit("{}({})", ours(macro), ordered(values[0], node)), kind)


def _array_min(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    return values[0].become(emit("el_array_min({})", ordered(values[0], node)), values[0].type.args[0])


def _ngrams(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
    a, n = values[0].sql, values[1].sql
    if values[1].is_null or values[0].is_null:
        return _no_arrays(values)
    if not isinstance(values[1].literal, int) or values[1].literal < 1:
        raise refused("ngrams() of a size that is not a positive literal", node)
    sql = emit(
        "(CASE WHEN len({}) < {} THEN [{}] ELSE list_transform(range(1, len({}) - {} + 2), lambda el_i: {}[el_i:el_i + {} - 1]) END)",
        a,
        n,
        a,
        a,
        n,
        a,
        n,
    )
    return derived(sql, array(values[0].type), values)


FUNCTIONS = [
    F("cardinality", "array(T) -> bigint", "CAST(len({0}) AS BIGINT)"),
    F("cardinality", "map(K,V) -> bigint", "CAST(cardinality({0}) AS BIGINT)"),
    F("element_at", "array(T), bigint -> T", "el_element_at({0}, {1})"),
    F("element_at", "map(K,V), K -> V", "el_map_element({0}, {1})"),
    F("contains", "array(T), T -> boolean", "el_contains({0}, {1})"),
    F("array_position", "array(T), T -> bigint", "CAST(el_position({0}, {1}) AS BIGINT)"),
    F("array_remove", "array(T), T -> array(T)", "el_remove({0}, {1})"),
    F("array_distinct", "array(T) -> array(T)", "el_distinct({0})"),
    F("array_intersect", "array(T), array(T) -> array(T)", "el_intersect({0}, {1})"),
    F("array_except", "array(T), array(T) -> array(T)", "el_except({0}, {1})"),
    F("array_union", "array(T), array(T) -> array(T)", "el_union({0}, {1})"),
    F("arrays_overlap", "array(T), array(T) -> boolean", "el_overlap({0}, {1})"),
    F("array_max", "array(T) -> T", _array_max),
    F("array_min", "array(T) -> T", _array_min),
    F("array_join", "array(T), varchar -> varchar", _join),
    F("array_join", "array(T), varchar, varchar -> varchar", _join),
    F("slice", "array(T), bigint, bigint -> array(T)", "el_slice({0}, {1}, {2})"),
    F("reverse", "array(T) -> array(T)", "list_reverse({0})"),
    F("flatten", "array(T) -> T", _flatten),
    F("repeat", "T, bigint -> array(T)", "el_repeat({0}, {1})"),
    F("combinations", "array(T), integer -> array(array(T))", _combinations),
    F("array_histogram", "array(T) -> map(T,bigint)", _histogram),
    F("trim_array", "array(T), bigint -> array(T)", "el_trim_array({0}, {1})"),
    F("contains_sequence", "array(T), array(T) -> boolean", "el_contains_sequence({0}, {1})"),
    F("multimap_from_entries", "array(T) -> T", _multimap_from_entries),
    F("ngrams", "array(T), integer -> array(array(T))", _ngrams),
    *(
        F("sequence", signature, _sequence)
        for signature in (
            "bigint, bigint -> array(bigint)",
            "bigint, bigint, bigint -> array(bigint)",
            "date, date -> array(date)",
            "date, date, interval day -> array(date)",
            "date, date, interval month -> array(date)",
            "timestamp, timestamp, interval day -> array(timestamp)",
            "timestamp, timestamp, interval month -> array(timestamp)",
        )
    ),
    F("map_keys", "map(K,V) -> array(K)", "map_keys({0})"),
    F("map_values", "map(K,V) -> array(V)", "map_values({0})"),
    F("map_entries", "map(K,V) -> array(K)", _entries),
    F("map_from_entries", "array(T) -> T", _from_entries),
    F("map_concat", "map(K,V)... -> map(K,V)", _concat_maps),
]

SYNTACTIC: dict[str, Syntactic] = {
    "transform": _transform,
    "filter": _filter,
    "any_match": _match("any_match"),
    "all_match": _match("all_match"),
    "none_match": _match("none_match"),
    "reduce": _reduce,
    "zip_with": _zip_with,
    "zip": _zip,
    "row": _row,
    "map": _map,
    "array_sort": _sort,
    "map_zip_with": _map_zip_with,
    "transform_keys": _map_lambda("transform_keys"),
    "transform_values": _map_lambda("transform_values"),
    "map_filter": _map_lambda("map_filter"),
}
