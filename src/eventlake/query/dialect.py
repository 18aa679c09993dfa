"""Athena's SQL -> DuckDB's: `translate` is the one entry.

A translation names the tables it reads and what its predicates say of their partitions; which objects that means is the engine's to look up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eventlake.errors import QueryRefusedError
from eventlake.model import Table
from eventlake.query import macros
from eventlake.query.relations import SCAN_MARK, Queries, Scan
from eventlake.query.syntax import parse
from eventlake.query.types import Type


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement of DuckDB with gaps for its tables.

    names, types: of the answer's columns, as Athena has them. scans: what to read, in the order of the gaps. macros: what to create first.
    """

    names: tuple[str, ...]
    types: tuple[Type, ...]
    scans: tuple[Scan, ...]
    macros: tuple[str, ...]
    template: str = field(repr=False)

    def sql(self, sources: Sequence[str]) -> str:
        """The statement with the SQL of each scan in its gap."""
        pieces = self.template.split(SCAN_MARK)
        return "".join(sources[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces))


def translate(sql: str, tables: Sequence[Table], now: datetime) -> Translation:
    """DuckDB's statement for one of Athena's.

    now: what current_date and current_timestamp answer; aware. Raises QuerySyntaxError, NameNotFoundError or QueryRefusedError.
    """
    moment = now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
    queries = Queries(tables, moment)
    try:
        relation = queries.query(parse(sql))
    except RecursionError:
        raise QueryRefusedError("The statement is nested too deeply: break it up with WITH.") from None
    _note_columns(queries.scans, relation.sql)
    return Translation(
        tuple(column.name for column in relation.fields),
        tuple(column.type for column in relation.fields),
        tuple(queries.scans),
        tuple(macros.needed(relation.sql)),
        relation.sql,
    )


def _note_columns(scans: Sequence[Scan], sql: str) -> None:
    """Columns of a scan whose name does not occur in the statement are not read."""
    for scan in scans:
        scan.used.update(name for name in scan.columns if f'"{name}"' in sql)
