"""The tree of a statement: nodes with named parts, as light as a parser of every query may want them.

The parser makes it, everybody else reads it. A node's class says what it is, its `args` hold its parts: nodes, lists of nodes, words, flags.
"""

from __future__ import annotations

import typing
from collections import deque
from collections.abc import Iterator

from eventlake.dialect.text.lexicon import Token

_Node = typing.TypeVar("_Node", bound="Expr")


class Expr:
    """A node. token: where it stands in the statement, if it has a place of its own. Which node it is a part of, `parents` says."""

    __slots__ = ("args", "token")

    def __init__(self, token: Token | None = None, **args: typing.Any) -> None:  # parts are nodes, lists of them, words and flags
        self.token = token
        self.args = args

    @property
    def this(self) -> typing.Any:  # a node, or the text of a leaf
        """Return the first part."""
        return self.args.get("this")

    @property
    def expression(self) -> typing.Any:  # a node
        """Return the second part."""
        return self.args.get("expression")

    @property
    def expressions(self) -> list[typing.Any]:
        """Return the parts of which there may be any number."""
        return self.args.get("expressions") or []

    @property
    def name(self) -> str:
        """Return the name it says, or nothing."""
        this = self.args.get("this")
        return this if isinstance(this, str) else this.name if isinstance(this, Leaf) else ""

    @property
    def alias(self) -> str:
        """Return the name it is given, or nothing."""
        given = self.args.get("alias")
        return given.name if isinstance(given, Expr) else ""

    @property
    def is_string(self) -> bool:
        """Tell whether it is a text in quotes."""
        return False

    def set(self, key: str, part: typing.Any) -> None:
        """Put a part in the place of another."""
        self.args[key] = part

    def children(self) -> Iterator[Expr]:
        """Yield the nodes that it is made of itself."""
        for part in self.args.values():
            if isinstance(part, Expr):
                yield part
            elif isinstance(part, list):
                yield from part

    def walk(self) -> Iterator[Expr]:
        """Yield the node and all its parts, the nearer before the deeper."""
        waiting: deque[Expr] = deque([self])
        while waiting:
            node = waiting.popleft()
            yield node
            waiting.extend(node.children())

    def parents(self) -> dict[Expr, Expr]:
        """Return the node that each part in it is a part of."""
        return {part: node for node in self.walk() for part in node.children()}

    def find_all(self, kind: type[_Node]) -> Iterator[_Node]:
        """Yield every part of that kind, itself among them."""
        return (node for node in self.walk() if isinstance(node, kind))


class Leaf(Expr):
    """A node that is what its text says."""

    __slots__ = ()


class Query(Expr):
    """What gives rows: it may stand in FROM, in brackets as a value, and alone."""

    __slots__ = ()


class Func(Expr):
    """What is written like a call of a function."""

    __slots__ = ()


class Binary(Expr):
    """An operator between `this` and `expression`."""

    __slots__ = ()


# leaves


class Identifier(Leaf):
    """A name: `this` is its text without quotes, `quoted` whether it had any."""

    __slots__ = ()


class Var(Leaf):
    """A word of the grammar, such as the unit of an interval."""

    __slots__ = ()


class Literal(Leaf):
    """A number as written in decimal digits, or a text without its quotes."""

    __slots__ = ()

    @property
    def is_string(self) -> bool:
        """Tell whether it is a text in quotes."""
        return bool(self.args["is_string"])

    @staticmethod
    def number(number: int) -> Literal:
        """Return the literal of a number that nobody wrote."""
        return Literal(this=str(number), is_string=False)


class Star(Leaf):
    """`*`"""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Return `*`."""
        return "*"


class Null(Expr):
    """NULL"""

    __slots__ = ()


class Boolean(Expr):
    """TRUE or FALSE: `this` is it."""

    __slots__ = ()


class UnicodeString(Expr):
    r"""`U&'\00e4'`: `this` is its text, `escape` the literal behind UESCAPE."""

    __slots__ = ()


class HexString(Expr):
    """`X'0F'`: `this` is its digits."""

    __slots__ = ()


# names


class Column(Expr):
    """A name with up to three before it: `catalog`, `db`, `table`."""

    __slots__ = ()

    @property
    def parts(self) -> list[typing.Any]:
        """Return the names, from left to right."""
        return [part for part in map(self.args.get, ("catalog", "db", "table", "this")) if part is not None]

    @property
    def table(self) -> str:
        """Return the name before the last, or nothing."""
        given = self.args.get("table")
        return given.name if given is not None else ""


class Table(Column):
    """A table in FROM: its name with up to two before it, `alias`, and `joins` where brackets stand around them."""

    __slots__ = ()


class TableAlias(Expr):
    """`AS t(a, b)`: `this` is the name, `columns` those of the columns."""

    __slots__ = ()

    @property
    def columns(self) -> list[typing.Any]:
        """Return the names of the columns."""
        return self.args.get("columns") or []


class Dot(Binary):
    """A field of what is no plain name."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Return the field's name."""
        return str(self.expression.name)


class Alias(Expr):
    """A column of SELECT with a name behind it."""

    __slots__ = ()


# operators


class Add(Binary):
    """`a + b`"""

    __slots__ = ()


class Sub(Binary):
    """`a - b`"""

    __slots__ = ()


class Mul(Binary):
    """`a * b`"""

    __slots__ = ()


class Div(Binary):
    """`a / b`"""

    __slots__ = ()


class Mod(Binary):
    """`a % b`"""

    __slots__ = ()


class DPipe(Binary):
    """`a || b`"""

    __slots__ = ()


class EQ(Binary):
    """`a = b`"""

    __slots__ = ()


class NEQ(Binary):
    """`a <> b`"""

    __slots__ = ()


class LT(Binary):
    """`a < b`"""

    __slots__ = ()


class LTE(Binary):
    """`a <= b`"""

    __slots__ = ()


class GT(Binary):
    """`a > b`"""

    __slots__ = ()


class GTE(Binary):
    """`a >= b`"""

    __slots__ = ()


class NullSafeEQ(Binary):
    """`a IS NOT DISTINCT FROM b`"""

    __slots__ = ()


class NullSafeNEQ(Binary):
    """`a IS DISTINCT FROM b`"""

    __slots__ = ()


class And(Binary):
    """`a AND b`"""

    __slots__ = ()


class Or(Binary):
    """`a OR b`"""

    __slots__ = ()


class Is(Binary):
    """`a IS NULL`"""

    __slots__ = ()


class Like(Binary):
    """`a LIKE b`"""

    __slots__ = ()


class Escape(Binary):
    """`(a LIKE b) ESCAPE c`: `this` is the Like."""

    __slots__ = ()


class Not(Expr):
    """`NOT a`"""

    __slots__ = ()


class Neg(Expr):
    """`- a`"""

    __slots__ = ()


class Pos(Expr):
    """`+ a`"""

    __slots__ = ()


class Paren(Expr):
    """`(a)`"""

    __slots__ = ()


class Between(Expr):
    """`this BETWEEN low AND high`"""

    __slots__ = ()


class In(Expr):
    """`this IN (expressions)` or `this IN (query)`"""

    __slots__ = ()


class Exists(Expr):
    """`EXISTS (this)`"""

    __slots__ = ()


class All(Expr):
    """`ALL (this)` behind a comparison"""

    __slots__ = ()


class Any(Expr):
    """`ANY (this)` or SOME behind a comparison"""

    __slots__ = ()


class AtTimeZone(Expr):
    """`this AT TIME ZONE zone`"""

    __slots__ = ()


class Bracket(Expr):
    """`this[expressions]`"""

    __slots__ = ()


class Tuple(Expr):
    """`(a, b)`"""

    __slots__ = ()


class Array(Expr):
    """`ARRAY[a, b]`"""

    __slots__ = ()


class Interval(Expr):
    """`INTERVAL 'this' unit`: the unit is a Var or an IntervalSpan."""

    __slots__ = ()


class IntervalSpan(Expr):
    """`this TO expression`, both Vars"""

    __slots__ = ()


class Case(Expr):
    """`CASE this WHEN ... ELSE default END`: `ifs` are its branches."""

    __slots__ = ()


class Lambda(Expr):
    """`expressions -> this`"""

    __slots__ = ()


# functions


class Anonymous(Func):
    """A call by name: `this` is the name as written, `expressions` the arguments."""

    __slots__ = ()


class If(Func):
    """`IF(this, true, false)`, or a branch of CASE"""

    __slots__ = ()


class Cast(Func):
    """`CAST(this AS to)`; `literal` marks `DATE '...'`."""

    __slots__ = ()


class Extract(Func):
    """`EXTRACT(this FROM expression)`"""

    __slots__ = ()


class Trim(Func):
    """`TRIM(position expression FROM this)`"""

    __slots__ = ()


class Substring(Func):
    """`SUBSTRING(this FROM start FOR length)`"""

    __slots__ = ()


class StrPosition(Func):
    """`POSITION(substr IN this)`"""

    __slots__ = ()


class Normalize(Func):
    """`NORMALIZE(this, form)`"""

    __slots__ = ()


class GroupConcat(Func):
    """`LISTAGG(this, separator) WITHIN GROUP (...)`: `this` is an Order; is_cut: whether it has `ON OVERFLOW TRUNCATE`."""

    __slots__ = ()


class CurrentDate(Func):
    """`CURRENT_DATE`"""

    __slots__ = ()


class CurrentTime(Func):
    """`CURRENT_TIME(this)`"""

    __slots__ = ()


class CurrentTimestamp(Func):
    """`CURRENT_TIMESTAMP(this)`"""

    __slots__ = ()


class Localtime(Func):
    """`LOCALTIME(this)`"""

    __slots__ = ()


class Localtimestamp(Func):
    """`LOCALTIMESTAMP(this)`"""

    __slots__ = ()


class CurrentUser(Func):
    """`CURRENT_USER`"""

    __slots__ = ()


class CurrentCatalog(Func):
    """`CURRENT_CATALOG`"""

    __slots__ = ()


class CurrentSchema(Func):
    """`CURRENT_SCHEMA`"""

    __slots__ = ()


class CurrentPath(Func):
    """`CURRENT_PATH`"""

    __slots__ = ()


class TryCast(Cast):
    """`TRY_CAST(this AS to)`"""

    __slots__ = ()


class Distinct(Expr):
    """`DISTINCT expressions` among arguments, or DISTINCT of a SELECT"""

    __slots__ = ()


class Filter(Expr):
    """`this FILTER (WHERE ...)`: `expression` is a Where."""

    __slots__ = ()


class IgnoreNulls(Expr):
    """`this IGNORE NULLS`"""

    __slots__ = ()


class RespectNulls(Expr):
    """`this RESPECT NULLS`"""

    __slots__ = ()


class Window(Expr):
    """`this OVER (alias PARTITION BY partition_by ORDER BY order spec)`, or a definition in WINDOW"""

    __slots__ = ()


class WindowSpec(Expr):
    """A frame: `kind`, `start`, `start_side`, `end`, `end_side`; a bound is a node or a word."""

    __slots__ = ()


# types


class DataType(Expr):
    """A type as written: `this` is its name in lower case, `expressions` its parameters, types or fields."""

    __slots__ = ()


class DataTypeParam(Leaf):
    """A number in a type."""

    __slots__ = ()


class ColumnDef(Expr):
    """A field of a row type: `this` is its name, `kind` its type."""

    __slots__ = ()


# queries


class Select(Query):
    """`SELECT`, with all of its clauses as parts"""

    __slots__ = ()


class SetOperation(Query):
    """Two queries, `distinct` or not, with what stands behind both"""

    __slots__ = ()


class Union(SetOperation):
    """`this UNION expression`"""

    __slots__ = ()


class Intersect(SetOperation):
    """`this INTERSECT expression`"""

    __slots__ = ()


class Except(SetOperation):
    """`this EXCEPT expression`"""

    __slots__ = ()


class Subquery(Query):
    """A query in brackets, or in FROM relations in brackets: with `alias` and `joins`"""

    __slots__ = ()


class Values(Query):
    """`VALUES expressions`"""

    __slots__ = ()


class Show(Query):
    """`SHOW what IN database LIKE pattern`, `SHOW what table` and `DESCRIBE table`, which is a `what` too"""

    __slots__ = ()


class With(Expr):
    """`WITH expressions`, `recursive` or not"""

    __slots__ = ()


class CTE(Expr):
    """A query of WITH: `this` under the name `alias`"""

    __slots__ = ()


class From(Expr):
    """`FROM this`"""

    __slots__ = ()


class Where(Expr):
    """`WHERE this`"""

    __slots__ = ()


class Group(Expr):
    """`GROUP BY expressions`, and `rollup`, `cube` and `grouping_sets`, a list of each"""

    __slots__ = ()


class Rollup(Expr):
    """`ROLLUP (expressions)`"""

    __slots__ = ()


class Cube(Expr):
    """`CUBE (expressions)`"""

    __slots__ = ()


class GroupingSets(Expr):
    """`GROUPING SETS (expressions)`"""

    __slots__ = ()


class Having(Expr):
    """`HAVING this`"""

    __slots__ = ()


class Order(Expr):
    """`ORDER BY expressions`; among arguments `this` is the last of them."""

    __slots__ = ()


class Ordered(Expr):
    """`this DESC NULLS FIRST`"""

    __slots__ = ()


class Limit(Expr):
    """`LIMIT expression`"""

    __slots__ = ()


class Offset(Expr):
    """`OFFSET expression`"""

    __slots__ = ()


class Fetch(Expr):
    """`FETCH FIRST count ROWS ONLY`, or `with_ties`"""

    __slots__ = ()


class Join(Expr):
    """`side kind JOIN this ON on`, or `using`"""

    __slots__ = ()


class Unnest(Expr):
    """`UNNEST (expressions)`; `offset` is WITH ORDINALITY."""

    __slots__ = ()


class Lateral(Expr):
    """`LATERAL this`, a Subquery"""

    __slots__ = ()


# JSON by SQL's standard


class SqlJson(Func):
    """A call of JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT or JSON_ARRAY.

    called: its name. this, path: of the three that ask. expressions: `Member`s of the two that make. returning: a type.
    on_empty, on_error: the word before ON; default_empty, default_error: what follows DEFAULT. wrapper: CONDITIONAL or UNCONDITIONAL.
    quotes: KEEP or OMIT. on_null: NULL or ABSENT.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """Return the function's name, in lower case."""
        return str(self.args["called"])

    def on(self, event: str) -> str:
        """Return the word before ON EMPTY or ON ERROR, or nothing."""
        return str(self.args.get(f"on_{event.lower()}") or "")


class Member(Expr):
    """A value in JSON_OBJECT or JSON_ARRAY: `this` is its key, formatted whether FORMAT JSON stands behind it."""

    __slots__ = ()
