"""The order of rows, in queries, windows and aggregates: Trino's place for NULLs and for NaN. https://trino.io/docs/current/sql/select.html"""

from __future__ import annotations

from eventlake.dialect.binding import Value
from eventlake.dialect.sql import Sql, emit, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.comparison import sortable
from eventlake.dialect.types.zones import as_instants


def in_order(value: Value, term: exp.Ordered) -> Sql:
    """Write a term of an ORDER BY, `x ASC NULLS LAST`, of the value that it orders by."""
    key = sortable(as_instants(value))
    if not parts_nan(value, term):
        return emit("{}{}", key, direction(term))
    return emit("isnan({}){} NULLS FIRST, {}{}", key, ours(" ASC" if term.args.get("desc") else " DESC"), key, direction(term))


def parts_nan(value: Value, term: exp.Ordered) -> bool:
    """Tell whether NaN stands elsewhere than in DuckDB, where it is always the greatest: in Trino it stands beside the NULLs that come first ascending."""
    return value.type.name in {"double", "real"} and nulls_come_first(term)


def direction(term: exp.Ordered) -> Sql:
    """Write ` ASC NULLS LAST` and the like; NULLs come last unless the term says otherwise."""
    return emit("{} NULLS {}", ours(" DESC" if term.args.get("desc") else " ASC"), ours("FIRST" if nulls_come_first(term) else "LAST"))


def nulls_come_first(term: exp.Ordered) -> bool:
    """Tell whether a term says NULLS FIRST."""
    return bool(term.args.get("nulls_first"))
