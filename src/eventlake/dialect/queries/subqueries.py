"""Subqueries inside expressions: IN, EXISTS, ALL and ANY, and one that stands for a value."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.relation import Relation
from eventlake.dialect.sql import emit, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import advice
from eventlake.dialect.types.type import BOOLEAN, common, instants


def quantified(parts: Parts, node: exp.Expr, sign: str) -> Value:
    """`x > ALL (SELECT ...)`, `x = ANY (VALUES ...)`."""
    left = parts.value(node.this)
    inner = node.expression.this
    query = inner.this if isinstance(inner, exp.Subquery) else inner
    if not isinstance(query, exp.Query):
        raise refused("ALL or ANY without a subquery", node)
    relation = parts.context.subquery(query, parts.context.scope)
    column = _one_column(relation, node)
    both = common(left.type, column.type)
    both = instants(both) if both is not None else None
    if both is None or both.args:
        raise mistyped(f"{left.type} and {column.type} cannot be compared", node)
    word = "ALL" if isinstance(node.expression, exp.All) else "ANY"
    value = coerce(column, both)
    sql = emit("({} {} {} (SELECT {} FROM ({}) AS el_q))", coerce(left, both), ours(sign), ours(word), value, relation)
    return derived(sql, BOOLEAN, (left,))


def in_subquery(parts: Parts, node: exp.Expr, query: exp.Query) -> Value:
    """`x IN (SELECT ...)`"""
    left = parts.value(node.this)
    relation = parts.context.subquery(query, parts.context.scope)
    if left.type.name == "row" and len(relation.fields) > 1:
        raise refused("A row IN a subquery", node, "join on its columns")
    column = _one_column(relation, node)
    both = common(left.type, column.type)
    both = instants(both) if both is not None else None
    if both is None:
        raise mistyped(f"{left.type} IN a subquery of {column.type}{advice(left.type, column.type)}", node)
    inside = coerce(column, both).sql
    return derived(emit("({} IN (SELECT {} FROM ({}) AS el_q))", coerce(left, both).sql, inside, relation.sql), BOOLEAN, (left,))


def _one_column(relation: Relation, node: exp.Expr) -> Value:
    if len(relation.fields) != 1:
        raise mistyped(f"A subquery with {len(relation.fields)} columns stands where one is wanted", node)
    column = relation.fields[0]
    return column.value(ours("el_q"))


def exists(parts: Parts, node: exp.Expr) -> Value:
    """`EXISTS (SELECT ...)`"""
    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    relation = parts.context.subquery(query, parts.context.scope)
    return Value(emit("EXISTS ({})", relation.sql), BOOLEAN)


def scalar(parts: Parts, node: exp.Expr) -> Value:
    """A subquery that stands for one value."""
    if node.args.get("alias") or not isinstance(node.this, exp.Query):
        raise refused("This subquery", node)
    relation = parts.context.subquery(node.this, parts.context.scope)
    column = _one_column(relation, node)
    return Value(emit("(SELECT {} FROM ({}) AS el_q)", column.sql, relation.sql), column.type)
