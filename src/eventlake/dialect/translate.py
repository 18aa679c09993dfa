"""Athena's SQL -> DuckDB's: `translate` is the one entry.

A translation names the tables it reads and what its predicates say of their partitions; which objects that means is the engine's to look up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from eventlake.dialect import macros
from eventlake.dialect.queries.listings import OBJECT_COLUMNS
from eventlake.dialect.queries.relation import shown
from eventlake.dialect.queries.relations import Queries
from eventlake.dialect.sql import quoted_name, written_out
from eventlake.dialect.text.syntax import parse
from eventlake.dialect.translation import Translation
from eventlake.errors import QueryRefusedError
from eventlake.model import Table


def translate(sql: str, tables: Sequence[Table], now: datetime, *, repeats: bool = False) -> Translation:
    """Translate one statement of Athena's into DuckDB's.

    now: what current_date and current_timestamp answer; aware. repeats: whether a LATERAL is a statement that is run for each row in front of
    it, which Trino could not join. Raises QuerySyntaxError, NameNotFoundError or QueryRefusedError.
    """
    moment = now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
    queries = Queries(tables, moment, repeats=repeats)
    try:
        relation = shown(queries.query(parse(sql)))
    except RecursionError:
        raise QueryRefusedError("The statement is nested too deeply: break it up with WITH.") from None
    whole = written_out(relation.sql)
    used: dict[int, list[str]] = {}  # by the columns, which scans of one table share
    for scan in queries.scans:
        if id(scan.columns) not in used:
            used[id(scan.columns)] = [column for column in (*scan.columns, *OBJECT_COLUMNS) if quoted_name(column) in whole.names]
        scan.used.update(used[id(scan.columns)])
    return Translation(
        tuple(column.name or f"_col{index}" for index, column in enumerate(relation.fields)),
        tuple(column.type for column in relation.fields),
        tuple(queries.scans),
        tuple(macros.needed(relation.sql.macros)),
        whole.parts,
    )
