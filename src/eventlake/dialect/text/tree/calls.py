"""What is written like a call of a function, with the words that only some calls have."""

from __future__ import annotations

from eventlake.dialect.text.tree.node import Expr, Func


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
