"""`= <> < <= > >=` as Trino compares: two values brought to one type, rows and arrays element by element, NaN equal to nothing."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import lasting_failure, refusal
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.json_casts import canonical, once, require_no_json
from eventlake.dialect.types.type import BOOLEAN, Type, as_decimal, common, instants


def compared(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    """Compare two values, brought to one type first. Raises QuerySyntaxError where Trino sees no common type."""
    both = common(left.type, right.type)
    if both is None:
        raise mistyped(f"{left.type} and {right.type} cannot be compared with {sign}{advice(left.type, right.type)}", node)
    both = instants(both)
    if sign not in {"=", "<>"}:
        require_order(both, node)
    if {left.type.name, right.type.name} == {"char", "varchar"}:
        return derived(_padded(sign, left.sql, right.sql), BOOLEAN, (left, right))
    if both.name in {"array", "row", "map"}:
        return _nested(sign, coerce(left, both), coerce(right, both), node)
    a, b = (_fitting(value, both) if both.name == "decimal" else coerce(value, both).sql for value in (left, right))
    if both.name == "json":
        a, b = canonical(left), canonical(right)
    if both.name in {"double", "real"}:
        return derived(_not_a_number(sign, a, b), BOOLEAN, (left, right))
    return derived(emit("({} {} {})", a, ours(sign), b), BOOLEAN, (left, right))


def _padded(sign: str, a: Sql, b: Sql) -> Sql:
    """Compare a char with a varchar: blanks at the end of either do not count, and what is shorter ends in blanks."""
    if sign in {"=", "<>"}:
        return emit("(rtrim({}, ' ') {} rtrim({}, ' '))", a, ours(sign), b)
    return emit("el_as_long({0}, {1}) {2} el_as_long({1}, {0})", a, b, ours(sign))


def _fitting(value: Value, both: Type) -> Sql:
    """Make SQL of a number as the decimal that it is compared as; refuse one with too many digits, on which Trino fails or not as it plans."""
    made, own = coerce(value, both).sql, as_decimal(value.type)
    if own.name == "unknown" or own.numbers[0] - own.numbers[1] <= both.numbers[0] - both.numbers[1]:
        return made
    wrong = refusal(f"A comparison as {both} of ", value.sql)
    return emit("(CASE WHEN {} IS NOT NULL AND TRY({}) IS NULL THEN {} ELSE {} END)", value, made, wrong, made)


def _nested(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    if left.type.name == "row" and sign in {"=", "<>"}:
        parts = [compared("=", row_part(left, i), row_part(right, i), node).sql for i in range(len(left.type.args))]
        equal = emit("({})", joined(" AND ", parts))
        return derived(equal if sign == "=" else emit("(NOT {})", equal), BOOLEAN, (left, right))
    if left.type.name == "row":
        return derived(_row_order(sign, left, right, node), BOOLEAN, (left, right))
    require_no_json(left.type, "A comparison", node)
    if left.type.name == "array" and sign in {"=", "<>"}:
        equal = _array_equal(left, right, node)
        return derived(equal if sign == "=" else emit("(NOT {})", equal), BOOLEAN, (left, right))
    if left.type.name == "array" and not left.type.args[0].args:
        return derived(_array_order(sign, left.sql, right.sql), BOOLEAN, (left, right))
    if left.type.name == "map" and not left.type.args[0].args:
        equal = _map_equal(left, right, node)
        return derived(equal if sign == "=" else emit("(NOT {})", equal), BOOLEAN, (left, right))
    raise refused(f"A comparison of {left.type}", node)


def _row_order(sign: str, left: Value, right: Value, node: exp.Expr) -> Sql:
    """Make SQL that goes through the fields until two differ; Trino fails on a NULL before that."""
    wrong = lasting_failure("A row with a NULL among its fields has no order")
    sql = ours("false" if sign in {"<", ">"} else "true")
    for i in range(len(left.type.args) - 1, -1, -1):
        a, b = row_part(left, i), row_part(right, i)
        if a.type.name in {"double", "real"}:  # in an order within a row NaN is greatest, and equal to itself
            equal, before = emit("{} = {}", a, b), emit("{} {} {}", a, ours(sign[0]), b)
        else:
            equal, before = compared("=", a, b, node).sql, compared(sign[0], a, b, node).sql
        sql = emit("CASE WHEN {} IS NULL OR {} IS NULL THEN {} WHEN {} THEN {} ELSE {} END", a, b, wrong, equal, sql, before)
    return emit("(CASE WHEN {} IS NOT NULL AND {} IS NOT NULL THEN {} END)", left, right, sql)


def _array_order(sign: str, left: Sql, right: Sql) -> Sql:
    """Make SQL that goes through the elements until two differ; Trino fails on a NULL before that."""
    first, second = (left, right) if sign in {"<", ">="} else (right, left)
    before = emit("el_array_before({}, {})", first, second)
    return before if sign in {"<", ">"} else emit("(NOT {})", before)


def _array_equal(left: Value, right: Value, node: exp.Expr) -> Sql:
    """Make SQL that is false if two elements differ, else NULL if two cannot be told apart."""
    item = left.type.args[0]
    if not item.args and item.name not in {"double", "real"}:
        return emit("el_array_equal({}, {})", left.sql, right.sql)
    name = ours(f"el_q{_depth(left.type)}")
    equal = compared("=", Value(emit("{}[1]", name), item), Value(emit("{}[2]", name), item), node)
    results = emit("el_every(list_transform(list_zip({}, {}), lambda {}: {}))", left, right, name, equal)
    return emit("(CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN len({0}) <> len({1}) THEN false ELSE {2} END)", left, right, results)


def _map_equal(left: Value, right: Value, node: exp.Expr) -> Sql:
    """Make SQL that is false if keys or two values differ, else NULL if two values cannot be told apart."""
    item = left.type.args[1]
    if not item.args and item.name not in {"double", "real"}:
        return emit("el_map_equal({}, {})", left.sql, right.sql)
    name = ours(f"el_q{_depth(left.type)}")
    a, b = (Value(emit("({})[{}]", side, name), item) for side in (left, right))
    results = emit("el_every(list_transform(map_keys({}), lambda {}: {}))", left, name, compared("=", a, b, node))
    return emit(
        "(CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN el_same_keys({0}, {1}) THEN {2} ELSE false END)", left, right, results
    )


def _depth(kind: Type) -> int:
    return 1 + max(map(_depth, kind.args), default=0)


def ordered(value: Value, node: exp.Expr) -> Sql:
    """Make SQL of an array that is put into order; refuse one of rows or arrays with a NULL in them, on which Trino may fail.

    Raises QuerySyntaxError for elements that have no order.
    """
    item = value.type.args[0]
    require_order(item, node)
    if not has_holes(item):
        return value.sql
    holes = hole(Value(ours("el_o"), item))
    wrong = refusal(_HOLES)
    whole = "(CASE WHEN len({0}) > 1 AND len(list_filter({0}, lambda el_o: {1})) > 0 THEN {2} ELSE {0} END)"
    return once(value.sql, lambda items: emit(whole, items, holes, wrong))


_HOLES = "An order of rows or arrays with NULL in them"


def sortable(value: Value) -> Value:
    """Return a value that rows are put into order by; refuse a row or an array with a NULL in it, on which Trino may fail."""
    if not has_holes(value.type):
        return value
    return value.become(
        once(value.sql, lambda sql: emit("(CASE WHEN {} THEN {} ELSE {} END)", hole(Value(sql, value.type)), refusal(_HOLES), sql)),
        value.type,
    )


def has_holes(kind: Type) -> bool:
    """Tell whether a value of this type has parts that may be NULL, although it is not itself."""
    return kind.name in {"row", "array"} and not kind.is_unknown


def present(value: Value, node: exp.Expr) -> Value:
    """Make the condition that a value is the same as itself, NaN included: NULL for NULL and for what holds one."""
    if value.type.name == "map":
        return value.become(emit("({} IS NOT NULL OR NULL)", compared("=", value, value, node)), BOOLEAN)
    missing = _missing(value)
    return value.become(emit("(CASE WHEN {} THEN NULL ELSE true END)", missing), BOOLEAN)


def may_differ_from_itself(kind: Type) -> bool:
    """Tell whether a value of this type may not equal itself although it is not NULL: NaN, and what holds it or a NULL."""
    return kind.name in {"row", "array", "map", "double", "real"}


def hole(value: Value) -> Sql:
    """Make SQL that tells whether a part of a row or an array is NULL."""
    if value.type.name == "array":
        name = ours(f"el_h{_depth(value.type)}")
        missing = _missing(Value(name, value.type.args[0]))
        return emit("coalesce(len(list_filter({}, lambda {}: {})) > 0, false)", value, name, missing)
    fields = [row_part(value, index) for index in range(len(value.type.args))]
    return emit("({} IS NOT NULL AND ({}))", value, joined(" OR ", map(_missing, fields)))


def _missing(part: Value) -> Sql:
    """Make SQL that tells whether a part is NULL, or has one in it."""
    missing = emit("{} IS NULL", part)
    return emit("{} OR {}", missing, hole(part)) if has_holes(part.type) else missing


def require_order(kind: Type, node: exp.Expr) -> None:
    """Refuse what Trino puts into no order, itself or inside of a row or an array. Raises QuerySyntaxError."""
    if kind.name in {"json", "map"}:
        raise mistyped(f"{kind} has no order", node)
    for part in kind.args:
        require_order(part, node)


def row_part(value: Value, index: int) -> Value:
    """Take the field at that place, from 0."""
    name, kind = list(value.type.fields())[index]
    return value.become(emit("struct_extract({}, {})", value.sql, text(name)), kind)


def _not_a_number(sign: str, a: Sql, b: Sql) -> Sql:
    """Compare doubles: NaN is neither equal nor less nor greater; DuckDB has it greatest and equal to itself. NULL stays NULL."""
    if sign == "<>":
        return emit("({0} <> {1} OR (isnan({0}) AND {1} IS NOT NULL))", a, b)
    other, side = (a, b) if sign.startswith("<") else (b, a)
    return emit("({} {} {} AND (NOT isnan({}) OR ({} IS NULL AND NULL)))", a, ours(sign), b, side, other)


def nan_within(held: Sql, kind: Type, depth: int = 0) -> Sql | None:
    """Make the condition that a NaN stands somewhere in a value, so that the value equals nothing; None for a type that holds no doubles, and for maps."""
    if kind.name in {"double", "real"}:
        return emit("isnan({})", held)
    if kind.name == "array":
        item = ours(f"el_n{depth}")
        inner = nan_within(item, kind.args[0], depth + 1)
        return None if inner is None else emit("(len(list_filter({}, lambda {}: {})) > 0)", held, item, inner)
    fields = kind.fields() if kind.name == "row" else ()
    found = [nan_within(emit("struct_extract({}, {})", held, text(name)), part, depth) for name, part in fields]
    known = [one for one in found if one is not None]
    return emit("({})", joined(" OR ", known)) if known else None


def advice(left: Type, right: Type) -> str:
    """Say `: write date '2026-11-07'` and the like, behind the sentence that these types cannot be compared."""
    names = {left.name, right.name}
    if names == {"date", "varchar"}:
        return ": write date '2026-11-07'"
    if "varchar" in names and names & {"integer", "bigint", "decimal", "double"}:
        return ": put the number in quotes or cast the text"
    if "varchar" in names and names & {"timestamp", "timestamptz"}:
        return ": write timestamp '2026-11-07 10:00:00'"
    return ""
