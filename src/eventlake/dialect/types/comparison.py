"""`= <> < <= > >=` as Trino compares: two values brought to one type, rows and arrays element by element, NaN equal to nothing."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.json_casts import canonical
from eventlake.dialect.types.type import BOOLEAN, Type, common, instants


def compared(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    """Two values compared, brought to one type first. Raises QuerySyntaxError where Trino sees no common type."""
    both = common(left.type, right.type)
    if both is None:
        raise mistyped(f"{left.type} and {right.type} cannot be compared with {sign}{advice(left.type, right.type)}", node)
    both = instants(both)
    if (both.name in {"json"} and sign not in {"=", "<>"}) or (both.name == "map" and sign not in {"=", "<>"}):
        raise mistyped(f"{both} has no order", node)
    if {left.type.name, right.type.name} == {"char", "varchar"}:
        raise refused("A comparison of char and varchar", node, "cast both to varchar")
    if both.name in {"array", "row", "map"}:
        return _nested(sign, coerce(left, both), coerce(right, both), node)
    a, b = coerce(left, both).sql, coerce(right, both).sql
    if both.name == "json":
        a, b = canonical(left), canonical(right)
    if both.name in {"double", "real"}:
        return derived(_not_a_number(sign, a, b), BOOLEAN, (left, right))
    return derived(emit("({} {} {})", a, ours(sign), b), BOOLEAN, (left, right))


def _nested(sign: str, left: Value, right: Value, node: exp.Expr) -> Value:
    if left.type.name == "row" and sign in {"=", "<>"}:
        parts = [compared("=", row_part(left, i), row_part(right, i), node).sql for i in range(len(left.type.args))]
        equal = emit("({})", joined(" AND ", parts))
        return derived(equal if sign == "=" else emit("(NOT {})", equal), BOOLEAN, (left, right))
    if left.type.name == "row":
        return derived(_row_order(sign, left, right, node), BOOLEAN, (left, right))
    if left.type.name == "array" and not left.type.args[0].args:
        if sign in {"=", "<>"}:
            equal = emit("el_array_equal({}, {})", left.sql, right.sql)
            return derived(equal if sign == "=" else emit("(NOT {})", equal), BOOLEAN, (left, right))
        return derived(emit("(el_ordered({}) {} el_ordered({}))", left.sql, ours(sign), right.sql), BOOLEAN, (left, right))
    if left.type.name == "map" and not any(part.args for part in left.type.args):
        equal = emit("el_map_equal({}, {})", left.sql, right.sql)
        return derived(equal if sign == "=" else emit("(NOT {})", equal), BOOLEAN, (left, right))
    raise refused(f"A comparison of {left.type}", node)


def _row_order(sign: str, left: Value, right: Value, node: exp.Expr) -> Sql:
    if left.type.is_unknown or right.type.is_unknown:
        raise mistyped("Rows with a bare NULL have no order", node)
    strict = sign[0]
    sql = compared(sign, row_part(left, -1), row_part(right, -1), node).sql
    for i in range(len(left.type.args) - 2, -1, -1):
        a, b = row_part(left, i), row_part(right, i)
        sql = emit("CASE WHEN {} THEN {} ELSE {} END", compared("=", a, b, node).sql, sql, compared(strict, a, b, node).sql)
    return emit("({})", sql)


def row_part(value: Value, index: int) -> Value:
    """The field at that place, from 0."""
    name, kind = list(value.type.fields())[index]
    return value.become(emit("struct_extract({}, {})", value.sql, text(name)), kind)


def _not_a_number(sign: str, a: Sql, b: Sql) -> Sql:
    """A comparison of doubles in which NaN is neither equal nor less nor greater; DuckDB has it greatest and equal to itself."""
    if sign == "<>":
        return emit("({} <> {} OR isnan({}))", a, b, a)
    side = b if sign.startswith("<") else a
    return emit("({} {} {} AND NOT isnan({}))", a, ours(sign), b, side)


def advice(left: Type, right: Type) -> str:
    """`: write date '2026-11-07'` and the like, behind the sentence that these types cannot be compared."""
    names = {left.name, right.name}
    if names == {"date", "varchar"}:
        return ": write date '2026-11-07'"
    if "varchar" in names and names & {"integer", "bigint", "decimal", "double"}:
        return ": put the number in quotes or cast the text"
    if "varchar" in names and names & {"timestamp", "timestamptz"}:
        return ": write timestamp '2026-11-07 10:00:00'"
    return ""
