"""The FROM clause of one SELECT: tables, subqueries, VALUES, LATERAL and UNNEST, joined from left to right.

What UNNEST gives is made in `unnest.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.beside import Beside
from eventlake.dialect.binding import Field, Fields, Scope, mistyped, refused, unknown
from eventlake.dialect.parts import Context, Statement
from eventlake.dialect.pieces import Gap
from eventlake.dialect.queries.correlation import Use, require_joinable, require_uncorrelated
from eventlake.dialect.queries.expressions import Expressions
from eventlake.dialect.queries.pruning import conjuncts, prune
from eventlake.dialect.queries.ranges import implied_ranges
from eventlake.dialect.queries.relation import Column, renamed
from eventlake.dialect.queries.subqueries import kept
from eventlake.dialect.queries.unnest import unnest
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import coerce
from eventlake.dialect.types.comparison import compared
from eventlake.dialect.types.type import EACH, UNKNOWN, common


class Source:
    """The FROM clause of one SELECT, joined from left to right."""

    def __init__(self, queries: Statement, scope: Scope) -> None:
        self.queries = queries
        self.scope = scope
        self.sql = NOTHING
        self.prunable: list[int] = []

    def first(self, node: exp.Expr) -> None:
        """Take what stands behind FROM, with the joins bracketed or chained to it."""
        if isinstance(node, exp.Unnest):
            self.sql, self.scope.fields = unnest(self._expressions("UNNEST"), node, self.queries.alias(""), left_join=False)
            return
        self.sql, self.scope.fields, scans = self._one(node)
        self.prunable += scans
        for join in node.args.get("joins") or ():
            self.join(join)

    def join(self, node: exp.Join) -> None:
        """Join one more relation: JOIN with ON or USING, CROSS JOIN, a comma, UNNEST, LATERAL."""
        side, right = node.args.get("side") or "", node.this
        if isinstance(right, exp.Unnest):
            self._join_unnest(right, side, node)
            return
        before = list(self.scope.fields)
        seen = Scope(before, self.scope.outer, self.scope.read, self.queries.repeats)
        sql, fields, scans = self._one(right, seen)
        if isinstance(right, exp.Lateral):
            require_joinable(_use(side, node.args.get("on")), right.this.this, seen)
        self._keep(side, scans)
        on, using = node.args.get("on"), node.args.get("using")
        if using:
            self._join_using(sql, fields, side, [name.name.lower() for name in using], node)
            return
        if on is None:
            self.scope.fields = [*before, *fields]
            self.sql = shut("{} CROSS JOIN {}", self.sql, sql)
            return
        self.scope.fields = [*before, *fields]
        parts = self._expressions("JOIN ... ON")
        condition = parts.boolean(on, "ON") if side else kept(parts, on, "ON")
        if not side:
            self._require_one_zone(on)
        if side:
            require_uncorrelated(on, self.scope)
        self._prune_on(on, side, scans)
        self.sql = shut("{} {} JOIN {} ON {}", self.sql, ours(side or "INNER"), sql, condition)

    def _expressions(self, clause: str) -> Expressions:
        return Expressions(Context(self.scope, clause, self.queries.query, self.queries.moment))

    def _require_one_zone(self, on: exp.Expr) -> None:
        """Refuse an inner join of equal moments in two time zones: Trino may show either side's in the zone of the other."""
        for part in conjuncts(on):
            if isinstance(part, exp.EQ) and isinstance(part.this, exp.Column) and isinstance(part.expression, exp.Column):
                left, right = (self._expressions("JOIN ... ON").value(side).type for side in (part.this, part.expression))
                if left.name == right.name == "timestamptz" and (left.zone != right.zone or left.zone == EACH):
                    raise refused("A join of moments in several time zones", part, "bring both to one with AT TIME ZONE")

    def _keep(self, side: str, scans: list[int]) -> None:
        """Keep the scans that WHERE may prune: those whose missing rows no outer join would replace by NULLs."""
        if side in {"RIGHT", "FULL"}:
            self.prunable.clear()
        if side in {"", "RIGHT"}:
            self.prunable += scans

    def _prune_on(self, on: exp.Expr, side: str, scans: list[int]) -> None:
        allowed = scans if side == "LEFT" else self.prunable if not side else []
        conditions = conjuncts(on)
        prune(self.queries.scans, self.scope, conditions, implied_ranges(conditions), allowed, self.queries.moment)

    def _join_using(self, sql: Sql, fields: Sequence[Field], side: str, names: list[str], node: exp.Join) -> None:
        """Join by columns of one name, which both relations lose: the merged column belongs to neither."""
        conditions, merged = [], []
        for name in names:
            left = [f for f in self.scope.fields if f.lower == name]
            right = [f for f in fields if f.lower == name]
            if names.count(name) > 1:
                raise mistyped(f'USING names "{name}" twice', node)
            if len(left) != 1 or len(right) != 1:
                raise unknown("column to join on", name, [f.name for f in fields], node)
            conditions.append(compared("=", left[0].value, right[0].value, node).sql)
            both = common(left[0].value.type, right[0].value.type) or UNKNOWN
            a, b = coerce(left[0].value, both), coerce(right[0].value, both)
            value = {"": a, "LEFT": a, "RIGHT": b}.get(side) or a.become(emit("coalesce({}, {})", a.sql, b.sql), both)
            merged.append(Field(name, "", value))
        self.scope.fields = merged + [f for f in [*self.scope.fields, *fields] if f.lower not in names]
        self.sql = shut("{} {} JOIN {} ON {}", self.sql, ours(side or "INNER"), sql, joined(" AND ", conditions))

    def _join_unnest(self, node: exp.Unnest, side: str, join: exp.Join) -> None:
        on = join.args.get("on")
        if side not in {"", "LEFT"} or (on is not None and not (isinstance(on, exp.Boolean) and on.this)):
            raise refused("A JOIN of UNNEST with a condition", join, "use CROSS JOIN UNNEST, or LEFT JOIN UNNEST ... ON TRUE")
        if side == "LEFT" and on is None:
            raise mistyped("LEFT JOIN UNNEST wants ON TRUE", join)
        sql, fields = unnest(self._expressions("UNNEST"), node, self.queries.alias(""), left_join=side == "LEFT")
        self.sql = shut("{} CROSS JOIN LATERAL {}", self.sql, sql)
        self.scope.fields = [*self.scope.fields, *fields]

    def _one(self, node: exp.Expr, lateral_scope: Scope | None = None) -> tuple[Sql, Sequence[Field], list[int]]:
        if isinstance(node, exp.Lateral):
            relation = self.queries.query(node.this.this, lateral_scope)
            sql, fields = self._aliased(emit("({})", relation.sql), relation.fields, node, None)
            return emit("LATERAL {}", sql), fields, []
        if isinstance(node, exp.Table):
            sql, columns, scan = self.queries.table(node)
            made, fields = self._aliased(sql, columns, node, scan)
            return made, fields, [] if scan is None else [scan]
        if isinstance(node, exp.Subquery) and _is_query(node.this):
            relation = self.queries.query(node.this, self.scope.outer)
            return (*self._aliased(emit("({})", relation.sql), relation.fields, node, None), [])
        if isinstance(node, exp.Subquery):
            inner = Source(self.queries, Scope([], self.scope.outer))
            inner.first(node.this)
            return emit("({})", inner.sql), _under(inner.scope.fields, node), inner.prunable
        raise refused(f"{type(node).__name__.upper()} in FROM", node)

    def _aliased(self, sql: Sql, columns: Sequence[Column], node: exp.Expr, scan: int | None) -> tuple[Sql, Sequence[Field]]:
        alias = node.args.get("alias")
        names = [column.name for column in alias.columns] if alias is not None else []
        shown = alias.name.lower() if alias is not None and alias.name else node.name.lower() if isinstance(node, exp.Table) else ""
        relation = shown
        if isinstance(node, exp.Table) and not (alias is not None and alias.name):
            relation = ".".join(node.names)
        stored = self.queries.alias(shown)
        if names:
            columns = [column for column in columns if not column.implicit]
        fields = renamed(columns, names, node)
        beside = Beside(emit("{} AS {}", sql, stored), stored, columns, scan)
        of_table = isinstance(sql, Gap)

        def made(place: int) -> Field:
            original = columns[place]
            return Field(fields[place].name, relation, original.value, scan, original.name, original.implicit, beside, stored, of_table)

        return beside, Fields(tuple([column.name for column in fields]), made)


def _use(side: str, on: exp.Expr | None) -> Use:
    """Return what a LATERAL is for that is joined from that side."""
    plain = on is None or (isinstance(on, exp.Boolean) and bool(on.this))
    return {"": Use.JOINED, "LEFT": Use.OUTER_JOINED}.get(side, Use.JOINED_ON) if plain else Use.JOINED_ON


def _under(fields: Sequence[Field], node: exp.Subquery) -> Sequence[Field]:
    """Return the columns of relations in brackets under the one name that stands behind the brackets, if there is one."""
    alias = node.args.get("alias")
    if alias is None:
        return fields
    names = [column.name for column in alias.columns] or [f.name for f in fields]
    if len(names) != len(fields):
        raise mistyped(f"{len(names)} names are given to {len(fields)} columns", node)
    return [f.called(name, alias.name.lower()) for f, name in zip(fields, names, strict=True)]


def _is_query(node: exp.Expr) -> bool:
    """Tell whether brackets in FROM hold a query, and no relations with names and joins of their own."""
    if isinstance(node, exp.Subquery):
        return not node.args.get("alias") and not node.args.get("joins")
    return isinstance(node, exp.Query)
