"""TRY and TRY_CAST: NULL where a value, or only its cast, fails.

DuckDB's TRY takes neither aggregates nor windows nor subqueries, whose failures Trino's does not hide either: they are computed outside, in a
row that a lambda around TRY is given. A refusal goes through TRY, see `failures`.
https://trino.io/docs/current/functions/conditional.html#try
"""

from __future__ import annotations

from eventlake.dialect.binding import Value
from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.sql import emit, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast
from eventlake.dialect.types.json_casts import once
from eventlake.dialect.types.type import Type


def stands_outside(node: exp.Expr) -> bool:
    """Tell whether a node is an aggregate, a window or a subquery."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in AGGREGATES
    if isinstance(node, exp.In):
        return node.args.get("query") is not None
    return isinstance(node, exp.Window | exp.Filter | exp.GroupConcat | exp.Subquery | exp.Exists)


def tried(value: Value) -> Value:
    """Return the value, or NULL where computing it fails."""
    return value.become(emit("TRY({})", value.sql), value.type)


_READ = {
    "integer": "TRY_CAST(el_integer_or_null({s}) AS {type})",
    "double": "TRY_CAST(el_double_or_null({s}) AS {type})",
    "decimal": "TRY_CAST(el_decimal_or_null({s}) AS {type})",
    "date": "TRY_CAST(el_date_or_null({s}) AS {type})",
}
"""How a text becomes a number or a date, or NULL, without TRY: DuckDB's TRY goes row by row where one fails, which is slow."""
_READ |= dict.fromkeys(("bigint", "smallint", "tinyint"), _READ["integer"]) | {
    "real": "el_real(TRY_CAST(el_double_or_null({s}) AS DOUBLE))"
}


def tried_cast(value: Value, kind: Type, node: exp.Expr) -> Value:
    """Return the value as another type, or NULL where only the cast fails."""
    made = cast(value, kind, node)
    if made.sql is value.sql:
        return made
    if value.type.name == "varchar" and kind.name in _READ:
        return made.become(once(value.sql, lambda item: emit(_READ[kind.name], s=item, type=kind.duckdb)), made.type)
    attempt = emit("list_transform([{}], lambda el_v: TRY({}))[1]", value, cast(value._replace(sql=ours("el_v"), clock=None), kind, node))
    return made.become(attempt, made.type)
