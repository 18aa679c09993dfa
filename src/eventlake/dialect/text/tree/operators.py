"""Operators, and what stands among them without being a call."""

from __future__ import annotations

from eventlake.dialect.text.tree.node import Binary, Expr


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
