"""Conditions that guard others: `y <> 0 AND 10 / y > 1` computes no quotient where y is 0.

Trino computes a chain of AND or OR from left to right, as far as it has to. DuckDB does so where rows are kept, and computes all of a chain
elsewhere, so that a division fails there that nobody would have made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.dialect.binding import Value
from eventlake.dialect.sql import Sql, emit, joined, ours
from eventlake.dialect.text import tree as exp

_GUARDS = 8
"""So many conditions before one that may fail are asked once more, the nearest: each makes the statement longer."""
_NODES = 12
"""Larger ones are not."""
_FAILING = exp.Div | exp.Mod | exp.Cast | exp.Bracket


def guarded(nodes: Sequence[exp.Expr], conditions: Sequence[Value], word: str) -> Iterator[Sql]:
    """Yield the SQL of the conditions of a chain, of which those that may fail are left NULL where one before them has decided.

    word: AND or OR.
    """
    decided = ours("FALSE" if word == "AND" else "TRUE")
    guards: list[Sql] = []
    for node, condition in zip(nodes, conditions, strict=True):
        parts = list(node.walk())
        if any(isinstance(part, exp.Query) for part in parts):
            yield condition.sql
        elif any(map(_may_fail, parts)):
            before = joined(" OR ", [emit("{} IS {}", guard, decided) for guard in guards[-_GUARDS:]])
            yield emit("(CASE WHEN {} THEN NULL ELSE {} END)", before, condition.sql) if guards else condition.sql
        else:
            yield condition.sql
            if len(parts) <= _NODES:
                guards.append(condition.sql)


def chains(condition: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the chains of AND and OR of which a condition is made that rows are kept by."""
    todo = [condition]
    while todo:
        part = todo.pop()
        if isinstance(part, exp.And | exp.Or):
            yield part
            todo += [part.this, part.expression]
        elif isinstance(part, exp.Paren):
            todo.append(part.this)


def _may_fail(node: exp.Expr) -> bool:
    """Tell whether an operator may fail for a row; what holds no column is computed before there are rows."""
    return isinstance(node, _FAILING) and not isinstance(node, exp.TryCast) and any(isinstance(part, exp.Column) for part in node.walk())
