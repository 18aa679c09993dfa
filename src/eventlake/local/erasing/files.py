"""Erases a person from what is no object: the spool's delivered segments, databases beside the catalog, texts, copies that lie aside."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from eventlake.backends.disk import storage_error, write_whole
from eventlake.backends.sqlite_file import committed, wiped
from eventlake.dialect.sql import quoted_name
from eventlake.errors import StorageError
from eventlake.local.crash import crash_point
from eventlake.local.folder import CATALOG
from eventlake.local.mentions import TABLES, is_database, texts_of
from eventlake.pipeline.erasing import Person

_LOGS = ("-wal", "-shm", "-journal")


def erase_from(path: Path, person: Person) -> str:
    """Erase a person from a file beside the objects; what was done. Raises StorageError, also for a file of which nobody knows how.

    A copy of the catalog as an older version had it is removed: it lists what is gone. Rows of other databases that name the person are
    removed, texts are edited.
    """
    if path.name.startswith(CATALOG.removesuffix(".db")):
        path.unlink(missing_ok=True)
        return "removed"
    if path.name.endswith(_LOGS):
        return _rows_removed(path.with_name(path.name.rpartition("-")[0]), person) if path.exists() else "removed with the rows"
    try:
        return _rows_removed(path, person) if is_database(path) else _edited(path, person)
    except OSError as error:
        raise storage_error(error, f'"{path}" cannot be rewritten') from None


def wipe_databases(folder: Path, person: Person) -> dict[str, str]:
    """Remove the person's rows from every database beside the catalog, and what it has deleted; what was done, by name. Raises StorageError."""
    beside = [path for path in sorted(folder.glob("*.db")) if not path.name.startswith(CATALOG.removesuffix(".db")) and is_database(path)]
    return {path.name: _rows_removed(path, person) for path in beside}


def _edited(path: Path, person: Person) -> str:
    """Edit a text, whole or not at all."""
    try:
        text = person.edited(path.read_bytes()).decode()
    except UnicodeDecodeError:
        raise StorageError(f'"{path}" names the person and {_why_it_stays(path)}.') from None
    write_whole(path, text, path.stat().st_mode & 0o777)
    crash_point("text without the person written")
    return "edited"


def _why_it_stays(path: Path) -> str:
    """Say what of a file keeps it from being edited, and what to do."""
    if path.suffix in {".parquet", ".gz"}:
        return "is an object that the catalog does not know: do what `eventlake doctor` says of it, then erase once more"
    return "is no text that could be edited: remove it yourself"


def _rows_removed(path: Path, person: Person) -> str:
    """Remove the rows of a database that name a person, and what is left of them in its pages."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            with committed(connection):
                count = sum(_removed_from(connection, name, person) for (name,) in connection.execute(TABLES).fetchall())
            wiped(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(f'"{path}" cannot be rewritten: {error}.') from None
    crash_point("rows of a database removed")
    return f"{count:,} rows removed"


def _removed_from(connection: sqlite3.Connection, table: str, person: Person) -> int:
    name = quoted_name(table)
    named = [rowid for rowid, *values in connection.execute(f"select rowid, * from {name}") if any(map(person.is_named, texts_of(values)))]
    connection.executemany(f"delete from {name} where rowid = ?", [(one,) for one in named])
    return len(named)
