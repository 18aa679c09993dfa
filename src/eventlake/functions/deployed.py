"""The tables that the settings of a function name: of the sources that the lake has switched on, with the databases they have there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from os import environ
from pathlib import Path

from eventlake.model import Table
from eventlake.sources import DECLARATION, load

DECLARED = Path(__file__).parent / "declared"
"""Where the declarations of a user's own sources lie, one folder each."""


@cache
def tables() -> tuple[Table, ...]:
    """Return the tables, read once in a container."""
    databases = dict(pair.split("=", 1) for pair in environ["DATABASES"].split())
    sources = load([DECLARED] if any(DECLARED.glob(f"*/{DECLARATION}")) else [])
    return tuple(
        replace(table, database=databases[source.name]) for source in sources if source.name in databases for table in source.tables
    )
