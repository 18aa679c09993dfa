"""Histories in a lake in a folder: their rows, their failed records and how far they are read become visible in one transaction."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.additions import Additions, persistently
from eventlake.local.folder import OBJECTS
from eventlake.pipeline.backfill import Gathered, refused


class LocalHistories:
    """The histories of a lake that this process writes, or adds to beside the bus that does."""

    def __init__(self, catalog: SqliteCatalog, folder: Path) -> None:
        self._catalog = catalog
        self._additions = Additions(catalog, folder / OBJECTS)

    def cursor(self, history: str) -> str:
        """Return how far a history is read, in its own words; empty for one that is new."""
        return self._catalog.cursor(history)

    def bring_in(self, history: str, cursor: str, gathered: Gathered, now: datetime) -> int:
        """Store rows, failed records and the cursor: all of it or nothing; return how many of the rows were refused. Raises StorageError."""
        return persistently(partial(self._bring_in, history, cursor, gathered, now))

    def _bring_in(self, history: str, cursor: str, gathered: Gathered, now: datetime) -> int:
        hours = gathered.hours
        staged, found = self._additions.stage(hours)
        unreadable = [
            refused(one.table, one.event(place), reason, now)
            for one, reasons in zip(hours, found, strict=True)
            for place, reason in reasons.items()
        ]
        staged_failures = self._additions.stage_failures([*gathered.failures, *unreadable])
        self._additions.register([*staged, *staged_failures], cursors={history: cursor})
        return len(unreadable)
