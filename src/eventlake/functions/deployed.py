"""The tables that the settings of a function name: of the sources that the lake has switched on, with the databases they have there;
and how long these are kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from os import environ
from pathlib import Path

from eventlake.model import Source, Table
from eventlake.pipeline.retention import Retention
from eventlake.sources import DECLARATION, load

DECLARED = Path(__file__).parent / "declared"
"""Where the declarations of a user's own sources lie, one folder each."""


@cache
def sources() -> tuple[Source, ...]:
    """Return the sources, their tables in the databases of the lake, read once in a container."""
    databases = dict(pair.split("=", 1) for pair in environ["DATABASES"].split())
    return tuple(_in_lake(source, databases[source.name]) for source in declared() if source.name in databases)


def declared() -> tuple[Source, ...]:
    """Return the sources that are declared, the user's own among them, as they are declared."""
    return load([DECLARED] if any(DECLARED.glob(f"*/{DECLARATION}")) else [])


@cache
def tables() -> tuple[Table, ...]:
    """Return the tables."""
    return tuple(table for source in sources() for table in source.tables)


@cache
def retention() -> Retention:
    """Return how long the lake keeps what, as its deployment says; for ever unless it does. Raises ConfigurationError."""
    return Retention.parse(environ.get("RETENTION", ""))


def _in_lake(source: Source, database: str) -> Source:
    return replace(source, database=database, tables=tuple(replace(table, database=database) for table in source.tables))
