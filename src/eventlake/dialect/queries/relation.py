"""`Relation`: a query understood, and what stands behind it: order, limits and the names of its columns.

Columns of an emitted query have names of their own (`stored`), because Trino allows two columns of one name and columns without a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eventlake.dialect.binding import JsonForm, Value, mistyped
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.json_casts import written_json
from eventlake.dialect.types.type import EACH, Type, instants
from eventlake.dialect.types.zones import as_instants, each_zoned, instant, zone_label


class Column(NamedTuple):
    """A column of a query: the name a user sees, or nothing if it has none; the name in the emitted SQL; and its type.

    label: the name in the emitted SQL of the zones of timestamps that have each their own, if those stand in a column beside the instants.
    """

    name: str
    stored: str
    type: Type
    label: str = ""
    implicit: bool = False
    """Left out of `*`, and lost where an alias names the columns."""
    json: JsonForm = "any"
    """Where a json comes from, or those within."""
    origins: frozenset[tuple[int, str]] = frozenset()
    """The columns of scans whose texts stand in it, if no others do: it is known of those whether they are JSON as we write it."""

    def value(self, relation: Sql) -> Value:
        """Return the column as a value, given the name of its relation."""
        sql = emit("{}.{}", relation, quoted(self.stored))
        return (
            each_zoned(sql, emit("{}.{}", relation, quoted(self.label)), self.type, ())
            if self.label
            else Value(sql, self.type, json=self.json, origins=self.origins)
        )


class Relation(NamedTuple):
    """A query understood: its SQL for DuckDB and its columns."""

    sql: Sql
    fields: tuple[Column, ...]


def named(value: Value, column: Column) -> Sql:
    """Make SQL of a column of a SELECT: the value under the column's name, and its zone under that of the zones."""
    if not column.label:
        return emit("{} AS {}", value, quoted(column.stored))
    return emit("{} AS {}, {} AS {}", instant(value), quoted(column.stored), zone_label(value), quoted(column.label))


def shown(relation: Relation) -> Relation:
    """Return the query as its answer is shown: of timestamps that have each a zone of their own the instants, of parsed JSON the sorted text."""
    fields = tuple(Column(field.name, field.stored, instants(field.type)) for field in relation.fields)
    if all(EACH not in field.type.zones and field.json != "parsed" for field in relation.fields):
        return relation
    values = [written_json(as_instants(field.value(ours("el_a")))) for field in relation.fields]
    columns = joined(", ", (named(value, field) for value, field in zip(values, fields, strict=True)))
    return Relation(emit("SELECT {} FROM ({}) AS el_a", columns, relation.sql), fields)


def limits(node: exp.Expr) -> Sql:
    """Make the OFFSET and LIMIT, or FETCH FIRST, of a query."""
    offset, limit = node.args.get("offset"), node.args.get("limit")
    made = []
    if limit is not None:
        made.append(emit(" LIMIT {}", _rows(limit)))
    if offset is not None:
        made.append(emit(" OFFSET {}", _count(offset.expression)))
    return joined("", made)


def bounds(node: exp.Expr) -> tuple[int, int]:
    """Return how many rows a query with a LIMIT or FETCH FIRST leaves out, and how many it gives then."""
    offset = node.args.get("offset")
    return _count(offset.expression) if offset is not None else 0, _rows(node.args["limit"])


def _rows(limit: exp.Expr) -> int:
    if isinstance(limit, exp.Fetch):
        count = _count(limit.args["count"]) if limit.args["count"] is not None else 1
        if not count:
            raise mistyped("FETCH FIRST wants at least one row", limit)
        return count
    return _count(limit.expression)


def _count(number: exp.Literal) -> int:
    return int(number.this)


def whole(node: exp.Expr) -> int | None:
    """Return the number that is written in digits alone; None for all else."""
    is_whole = isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit()
    return int(str(node.this)) if is_whole else None


def ordinal(node: exp.Expr, size: int) -> int | None:
    """Return the place, from 0, that a bare number in ORDER BY or GROUP BY names. Raises QuerySyntaxError if it is out of range."""
    node = unbracketed(node)
    number = whole(node)
    if number is None:
        return None
    if not 1 <= number <= size:
        raise mistyped(f"Position {number} is not one of the {size} columns", node)
    return number - 1


def unbracketed(node: exp.Expr) -> exp.Expr:
    """Return what stands inside brackets that change nothing."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def is_constant(node: exp.Expr) -> bool:
    """Tell whether a term of ORDER BY is a text, NULL, TRUE or FALSE, which order nothing."""
    return isinstance(node, exp.Literal | exp.Null | exp.Boolean)


def renamed(columns: Sequence[Column], names: Sequence[str], node: exp.Expr) -> tuple[Column, ...]:
    """Give the columns the names of an alias. Raises QuerySyntaxError if there are not as many."""
    if not names:
        return tuple(columns)
    if len(names) != len(columns):
        raise mistyped(f"{len(names)} names are given to {len(columns)} columns", node)
    return tuple(column._replace(name=name) for column, name in zip(columns, names, strict=True))
