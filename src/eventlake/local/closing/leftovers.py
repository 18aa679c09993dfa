"""Puts aside what a closing left that was ended on its way: the next closing, or the bus that ended it, does it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.layout import is_closed_key
from eventlake.local.crash import crash_point

STAGED = "closing-"
"""What the names of unfinished files of a closing begin with."""


def tidy(catalog: SqliteCatalog, objects: Path, now: datetime) -> None:
    """Put aside what a closing left. Raises StorageError."""
    store = DirectoryStore(objects)
    left = [key for key in catalog.intended() if is_closed_key(key)]
    for key in left:
        store.put_aside(key, now)
        crash_point("left-over of a closing put aside")
    if left:
        catalog.forget(left)
    store.clear_staging(STAGED)
