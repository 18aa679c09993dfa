"""Expressions: the tree -> SQL of DuckDB with Trino's types, one method for each kind of node.

A node without a method, or with a part its method does not know, is refused: nothing is passed on that was not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from eventlake.dialect.binding import Reading, Value, derived, mistyped, refused, unknown
from eventlake.dialect.functions.calls import SYNTACTIC, call
from eventlake.dialect.parts import Context
from eventlake.dialect.queries.aggregation import filtered, listagg
from eventlake.dialect.queries.listings import UNKNOWN_OF_OBJECTS, refuse_modified_time
from eventlake.dialect.queries.outside import Outside
from eventlake.dialect.queries.subqueries import exists, in_subquery, quantified, scalar
from eventlake.dialect.queries.trying import stands_outside, tried, tried_cast
from eventlake.dialect.queries.windows import window
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, quoted, shut, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.arithmetic import arithmetic
from eventlake.dialect.types.casts import cast, coerce
from eventlake.dialect.types.comparison import compared, row_part
from eventlake.dialect.types.concatenation import concatenated, joined_with_null
from eventlake.dialect.types.datatypes import datatype
from eventlake.dialect.types.json_casts import by_keys, canonical, distinguished, require_keys
from eventlake.dialect.types.literals import interval_literal, number_literal, typed_literal, unescaped
from eventlake.dialect.types.type import (
    BIGINT,
    BOOLEAN,
    DATE,
    EACH,
    INTERVAL_DAY,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    common,
    instants,
    row,
    timestamp,
)
from eventlake.dialect.types.zones import as_instants, each_in, each_zoned, instant, zone_label, zone_named, zone_of
from eventlake.errors import NameNotFoundError

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


class Expressions:
    """Reads the expressions of one clause."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def value(self, node: exp.Expr) -> Value:
        """Return the value of a node. Raises QueryError if it is not Athena's, or cannot be answered as Athena would."""
        method = self._METHODS.get(type(node))
        if method is None:
            raise refused(f"{type(node).__name__.upper()}", node)
        outside = self.context.outside
        if outside is not None and stands_outside(node):
            with self.within(outside=None):
                return outside.named(self.value(node))
        value = method(self, node)
        require_keys(value.type, node)
        if self.context.grouped is not None and not self.context.inside_aggregate and value.sql in self.context.grouped:
            value = key_of_group(value)
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

    @contextmanager
    def within(self, **changes: object) -> Iterator[None]:
        """Enter a part of the clause in which other things are allowed."""
        before = self.context
        self.context = before.but(**changes)
        try:
            yield
        finally:
            self.context = before

    # literals

    def _literal(self, node: exp.Expr) -> Value:
        written = str(node.this)
        if node.args.get("is_string"):
            return Value(text(written), Type("varchar", numbers=(len(written),)), literal=written)
        return number_literal(written, node)

    def _null(self, node: exp.Expr) -> Value:
        return Value(emit("NULL"), UNKNOWN, is_null=True)

    def _boolean(self, node: exp.Expr) -> Value:
        return Value(emit("true" if node.this else "false"), BOOLEAN)

    def _unicode(self, node: exp.Expr) -> Value:
        written = unescaped(node)
        return Value(text(written), Type("varchar", numbers=(len(written),)), literal=written)

    def _hex(self, node: exp.Expr) -> Value:
        digits = str(node.this)
        return Value(emit("unhex({})", text(digits)), VARBINARY)

    def _array(self, node: exp.Expr) -> Value:
        if not node.expressions:
            return Value(emit("[]"), array(UNKNOWN))
        values, kind = self.united(node.expressions, "ARRAY[...]")
        return derived(emit("[{}]", joined(", ", (value.sql for value in values))), array(kind), values)

    def _tuple(self, node: exp.Expr) -> Value:
        return self.row_of([self.value(part) for part in node.expressions])

    def row_of(self, values: Sequence[Value]) -> Value:
        """Make a row of these values, its fields without names."""
        kind = row(*((None, value.type) for value in values))
        fields = joined(", ", (emit("{} := {}", quoted(name), value.sql) for (name, _), value in zip(kind.fields(), values, strict=True)))
        return derived(emit("struct_pack({})", fields), kind, values)

    def _interval(self, node: exp.Expr) -> Value:
        return interval_literal(node)

    # names

    def _column(self, node: exp.Expr) -> Value:
        if isinstance(node.this, exp.Star):
            raise mistyped("A star stands where one value is wanted", node)
        parts = [part.name.lower() for part in node.parts] if isinstance(node, exp.Column) else [node.name.lower()]
        return self.named(parts, node)

    def named(self, parts: list[str], node: exp.Expr) -> Value:
        """Find what a name with dots means: a lambda's parameter, an alias where it counts, a column or a field of a row."""
        context = self.context
        if parts[0] in context.lambdas:
            return self._fields(context.lambdas[parts[0]], parts[1:], node)
        if len(parts) == 1 and parts[0] in context.aliases:
            return self._own_column(parts[0], node)
        found = context.scope.find(parts)
        if found is None:
            if parts[-1] == UNKNOWN_OF_OBJECTS:
                refuse_modified_time(node)
            shown = ".".join(part.name for part in node.parts) if isinstance(node, exp.Column) else node.name
            raise unknown("column", shown, context.scope.names(), node)
        column, rest, owner = found
        outer, value = owner is not context.scope, column.value
        context.scope.read[id(node)] = Reading(owner, value.sql, value.type, whole=not rest)
        if outer:
            value = value._replace(columns=frozenset(), aggregate=False, window=False)
        elif context.grouped is not None and value.sql in context.grouped:
            value = key_of_group(value) if rest and not context.inside_aggregate else value._replace(columns=frozenset())
        elif not context.inside_aggregate:
            value = value._replace(columns=frozenset([shown_name(column.relation, column.name)]))
        return self._fields(value, rest, node)

    def _own_column(self, name: str, node: exp.Expr) -> Value:
        """Return the SELECT's own column that ORDER BY names."""
        value = self.context.aliases[name]
        if not value.sql:
            raise mistyped(f'"{name}" names two columns of the SELECT', node)
        if self.context.sealed:
            raise mistyped(f'"{name}" is a column of the SELECT, which an aggregate in ORDER BY cannot take: write it with its table', node)
        return value

    def _fields(self, value: Value, names: Sequence[str], node: exp.Expr) -> Value:
        for name in names:
            value = row_field(value, name, node)
        return value

    def _dot(self, node: exp.Expr) -> Value:
        if not isinstance(node.expression, exp.Identifier):
            raise refused("This use of a dot", node)
        return row_field(self.value(node.this), node.expression.name.lower(), node)

    # operators

    def _paren(self, node: exp.Expr) -> Value:
        return self.value(node.this)

    def _arithmetic(self, node: exp.Expr) -> Value:
        sign = _OPERATORS[type(node)]
        return arithmetic(sign, self.value(node.this), self.value(node.expression), node)

    def _negative(self, node: exp.Expr) -> Value:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return number_literal("-" + str(node.this.this), node)
        value = self.value(node.this)
        if not (value.type.is_number or value.type.name.startswith("interval")):
            raise mistyped(f"A minus stands before {value.type}", node)
        return value.become(emit("(- {})", value.sql), value.type)

    def _positive(self, node: exp.Expr) -> Value:
        value = self.value(node.this)
        if not value.type.is_number or value.type.name == "decimal":
            raise mistyped(f"A plus stands before {value.type}", node)
        return value.become(emit("(+ {})", value.sql), value.type)

    def _concatenate(self, node: exp.Expr) -> Value:
        left, right = self.value(node.this), self.value(node.expression)
        pair = {left.type.name, right.type.name} - {"unknown"}
        if "unknown" in {left.type.name, right.type.name} and "array" not in pair:
            return joined_with_null(left, right, node)
        if pair <= {"varchar", "char"}:
            return derived(emit("({} || {})", coerce(left, VARCHAR).sql, coerce(right, VARCHAR).sql), VARCHAR, (left, right))
        if "array" in pair:
            return concatenated(left, right, node)
        if pair == {"varbinary"}:
            return derived(emit("({} || {})", left.sql, right.sql), VARBINARY, (left, right))
        raise mistyped(f"|| cannot join {left.type} and {right.type}: cast both to varchar", node)

    def _compare(self, node: exp.Expr) -> Value:
        sign = _OPERATORS[type(node)]
        if isinstance(node.expression, exp.All | exp.Any):
            return quantified(self, node, sign)
        if isinstance(node.this, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE):
            raise mistyped("Comparisons are not chained in Athena: put one in brackets", node)
        return compared(sign, self.value(node.this), self.value(node.expression), node)

    def _distinct_from(self, node: exp.Expr) -> Value:
        left, right = self.value(node.this), self.value(node.expression)
        both = common(left.type, right.type)
        if both is None:
            raise mistyped(f"{left.type} and {right.type} cannot be compared", node)
        both = instants(both)
        left, right = (distinguished(coerce(side, both), "IS DISTINCT FROM", node) for side in (left, right))
        word = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
        return derived(emit("({} {} {})", left, ours(word), right), BOOLEAN, (left, right))

    def _logic(self, node: exp.Expr) -> Value:
        word = "AND" if isinstance(node, exp.And) else "OR"
        parts = [self.boolean(part, word) for part in _flat(node)]
        return derived(emit("({})", joined(f" {word} ", parts)), BOOLEAN, parts)

    def _not(self, node: exp.Expr) -> Value:
        inner = node.this
        if isinstance(inner, exp.Is):
            value = self._is(inner)
            return value.become(emit("(NOT {})", value.sql), BOOLEAN)
        value = self.boolean(inner, "NOT")
        return value.become(emit("(NOT {})", value.sql), BOOLEAN)

    def _is(self, node: exp.Expr) -> Value:
        value = self.value(node.this)
        return value.become(emit("({} IS NULL)", value.sql), BOOLEAN)

    def _in(self, node: exp.Expr) -> Value:
        query = node.args.get("query")
        if query is not None:
            return in_subquery(self, node, query.this if isinstance(query, exp.Subquery) else query)
        values, kind = self.united([node.this, *node.expressions], "IN")
        values = [as_instants(value) for value in values]
        if kind.args or kind.name in {"double", "real", "json"}:
            alternatives = [compared("=", values[0], value, node).sql for value in values[1:]]
            return derived(emit("({})", joined(" OR ", alternatives)), BOOLEAN, values)
        return derived(emit("({} IN ({}))", values[0].sql, joined(", ", (value.sql for value in values[1:]))), BOOLEAN, values)

    def _between(self, node: exp.Expr) -> Value:
        value, low, high = (self.value(node.args[key]) for key in ("this", "low", "high"))
        left, right = compared(">=", value, low, node), compared("<=", value, high, node)
        return derived(emit("({} AND {})", left.sql, right.sql), BOOLEAN, (left, right))

    def _like(self, node: exp.Expr, escape: exp.Expr | None = None) -> Value:
        value, pattern = self.value(node.this), self.value(node.expression)
        for part in (value, pattern):
            if part.type.name not in {"varchar", "char", "unknown"}:
                raise mistyped(f"LIKE wants text, not {part.type}", node)
        ending = NOTHING
        if escape is not None:
            ending = self._escape(pattern, self.value(escape), node)
        return derived(emit("({} LIKE {}{})", coerce(value, VARCHAR), coerce(pattern, VARCHAR), ending), BOOLEAN, (value, pattern))

    def _escape(self, pattern: Value, sign: Value, node: exp.Expr) -> Sql:
        if not isinstance(sign.literal, str) or not isinstance(pattern.literal, str):
            raise refused("LIKE with an escape or pattern that is not a literal", node)
        if len(sign.literal) != 1 or re.search(
            re.escape(sign.literal) + rf"(?![%_{re.escape(sign.literal)}])", pattern.literal.replace(sign.literal * 2, "")
        ):
            raise mistyped("The escape of LIKE is one character and stands before %, _ or itself", node)
        return emit(" ESCAPE {}", sign.sql)

    def _escaped(self, node: exp.Expr) -> Value:
        return self._like(node.this, node.expression)

    def _case(self, node: exp.Expr) -> Value:
        branches = node.args["ifs"]
        default = node.args.get("default")
        values, kind = self.united([branch.args["true"] for branch in branches] + ([default] if default is not None else []), "CASE")
        conditions = [self._condition(node, branch) for branch in branches]
        whens = joined(
            "", (emit(" WHEN {} THEN {}", condition.sql, value.sql) for condition, value in zip(conditions, values, strict=False))
        )
        other = emit(" ELSE {}", values[-1].sql) if default is not None else NOTHING
        return derived(emit("(CASE{}{} END)", whens, other), kind, (*conditions, *values))

    def _condition(self, node: exp.Expr, branch: exp.Expr) -> Value:
        if node.this is None:
            return self.boolean(branch.this, "A condition of CASE")
        return compared("=", self.value(node.this), self.value(branch.this), branch)

    def _if(self, node: exp.Expr) -> Value:
        condition = self.boolean(node.this, "The condition of IF")
        other = node.args.get("false")
        values, kind = self.united([node.args["true"]] + ([other] if other is not None else []), "IF")
        ending = emit(" ELSE {}", values[1].sql) if other is not None else NOTHING
        return derived(emit("(CASE WHEN {} THEN {}{} END)", condition.sql, values[0].sql, ending), kind, (condition, *values))

    # casts, subscripts, zones

    def _cast(self, node: exp.Expr) -> Value:
        kind = datatype(node.args["to"])
        if node.args.get("literal"):
            return typed_literal(str(node.this.this), kind, node)
        value = self.value(node.this)
        return tried_cast(value, kind, node) if isinstance(node, exp.TryCast) else cast(value, kind, node)

    def tried(self, node: exp.Expr) -> Value:
        """Return the value of a node, or NULL where computing it fails."""
        if self.context.outside is not None:
            return tried(self.value(node))
        outside = Outside()
        with self.within(outside=outside):
            made = tried(self.value(node))
        return made.become(outside.around(made.sql), made.type)

    def _bracket(self, node: exp.Expr) -> Value:
        whole, index = self.value(node.this), self.value(node.expressions[0])
        if whole.type.name == "unknown":
            return whole
        if whole.type.name == "array":
            if not (index.type.is_integer or index.type.name == "unknown"):
                raise mistyped(f"A subscript of an array is a number, not {index.type}", node)
            return derived(emit("el_subscript({}, {})", whole.sql, coerce(index, BIGINT).sql), whole.type.args[0], (whole, index))
        if whole.type.name == "map":
            key = common(index.type, whole.type.args[0])
            if key != whole.type.args[0] and not (key and key.name == "varchar"):
                raise mistyped(f"A key of {whole.type} is not {index.type}", node)
            return derived(
                emit("el_map_value({}, {})", whole.sql, coerce(index, whole.type.args[0]).sql), whole.type.args[1], (whole, index)
            )
        if whole.type.name == "row" and isinstance(index.literal, int) and 1 <= index.literal <= len(whole.type.args):
            return row_part(whole, index.literal - 1)
        raise mistyped(f"{whole.type} has no subscripts like this", node)

    def _at_time_zone(self, node: exp.Expr) -> Value:
        zone = self.value(node.args["zone"])
        return self.at_zone(self.value(node.this), zone, node)

    def at_zone(self, value: Value, zone: Value, node: exp.Expr) -> Value:
        """Return the instant of a value as a clock in another zone shows it; a timestamp without zone is UTC."""
        if value.type.name not in {"timestamp", "timestamptz"}:
            raise mistyped(f"AT TIME ZONE wants a timestamp, not {value.type}", node)
        kind = timestamp(value.type.numbers[0], zoned=True)
        if zone.type == INTERVAL_DAY:
            minutes = emit("el_zone_minutes({})", zone)
            return each_zoned(instant(value), emit("el_offset_label({})", minutes), kind, (value, zone), minutes)
        if zone.type.name not in {"varchar", "unknown"}:
            raise mistyped(f"A time zone is a text or an interval of hours and minutes, not {zone.type}", node)
        if not isinstance(zone.literal, str):
            return each_in(emit("(CASE WHEN {} IS NOT NULL THEN {} END)", zone, instant(value)), zone_of(zone), kind, (value, zone))
        name = zone_named(zone.literal)
        if name is None and self.context.outside is not None:
            return each_in(instant(value), zone_of(zone), kind, (value,))
        if name is None:
            raise NameNotFoundError(f'There is no time zone "{zone.literal}": write it as Area/City or +05:30.')
        return value.become(instant(value), kind.at(name))

    def _extract(self, node: exp.Expr) -> Value:
        name = str(node.this.name).lower()
        name = {"dow": "day_of_week", "day_of_week": "day_of_week", "doy": "day_of_year", "yow": "year_of_week"}.get(name, name)
        if name == "millisecond":
            raise mistyped("EXTRACT(MILLISECOND ...) is not in Athena: write millisecond(x)", node)
        if name in {"hour", "minute", "second"} and self.value(node.expression).type == DATE:
            raise mistyped(f"A date has no {name}", node)
        if name.startswith("timezone_") and self.value(node.expression).type.name != "timestamptz":
            raise mistyped(f"EXTRACT({name.upper()} ...) wants a timestamp with time zone", node)
        return call(self, name, [node.expression], node)

    # clock

    def _current_date(self, node: exp.Expr) -> Value:
        return Value(emit("DATE {}", text(self.context.moment[:10])), DATE)

    def _current_timestamp(self, node: exp.Expr) -> Value:
        return Value(emit("TIMESTAMP {}", text(self.context.moment)), timestamp(zoned=True))

    def _localtimestamp(self, node: exp.Expr) -> Value:
        return Value(emit("TIMESTAMP {}", text(self.context.moment)), timestamp())

    # functions

    def _call(self, node: exp.Expr) -> Value:
        name = node.this.name if isinstance(node.this, exp.Identifier) else str(node.this)
        return call(self, name.lower(), node.expressions, node)

    def _window(self, node: exp.Expr) -> Value:
        return window(self, node)

    def _sql_json(self, node: exp.Expr) -> Value:
        return call(self, node.name, [], node)

    def _listagg(self, node: exp.Expr) -> Value:
        return listagg(self, node)

    def _filter(self, node: exp.Expr) -> Value:
        return filtered(self, node)

    _METHODS: ClassVar[dict[type[exp.Expr], Callable[[Expressions, exp.Expr], Value]]] = {}


def _rewritten(name: str, *keys: str) -> Callable[[Expressions, exp.Expr], Value]:
    """Read a node with a class of its own as the call of the function it is."""

    def method(self: Expressions, node: exp.Expr) -> Value:
        known = set(keys)
        extra = [
            key for key, part in node.args.items() if part and key not in known and key not in {"safe", "position", "charset", "encoding"}
        ]
        if extra:
            raise refused(f"{name} with {', '.join(extra)}", node)
        return call(self, name, [node.args[key] for key in keys if node.args.get(key) is not None], node)

    return method


def _special(name: str) -> Callable[[Expressions, exp.Expr], Value]:
    def method(self: Expressions, node: exp.Expr) -> Value:
        return SYNTACTIC[name](self, node)

    return method


_METHODS: dict[type[exp.Expr], Callable[[Expressions, exp.Expr], Value]] = {
    exp.Literal: Expressions._literal,
    exp.Null: Expressions._null,
    exp.Boolean: Expressions._boolean,
    exp.UnicodeString: Expressions._unicode,
    exp.HexString: Expressions._hex,
    exp.Array: Expressions._array,
    exp.Tuple: Expressions._tuple,
    exp.Interval: Expressions._interval,
    exp.Column: Expressions._column,
    exp.Identifier: Expressions._column,
    exp.Dot: Expressions._dot,
    exp.Paren: Expressions._paren,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), Expressions._arithmetic),
    exp.Neg: Expressions._negative,
    exp.Pos: Expressions._positive,
    exp.DPipe: Expressions._concatenate,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), Expressions._compare),
    exp.NullSafeNEQ: Expressions._distinct_from,
    exp.NullSafeEQ: Expressions._distinct_from,
    exp.And: Expressions._logic,
    exp.Or: Expressions._logic,
    exp.Not: Expressions._not,
    exp.Is: Expressions._is,
    exp.In: Expressions._in,
    exp.Exists: exists,
    exp.Subquery: scalar,
    exp.Between: Expressions._between,
    exp.Like: Expressions._like,
    exp.Escape: Expressions._escaped,
    exp.Case: Expressions._case,
    exp.If: Expressions._if,
    exp.Cast: Expressions._cast,
    exp.TryCast: Expressions._cast,
    exp.Bracket: Expressions._bracket,
    exp.AtTimeZone: Expressions._at_time_zone,
    exp.Extract: Expressions._extract,
    exp.CurrentDate: Expressions._current_date,
    exp.CurrentTimestamp: Expressions._current_timestamp,
    exp.Localtimestamp: Expressions._localtimestamp,
    exp.Anonymous: Expressions._call,
    exp.Window: Expressions._window,
    exp.Filter: Expressions._filter,
    exp.StrPosition: _rewritten("strpos", "this", "substr"),
    exp.Substring: _rewritten("substring", "this", "start", "length"),
    exp.Trim: _special("trim"),
    exp.Normalize: _special("normalize"),
    exp.GroupConcat: Expressions._listagg,
    exp.SqlJson: Expressions._sql_json,
}
Expressions._METHODS.update(_METHODS)


def key_of_group(value: Value) -> Value:
    """Return a key of GROUP BY as its group has it: of moments that are equal in other zones, one of the zones stands for all.

    A json is grouped by its text in Trino, see `distinguished`.
    """
    value = value._replace(columns=frozenset())
    if value.type.name == "json":
        return value.become(canonical(value), value.type)._replace(json="normal")
    if value.type.name == "map":
        return value.become(by_keys(value), value.type)
    if value.type.zone != EACH:
        return value
    return each_zoned(instant(value), shut("any_value({})", zone_label(value)), value.type, (value,))


def shown_name(relation: str, name: str) -> str:
    """Name a column as a sentence shows it."""
    return f"{relation}.{name}" if relation else name


def row_field(value: Value, name: str, node: exp.Expr) -> Value:
    """Take the field of that name. Raises QueryError if the value is no row or has none."""
    if value.type.name != "row":
        raise mistyped(f"{value.type} has no fields, so not .{name}", node)
    known = [(stored, kind) for stored, kind in value.type.fields() if stored.lower() == name and stored]
    if not known or name not in [(given or "").lower() for given in value.type.names]:
        raise unknown("field", name, [given for given in value.type.names if given], node)
    if [(given or "").lower() for given in value.type.names].count(name) > 1:
        raise mistyped(f'"{name}" could be any of several fields of the row', node)
    return value.become(emit("struct_extract({}, {})", value.sql, text(known[0][0])), known[0][1])


def _flat(node: exp.Expr) -> list[exp.Expr]:
    """Return the parts of a chain of the same AND or OR, without recursion into it."""
    parts: list[exp.Expr] = []
    todo = [node]
    while todo:
        part = todo.pop()
        if type(part) is type(node):
            todo += [part.expression, part.this]
        else:
            parts.append(part)
    return parts
