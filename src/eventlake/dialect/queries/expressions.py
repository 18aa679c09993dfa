"""Expressions: the tree -> SQL of DuckDB with Trino's types, one function for each kind of node.

A node without a function, or with a part its function does not know, is refused: nothing is passed on that was not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.functions.calls import SYNTACTIC, call
from eventlake.dialect.parts import Context, Parts
from eventlake.dialect.queries import comparisons, conditions, constants, moments, names, operators
from eventlake.dialect.queries.aggregation import filtered, listagg
from eventlake.dialect.queries.outside import Outside
from eventlake.dialect.queries.shape import written_alike
from eventlake.dialect.queries.subqueries import exists, scalar
from eventlake.dialect.queries.trying import stands_outside, tried, tried_cast
from eventlake.dialect.queries.windows import window
from eventlake.dialect.sql import emit, joined, quoted
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.casts import cast, coerce
from eventlake.dialect.types.datatypes import datatype
from eventlake.dialect.types.json_casts import require_keys
from eventlake.dialect.types.literals import typed_literal
from eventlake.dialect.types.type import BOOLEAN, UNKNOWN, Type, common, row

Method = Callable[[Parts, exp.Expr], Value]
"""Reads a node of one kind."""


class Expressions:
    """Reads the expressions of one clause."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def value(self, node: exp.Expr) -> Value:
        """Return the value of a node. Raises QueryError if it is not Athena's, or cannot be answered as Athena would."""
        method = _METHODS.get(type(node))
        if method is None:
            raise refused(f"{type(node).__name__.upper()}", node)
        context = self.context
        outside = context.outside
        if outside is not None and stands_outside(node):
            with self.within(outside=None):
                return outside.named(self.value(node))
        if (
            context.asked
            and not context.inside_aggregate
            and (key := context.asked.get(written_alike(node, context.scope.meant))) is not None
        ):
            return names.key_of_group(key)
        value = method(self, node)
        if value.type.args:
            require_keys(value.type, node)
        if context.grouped is not None and not context.inside_aggregate and value.sql in context.grouped:
            value = names.key_of_group(value)
            return value if outside is None else outside.named(value)
        return value

    def boolean(self, node: exp.Expr, what: str) -> Value:
        """Make a value that must be true or false."""
        value = self.value(node)
        if value.type.name not in {"boolean", "unknown"}:
            raise mistyped(f"{what} must be a boolean, not {value.type}", node)
        return coerce(value, BOOLEAN)

    def united(self, nodes: Sequence[exp.Expr], what: str) -> tuple[list[Value], Type]:
        """Bring values to the one type they have in common."""
        values = [self.value(node) for node in nodes]
        kind = UNKNOWN
        for value, node in zip(values, nodes, strict=True):
            both = common(kind, value.type)
            if both is None:
                raise mistyped(f"{what} mixes {kind} and {value.type}", node)
            kind = both
        return [coerce(value, kind) for value in values], kind

    def within(self, **changes: object) -> _Within:
        """Enter a part of the clause in which other things are allowed."""
        return _Within(self, self.context.but(**changes))

    def row_of(self, values: Sequence[Value]) -> Value:
        """Make a row of these values, its fields without names."""
        kind = row(*((None, value.type) for value in values))
        fields = joined(", ", (emit("{} := {}", quoted(name), value.sql) for (name, _), value in zip(kind.fields(), values, strict=True)))
        return derived(emit("struct_pack({})", fields), kind, values)

    def tried(self, node: exp.Expr) -> Value:
        """Return the value of a node, or NULL where computing it fails."""
        if self.context.outside is not None:
            return tried(self.value(node))
        outside = Outside()
        with self.within(outside=outside):
            made = tried(self.value(node))
        return made.become(outside.around(made.sql), made.type)

    def at_zone(self, value: Value, zone: Value, node: exp.Expr) -> Value:
        """Return the instant of a value as a clock in another zone shows it; a timestamp without zone is UTC."""
        return moments.at_zone(self, value, zone, node)


class _Within:
    """A part of a clause, which is left as it was entered; a class, because a generator takes several times as long for each."""

    __slots__ = ("_before", "_inside", "_parts")

    def __init__(self, parts: Expressions, inside: Context) -> None:
        self._parts = parts
        self._before = parts.context
        self._inside = inside

    def __enter__(self) -> None:
        self._parts.context = self._inside

    def __exit__(self, *raised: object) -> None:
        self._parts.context = self._before


def _cast(parts: Parts, node: exp.Expr) -> Value:
    kind = datatype(node.args["to"])
    if node.args.get("literal"):
        return typed_literal(str(node.this.this), kind, node)
    value = parts.value(node.this)
    if kind.name in {"array", "map", "row"} and value.type.name == "json":
        value = _parsed_for(parts, kind, node, value)
    return tried_cast(value, kind, node) if isinstance(node, exp.TryCast) else cast(value, kind, node)


def _parsed_for(parts: Parts, kind: Type, node: exp.Expr, value: Value) -> Value:
    """Return the json that an array, a map or a row is cast of, as Trino hands it on.

    The cast of a call of json_parse reads the text itself: it neither sorts keys in between nor drops one of two, but fails. Elsewhere, and
    where the text is a literal, which Trino parses first, both is done before the cast. Of a column of a subquery Trino's plan decides which
    of the two: where a key stands twice, that is refused.
    """
    source = node.this
    if value.json == "parsed" and type(node) is exp.Cast and isinstance(source, exp.Anonymous) and _called(source) == "json_parse":
        text = parts.value(source.expressions[0])
        if text.literal is None:
            return value.become(emit("el_json_read({})", text), value.type)._replace(json="part")
    if value.json in {"parsed", "any"} and type(node) is exp.Cast and isinstance(source, exp.Column | exp.Identifier):
        return value.become(emit("el_json_single({})", value), value.type)
    if value.json == "parsed" and any(part.holds("map") or part.holds("row") for part in kind.args):
        return value.become(emit("el_json_sorted({})", value), value.type)
    return value


def _call(parts: Parts, node: exp.Expr) -> Value:
    return call(parts, _called(node), node.expressions, node)


def _called(node: exp.Expr) -> str:
    name = node.this.name if isinstance(node.this, exp.Identifier) else str(node.this)
    return name.lower()


def _sql_json(parts: Parts, node: exp.Expr) -> Value:
    return call(parts, node.name, [], node)


def _rewritten(name: str, *keys: str) -> Method:
    """Read a node with a class of its own as the call of the function it is."""

    def method(parts: Parts, node: exp.Expr) -> Value:
        known = set(keys)
        extra = [
            key for key, part in node.args.items() if part and key not in known and key not in {"safe", "position", "charset", "encoding"}
        ]
        if extra:
            raise refused(f"{name} with {', '.join(extra)}", node)
        return call(parts, name, [node.args[key] for key in keys if node.args.get(key) is not None], node)

    return method


def _special(name: str) -> Method:
    def method(parts: Parts, node: exp.Expr) -> Value:
        return SYNTACTIC[name](parts, node)

    return method


_METHODS: dict[type[exp.Expr], Method] = {
    exp.Literal: constants.literal,
    exp.Null: constants.null,
    exp.Boolean: constants.boolean,
    exp.UnicodeString: constants.unicode_text,
    exp.HexString: constants.hexadecimal,
    exp.Array: constants.array_of,
    exp.Tuple: constants.row_constructor,
    exp.Interval: constants.interval,
    exp.Column: names.column,
    exp.Identifier: names.column,
    exp.Dot: names.dotted,
    exp.Paren: operators.bracketed,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), operators.calculated),
    exp.Neg: operators.negative,
    exp.Pos: operators.positive,
    exp.DPipe: operators.concatenation,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), comparisons.comparison),
    exp.NullSafeNEQ: comparisons.distinct_from,
    exp.NullSafeEQ: comparisons.distinct_from,
    exp.And: conditions.logic,
    exp.Or: conditions.logic,
    exp.Not: conditions.negated,
    exp.Is: comparisons.is_null,
    exp.In: comparisons.in_list,
    exp.Exists: exists,
    exp.Subquery: scalar,
    exp.Between: comparisons.between,
    exp.Like: comparisons.like,
    exp.Escape: comparisons.like_escaped,
    exp.Case: conditions.case,
    exp.If: conditions.if_,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Bracket: operators.subscript,
    exp.AtTimeZone: moments.at_time_zone,
    exp.Extract: moments.extracted,
    exp.CurrentDate: moments.current_date,
    exp.CurrentTimestamp: moments.current_timestamp,
    exp.Localtimestamp: moments.local_timestamp,
    exp.Anonymous: _call,
    exp.Window: window,
    exp.Filter: filtered,
    exp.StrPosition: _rewritten("strpos", "this", "substr"),
    exp.Substring: _rewritten("substr", "this", "start", "length"),
    exp.Trim: _special("trim"),
    exp.Normalize: _special("normalize"),
    exp.GroupConcat: listagg,
    exp.SqlJson: _sql_json,
}
