"""FETCH FIRST n ROWS WITH TIES: the first rows, and those that stand where the last of them stands.

https://trino.io/docs/current/sql/select.html#limit-or-fetch-first
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Value, mistyped
from eventlake.dialect.queries.ordering import in_order
from eventlake.dialect.queries.relation import bounds
from eventlake.dialect.sql import Sql, emit, joined
from eventlake.dialect.text import tree as exp


def wants_ties(node: exp.Expr) -> bool:
    """Tell whether a query ends with FETCH FIRST ... WITH TIES. Raises QuerySyntaxError for one without an ORDER BY."""
    limit = node.args.get("limit")
    if not isinstance(limit, exp.Fetch) or not limit.args.get("with_ties"):
        return False
    if node.args.get("order") is None:
        raise mistyped("FETCH FIRST ... WITH TIES wants an ORDER BY", limit)
    return True


def ranks(terms: Sequence[tuple[Value, exp.Ordered]]) -> Sql:
    """Make the columns that number the rows in their order, each with its own number and with that of its equals."""
    order = joined(", ", [in_order(value, term) for value, term in terms])
    over = emit("(ORDER BY {})", order) if terms else emit("(ORDER BY NULL)")
    return emit("rank() OVER {} AS el_rank, row_number() OVER {} AS el_row", over, over)


def first_and_ties(ranked: Sql, node: exp.Expr) -> Sql:
    """Make the query of the rows behind OFFSET and up to the last tie. ranked: a query with the columns of `ranks` behind its own."""
    offset, count = bounds(node)
    kept = emit("el_row > {} AND el_rank <= {}", offset, offset + count)
    return emit("SELECT * EXCLUDE (el_rank, el_row) FROM ({}) AS el_k WHERE {} ORDER BY el_row", ranked, kept)
