"""`Function`: one way to call one of Athena's functions, as a line of data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eventlake.dialect.binding import Value
from eventlake.dialect.parts import Parts
from eventlake.dialect.text import tree as exp

Builder = Callable[[Parts, list[Value], exp.Expr], Value]
"""Makes the value of a call from its arguments, already of the signature's types."""
Syntactic = Callable[[Parts, exp.Expr], Value]
"""Makes the value of a call that has a grammar of its own, or lambdas."""


@dataclass(frozen=True, slots=True)
class Function:
    """One way to call a function.

    signature: `varchar, bigint -> varchar`; `...` behind the last argument repeats it; capitals are types to be found: N a number,
    I an integer, others anything. sql: the template, or its builder.
    """

    name: str
    signature: str
    sql: str | Builder
