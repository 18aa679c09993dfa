"""UNION, INTERSECT and EXCEPT: two queries, their columns brought to the types that both have in common.

https://trino.io/docs/current/sql/select.html#set-operations
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import JsonForm, Value, json_form, mistyped
from eventlake.dialect.queries.relation import Column, Relation, named
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import sortable
from eventlake.dialect.types.json_casts import distinguished, require_one_form, written_json
from eventlake.dialect.types.type import EACH, Type, common, in_zones_of, instants


def set_operation(left: Relation, right: Relation, node: exp.SetOperation) -> Relation:
    """Make the query of both sides. Raises QueryError where they do not go together."""
    if len(left.fields) != len(right.fields):
        raise mistyped(f"The sides of {type(node).__name__.upper()} have {len(left.fields)} and {len(right.fields)} columns", node)
    kinds = []
    for a, b in zip(left.fields, right.fields, strict=True):
        both = common(a.type, b.type)
        if both is None:
            raise mistyped(f'{type(node).__name__.upper()} mixes {a.type} and {b.type} in column "{a.name}"', node)
        kinds.append(both)
    kinds = [_kept(node, a.type, kind) for a, kind in zip(left.fields, kinds, strict=True)]
    fields = tuple(
        Column(a.name, f"c{i}", kind, f"z{i}" if kind.zone == EACH else "", json=_form_of_both(a, b), origins=_origins(a, b))
        for i, (a, b, kind) in enumerate(zip(left.fields, right.fields, kinds, strict=True))
    )
    merged = bool(node.args.get("distinct")) and any(field.label for field in fields)
    word = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}[type(node)] + (
        "" if node.args.get("distinct") and not merged else " ALL"
    )
    for kind in kinds if not node.args.get("distinct") and not isinstance(node, exp.Union) else ():
        require_one_form(kind, f"{type(node).__name__.upper()} ALL", node)  # Trino fails: neither json nor maps have an order
    told = node if node.args.get("distinct") or not isinstance(node, exp.Union) else None
    sides = [recast(side, kinds, fields, told) for side in (left, right)]
    sql = shut("({}) {} ({})", *sides[:1], ours(word), *sides[1:])
    if merged:  # by the instants, not the zones
        sql = emit("SELECT DISTINCT ON ({}) * FROM ({}) AS el_u", joined(", ", [quoted(field.stored) for field in fields]), sql)
    return Relation(sql, fields)


def recast(relation: Relation, kinds: Sequence[Type], fields: Sequence[Column], told: exp.Expr | None = None) -> Sql:
    """Make a query of the columns of another as these types. told: the set operation, if it tells rows apart."""
    values = [
        coerce(_in_form(column.value(ours("el_s")), target), kind)
        for column, kind, target in zip(relation.fields, kinds, fields, strict=True)
    ]
    if told is not None:
        values = [distinguished(value, type(told).__name__.upper(), told) for value in values]
    if told is not None and not told.args.get("distinct"):  # Trino puts the rows of each side in order
        values = [sortable(value) for value in values]
    made = [named(value, target) for value, target in zip(values, fields, strict=True)]
    return emit("SELECT {} FROM ({}) AS el_s", joined(", ", made), relation.sql)


def _form_of_both(a: Column, b: Column) -> JsonForm:
    """Return where a json of either side comes from; what json_parse made is sorted where the other side's is not, see `_in_form`."""
    return a.json if a.json == b.json else json_form({"normal" if form == "parsed" else form for form in (a.json, b.json)})


def _origins(a: Column, b: Column) -> frozenset[tuple[int, str]]:
    """Return the columns of scans that the texts of both sides are of, if it is known of both."""
    return a.origins | b.origins if a.origins and b.origins and a.type == b.type else frozenset()


def _in_form(value: Value, target: Column) -> Value:
    return written_json(value) if value.json == "parsed" != target.json else value


def _kept(node: exp.SetOperation, left: Type, kind: Type) -> Type:
    """Return the type of a column of a set operation; moments in several zones are the same row in all but UNION ALL."""
    if isinstance(node, exp.Except) and EACH not in left.zones:
        return in_zones_of(kind, left)  # its rows are the left side's
    if isinstance(node, exp.Union) and (kind.zone == EACH or not node.args.get("distinct")):
        return kind
    return instants(kind)
