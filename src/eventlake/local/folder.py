"""A lake on one machine, opened to read: a folder for S3, SQLite for Glue, DuckDB for Athena."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.errors import LakeNotFoundError
from eventlake.lake import Lake
from eventlake.model import Source

if TYPE_CHECKING:
    from eventlake.backends.sqlite_catalog import SqliteCatalog
    from eventlake.interfaces import Clock

OBJECTS = "objects"
CATALOG = "catalog.db"
SPOOL = "spool"


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)


def require_lake(folder: Path) -> None:
    """Raise LakeNotFoundError unless the folder holds a lake."""
    if not (folder / CATALOG).is_file():
        if any((folder / part).is_dir() and any((folder / part).iterdir()) for part in (OBJECTS, SPOOL)):
            raise LakeNotFoundError(without_catalog(folder))
        raise LakeNotFoundError(
            f'There is no lake in "{folder}": name one with --lake or EVENTLAKE_LAKE, or make one with `eventlake demo`, `serve` or `send`.'
        )


def without_catalog(folder: Path) -> str:
    """Return the sentence for a folder in which everything of a lake lies but its catalog."""
    return (
        f'"{folder}" holds objects or a spool of a lake and no {CATALOG}: restore it from a copy, or make it from the objects with '
        f"`eventlake doctor --rebuild --lake {folder}`."
    )


def open_catalog(folder: Path) -> SqliteCatalog:
    """Open the catalog of the lake in a folder, to read. Raises LakeNotFoundError."""
    from eventlake.backends.sqlite_catalog import SqliteCatalog

    require_lake(folder)
    return SqliteCatalog(folder / CATALOG, read_only=True)


def open_lake(folder: Path, sources: Sequence[Source], clock: Clock | None = None, at_once: int = 1) -> Lake:
    """Open the lake in a folder, to read. at_once: how many queries share what else one has. Raises LakeNotFoundError."""
    from eventlake.backends.directory import DirectoryStore
    from eventlake.backends.duckdb import MEMORY_MB, DuckDBEngine

    catalog = open_catalog(folder)
    threads = max((os.cpu_count() or 1) // at_once, 1)
    engine = DuckDBEngine(catalog, folder / OBJECTS, clock=clock or SystemClock(), memory_mb=MEMORY_MB // at_once, threads=threads)
    return Lake(tuple(sources), DirectoryStore(folder / OBJECTS), catalog, engine)
