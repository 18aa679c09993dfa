"""Queries and their clauses."""

from __future__ import annotations

from eventlake.dialect.text.tree.node import Expr, Query


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
