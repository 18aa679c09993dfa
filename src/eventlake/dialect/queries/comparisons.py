"""Comparisons of values: =, IN, BETWEEN, LIKE, IS."""

from __future__ import annotations

import re

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.operators import OPERATORS
from eventlake.dialect.queries.relation import unbracketed
from eventlake.dialect.queries.sameness import is_plain, is_same
from eventlake.dialect.queries.shape import holds_query
from eventlake.dialect.queries.subqueries import in_subquery, quantified
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import compared, has_holes, may_differ_from_itself, present
from eventlake.dialect.types.json_casts import distinguished
from eventlake.dialect.types.type import BOOLEAN, VARCHAR, common, instants
from eventlake.dialect.types.zones import as_instants

_QUANTIFIED = exp.All | exp.Any
_IN_ORDER = exp.LT | exp.LTE | exp.GT | exp.GTE
_COMPARED = exp.EQ | exp.NEQ | _IN_ORDER


def comparison(parts: Parts, node: exp.Expr) -> Value:
    """Return whether = <> < <= > >= holds of two values, or of one and all or any rows of a query."""
    sign = OPERATORS[type(node)]
    if isinstance(node.expression, _QUANTIFIED):
        return quantified(parts, node, sign)
    if isinstance(node.this, _COMPARED):
        raise mistyped("Comparisons are not chained in Athena: put one in brackets", node)
    return compared(sign, parts.value(node.this), parts.value(node.expression), node)


def distinct_from(parts: Parts, node: exp.Expr) -> Value:
    """Return whether IS [NOT] DISTINCT FROM holds."""
    left, right = parts.value(node.this), parts.value(node.expression)
    both = common(left.type, right.type)
    if both is None:
        raise mistyped(f"{left.type} and {right.type} cannot be compared", node)
    both = instants(both)
    left, right = (distinguished(coerce(side, both), "IS DISTINCT FROM", node) for side in (left, right))
    word = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
    return derived(emit("({} {} {})", left, ours(word), right), BOOLEAN, (left, right))


def is_null(parts: Parts, node: exp.Expr) -> Value:
    """Return whether a value is NULL.

    Of an order of rows or arrays Trino looks at the two sides alone, and meets no NULL within.
    """
    value, inner = parts.value(node.this), unbracketed(node.this)
    if isinstance(inner, _IN_ORDER) and not holds_query(inner):
        left, right = parts.value(inner.this), parts.value(inner.expression)
        if has_holes(left.type):
            return derived(emit("({} IS NULL OR {} IS NULL)", left, right), BOOLEAN, (left, right))
    return value.become(emit("({} IS NULL)", value.sql), BOOLEAN)


def in_list(parts: Parts, node: exp.Expr) -> Value:
    """Return whether a value is among others, or among the rows of a query."""
    query = node.args.get("query")
    if query is not None:
        return in_subquery(parts, node, query.this if isinstance(query, exp.Subquery) else query)
    values, kind = parts.united([node.this, *node.expressions], "IN")
    values = [as_instants(value) for value in values]
    if kind.args or kind.name in {"double", "real", "json"}:
        nodes = [node.this, *node.expressions]
        knows = is_plain(node.this) and may_differ_from_itself(kind)
        alternatives = [
            (present(value, node) if knows and is_same(values[0], value, nodes) else compared("=", values[0], value, node)).sql
            for value in values[1:]
        ]
        return derived(emit("({})", joined(" OR ", alternatives)), BOOLEAN, values)
    return derived(emit("({} IN ({}))", values[0].sql, joined(", ", (value.sql for value in values[1:]))), BOOLEAN, values)


def between(parts: Parts, node: exp.Expr) -> Value:
    """Return whether a value is between two others."""
    value, low, high = (parts.value(node.args[key]) for key in ("this", "low", "high"))
    if common(low.type, high.type) is None:
        raise mistyped(f"BETWEEN mixes {low.type} and {high.type}", node)
    left, right = compared(">=", value, low, node), compared("<=", value, high, node)
    return derived(emit("({} AND {})", left.sql, right.sql), BOOLEAN, (left, right))


def like(parts: Parts, node: exp.Expr, escape: exp.Expr | None = None) -> Value:
    """Return whether a text is LIKE a pattern."""
    value, pattern = parts.value(node.this), parts.value(node.expression)
    for part in (value, pattern):
        if part.type.name not in {"varchar", "char", "unknown"}:
            raise mistyped(f"LIKE wants text, not {part.type}", node)
    if pattern.type.name == "char":
        raise mistyped(f"The pattern of LIKE is a varchar, not a {pattern.type}", node)
    ending = NOTHING
    if escape is not None:
        ending = _escape(parts, pattern, parts.value(escape), node)
    return derived(emit("({} LIKE {}{})", coerce(value, VARCHAR), coerce(pattern, VARCHAR), ending), BOOLEAN, (value, pattern))


def _escape(parts: Parts, pattern: Value, sign: Value, node: exp.Expr) -> Sql:
    if not isinstance(sign.literal, str) or not isinstance(pattern.literal, str):
        raise refused("LIKE with an escape or pattern that is not a literal", node)
    if len(sign.literal) != 1 or re.search(
        re.escape(sign.literal) + rf"(?![%_{re.escape(sign.literal)}])", pattern.literal.replace(sign.literal * 2, "")
    ):
        raise mistyped("The escape of LIKE is one character and stands before %, _ or itself", node)
    return emit(" ESCAPE {}", sign.sql)


def like_escaped(parts: Parts, node: exp.Expr) -> Value:
    """Return whether a text is LIKE a pattern with an escape."""
    return like(parts, node.this, node.expression)
