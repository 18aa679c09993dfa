"""Catalog in SQLite, with Glue's nouns: databases, tables, partitions; and the objects that readers see.

One process writes, any number read. What makes an object visible, its partition, and the checkpoint of its delivery stream are one transaction,
so that after a crash everything is delivered once. Schema versions are steps in `_STEPS`; an older file is brought up to date when it
is opened to write.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventlake.errors import ConfigurationError, StorageError, StorageFullError
from eventlake.interfaces import LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Column, Table

_STEPS = (
    """
    create table setting (name text primary key, value text not null);
    create table "table" (name text primary key, "database" text not null, declaration text not null);
    create table partition (
        "table" text not null, "date" text not null, hour text not null, location text not null, format text not null,
        primary key ("table", "date", hour)
    );
    create table object (
        key text primary key, "table" text not null, "date" text not null, hour text not null, format text not null,
        size_bytes integer not null, rows integer not null, crc32 integer not null
    );
    create index object_by_hour on object ("table", "date", hour, key);
    create table failed_object (key text primary key, stream text not null, size_bytes integer not null, rows integer not null, crc32 integer not null);
    create table failed_record (
        id text primary key, stream text not null, code text not null, message text not null, arrival_us integer not null,
        size_bytes integer not null, key text not null, line integer not null, redriven_us integer
    );
    create index failed_record_by_arrival on failed_record (arrival_us desc);
    create table pending (key text primary key);
    create table checkpoint (stream text primary key, position integer not null);
    """,
)

_BUSY_S = 30.0


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object of log lines that is to become visible."""

    key: str
    table: str
    hour: Hour
    format: str
    size_bytes: int
    rows: int
    crc32: int


@dataclass(frozen=True, slots=True)
class NewFailedObject:
    """An object of failed records that is to become visible."""

    key: str
    stream: str
    size_bytes: int
    rows: int
    crc32: int


@dataclass(frozen=True, slots=True)
class FailedEntry:
    """A failed record as the catalog lists it: where its line lies; arrival in UTC."""

    id: str
    stream: str
    code: str
    message: str
    arrival: datetime
    size_bytes: int
    key: str
    line: int


class SqliteCatalog:
    """The catalog of a lake on one machine.

    read_only: for readers; the folder may be read-only too. Raises ConfigurationError for a file of a newer version, StorageError.
    """

    def __init__(self, file: Path, *, read_only: bool = False) -> None:
        self._file = file
        with self._failing():
            self._connection = _connect(file, read_only=read_only)
            version = self._connection.execute("pragma user_version").fetchone()[0]
        if version > len(_STEPS):
            self._connection.close()
            raise ConfigurationError(
                f'"{file}" was written by a newer eventlake (schema {version}, this one knows {len(_STEPS)}); update eventlake.'
            )
        if not read_only:
            self._bring_up_to_date(version)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # Settings of the lake

    def log_format(self) -> str | None:
        """Return the format of the lake's objects, `parquet` or `json`; None before the first tables."""
        found = self._rows("select value from setting where name = 'log_format'")
        return found[0][0] if found else None

    # Databases, tables, partitions

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Make sure the tables exist with these columns; a new column is appended, none is ever dropped.

        Raises ConfigurationError if the lake has another format: it is one choice for a lake.
        """
        known = self.log_format()
        if known not in {None, log_format}:
            raise ConfigurationError(
                f'This lake holds {known} objects; the format is one choice for a lake, so "{log_format}" needs another folder.'
            )
        earlier = {table.name: table for table in self.tables()}
        with self._transaction() as run:
            run("insert or ignore into setting values ('log_format', ?)", (log_format,))
            for table in tables:
                written = _declaration(_merged(earlier.get(table.name), table))
                run('insert or replace into "table" values (?, ?, ?)', (table.name, table.database, written))

    def tables(self) -> Sequence[Table]:
        """Return every table, by database and name."""
        return [_table(row[0]) for row in self._rows('select declaration from "table" order by "database", name')]

    def add_partition(self, partition: Partition) -> bool:
        """Make sure the partition exists; True if this call created it."""
        with self._transaction() as run:
            return _add_partition(run, partition)

    def partitions(self, table: str) -> Sequence[Partition]:
        """Return every partition of a table, by hour."""
        rows = self._rows(
            'select "table", "date", hour, location, format from partition where "table" = ? order by "date", hour', (table.lower(),)
        )
        return [Partition(name, Hour(day, hour), location, log_format) for name, day, hour, location, log_format in rows]

    # Objects

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Return the objects of log lines that readers see, of these hours or of all, by hour and key."""
        wanted = None if hours is None else set(hours)
        query = 'select "table", "date", hour, key, format, size_bytes, rows, crc32 from object where "table" = ?'
        parameters: tuple[Any, ...] = (table.lower(),)
        if wanted is not None:
            if not wanted:
                return []
            query += ' and "date" between ? and ?'
            parameters += (min(wanted).date, max(wanted).date)
        rows = self._rows(query + ' order by "date", hour, key', parameters)
        found = (LogObject(name, Hour(day, hour), *rest) for name, day, hour, *rest in rows)
        return [one for one in found if wanted is None or one.hour in wanted]

    def intend(self, keys: Sequence[str]) -> None:
        """Note the keys of objects that are about to be written; those that are never registered are removed after a crash."""
        with self._transaction() as run:
            for key in keys:
                run("insert or ignore into pending values (?)", (key,))

    def intended(self) -> list[str]:
        """Return the keys that were intended and not registered."""
        return [row[0] for row in self._rows("select key from pending order by key")]

    def forget(self, keys: Sequence[str]) -> None:
        """Take intentions back, once their files are removed."""
        with self._transaction() as run:
            for key in keys:
                run("delete from pending where key = ?", (key,))

    def register(
        self,
        objects: Sequence[NewObject],
        partitions: Sequence[Partition],
        failed: Sequence[tuple[NewFailedObject, Sequence[FailedEntry]]],
        checkpoints: Mapping[str, int],
    ) -> None:
        """Make objects visible, with their partitions, failed records and the checkpoints of their streams: all of it or nothing."""
        with self._transaction() as run:
            for partition in partitions:
                _add_partition(run, partition)
            for one in objects:
                row = (one.key, one.table, *one.hour.values, one.format, one.size_bytes, one.rows, one.crc32)
                run("insert into object values (?, ?, ?, ?, ?, ?, ?, ?)", row)
                run("delete from pending where key = ?", (one.key,))
            for failed_object, entries in failed:
                run("insert into failed_object values (?, ?, ?, ?, ?)", tuple(asdict(failed_object).values()))
                run("delete from pending where key = ?", (failed_object.key,))
                for entry in entries:
                    run("insert or ignore into failed_record values (?, ?, ?, ?, ?, ?, ?, ?, null)", _failed_row(entry))
            for stream, position in checkpoints.items():
                run("insert or replace into checkpoint values (?, ?)", (stream, position))

    def checkpoints(self) -> dict[str, int]:
        """Return for each stream the position before which everything is delivered."""
        return dict(self._rows("select stream, position from checkpoint"))

    # Failed records

    def failed(self, limit: int | None = None, offset: int = 0) -> list[FailedEntry]:
        """Return failed records, the newest first."""
        query = "select id, stream, code, message, arrival_us, size_bytes, key, line from failed_record order by arrival_us desc, id limit ? offset ?"
        return [_failed_entry(row) for row in self._rows(query, (-1 if limit is None else limit, offset))]

    def failed_count(self) -> int:
        """Count the failed records."""
        return int(self._rows("select count(*) from failed_record")[0][0])

    def find_failed(self, beginning: str) -> list[FailedEntry]:
        """Find the failed records whose id begins like this, at most 20."""
        query = (
            "select id, stream, code, message, arrival_us, size_bytes, key, line from failed_record "
            "where substr(id, 1, length(?1)) = ?1 order by arrival_us desc limit 20"
        )
        return [_failed_entry(row) for row in self._rows(query, (beginning.lower(),))]

    def failed_objects(self) -> list[NewFailedObject]:
        """Return the objects that hold failed records."""
        return [NewFailedObject(*row) for row in self._rows("select key, stream, size_bytes, rows, crc32 from failed_object order by key")]

    # The file

    def _bring_up_to_date(self, version: int) -> None:
        for number, step in enumerate(_STEPS[version:], version + 1):
            with self._failing():
                self._connection.executescript(f"begin immediate; {step}; pragma user_version = {number}; commit;")

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with self._failing():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Commit everything that is done within, or nothing; durable when it ends."""
        with self._failing():
            self._connection.execute("begin immediate")
            try:
                yield self._connection.execute
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise SQLite's errors as sentences."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StorageFullError(
                    f'"{self._file}" cannot be written: the disk is full. Make room; nothing that was accepted is lost.'
                ) from None
            raise StorageError(f'"{self._file}" cannot be used: {error}.') from None
        except sqlite3.DatabaseError as error:
            raise StorageError(f'"{self._file}" is no catalog of a lake, or is damaged: {error}.') from None


def _connect(file: Path, *, read_only: bool) -> sqlite3.Connection:
    if not read_only:
        connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        return connection
    uri = file.absolute().as_uri()
    try:
        connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("select count(*) from setting").fetchone()
    except sqlite3.OperationalError:
        # In a read-only folder WAL cannot keep its shared memory; there nobody writes, so the file does not change.
        connection = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    return connection


def _add_partition(run: Any, partition: Partition) -> bool:  # run: sqlite3's execute
    row = (partition.table, *partition.hour.values, partition.location, partition.format)
    return bool(run("insert or ignore into partition values (?, ?, ?, ?, ?)", row).rowcount == 1)


def _merged(earlier: Table | None, table: Table) -> Table:
    """Merge two declarations of a table: the columns it had come first, ours are as declared now."""
    if earlier is None:
        return table
    declared = {column.stored_name for column in table.columns}
    dropped = tuple(column for column in earlier.columns if column.stored_name not in declared)
    return Table(**{**_fields(table), "columns": table.columns + dropped})


def _fields(table: Table) -> dict[str, Any]:
    return {name: getattr(table, name) for name in table.__dataclass_fields__}


def _declaration(table: Table) -> str:
    return json.dumps(asdict(table))


def _table(declaration: str) -> Table:
    fields = json.loads(declaration)
    columns = tuple(Column(**{**column, "paths": tuple(column["paths"])}) for column in fields["columns"])
    return Table(**{**fields, "columns": columns})


def _failed_row(entry: FailedEntry) -> tuple[Any, ...]:
    arrival_us = round(entry.arrival.timestamp() * 1_000_000)
    return (entry.id, entry.stream, entry.code, entry.message, arrival_us, entry.size_bytes, entry.key, entry.line)


def _failed_entry(row: Sequence[Any]) -> FailedEntry:
    identity, stream, code, message, arrival_us, size_bytes, key, line = row
    return FailedEntry(identity, stream, code, message, datetime.fromtimestamp(arrival_us / 1_000_000, UTC), size_bytes, key, line)
