"""A lake that a bus writes, opened by another process beside it: to add histories and failed events, or to have the lake alone for a while.

The bus keeps the lake: its lock, its spool, its checkpoints. Who adds holds a lock of its own, so nobody else adds, and nobody but a bus takes
the lake meanwhile. What is added becomes visible in transactions of its own; a bus that ends, or is started again, changes nothing in that.
Who wants the lake alone says so in that lock; the bus then makes room (`local/room.py`), and takes events all the time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import ConfigurationError
from eventlake.local.delivery.recovery import ADDED, recover, take_back
from eventlake.local.folder import CATALOG, OBJECTS, open_catalog
from eventlake.local.lock import AddingLock, read_holder
from eventlake.local.room import await_room
from eventlake.model import Source


@contextmanager
def added_to(folder: Path, sources: Sequence[Source]) -> Iterator[SqliteCatalog]:
    """Open the catalog of a lake that a bus writes, to add to it. Raises LakeLockedError where no bus does, ConfigurationError, StorageError."""
    with _opened(folder, sources, AddingLock(folder)) as catalog:
        yield catalog


@contextmanager
def alone_in(folder: Path, sources: Sequence[Source]) -> Iterator[SqliteCatalog]:
    """Open the catalog of a lake that a bus writes, once the bus has delivered what it accepted and writes nothing but its spool, until the end.

    Raises LakeLockedError where no bus does, or none makes room in time, ConfigurationError, StorageError.
    """
    wish = f"{read_holder(folder).get('name')}:{uuid.uuid4().hex}"
    with _opened(folder, sources, AddingLock(folder, wish=wish)) as catalog:
        await_room(folder, wish)
        recover(DirectoryStore(folder / OBJECTS), catalog)
        yield catalog


@contextmanager
def _opened(folder: Path, sources: Sequence[Source], lock: AddingLock) -> Iterator[SqliteCatalog]:
    """Open the catalog for who holds a lock, which is released in the end."""
    try:
        _require_current(folder)
        catalog = SqliteCatalog(folder / CATALOG, beside=lock.require_held)
        try:
            catalog.register_tables([table for source in sources for table in source.tables], catalog.log_format() or "parquet")
            _tidy(DirectoryStore(folder / OBJECTS), catalog)
            yield catalog
        finally:
            catalog.close()
    finally:
        lock.release()


def _require_current(folder: Path) -> None:
    """Refuse a catalog that opening it would bring up to date, under a bus of an older version. Raises ConfigurationError."""
    catalog = open_catalog(folder)
    try:
        if not catalog.is_current:
            raise ConfigurationError(f'The bus that writes the lake in "{folder}" is of an older version: start it again with this one.')
    finally:
        catalog.close()


def _tidy(store: DirectoryStore, catalog: SqliteCatalog) -> None:
    """Put aside what one who added to the lake left when it was killed. Raises StorageError."""
    store.clear_staging(ADDED)
    left = catalog.added()
    if left:
        take_back(store, catalog, left, left, datetime.now(UTC))
