"""Histories in a lake in a folder: their rows, their failed records and how far they are read become visible in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.additions import Additions
from eventlake.local.folder import OBJECTS
from eventlake.model import Table
from eventlake.pipeline.backfill import AnyRow, refused
from eventlake.pipeline.delivery import FailedRecord


@dataclass(slots=True)
class _NamedRow:
    """A row as a line to add, whose bytes are read only when it is written."""

    record: str
    row: AnyRow

    @property
    def table(self) -> Table:
        """Return the table."""
        return self.row.table

    @property
    def moment(self) -> datetime:
        """Return when its event happened; aware."""
        return self.row.moment

    @property
    def data(self) -> bytes:
        """Return the log line. Raises StorageError."""
        return self.row.line


class LocalHistories:
    """The histories of a lake that this process writes."""

    def __init__(self, catalog: SqliteCatalog, folder: Path) -> None:
        self._catalog = catalog
        self._additions = Additions(catalog, folder / OBJECTS)

    def cursor(self, history: str) -> str:
        """Return how far a history is read, in its own words; empty for one that is new."""
        return self._catalog.cursor(history)

    def bring_in(self, history: str, cursor: str, rows: Sequence[AnyRow], failures: Sequence[FailedRecord], now: datetime) -> int:
        """Store rows, failed records and the cursor: all of it or nothing; return how many of the rows were refused. Raises StorageError."""
        named = {f"{place}": row for place, row in enumerate(rows)}
        staged, found = self._additions.stage([_NamedRow(name, row) for name, row in named.items()])
        unreadable = [refused(named[name], reason, now) for name, reason in found.items()]
        staged_failures = self._additions.stage_failures([*failures, *unreadable])
        self._additions.register([*staged, *staged_failures], cursors={history: cursor})
        return len(unreadable)
