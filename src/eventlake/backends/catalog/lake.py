"""The file of a catalog, and who writes to it: whoever opens it to write takes the lake, and its epoch goes up.

Every transaction of whoever had the lake before fails then. The nouns of the catalog are read and written through this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventlake.backends.sqlite_file import SqliteFile
from eventlake.errors import LakeTakenError, StorageError

OF_HOUR = '"table" = ? and "date" = ? and hour = ?'
"""Chooses what is of one hour of a table: the table, then `Hour.values`."""


class LakeFile:
    """The catalog's file, taken to write or opened to read; see `SqliteCatalog` for its arguments."""

    def __init__(
        self,
        file: Path,
        *,
        read_only: bool = False,
        epoch: int | None = None,
        beside: Callable[[], None] | None = None,
        hurried: bool = False,
    ) -> None:
        self._file = SqliteFile(file, read_only=read_only, hurried=hurried)
        self.lake_id, self.epoch = self._rows("select id, epoch from lake")[0]
        self._beside = beside
        if epoch is not None:
            self.epoch = epoch
        elif not read_only and beside is None:
            self.epoch = self._take()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def fault(self) -> StorageError | None:
        """Return the first damage that is found in the file, which is read whole for that; None if there is none."""
        return self._file.fault()

    @property
    def is_current(self) -> bool:
        """Return True if the file is of this version, as it lies."""
        return self._file.is_current

    def wipe(self) -> None:
        """Write the file anew, without what was forgotten: it stands in pages that SQLite has freed, and in its log."""
        self._file.wipe()

    def name_lake(self, lake_id: str, epoch: int) -> None:
        """Make a new catalog that of a lake that is there already, and take the lake. epoch: the highest that is known of it."""
        with self._file.transaction() as run:
            run("update lake set id = ?, epoch = ?", (lake_id, epoch))
        self.lake_id = lake_id
        self.epoch = self._take()

    def _take(self) -> int:
        with self._file.transaction() as run:
            run("update lake set epoch = epoch + 1")
            return int(run("select epoch from lake").fetchone()[0])

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self._file.rows(query, parameters)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Commit everything that is done within, or nothing; durable when it ends. Raises LakeTakenError if the lake was taken meanwhile."""
        with self._file.transaction() as run:
            if self._beside is not None:
                self._beside()
            elif run("select epoch from lake").fetchone()[0] != self.epoch:
                raise LakeTakenError(f'Another process has taken the lake of "{self._file.path}" to write; this one writes nothing more.')
            yield run
