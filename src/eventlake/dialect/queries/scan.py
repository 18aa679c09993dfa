"""`Scan`: one reading of a table, or of what the catalog says of tables, in a statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from eventlake.dialect.types.type import Type
from eventlake.model import Table

Truth = bool | None
"""True, False, or None where only the rows can tell."""

Predicate = Callable[[date, str | None], Truth]
"""What a predicate says of an hour, given the partition's date and hour, or of the whole day if no hour is given."""


@dataclass(slots=True)
class Scan:
    """One reading of a table: which of its columns, and which of its hours the query's own predicates leave.

    listing: what the catalog is asked for instead of the table's rows, one of `listings.LISTINGS`; empty for the rows.
    """

    table: Table
    columns: Mapping[str, Type]
    predicates: list[Predicate] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    listing: str = ""
