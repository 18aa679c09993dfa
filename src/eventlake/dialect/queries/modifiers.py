"""What stands inside and behind the brackets of an aggregate, and what each of them asks of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, shut
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.type import Type


class Modifiers(NamedTuple):
    """What stands inside and behind the brackets of an aggregate.

    where: the condition of FILTER. window: ` OVER (...)` if it is one over a window.
    """

    distinct: bool = False
    order: Sql = NOTHING
    where: Sql | None = None
    window: Sql = NOTHING

    def over(self, *arguments: Sql) -> Sql:
        """Write `(DISTINCT a, b ORDER BY c) FILTER (WHERE d) OVER (e)`."""
        if self.order is NOTHING and self.window is NOTHING and self.where is None and not self.distinct:
            return shut("({})", joined(", ", arguments))
        return shut("({}{}{}){}", DISTINCT if self.distinct else NOTHING, joined(", ", arguments), self.order, self.behind())

    def behind(self, *conditions: Sql) -> Sql:
        """Write what stands behind the brackets, with further conditions in the filter."""
        wanted = [*([self.where] if self.where is not None else []), *conditions]
        return emit(" FILTER (WHERE {}){}", joined(" AND ", wanted), self.window) if wanted else self.window


DISTINCT = ours("DISTINCT ")

Builder = Callable[[list[Value], Modifiers, exp.Expr], tuple[Sql, Type]]
"""Makes the SQL and the type of an aggregate over these values."""


def require_arguments(values: list[Value], count: int, name: str, node: exp.Expr) -> None:
    """Raise QuerySyntaxError for another number of arguments, and for a star."""
    if len(values) != count:
        raise mistyped(f"{name}() takes {count} argument{'s' if count != 1 else ''}", node)
    if any(value.type.name == "star" for value in values):
        raise mistyped(f"{name}(*) is not in Athena", node)


_MOST = 10_000
"""How many values Trino's aggregates of the first n take."""


def require_count(name: str, count: Value, node: exp.Expr) -> None:
    """Raise the QueryError of a number of values that is none, or none that is known here."""
    if not count.type.is_integer and count.type.name != "unknown":
        raise mistyped(f"{name}() by {count.type} is not in Athena", node)
    if not isinstance(count.literal, int):
        raise refused(f"{name}() with a count that is not a literal", node)
    if not 0 < count.literal <= _MOST:
        raise mistyped(f"The count of {name}() is from 1 to {_MOST:,}, not {count.literal}", node)
