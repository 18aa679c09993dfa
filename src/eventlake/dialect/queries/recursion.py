"""WITH RECURSIVE: what its step may be, and its steps written out one after another, as Trino plans them.

https://trino.io/docs/current/sql/select.html#with-recursive-clause
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.dialect.binding import mistyped, refused
from eventlake.dialect.failures import failing
from eventlake.dialect.queries.relation import Column
from eventlake.dialect.queries.shape import unwrapped
from eventlake.dialect.sql import Sql, emit, joined, ours, quoted, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import EACH, VARCHAR, Type, coercible

_STEPS = 10
"""How many steps Trino goes, unless a session says otherwise, which Athena's cannot."""


def references(node: exp.Expr, name: str) -> list[exp.Table]:
    """List the tables in a node that have the name of a WITH, given in lower case."""
    return [table for table in node.find_all(exp.Table) if table.name.lower() == name and not table.args.get("db")]


def require_step(query: exp.Union, name: str, where: exp.Expr) -> None:
    """Refuse a recursion that Trino refuses for where its own name stands, or for what ends it. Raises QuerySyntaxError."""
    for key, clause in (("with_", "WITH"), ("order", "ORDER BY"), ("offset", "OFFSET"), ("limit", "LIMIT")):
        if query.args.get(key) is not None:
            raise mistyped(f"A recursive WITH has a {clause} of its own: put it into a query around", where)
    found = references(query.expression, name)
    if len(found) > 1:
        raise mistyped(f'The step of a recursive WITH reads "{name}" {len(found)} times: it may read it once', found[1])
    step = unwrapped(query.expression)
    if not _is_fed(found[0], query) or (step.token is not None and step.token.word == "TABLE"):
        raise mistyped(f'"{name}" stands in the step of its recursion, but not in FROM, or where an outer join may leave it out', found[0])


def _is_fed(table: exp.Expr, query: exp.Union) -> bool:
    """Tell whether all rows of a table reach the SELECT that is the step: by FROM, past no set operation and no outer join."""
    node: exp.Expr = table
    parents = query.parents()
    while (parent := parents[node]) is not query:
        if isinstance(parent, exp.SetOperation) or (
            isinstance(parent, exp.Select) and not isinstance(node, exp.From | exp.Join | exp.With)
        ):
            return False
        if isinstance(node, exp.Join) and node.args.get("side") in {"LEFT", "FULL"}:
            return False
        if any(join.args.get("side") in {"RIGHT", "FULL"} for join in _joins_behind(node, parent)):
            return False
        if isinstance(parent, exp.Join) and parent.this is not node:
            return False
        node = parent
    return True


def _joins_behind(node: exp.Expr, parent: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the joins that a relation stands on the left of. parent: what it is a part of."""
    beside: Sequence[exp.Expr] = parent.args.get("joins") or ()
    if isinstance(node, exp.Join) and node in beside:
        yield from beside[list(beside).index(node) + 1 :]
    elif isinstance(node, exp.From):
        yield from beside
    yield from node.args.get("joins") or ()


def require_types(first: Sequence[Column], step: Sequence[Column], where: exp.Expr) -> None:
    """Refuse a step whose columns do not become those of the first rows by themselves. Raises QuerySyntaxError."""
    if len(first) != len(step):
        raise mistyped(f"The parts of a recursive WITH have {len(first)} and {len(step)} columns", where)
    for index, (left, right) in enumerate(zip(first, step, strict=True)):
        if right.type == VARCHAR and left.type.name == "varchar" and left.type.numbers:
            raise refused(
                f"A recursive WITH whose column {index + 1} begins as {left.type} and goes on as a text of unknown length",
                where,
                "cast it to varchar where it begins",
            )
        if not coercible(right.type, left.type) or not _fits(right.type, left.type):
            raise mistyped(
                f"Column {index + 1} of a recursive WITH begins as {left.type}, and its step makes it {right.type}: cast it", where
            )


def _fits(kind: Type, into: Type) -> bool:
    """Tell whether every text of a type, or in it, is as short as the other wants it."""
    if kind.name == into.name == "varchar" and into.numbers:
        return bool(kind.numbers) and kind.numbers[0] <= into.numbers[0]
    return all(_fits(part, other) for part, other in zip(kind.args, into.args, strict=False))


def unrolled(first: Sql, step: Sql, stored: str, fields: Sequence[Column], node: exp.Union, where: exp.Expr) -> Sql:
    """Make the query of the first rows and of ten steps, each fed by the one before; it fails if the eleventh gives a row.

    stored: the name under which the step reads what it is fed.
    """
    names = [quoted(f"{stored} {number}") for number in range(_STEPS + 2)]
    bodies = [first] + [shut("WITH {} AS (SELECT * FROM {}) {}", quoted(stored), before, step) for before in names[:-1]]
    tables = [emit("{} AS MATERIALIZED ({})", name, body) for name, body in zip(names, bodies, strict=True)]
    deeper = f"A recursive WITH takes more than {_STEPS} steps, which is as far as Athena goes; on the way is "
    wrong = failing(deeper, emit("any_value({})", quoted(fields[0].stored)))
    checked = emit("(SELECT CASE WHEN count(*) > 0 THEN {} ELSE true END FROM {})", wrong, names[-1])
    rows = [emit("SELECT * FROM {}", name) for name in names[:-1]]
    whole = shut("SELECT * FROM ({}) AS {} WHERE {}", joined(" UNION ALL ", rows), ours("el_r"), checked)
    if node.args.get("distinct"):
        _require_plain(fields, where)
        whole = shut("SELECT DISTINCT * FROM ({}) AS {}", whole, ours("el_d"))
    return shut("WITH {} {}", joined(", ", tables), whole)


def _require_plain(fields: Sequence[Column], where: exp.Expr) -> None:
    """Refuse rows that DuckDB would tell apart otherwise than Trino. Raises QueryRefusedError."""
    for field in fields:
        if EACH in field.type.zones or field.type.holds("json") or field.type.holds("map"):
            raise refused(f"A recursive WITH with UNION of {field.type}", where, "write UNION ALL, and DISTINCT in a query around it")
