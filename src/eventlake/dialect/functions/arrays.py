"""Arrays and rows: https://trino.io/docs/current/functions/array.html"""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import failure
from eventlake.dialect.functions.function import Builder, Syntactic
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.lambdas import or_no_array
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import emit, joined, ours, quoted
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast, coerce
from eventlake.dialect.types.comparison import nan_within, ordered
from eventlake.dialect.types.type import BIGINT, BOOLEAN, DATE, INTERVAL_MONTH, UNKNOWN, VARCHAR, Type, array, common, row


def _zip(parts: Parts, node: exp.Expr) -> Value:
    values = [or_no_array(parts.value(argument)) for argument in node.expressions]
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
    kind = common(start.type, stop.type) or start.type
    return derived(emit("CAST({} AS {})", made, array(kind).duckdb), array(kind), values)


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


def _equal_to(numbers: str, others: str, nothing: str, kind: Type | None = None) -> Builder:
    """Build what looks in an array for what equals a value, which NaN does to nothing; DuckDB has it equal to itself.

    numbers, others: SQL for doubles, and for all else. nothing: for a value that holds NaN. kind: of the answer, None for that of the array.
    """

    def build(parts: Parts, values: list[Value], node: exp.Expr) -> Value:
        sought = values[1]
        made = emit(numbers if sought.type.name in {"double", "real"} else others, *values)
        if sought.type.args and (unequal := nan_within(sought.sql, sought.type)) is not None:
            made = emit("CASE WHEN {} THEN {} ELSE {} END", unequal, emit(nothing, *values), made)
        return derived(made, kind or values[0].type, values)

    return build


FUNCTIONS = [
    F("cardinality", "array(T) -> bigint", "CAST(len({0}) AS BIGINT)"),
    F("element_at", "array(T), bigint -> T", "el_element_at({0}, {1})"),
    F(
        "contains",
        "array(T), T -> boolean",
        _equal_to(
            "el_contains(el_numbers({0}), {1})",
            "el_contains({0}, {1})",
            "el_contains(list_filter({0}, lambda el_e: el_e IS NULL), {1})",
            BOOLEAN,
        ),
    ),
    F(
        "array_position",
        "array(T), T -> bigint",
        _equal_to(
            "el_position_of_number({0}, {1})", "CAST(el_position({0}, {1}) AS BIGINT)", "CASE WHEN {0} IS NOT NULL THEN 0 END", BIGINT
        ),
    ),
    F(
        "array_remove",
        "array(T), T -> array(T)",
        _equal_to("(CASE WHEN isnan({1}) THEN {0} ELSE el_remove({0}, {1}) END)", "el_remove({0}, {1})", "{0}"),
    ),
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
    F("trim_array", "array(T), bigint -> array(T)", "el_trim_array({0}, {1})"),
    F("contains_sequence", "array(T), array(T) -> boolean", "el_contains_sequence({0}, {1})"),
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
]

SYNTACTIC: dict[str, Syntactic] = {"zip": _zip, "row": _row}
