"""One SELECT: FROM, WHERE, GROUP BY, HAVING, the columns, DISTINCT, ORDER BY and LIMIT, in Trino's order of meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eventlake.dialect.binding import Field, Scope, Value, mistyped, refused, unknown
from eventlake.dialect.parts import Context, Statement
from eventlake.dialect.queries.expressions import Expressions, shown_name
from eventlake.dialect.queries.pruning import conjuncts, prune
from eventlake.dialect.queries.ranges import implied_ranges, in_range
from eventlake.dialect.queries.relation import Column, Relation, direction, limits, named, ordinal
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import EACH
from eventlake.dialect.types.zones import as_instants

_KNOWN = {
    "expressions",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "distinct",
    "with_",
    "windows",
    "kind",
    "operation_modifiers",
}


@dataclass(frozen=True, slots=True)
class _Item:
    """A column of the SELECT: its name, its value, and the node it was read from (None for a star's)."""

    name: str
    value: Value
    node: exp.Expr | None


def select(queries: Statement, node: exp.Select, outer: Scope | None) -> Relation:
    """A SELECT with everything behind it. Raises QueryError."""
    extra = [key for key, part in node.args.items() if part and key not in _KNOWN]
    if extra or node.args.get("kind"):
        raise mistyped(f"{(extra or ['SELECT AS'])[0].replace('_', ' ').upper()} is not in Athena", node)
    source, scope, prunable = queries.sources(node, outer)
    context = Context(scope, "SELECT", queries.query, queries.moment, named_windows=_windows(node))
    where = node.args.get("where")
    condition = NOTHING
    if where is not None:
        prune(queries.scans, scope, conjuncts(where.this), prunable, queries.moment)
        condition = _where(Expressions(replace(context, clause="WHERE")), where.this)
    grouping, keys = _group(node, context)
    context.grouped = keys
    context.aggregates = context.windows = True
    items = _items(node, Expressions(context), scope)
    if node.args.get("distinct") is not None:
        items = [item if item.value.type.zone == EACH else replace(item, value=as_instants(item.value)) for item in items]
    having = _having(node, context)
    grouped = keys is not None or bool(having) or any(item.value.aggregate for item in items)
    if grouped and keys is None:
        context.grouped = frozenset()
    if grouped:
        _check_grouped(items)
    fields = _columns(items)
    order = _order(node, context, items, fields, grouped=bool(grouped))
    distinct = _distinct(node, items)
    columns = joined(", ", (named(item.value, column) for item, column in zip(items, fields, strict=True)))
    return Relation(
        emit("SELECT {}{}{}{}{}{}{}{}", distinct, columns, source, condition, grouping, having, order, limits(node)), tuple(fields)
    )


def _where(parts: Expressions, node: exp.Expr) -> Sql:
    """Make the WHERE clause, with the ranges that its condition implies."""
    conditions = [parts.boolean(node, "WHERE").sql]
    for column, first, end in implied_ranges(conjuncts(node)):
        value = parts.value(column)
        if value.type.is_moment and value.type.zone == "UTC":
            conditions.append(in_range(value.sql, value.type, first, end))
    return emit(" WHERE {}", joined(" AND ", conditions))


def _windows(node: exp.Select) -> dict[str, exp.Window]:
    made: dict[str, exp.Window] = {}
    for window in node.args.get("windows") or ():
        name = window.this.name.lower()
        if name in made:
            raise mistyped(f'The window "{name}" is defined twice', window)
        made[name] = window
    return made


def _distinct(node: exp.Select, items: Sequence[_Item]) -> Sql:
    clause = node.args.get("distinct")
    if clause is None:
        return NOTHING
    if clause.args.get("on"):
        raise mistyped("DISTINCT ON is not in Athena", node)
    if all(item.value.type.zone != EACH for item in items):
        return ours("DISTINCT ")
    return emit("DISTINCT ON ({}) ", joined(", ", [as_instants(item.value) for item in items]))  # not the zones


def _items(node: exp.Select, parts: Expressions, scope: Scope) -> list[_Item]:
    items: list[_Item] = []
    for part in node.expressions:
        if isinstance(part, exp.Star) or (isinstance(part, exp.Column) and isinstance(part.this, exp.Star)):
            items += _starred(part, parts, scope)
            continue
        inner = part.this if isinstance(part, exp.Alias) else part
        items.append(_Item(_name(part, inner, len(items)), parts.value(inner), inner))
    if not items:
        raise mistyped("SELECT names no column", node)
    return items


def _name(part: exp.Expr, inner: exp.Expr, index: int) -> str:
    """Return the name that Trino gives a column of the answer: a field has one only if it is a column's."""
    if isinstance(part, exp.Alias):
        return str(part.alias)
    while isinstance(inner, exp.Paren):
        inner = inner.this
    whole = inner
    while isinstance(whole, exp.Dot | exp.Paren):
        whole = whole.this
    if isinstance(whole, exp.Column | exp.Identifier):
        return str(inner.expression.name if isinstance(inner, exp.Dot) else inner.name)
    return f"_col{index}"


def _starred(part: exp.Expr, parts: Expressions, scope: Scope) -> list[_Item]:
    star = part if isinstance(part, exp.Star) else part.this
    if any(star.args.get(key) for key in star.args):
        raise mistyped("A star with EXCEPT, REPLACE or RENAME is not in Athena", part)
    table = part.table.lower() if isinstance(part, exp.Column) else ""
    fields = [f for f in scope.fields if (f.relation == table or f.relation.endswith("." + table) if table else not f.hidden)]
    if not fields:
        if table:
            raise unknown("table", table, [f.relation for f in scope.fields], part)
        raise mistyped("A star needs a FROM", part)
    return [_Item(f.name, _named(parts, f), None) for f in fields]


def _named(parts: Expressions, field: Field) -> Value:
    grouped, value = parts.context.grouped, field.value
    shown = frozenset([shown_name(field.relation, field.name)])
    return replace(value, columns=frozenset() if grouped is not None and value.sql in grouped else shown)


def _columns(items: Sequence[_Item]) -> list[Column]:
    stored: set[str] = set()
    columns = []
    for index, item in enumerate(items):
        name = item.name if "\0" not in item.name else f"c{index}"
        while name.lower() in stored:
            name += f"_{index}"
        stored.add(name.lower())
        columns.append(Column(item.name, name, item.value.type, f"z{index}_{name}" if item.value.type.zone == EACH else ""))
    return columns


# grouping


def _group(node: exp.Select, context: Context) -> tuple[Sql, frozenset[Sql] | None]:
    clause = node.args.get("group")
    if clause is None:
        return NOTHING, None
    if clause.args.get("distinct") and any(clause.args.get(kind) for kind in ("cube", "rollup", "grouping_sets")):
        raise refused("GROUP BY DISTINCT", node, "list each set once in GROUPING SETS")
    if clause.args.get("all") or clause.args.get("totals"):
        raise refused("GROUP BY ALL", node, "name the columns")
    parts = Expressions(replace(context, clause="GROUP BY"))
    keys: list[Sql] = []
    terms = [_key(part, node, parts, keys) for part in clause.expressions]
    for kind in ("cube", "rollup", "grouping_sets"):
        for sets in clause.args.get(kind) or ():
            terms.append(_sets(kind, sets, node, parts, keys))
    return emit(" GROUP BY {}", joined(", ", terms) if terms else ours("()")), frozenset(keys)


def _key(part: exp.Expr, node: exp.Select, parts: Expressions, keys: list[Sql]) -> Sql:
    if isinstance(part, exp.Tuple):
        return emit("({})", joined(", ", (_key(inner, node, parts, keys) for inner in part.expressions)))
    if isinstance(part, exp.Cube | exp.Rollup | exp.GroupingSets):
        return _sets({exp.Cube: "cube", exp.Rollup: "rollup", exp.GroupingSets: "grouping_sets"}[type(part)], part, node, parts, keys)
    if isinstance(part, exp.Paren):
        return _key(part.this, node, parts, keys)
    number = ordinal(part, len(node.expressions))
    if number is not None:
        chosen = node.expressions[number]
        part = chosen.this if isinstance(chosen, exp.Alias) else chosen
        if isinstance(part, exp.Star):
            raise refused("GROUP BY a position behind a star", part)
    value = parts.value(part)
    keys.append(value.sql)
    return as_instants(value).sql


def _sets(kind: str, sets: exp.Expr, node: exp.Select, parts: Expressions, keys: list[Sql]) -> Sql:
    for part in sets.expressions:
        _require_columns(part, parts)
    inner = joined(", ", (_key(part, node, parts, keys) for part in sets.expressions))
    return emit("{} ({})", ours(kind.replace("_", " ").upper()), inner)


def _require_columns(part: exp.Expr, parts: Expressions) -> None:
    """Refuse what is no plain column in ROLLUP, CUBE or GROUPING SETS: a position, a field of a row, anything computed."""
    if isinstance(part, exp.Paren):
        return _require_columns(part.this, parts)
    if isinstance(part, exp.Tuple):
        for inner in part.expressions:
            _require_columns(inner, parts)
        return None
    if isinstance(part, exp.Rollup | exp.Cube | exp.GroupingSets):
        return None
    found = parts.context.scope.find([name.name.lower() for name in part.parts]) if isinstance(part, exp.Column) else None
    if isinstance(part, exp.Column) and (found is None or not found[1]):
        return None
    raise mistyped("ROLLUP, CUBE and GROUPING SETS take only columns: compute it in a subquery and name it", part)


def _having(node: exp.Select, context: Context) -> Sql:
    clause = node.args.get("having")
    if clause is None:
        return NOTHING
    value = Expressions(replace(context, clause="HAVING", windows=False, grouped=context.grouped or frozenset())).boolean(
        clause.this, "HAVING"
    )
    if value.columns:
        raise _ungrouped(value, clause.this)
    return emit(" HAVING {}", value.sql)


def _check_grouped(items: Sequence[_Item]) -> None:
    for item in items:
        if item.value.columns:
            raise _ungrouped(item.value, item.node)


def _ungrouped(value: Value, node: exp.Expr | None) -> Exception:
    name = sorted(value.columns)[0]
    return mistyped(f'"{name}" stands neither in GROUP BY nor in an aggregate', node)


# order


def _order(node: exp.Select, context: Context, items: Sequence[_Item], fields: Sequence[Column], *, grouped: bool) -> Sql:
    clause = node.args.get("order")
    if clause is None:
        return NOTHING
    aliases: dict[str, Value] = {}
    for item in items:
        if item.name.lower() in aliases and aliases[item.name.lower()].sql != item.value.sql:
            aliases[item.name.lower()] = replace(item.value, sql=NOTHING)
        else:
            aliases[item.name.lower()] = item.value
    parts = Expressions(replace(context, clause="ORDER BY", aliases=aliases))
    terms = []
    for term in clause.expressions:
        number = ordinal(term.this, len(items))
        value = items[number].value if number is not None else parts.value(term.this)
        if not value.sql:
            raise mistyped(f'"{term.this.name}" names two columns', term)
        if grouped and value.columns and number is None:
            raise _ungrouped(value, term.this)
        if value.type.name in {"map", "json"}:
            raise mistyped(f"{value.type} has no order", term)
        terms.append(_term(value, number, items, fields, term, distinct=node.args.get("distinct") is not None))
    return emit(" ORDER BY {}", joined(", ", terms))


def _term(value: Value, number: int | None, items: Sequence[_Item], fields: Sequence[Column], term: exp.Ordered, *, distinct: bool) -> Sql:
    if number is None:
        number = next((index for index, item in enumerate(items) if item.value.sql == value.sql), None)
    if number is not None and all(item.value.type.zone != EACH for item in items):
        return emit("{}{}", number + 1, direction(term))
    if number is not None:
        return emit("{}{}", as_instants(value), direction(term))
    if distinct:
        raise mistyped("With DISTINCT, ORDER BY takes only columns of the SELECT", term)
    return emit("{}{}", as_instants(value), direction(term))
