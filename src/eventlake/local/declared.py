"""The tables of a lake against the declarations of now: which are declared no more, and which otherwise than the lake knows them.

A lake speaks from its catalog, which `serve` and `send` bring up to date when they begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.lake import Finding
from eventlake.model import Source, Table

_UNDECLARED = "Name the folder of its declaration with --sources; what is stored is answered, and new events of it are kept as failed."
_BRING = "The next start of `eventlake serve` or `send` takes the new declaration over; until then queries answer by the old one."


def check_declarations(tables: Sequence[Table], sources: Sequence[Source]) -> Iterator[Finding]:
    """Compare the tables of a lake with those that are declared. tables: as the catalog knows them."""
    declared = {table.name: table for source in sources for table in source.tables}
    for table in tables:
        now = declared.get(table.name)
        if now is None:
            yield Finding(
                "warning", f'The table "{table.name}" of {table.database} is in the lake, and no declaration names it.', _UNDECLARED
            )
        elif changes := list(_changes(table, now)):
            yield Finding(
                "warning", f'The table "{table.name}" is declared otherwise than the lake knows it: {", ".join(changes)}.', _BRING
            )


def _changes(known: Table, now: Table) -> Iterator[str]:
    """Yield what a query would see of the new declaration."""
    if known.database != now.database:
        yield f"its database is {now.database}, and was {known.database}"
    for column in now.columns:
        before = known.column(column.name)
        if before is None:
            yield f'the column "{column.stored_name}" is new'
        elif before.type != column.type:
            yield f'the column "{column.stored_name}" is {column.type}, and was {before.type}'
