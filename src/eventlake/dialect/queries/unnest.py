"""UNNEST of arrays and maps in FROM: their items side by side as rows, NULL where one is shorter, and their numbers WITH ORDINALITY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eventlake.dialect.binding import Field, Value, mistyped
from eventlake.dialect.parts import Parts
from eventlake.dialect.queries.relation import Column, renamed
from eventlake.dialect.sql import Sql, emit, joined, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import BIGINT


def unnest(parts: Parts, node: exp.Unnest, stored: Sql, *, left_join: bool) -> tuple[Sql, list[Field]]:
    """Make the relation and its columns. stored: its name in the statement. left_join: a row of NULLs where there is no item."""
    values = [parts.value(part) for part in node.expressions]
    for value in values:
        if value.type.name not in {"array", "map"}:
            raise mistyped(f"UNNEST wants an array or a map, not {value.type}", node)
    numbered = bool(node.args.get("offset"))
    lists = _lists(values, numbered=numbered)
    whole = lists[0] if len(lists) == 1 else emit("list_zip({})", joined(", ", (emit("coalesce({}, [])", part) for part in lists)))
    if left_join:
        whole = emit("CASE WHEN len({}) > 0 THEN {} ELSE [NULL] END", whole, whole)
    item = emit("{}.u", stored)
    items = [item] if len(lists) == 1 else [emit("struct_extract_at({}, {})", item, place) for place in range(1, len(lists) + 1)]
    made = [part for value, sql in zip([*values, None] if numbered else values, items, strict=True) for part in _columns(value, sql)]
    return emit("(SELECT unnest({}) AS u) AS {}", whole, stored), _fields(node, made)


def _lists(values: Sequence[Value], *, numbered: bool) -> list[Sql]:
    """Return the list that each value is, and that of the numbers of the longest's items."""
    lists = [emit("map_entries({})", value.sql) if value.type.name == "map" else value.sql for value in values]
    if not numbered:
        return lists
    sizes = [emit("coalesce(len({}), 0)", part) for part in lists]
    longest = emit("greatest({})", joined(", ", sizes)) if len(sizes) > 1 else sizes[0]
    return [*lists, emit("range(1, {} + 1)", longest)]


def _fields(node: exp.Unnest, made: Sequence[tuple[Column, Sql]]) -> list[Field]:
    """Return the columns as the query around finds them, under the names that stand behind UNNEST."""
    alias = node.args.get("alias")
    names = [column.name for column in alias.columns] if alias is not None else []
    relation = alias.name.lower() if alias is not None else ""
    named = renamed([column for column, _ in made], names, node)
    return [Field(column.name, relation, Value(sql, column.type, json=column.json)) for column, (_, sql) in zip(named, made, strict=True)]


def _columns(value: Value | None, sql: Sql) -> Iterable[tuple[Column, Sql]]:
    """Yield the columns that one item gives, and their SQL; None is WITH ORDINALITY."""
    if value is None:
        yield Column("", "", BIGINT), emit("CAST({} AS BIGINT)", sql)
        return
    if value.type.name == "map":
        yield Column("", "", value.type.args[0], json=value.json), emit("struct_extract({}, 'key')", sql)
        yield Column("", "", value.type.args[1], json=value.json), emit("struct_extract({}, 'value')", sql)
        return
    element = value.type.args[0]
    if element.name != "row":
        yield Column("", "", element, json=value.json), sql
        return
    for name, (stored, kind) in zip(element.names, element.fields(), strict=True):
        yield Column(name or "", "", kind, json=value.json), emit("struct_extract({}, {})", sql, text(stored))
