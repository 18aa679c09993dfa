"""What conditions decide: AND, OR, NOT, CASE, IF."""

from __future__ import annotations

from eventlake.dialect.binding import Value, derived
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.comparisons import is_null
from eventlake.dialect.queries.guarding import guarded
from eventlake.dialect.queries.sameness import is_compiled, is_same
from eventlake.dialect.sql import NOTHING, emit, joined
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.comparison import compared
from eventlake.dialect.types.type import BOOLEAN

_READ = "JOIN ... ON"
"""The clause that DuckDB takes apart for what it can join by."""


def logic(parts: Parts, node: exp.Expr) -> Value:
    """Return what AND or OR make of a chain of conditions."""
    word = "AND" if isinstance(node, exp.And) else "OR"
    nodes = _flat(node)
    conditions = [parts.boolean(part, word) for part in nodes]
    keeps = id(node) in parts.context.kept_by or parts.context.clause == _READ
    chain = [one.sql for one in conditions] if keeps else list(guarded(nodes, conditions, word))
    return derived(emit("({})", joined(f" {word} ", chain)), BOOLEAN, conditions)


def negated(parts: Parts, node: exp.Expr) -> Value:
    """Return what NOT makes of a condition."""
    inner = node.this
    if isinstance(inner, exp.Is):
        value = is_null(parts, inner)
        return value.become(emit("(NOT {})", value.sql), BOOLEAN)
    value = parts.boolean(inner, "NOT")
    return value.become(emit("(NOT {})", value.sql), BOOLEAN)


def case(parts: Parts, node: exp.Expr) -> Value:
    """Return the value of CASE."""
    branches = node.args["ifs"]
    default = node.args.get("default")
    values, kind = parts.united([branch.args["true"] for branch in branches] + ([default] if default is not None else []), "CASE")
    conditions = [_condition(parts, node, branch) for branch in branches]
    decided = _decided(parts, node) if node.this is not None else None  # what stands behind it is never computed
    last = len(branches) if decided is None else decided
    pairs = zip(conditions[:last], values[:last], strict=True)
    whens = joined("", (emit(" WHEN {} THEN {}", condition.sql, value.sql) for condition, value in pairs))
    other = emit(" ELSE {}", values[last]) if last < len(values) else NOTHING
    made = emit("(CASE{}{} END)", whens, other) if last else values[last].sql
    return derived(made, kind, (*conditions, *values))


def _condition(parts: Parts, node: exp.Expr, branch: exp.Expr) -> Value:
    if node.this is None:
        return parts.boolean(branch.this, "A condition of CASE")
    return compared("=", parts.value(node.this), parts.value(branch.this), branch)


def _decided(parts: Parts, node: exp.Expr) -> int | None:
    """Return the first branch of `CASE x` that is `WHEN x`: it is taken if none before it is, also where x is NULL."""
    nodes = [node.this, *(branch.this for branch in node.args["ifs"])]
    operand, *others = map(parts.value, nodes)
    found = (index for index, other in enumerate(others) if is_same(operand, other, nodes))
    return None if is_compiled(node.this) else next(found, None)


def if_(parts: Parts, node: exp.Expr) -> Value:
    """Return the value of IF."""
    condition = parts.boolean(node.this, "The condition of IF")
    other = node.args.get("false")
    values, kind = parts.united([node.args["true"]] + ([other] if other is not None else []), "IF")
    ending = emit(" ELSE {}", values[1].sql) if other is not None else NOTHING
    return derived(emit("(CASE WHEN {} THEN {}{} END)", condition.sql, values[0].sql, ending), kind, (condition, *values))


def _flat(node: exp.Expr) -> list[exp.Expr]:
    """Return the parts of a chain of the same AND or OR, without recursion into it."""
    parts: list[exp.Expr] = []
    todo = [node]
    while todo:
        part = todo.pop()
        if type(part) is type(node):
            todo += [part.expression, part.this]
        else:
            parts.append(part)
    return parts
