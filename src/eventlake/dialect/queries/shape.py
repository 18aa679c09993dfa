"""What a SELECT is made of, as it was written: its relations, its clauses, its ends, and whether it gives one row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.queries.relation import ordinal, unbracketed
from eventlake.dialect.text import tree as exp


def written_alike(node: exp.Expr, column: Callable[[exp.Column], Hashable]) -> Hashable:
    """Return what expressions have in common that are the same to GROUP BY: inside of a subquery by how they are written, quotes included.

    column: what a column outside of subqueries is.
    """
    if isinstance(node, exp.Column):
        return column(node)
    return type(node), tuple((key, _alike(part, column)) for key, part in node.args.items() if part)


def _alike(part: object, column: Callable[[exp.Column], Hashable]) -> Hashable:
    """Return the same of a part of a node: another node, a list of them, a word or a flag."""
    if isinstance(part, list):
        return tuple(_alike(one, column) for one in part)
    if isinstance(part, exp.Query):
        return written_alike(part, lambda inner: tuple(_alike(name, column) for name in inner.parts))
    if isinstance(part, exp.Identifier):
        return part.name.lower(), bool(part.args.get("quoted"))
    return written_alike(part, column) if isinstance(part, exp.Expr) else part


def unwrapped(query: exp.Expr) -> exp.Expr:
    """Return the query inside brackets that add nothing to it."""
    while isinstance(query, exp.Subquery | exp.Lateral) and not any(
        query.args.get(key) for key in ("order", "limit", "offset", "with_", "joins")
    ):
        query = query.this
    return query


def clauses(query: exp.Select) -> list[exp.Expr]:
    """List what of a SELECT holds expressions, but for its FROM."""
    keys = ("where", "group", "having", "order")
    conditions = [join.args["on"] for join in joins(query) if join.args.get("on") is not None]
    return [
        *query.expressions,
        *(query.args[key] for key in keys if query.args.get(key) is not None),
        *conditions,
        *(query.args.get("windows") or ()),
    ]


def joins(query: exp.Select) -> list[exp.Expr]:
    """List the joins of FROM."""
    clause = query.args.get("from_")
    return [*(clause.this.args.get("joins") or () if clause is not None else ()), *(query.args.get("joins") or ())]


def relations(query: exp.Select) -> Iterator[exp.Expr]:
    """Yield the relations of FROM, without the conditions of their joins."""
    clause = query.args.get("from_")
    if clause is None:
        return
    yield _without_joins(clause.this)
    for join in joins(query):
        yield join.this


def _without_joins(relation: exp.Expr) -> exp.Expr:
    """Return a relation apart from the joins behind it."""
    if not relation.args.get("joins"):
        return relation
    bare = type(relation)(relation.token)
    bare.args = {key: part for key, part in relation.args.items() if key != "joins"}
    return bare


def only_source(query: exp.Select) -> exp.Expr | None:
    """Return the relation of FROM, if it is the only one."""
    found = list(relations(query))
    return found[0] if len(found) == 1 else None


def chosen(term: exp.Expr, items: Sequence[exp.Expr]) -> exp.Expr:
    """Return what a term means that may be the position of a column of the SELECT."""
    number = ordinal(term, len(items)) if not any(isinstance(part, exp.Star) for item in items for part in item.walk()) else None
    return unbracketed(term) if number is None else unbracketed(items[number])


def unnamed(item: exp.Expr) -> exp.Expr:
    """Return a column of a SELECT without its name."""
    return item.this if isinstance(item, exp.Alias) else item


def holds_query(*nodes: exp.Expr) -> bool:
    """Tell whether a query stands inside of one of the nodes."""
    return any(isinstance(part, exp.Query) and part not in nodes for node in nodes for part in node.walk())


def looks_in_query(node: exp.Expr) -> bool:
    """Tell whether a condition looks for its left side in a query: IN, ALL and ANY."""
    return (isinstance(node, exp.In) and node.args.get("query") is not None) or isinstance(node.args.get("expression"), exp.All | exp.Any)


def is_aggregate(node: exp.Expr) -> bool:
    """Tell whether a node is an aggregate."""
    if isinstance(node, exp.GroupConcat | exp.Filter):
        return True
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in AGGREGATES


def has_window(query: exp.Select) -> bool:
    """Tell whether a column of a SELECT holds a window function."""
    return any(isinstance(part, exp.Window) for item in query.expressions for part in item.walk())


def has_filter(query: exp.Select) -> bool:
    """Tell whether a column of a SELECT holds an aggregate with FILTER."""
    return any(isinstance(part, exp.Filter) for item in query.expressions for part in item.walk())


def is_global(query: exp.Select) -> bool:
    """Tell whether a SELECT gives one row of all of its rows together."""
    group = query.args.get("group")
    if group is not None:
        return not has_sets(group) and all(isinstance(key, exp.Tuple) and not key.expressions for key in group.expressions)
    if query.args.get("having") is not None:
        return True
    parents = query.parents()
    return any(is_aggregate(part) and not isinstance(parents[part], exp.Window) for part in outside_queries(query.expressions))


def has_sets(group: exp.Expr) -> bool:
    """Tell whether a GROUP BY has GROUPING SETS, ROLLUP or CUBE."""
    return any(group.args.get(kind) for kind in ("rollup", "cube", "grouping_sets"))


def outside_queries(nodes: Iterable[exp.Expr]) -> Iterator[exp.Expr]:
    """Yield the parts of nodes, but for what stands in a subquery."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if isinstance(node, exp.Query):
            continue
        yield node
        for part in node.args.values():
            if isinstance(part, exp.Expr):
                todo.append(part)
            elif isinstance(part, list):
                todo += [item for item in part if isinstance(item, exp.Expr)]


def ends(query: exp.Select) -> bool:
    """Tell whether a LIMIT or an OFFSET ends a query."""
    return limit_of(query) is not None or offset_of(query) > 0


def limit_of(query: exp.Expr) -> int | None:
    """Return how many rows LIMIT or FETCH FIRST leaves, if there is one."""
    limit = query.args.get("limit")
    if limit is None:
        return None
    count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
    return int(str(count.this)) if count is not None else 1


def offset_of(query: exp.Expr) -> int:
    """Return how many rows OFFSET leaves out."""
    offset = query.args.get("offset")
    return int(str(offset.expression.this)) if offset is not None else 0


def has_ties(query: exp.Expr) -> bool:
    """Tell whether the FETCH FIRST of a query is WITH TIES."""
    return bool(query.args["limit"].args.get("with_ties"))
