"""A catalog's file: opened to write or to read, brought up to date, and every error of SQLite's in a sentence.

Who cannot write to the folder reads all the same, and never less than what was committed: without a WAL the file is whole as it lies; with
one, both are copied aside and the copy is read. A file that changes there, or is replaced, is opened again before the next answer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventlake.backends.catalog_schema import STEPS, VIEWS
from eventlake.errors import ConfigurationError, StorageError, StorageFullError

_BUSY_S = 30.0
_COPIES = 10
_NOT_OPEN = (-1,)
"""What was seen of a file that could not be opened again: it is tried the next time."""
_CANNOT_WRITE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
"""What SQLite says where it cannot put its memory beside a file to read it: in a folder that may not be written, and on a full disk."""


class SqliteFile:
    """One connection to a catalog's file.

    read_only: for readers. hurried: for a file that counts only once it is finished and closed.
    Raises ConfigurationError for a file of a newer version, StorageError.
    """

    def __init__(self, path: Path, *, read_only: bool, hurried: bool = False) -> None:
        self.path = path
        self._hurried = hurried
        self._read_only = read_only
        self._using = threading.RLock()
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self._seen: tuple[object, ...] = ()
        self._is_live = True
        """Whether SQLite itself sees what others commit: it shares the WAL's memory with them."""
        self._open()
        version = self._version()
        if version > len(STEPS):
            self.close()
            raise ConfigurationError(
                f'"{self.path}" was written by a newer eventlake (schema {version}, this one knows {len(STEPS)}); update eventlake.'
            )
        if not read_only:
            self._bring_up_to_date(version)

    def close(self) -> None:
        """Close the file, once nobody reads it."""
        with self._using:
            self._close()

    def _close(self) -> None:
        self.connection.close()
        if self._aside is not None:
            self._aside.cleanup()
            self._aside = None

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query, of the file as it is now."""
        with self._current() as connection, self._failing():
            return connection.execute(query, parameters).fetchall()

    def state(self) -> object:
        """Return what differs once somebody has committed anything, or the file is another: https://www.sqlite.org/pragma.html#pragma_data_version."""
        with self._current() as connection, self._failing():
            if connection.in_transaction:  # what is done in it may be undone
                return object()
            return connection, connection.execute("pragma data_version").fetchone()[0], connection.total_changes

    @contextmanager
    def _current(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to the file as it is now: to one thread at a time where readers share it, for it is closed when the file is another."""
        if not self._read_only:
            yield self.connection
            return
        with self._using:
            if self._fingerprint() != self._seen:
                self._close()
                self._seen = _NOT_OPEN
                self._open()
            yield self.connection

    def fault(self) -> StorageError | None:
        """Read all of the file, and return the first damage that SQLite finds in it, of indexes too; None if there is none."""
        try:
            found = self.rows("pragma integrity_check(1)")[0][0]
        except StorageError as error:
            return error
        return None if found == "ok" else self.damaged(ValueError(found))

    @property
    def is_current(self) -> bool:
        """Return True if the file is of this version, as it lies."""
        return self._version() == len(STEPS)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Commit everything that is done within, or nothing; durable when it ends."""
        with self._failing(), committed(self.connection):
            yield self.connection.execute

    def wipe(self) -> None:
        """Write the file anew from what it holds, so that nothing is left of what was deleted, nor in the WAL. Raises StorageError."""
        with self._failing():
            wiped(self.connection)

    # opening

    def _open(self) -> None:
        with self._failing():
            self.connection = self._reading() if self._read_only else self._writing()

    def _writing(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"pragma synchronous = {'off' if self._hurried else 'full'}")
        return connection

    def _reading(self) -> sqlite3.Connection:
        self._is_live = os.access(self.path.parent, os.W_OK) or Path(f"{self.path}-shm").exists()
        before = self._fingerprint()
        try:
            connection = self._looking_old_and_new(self._connected("mode=ro"))
            after = self._fingerprint()  # the first to read makes what lies beside it
            self._seen = after if after[:2] == before[:2] else before
            return connection
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _CANNOT_WRITE or not self.path.is_file():
                raise
        self._is_live = False
        self._seen = self._fingerprint()
        if self._wal_bytes():
            return self._looking_old_and_new(self._copied_aside())
        return self._looking_old_and_new(self._connected("mode=ro&immutable=1"))

    def _connected(self, options: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{options}", uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("select count(*) from sqlite_schema").fetchone()
        return connection

    def _copied_aside(self) -> sqlite3.Connection:
        """Open a copy of the file and of its WAL, which SQLite cannot read where they lie."""
        self._aside = tempfile.TemporaryDirectory(prefix="eventlake-catalog-")
        copy = Path(self._aside.name) / self.path.name
        for _ in range(_COPIES):
            self._copy_to(copy)
            seen, self._seen = self._seen, self._fingerprint()
            if self._seen == seen:  # nothing moved from the WAL into the file meanwhile, so the two belong together
                return sqlite3.connect(copy, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        raise StorageError(f'"{self.path}" changes while it is read, in a folder that cannot be written: read it where it is written.')

    def _copy_to(self, copy: Path) -> None:
        """Copy the file, and its WAL unless its last writer has just ended and taken it away. Raises StorageError."""
        wal = Path(f"{copy}-wal")
        wal.unlink(missing_ok=True)
        try:
            shutil.copyfile(self.path, copy)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{self.path}-wal", wal)
        except OSError as error:
            raise StorageError(f'"{self.path}" cannot be copied to "{copy.parent}" to be read there: {error.strerror}.') from None

    def _looking_old_and_new(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Let a file of an older version look like one of this version; the file itself is not touched."""
        version = connection.execute("pragma user_version").fetchone()[0]
        if version < len(STEPS):
            connection.execute("pragma temp_store = memory")
            connection.executescript(VIEWS.get(version, ""))
        return connection

    def _fingerprint(self) -> tuple[object, ...]:
        """Return what changes when the file is replaced, or its WAL; and for one that is not connected to it, when it is written."""
        try:
            status = self.path.stat()
        except OSError:
            return ()
        found = status.st_dev, status.st_ino
        if self._is_live:  # whoever copies an older file over it takes away what SQLite keeps beside it
            return *found, self._beside("-wal")[:1], self._beside("-shm")[:1]
        return *found, status.st_size, status.st_mtime_ns, self._beside("-wal")

    def _beside(self, suffix: str) -> tuple[int, ...]:
        """Return inode, size and last change of what SQLite keeps beside the file; nothing if it is not there."""
        try:
            status = os.stat(f"{self.path}{suffix}")  # noqa: PTH116  # a Path for each costs three times as much
        except OSError:
            return ()
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _wal_bytes(self) -> int:
        return sum(self._beside("-wal")[1:2])

    # versions

    def _version(self) -> int:
        with self._failing():
            return int(self.connection.execute("pragma user_version").fetchone()[0])

    def _bring_up_to_date(self, version: int) -> None:
        """Take the steps that the file lacks. A file that holds something is copied first, so that the older version can be gone back to."""
        if 0 < version < len(STEPS):
            self._keep_copy(version)
        for number, step in enumerate(STEPS[version:], version + 1):
            with self._failing():
                self.connection.executescript(f"begin immediate; {step}; pragma user_version = {number}; commit;")

    def _keep_copy(self, version: int) -> None:
        copy = self.path.with_name(f"{self.path.stem}-schema-{version}{self.path.suffix}")
        if copy.exists():
            return
        unfinished = copy.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with self._failing():
            self.connection.execute("vacuum into ?", (str(unfinished),))
        unfinished.replace(copy)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise SQLite's errors as sentences."""
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(self.path.parent)):
                raise StorageFullError(
                    f'"{self.path}" cannot be written: the disk is full. Make room; nothing that was accepted is lost.'
                ) from None
            if code == sqlite3.SQLITE_ERROR:  # every statement of ours is right for a catalog that is whole
                raise self.damaged(error) from None
            raise StorageError(f'"{self.path}" cannot be used: {error}.') from None
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self.damaged(error) from None

    def damaged(self, error: Exception) -> StorageError:
        """Return the error for a file that does not hold what was written, with the way out."""
        return StorageError(
            f'"{self.path}" is no catalog of a lake, or is damaged: {error}. Restore it from a copy, or make it from the objects with '
            f"`eventlake doctor --rebuild --lake {self.path.parent}`."
        )


def wiped(connection: sqlite3.Connection) -> None:
    """Write the file of a connection anew from what it holds, and empty its WAL."""
    connection.execute("vacuum")
    connection.execute("pragma wal_checkpoint(truncate)").fetchall()


@contextmanager
def committed(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit everything that is done within, or nothing. The connection has no transactions of its own (isolation_level None)."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _is_full(folder: Path) -> bool:
    """Return True if the file system has not one page left for a file of ours; SQLite then says "disk I/O error" of its shared memory."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    return status.f_bavail * status.f_frsize < 1 << 16
