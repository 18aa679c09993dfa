"""Whether two expressions are one, which Trino sees before it computes any: `CASE x WHEN x`, `x IN (1, x)`.

There x is found whatever `x = x` says: NaN in either, and in CASE a NULL too. Constants alone are computed instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Value
from eventlake.dialect.queries.relation import unbracketed
from eventlake.dialect.queries.shape import is_aggregate
from eventlake.dialect.text import tree as exp

_COMPILED = ("json_", "regexp_")
"""How functions begin whose paths and patterns Trino compiles first: no two of those are one."""


def is_same(value: Value, other: Value, nodes: Sequence[exp.Expr]) -> bool:
    """Tell whether two values are one expression.

    nodes: what the first is written as, and all that it is compared with. Where these are constants they are computed, and no two arrays or rows
    that were computed are one.
    """
    if value.sql != other.sql:
        return False
    return not _is_constant(nodes[0]) if value.type.args else not all(map(_is_constant, nodes))


def is_plain(node: exp.Expr) -> bool:
    """Tell whether a value is a column, an aggregate, a constant, or a row of those: nothing that could fail."""
    node = unbracketed(node)
    if isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and str(node.this).lower() == "row"):
        return all(map(is_plain, node.expressions))
    return isinstance(node, exp.Column | exp.Window) or is_aggregate(node) or _is_constant(node)


def is_compiled(node: exp.Expr) -> bool:
    """Tell whether a path or a pattern stands in an expression that Trino compiles, so that it is never the same as another."""
    calls = (part for part in node.walk() if isinstance(part, exp.Anonymous | exp.SqlJson | exp.Like))
    return any(not isinstance(part, exp.Anonymous) or str(part.this).lower().startswith(_COMPILED) for part in calls)


def _is_constant(node: exp.Expr) -> bool:
    return not any(isinstance(part, exp.Column | exp.Query | exp.Window) or is_aggregate(part) for part in node.walk())
