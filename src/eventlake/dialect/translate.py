"""Athena's SQL -> DuckDB's: `translate` is the one entry.

A translation names the tables it reads and what its predicates say of their partitions; which objects that means is the engine's to look up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from eventlake.dialect import macros
from eventlake.dialect.queries.relations import Queries
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.text.syntax import parse
from eventlake.dialect.translation import Translation
from eventlake.errors import QueryRefusedError
from eventlake.model import Table


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
