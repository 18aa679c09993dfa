"""Names, literals and types."""

from __future__ import annotations

import typing

from eventlake.dialect.text.tree.node import Binary, Expr, Leaf


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


class Column(Expr):
    """A name with up to three before it: `catalog`, `db`, `table`."""

    __slots__ = ()

    @property
    def parts(self) -> list[typing.Any]:
        """Return the names, from left to right."""
        return [part for part in map(self.args.get, ("catalog", "db", "table", "this")) if part is not None]

    @property
    def names(self) -> list[str]:
        """Return what the names say in lower case, from left to right."""
        if len(self.args) == 1:
            name = self.args["this"]
            return [name.args["this"].lower() if type(name) is Identifier else name.name.lower()]
        return [part.name.lower() for part in self.parts]

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


class DataType(Expr):
    """A type as written: `this` is its name in lower case, `expressions` its parameters, types or fields."""

    __slots__ = ()


class DataTypeParam(Leaf):
    """A number in a type."""

    __slots__ = ()


class ColumnDef(Expr):
    """A field of a row type: `this` is its name, `kind` its type."""

    __slots__ = ()
