"""`Outside`: what is computed outside a TRY, because DuckDB's takes neither aggregates nor windows nor subqueries."""

from __future__ import annotations

from dataclasses import dataclass, field

from eventlake.dialect.binding import Value
from eventlake.dialect.sql import Sql, emit, joined, ours


@dataclass(slots=True)
class Outside:
    """The values that are computed outside a TRY, by their SQL, and the place of each in the row that is passed inside."""

    places: dict[Sql, int] = field(default_factory=dict)

    def named(self, value: Value) -> Value:
        """Return the value as it is called inside the TRY."""
        place = self.places.setdefault(value.sql, len(self.places) + 1)
        return value._replace(sql=emit("el_outside[{}]", place), clock=None)

    def around(self, tried: Sql) -> Sql:
        """Make SQL of the TRY, given the values from outside.

        A lambda is around it in any case: DuckDB computes what occurs twice in a SELECT once, before the TRY, unless it stands in a lambda.
        """
        row = emit("row({})", joined(", ", self.places)) if self.places else ours("0")
        return emit("list_transform([{}], lambda el_outside: {})[1]", row, tried)
