"""Constants, and what is made of values side by side: literals, arrays, rows."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import emit, joined, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.literals import interval_literal, number_literal, unescaped
from eventlake.dialect.types.type import BOOLEAN, UNKNOWN, VARBINARY, array, text_type


def literal(parts: Parts, node: exp.Expr) -> Value:
    """Return a text or a number as it is written."""
    written = str(node.this)
    if node.args.get("is_string"):
        return Value(text(written), text_type(len(written)), literal=written)
    return number_literal(written, node)


def null(parts: Parts, node: exp.Expr) -> Value:
    """Return NULL, which is of no type yet."""
    return Value(emit("NULL"), UNKNOWN, is_null=True)


def boolean(parts: Parts, node: exp.Expr) -> Value:
    """Return true or false."""
    return Value(emit("true" if node.this else "false"), BOOLEAN)


def unicode_text(parts: Parts, node: exp.Expr) -> Value:
    """Return a text whose letters may be written by their numbers, U&'...'."""
    written = unescaped(node)
    return Value(text(written), text_type(len(written)), literal=written)


def hexadecimal(parts: Parts, node: exp.Expr) -> Value:
    """Return bytes that are written in hexadecimal digits."""
    digits = str(node.this)
    return Value(emit("unhex({})", text(digits)), VARBINARY)


def interval(parts: Parts, node: exp.Expr) -> Value:
    """Return an interval."""
    return interval_literal(node)


def array_of(parts: Parts, node: exp.Expr) -> Value:
    """Return ARRAY[...], its elements brought to one type."""
    if not node.expressions:
        return Value(emit("[]"), array(UNKNOWN))
    values, kind = parts.united(node.expressions, "ARRAY[...]")
    return derived(emit("[{}]", joined(", ", (value.sql for value in values))), array(kind), values)


def row_constructor(parts: Parts, node: exp.Expr) -> Value:
    """Return ROW(...), or values in brackets."""
    return parts.row_of([parts.value(part) for part in node.expressions])
