"""`Scan`: one reading of a table in a statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eventlake.dialect.types.type import Type
from eventlake.model import Table

if TYPE_CHECKING:
    from eventlake.dialect.queries.pruning import Predicate


@dataclass(slots=True)
class Scan:
    """One reading of a table: which of its columns, and which of its hours the query's own predicates leave."""

    table: Table
    columns: dict[str, Type]
    predicates: list[Predicate] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
