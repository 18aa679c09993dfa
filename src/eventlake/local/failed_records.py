"""The failed records of a lake in a folder: listed from its catalog, read from its objects."""

from __future__ import annotations

from pathlib import Path

from eventlake.backends.catalog.entries import FailedEntry
from eventlake.backends.directory import DirectoryStore
from eventlake.local.folder import OBJECTS, open_catalog


class LocalFailedRecords:
    """The failed records of the lake in a folder. not_seen: why something could not be looked at, here never. Raises LakeNotFoundError."""

    not_seen = ""

    def __init__(self, folder: Path) -> None:
        self._catalog = open_catalog(folder)
        self._store = DirectoryStore(folder / OBJECTS)

    def newest(self, limit: int, *, redriven: bool = False) -> tuple[list[FailedEntry], bool]:
        """Return so many records, the newest first, and whether there are more. redriven: those that were brought in again too."""
        return self._catalog.failed(limit, redriven=redriven), self._catalog.failed_count(redriven=redriven) > limit

    def find(self, beginning: str) -> list[FailedEntry]:
        """Find the records whose id begins like this, at most 20."""
        return self._catalog.find_failed(beginning)

    def original(self, entry: FailedEntry) -> bytes:
        """Return the bytes that failed. Raises StorageError, CorruptObjectError."""
        from eventlake.local.delivery.strays import raw_of  # with all that reads objects, which a page does not need before

        return raw_of(self._store, entry)
