"""Operators that calculate: signs, arithmetic, ||, subscripts."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import emit
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.arithmetic import arithmetic
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import row_part
from eventlake.dialect.types.concatenation import concatenated, joined_chars, joined_with_null
from eventlake.dialect.types.literals import number_literal
from eventlake.dialect.types.type import BIGINT, VARBINARY, VARCHAR, common, mapping

OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
"""The signs of operators, here and in DuckDB."""


def bracketed(parts: Parts, node: exp.Expr) -> Value:
    """Return what stands in brackets."""
    return parts.value(node.this)


def calculated(parts: Parts, node: exp.Expr) -> Value:
    """Return what + - * / % make of two values."""
    sign = OPERATORS[type(node)]
    return arithmetic(sign, parts.value(node.this), parts.value(node.expression), node)


def negative(parts: Parts, node: exp.Expr) -> Value:
    """Return a value behind a minus."""
    if isinstance(node.this, exp.Literal) and not node.this.is_string:
        return number_literal("-" + str(node.this.this), node)
    value = parts.value(node.this)
    if not (value.type.is_number or value.type.name.startswith("interval")):
        raise mistyped(f"A minus stands before {value.type}", node)
    made = emit("(- {})", value.sql)
    is_narrow = value.type.is_integer and value.type != BIGINT  # DuckDB may compute it in a wider type
    return value.become(emit("CAST({} AS {})", made, value.type.duckdb) if is_narrow else made, value.type)


def positive(parts: Parts, node: exp.Expr) -> Value:
    """Return a value behind a plus."""
    value = parts.value(node.this)
    if not value.type.is_number or value.type.name == "decimal":
        raise mistyped(f"A plus stands before {value.type}", node)
    return value.become(emit("(+ {})", value.sql), value.type)


def concatenation(parts: Parts, node: exp.Expr) -> Value:
    """Return what || joins: texts, arrays, bytes."""
    left, right = parts.value(node.this), parts.value(node.expression)
    pair = {left.type.name, right.type.name} - {"unknown"}
    if "unknown" in {left.type.name, right.type.name} and "array" not in pair:
        return joined_with_null(left, right, node)
    if "char" in pair:
        return joined_chars(left, right, node)
    if pair == {"varchar"}:
        return derived(emit("({} || {})", coerce(left, VARCHAR).sql, coerce(right, VARCHAR).sql), VARCHAR, (left, right))
    if "array" in pair:
        return concatenated(left, right, node)
    if pair == {"varbinary"}:
        return derived(emit("({} || {})", left.sql, right.sql), VARBINARY, (left, right))
    raise mistyped(f"|| cannot join {left.type} and {right.type}: cast both to varchar", node)


def subscript(parts: Parts, node: exp.Expr) -> Value:
    """Return the element of an array, the value of a map's key, the field of a row by its number."""
    whole, index = parts.value(node.this), parts.value(node.expressions[0])
    if whole.type.name == "unknown":
        return whole
    if whole.type.name == "array":
        if not (index.type.is_integer or index.type.name == "unknown"):
            raise mistyped(f"A subscript of an array is a number, not {index.type}", node)
        return derived(emit("el_subscript({}, {})", whole.sql, coerce(index, BIGINT).sql), whole.type.args[0], (whole, index))
    if whole.type.name == "map":
        if whole.type.args[0].name == "unknown":  # of a map without keys
            whole = coerce(whole, mapping(index.type, whole.type.args[1]))
        key = common(index.type, whole.type.args[0])
        if key != whole.type.args[0] and not (key and key.name == "varchar"):
            raise mistyped(f"A key of {whole.type} is not {index.type}", node)
        return derived(emit("el_map_value({}, {})", whole.sql, coerce(index, whole.type.args[0]).sql), whole.type.args[1], (whole, index))
    if whole.type.name == "row" and isinstance(index.literal, int) and 1 <= index.literal <= len(whole.type.args):
        return row_part(whole, index.literal - 1)
    raise mistyped(f"{whole.type} has no subscripts like this", node)
