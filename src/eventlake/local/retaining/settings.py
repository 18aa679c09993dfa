"""How long a lake on one machine keeps what: as its tables are declared, and as `retention.toml` in its folder says, which counts first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from eventlake.model import Source, Table
from eventlake.pipeline.retention import Retention
from eventlake.sources.retention import read_days


def read_retention(folder: Path, tables: Iterable[Table]) -> Retention:
    """Read how long the lake in a folder keeps these tables; for ever where nobody says otherwise. Raises ConfigurationError."""
    known = list(tables)
    said = read_days(folder, [table.name for table in known])
    return Retention({**Retention.declared(known).tables, **said.tables}, said.failed)


def as_declared(known: Iterable[Table], sources: Iterable[Source]) -> list[Table]:
    """Return the tables of a lake with the days that they are declared with now; those that are declared no more as they are."""
    declared = {table.name: table.retention_days for source in sources for table in source.tables}
    return [replace(table, retention_days=declared.get(table.name, table.retention_days)) for table in known]
