"""One SELECT: FROM, WHERE, GROUP BY, HAVING, the columns, DISTINCT, ORDER BY and LIMIT, in Trino's order of meaning."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eventlake.dialect.binding import Field, Scope, Value, mistyped, refused, unknown
from eventlake.dialect.parts import Context, Statement
from eventlake.dialect.queries.expressions import Expressions
from eventlake.dialect.queries.folding import require_folded_alone
from eventlake.dialect.queries.grouping import group
from eventlake.dialect.queries.moving import hours_of_window
from eventlake.dialect.queries.names import key_of_group, named_value
from eventlake.dialect.queries.ordering import direction, in_order, parts_nan
from eventlake.dialect.queries.pruning import conjuncts, prune
from eventlake.dialect.queries.ranges import Range, implied_ranges, in_range
from eventlake.dialect.queries.relation import Column, Relation, is_constant, limits, named, ordinal, unbracketed
from eventlake.dialect.queries.subqueries import kept
from eventlake.dialect.queries.ties import first_and_ties, ranks, wants_ties
from eventlake.dialect.queries.windows import columns_of_windows
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.comparison import has_holes, require_order, row_part
from eventlake.dialect.types.json_casts import distinguished
from eventlake.dialect.types.type import EACH
from eventlake.dialect.types.zones import as_instants


class _Item(NamedTuple):
    """A column of the SELECT: its name, its value, and the node it was read from (None for a star's)."""

    name: str
    """Nothing if it has none."""
    value: Value
    node: exp.Expr | None


def select(queries: Statement, node: exp.Select, outer: Scope | None) -> Relation:
    """Make a SELECT with everything behind it. Raises QueryError."""
    source, scope, prunable = queries.sources(node, outer)
    context = Context(scope, "SELECT", queries.query, queries.moment, named_windows=_windows(node))
    where = node.args.get("where")
    condition = NOTHING
    if where is not None:
        conditions = conjuncts(where.this)
        ranges = implied_ranges(conditions)
        prune(queries.scans, scope, conditions, ranges, prunable, queries.moment)
        clause = Expressions(context.but(clause="WHERE"))
        hours, is_of_hours = (hours_of_window(conditions, clause) if queries.repeats else None) or (NOTHING, NOTHING)
        source = shut("{} CROSS JOIN {}", source, hours) if hours else source
        condition = _where(clause, where.this, ranges, is_of_hours)
    grouping = group(node, _chosen(node, context), context)
    context.aggregates = context.windows = True
    items = _items(node, Expressions(context), scope)
    windowed = columns_of_windows(Expressions(context), context.named_windows)
    if node.args.get("distinct") is not None:
        items = [item if item.value.type.zone == EACH else item._replace(value=_distinct_value(item, node)) for item in items]
    having = _having(node, context)
    grouped = context.grouped is not None or bool(having) or any(item.value.aggregate for item in items)
    if grouped and context.grouped is None:
        context.grouped = frozenset()
    if grouped:
        _check_grouped(items, windowed)
    fields = _columns(items)
    order = _order(node, context, items, grouped=bool(grouped))
    if scope.folds:
        require_folded_alone(node)
    distinct = _distinct(node, items)
    columns = joined(", ", (named(item.value, column) for item, column in zip(items, fields, strict=True)))
    behind = emit("{}{}{}{}", source, condition, grouping, having)
    if wants_ties(node):
        return Relation(first_and_ties(_ranked(distinct, columns, behind, order, fields), node), tuple(fields))
    return Relation(emit("SELECT {}{}{}{}{}", distinct, columns, behind, _order_by(order, items), limits(node)), tuple(fields))


def _ranked(distinct: Sql, columns: Sql, behind: Sql, order: Sequence[_Term], fields: Sequence[Column]) -> Sql:
    """Make the SELECT with the numbers of its rows in their order behind its columns."""
    if all(term.number is not None for term in order):
        terms = [(fields[term.number or 0].value(ours("el_o")), term.node) for term in order]
        return emit("SELECT *, {} FROM (SELECT {}{}{}) AS el_o", ranks(terms), distinct, columns, behind)
    for term in order:
        if term.value.window:
            raise refused("FETCH FIRST ... WITH TIES in the order of a window", term.node, "give the window a name in a subquery")
    return emit("SELECT {}, {}{}", columns, ranks([(term.value, term.node) for term in order]), behind)


def _where(parts: Expressions, node: exp.Expr, ranges: Sequence[Range], implied: Sql) -> Sql:
    """Make the WHERE clause, with the ranges that its condition implies, and what else it implies."""
    conditions = [kept(parts, node, "WHERE").sql]
    for column, first, end in ranges:
        value = parts.value(column)
        if value.type.is_moment and value.type.zone == "UTC":
            conditions.append(in_range(value.sql, value.type, first, end))
    return emit(" WHERE {}", joined(" AND ", [*conditions, *([implied] if implied else [])]))


def _windows(node: exp.Select) -> dict[str, exp.Window]:
    made: dict[str, exp.Window] = {}
    for window in node.args.get("windows") or ():
        name = window.this.name.lower()
        if name in made:
            raise mistyped(f'The window "{name}" is defined twice', window)
        made[name] = window
    return made


def _distinct(node: exp.Select, items: Sequence[_Item]) -> Sql:
    if node.args.get("distinct") is None:
        return NOTHING
    if all(item.value.type.zone != EACH for item in items):
        return ours("DISTINCT ")
    return emit("DISTINCT ON ({}) ", joined(", ", [as_instants(item.value) for item in items]))  # not the zones


def _distinct_value(item: _Item, node: exp.Select) -> Value:
    return distinguished(as_instants(item.value), "SELECT DISTINCT", item.node or node)


def _items(node: exp.Select, parts: Expressions, scope: Scope) -> list[_Item]:
    items: list[_Item] = []
    for part in node.expressions:
        if _is_star(part):
            items += _expanded(part, parts, scope)
            continue
        inner = part.this if isinstance(part, exp.Alias) else part
        items.append(_Item(str(part.alias) if isinstance(part, exp.Alias) else _name(inner), parts.value(inner), inner))
    return items


def _is_star(node: exp.Expr) -> bool:
    """Tell whether it is `*`, `t.*` or `(row).*`."""
    return isinstance(node.this if type(node) is exp.Column else node, exp.Star) or _is_row_star(node)


def _is_row_star(node: exp.Expr) -> bool:
    return type(node) is exp.Dot and isinstance(node.expression, exp.Star)


def _expanded(part: exp.Expr, parts: Expressions, scope: Scope) -> list[_Item]:
    items = _parts_of_row(parts.value(part.this), part) if _is_row_star(part) else _starred(part, parts, scope)
    return _renamed(items, part.expression if _is_row_star(part) else part.this if isinstance(part, exp.Column) else part)


def _renamed(items: list[_Item], star: exp.Expr) -> list[_Item]:
    """Return the columns with the names that stand behind the star, as in `t.* AS (a, b)`."""
    names = [name.name if name.args["quoted"] else name.name.upper() for name in star.args.get("names") or ()]
    if names and len(names) != len(items):
        raise mistyped(f"{len(names)} names are given to {len(items)} columns", star)
    return [item._replace(name=name) for item, name in zip(items, names, strict=True)] if names else items


_NAMED = exp.Column | exp.Identifier


def _name(node: exp.Expr) -> str:
    """Return the name that a column without AS has: the last of names with dots, whatever brackets stand around them; else none."""
    node = unbracketed(node)
    if isinstance(node, exp.Dot):
        return node.name if _name(node.this) else ""
    return node.name if isinstance(node, _NAMED) else ""


def _starred(part: exp.Expr, parts: Expressions, scope: Scope) -> list[_Item]:
    names = [name.name.lower() for name in part.parts[:-1]] if isinstance(part, exp.Column) else []
    table = ".".join(names)
    fields = [f for f in scope.fields if not f.implicit and (not table or f.is_of(table))]
    if not fields and len(names) > 1 and scope.find(names) is not None:
        return _parts_of_row(named_value(parts, names, part), part)
    if not fields:
        if table:
            raise unknown("table", table, [f.relation for f in scope.fields], part)
        raise mistyped("A star needs a FROM", part)
    return [_Item(f.name, _named(parts, f), None) for f in fields]


def _parts_of_row(whole: Value, node: exp.Expr) -> list[_Item]:
    """Return the columns of `(row).*`."""
    if whole.type.name != "row":
        raise mistyped(f"{whole.type} has no fields, so not .*", node)
    return [_Item(name or "", row_part(whole, index), node) for index, name in enumerate(whole.type.names)]


def _named(parts: Expressions, field: Field) -> Value:
    grouped, value = parts.context.grouped, field.value
    if grouped is not None and value.sql in grouped:
        return key_of_group(value)
    return field.read


def _columns(items: Sequence[_Item]) -> list[Column]:
    stored: set[str] = set()
    columns = []
    for index, item in enumerate(items):
        name = item.name if item.name and "\0" not in item.name else f"_col{index}"
        while name.lower() in stored:
            name += f"_{index}"
        stored.add(name.lower())
        label = f"z{index}_{name}" if item.value.type.zone == EACH else ""
        columns.append(Column(item.name, name, item.value.type, label, json=item.value.json, origins=item.value.origins))
    return columns


# grouping


def _chosen(node: exp.Select, context: Context) -> list[exp.Expr | Value]:
    """Return what the positions of GROUP BY name: the columns of the SELECT, those of a star as values."""
    chosen: list[exp.Expr | Value] = []
    for part in node.expressions if node.args.get("group") is not None else ():
        if _is_star(part):
            chosen += [item.value for item in _expanded(part, Expressions(context.but(clause="GROUP BY")), context.scope)]
        else:
            chosen.append(part.this if isinstance(part, exp.Alias) else part)
    return chosen


def _having(node: exp.Select, context: Context) -> Sql:
    clause = node.args.get("having")
    if clause is None:
        return NOTHING
    parts = Expressions(context.but(clause="HAVING", windows=False, grouped=context.grouped or frozenset()))
    value = kept(parts, clause.this, "HAVING")
    if value.columns:
        raise _ungrouped(value.columns, clause.this)
    return emit(" HAVING {}", value)


def _check_grouped(items: Sequence[_Item], windowed: frozenset[str]) -> None:
    for columns, node in [*((item.value.columns, item.node) for item in items), (windowed, None)]:
        if columns:
            raise _ungrouped(columns, node)


def _ungrouped(columns: frozenset[str], node: exp.Expr | None) -> Exception:
    return mistyped(f'"{min(columns)}" stands neither in GROUP BY nor in an aggregate', node)


# order


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of ORDER BY that orders something. number: the place, from 0, of the column of the SELECT that it is, if it is one."""

    node: exp.Ordered
    value: Value
    number: int | None


def _order(node: exp.Select, context: Context, items: Sequence[_Item], *, grouped: bool) -> list[_Term]:
    clause = node.args.get("order")
    if clause is None:
        return []
    aliases: dict[str, Value] = {}
    for item in items:
        name = item.name.lower()
        if name:
            aliases[name] = item.value._replace(sql=NOTHING) if name in aliases else item.value
    parts = Expressions(context.but(clause="ORDER BY", aliases=aliases))
    terms = []
    for term in clause.expressions:
        number = ordinal(term.this, len(items))
        value = items[number].value if number is not None else parts.value(term.this)
        if grouped and value.columns and number is None:
            raise _ungrouped(value.columns, term.this)
        require_order(value.type, term)
        if number is not None or not is_constant(unbracketed(term.this)):
            terms.append(_Term(term, value, _place(value, items) if number is None else number))
        if node.args.get("distinct") is not None and number is None and (_place(value, items) is None or _reads_own(term.this, aliases)):
            raise mistyped("With DISTINCT, ORDER BY takes only columns of the SELECT, and computes with none of them: name them", term)
    return terms


def _reads_own(node: exp.Expr, aliases: Container[str]) -> bool:
    """Tell whether an expression computes with a column of the SELECT, which Trino takes for another than the one that the SELECT computes with."""
    node = unbracketed(node)
    return not isinstance(node, exp.Column) and any(len(name.args) == 1 and name.names[0] in aliases for name in node.find_all(exp.Column))


def _place(value: Value, items: Sequence[_Item]) -> int | None:
    return next((index for index, item in enumerate(items) if item.value.sql == value.sql), None)


def _order_by(terms: Sequence[_Term], items: Sequence[_Item]) -> Sql:
    zoned = any(item.value.type.zone == EACH for item in items)
    made = [
        in_order(term.value, term.node)
        if term.number is None or zoned or has_holes(term.value.type) or parts_nan(term.value, term.node)
        else emit("{}{}", term.number + 1, direction(term.node))
        for term in terms
    ]
    return emit(" ORDER BY {}", joined(", ", made)) if made else NOTHING
