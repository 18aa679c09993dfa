"""A batch -> an object that readers see: written, checked, durable, registered.

Four steps, each safe to be the last before a crash: the file is written aside and checked; the catalog notes the key that is intended; the file
is moved to its place; one transaction makes it visible with its partition and its stream's checkpoint. `recovery` finishes what a crash left.
"""

from __future__ import annotations

import contextlib
import time
import uuid
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.json_lines import EXTENSION, JsonLinesWriter, write_gzip
from eventlake.backends.parquet import ParquetWriter, UnwritableLinesError
from eventlake.backends.sqlite_catalog import FailedEntry, NewFailedObject, NewObject, SqliteCatalog
from eventlake.checksum import crc32
from eventlake.description import LINES, Description
from eventlake.errors import EventError
from eventlake.local.crash import crash_point
from eventlake.model import Table
from eventlake.pipeline.delivery import CONVERSION_FAILED, PROCESSING_FAILED, Batch, FailedRecord, error_stream, failed_record
from eventlake.pipeline.partition import partition_of

FORMATS = ("parquet", "json")


class Writer(Protocol):
    """Writes the log lines of one object to a file, checked."""

    format: str
    extension: str

    def write(self, table: Table, lines: Sequence[bytes], path: Path, description: Description) -> None:
        """Write them, with what the object is to say of itself. Raises OSError, StorageError, UnwritableLinesError."""


def writer_of(log_format: str) -> Writer:
    """Return the writer of a lake's format."""
    return ParquetWriter() if log_format == "parquet" else JsonLinesWriter()


class Sink:
    """Delivers batches into a lake on one machine."""

    def __init__(self, store: DirectoryStore, catalog: SqliteCatalog, writer: Writer) -> None:
        self._store = store
        self._catalog = catalog
        self._writer = writer
        self._life = uuid.uuid4().hex

    def deliver(self, batch: Batch) -> None:
        """Make a batch visible and durable. Raises StorageError; then nothing of it is visible."""
        try:
            if batch.table is None:
                self._deliver_failures(batch)
            else:
                self._deliver_lines(batch, batch.table)
        except OSError as error:
            raise storage_error(error, f"{batch.stream}: its records cannot be delivered") from None

    def _deliver_lines(self, batch: Batch, table: Table) -> None:
        path = self._store.staged(f"{uuid.uuid4().hex}{self._writer.extension}")
        with _removed_in_the_end(path):
            refused = self._write(table, batch, path)
            if refused:
                self._deliver_conversion_failures(batch, refused)
            if not batch.lines:
                self._catalog.register([], [], [], {batch.stream: batch.position_to})
                return
            self._publish(batch, table, path)

    def _publish(self, batch: Batch, table: Table, path: Path) -> None:
        key = batch.key(self._writer.extension, life=self._life)
        new = NewObject(
            key,
            table.name,
            batch.hour,
            self._writer.format,
            path.stat().st_size,
            len(batch.lines),
            crc32(path),
            batch.position_from,
            batch.position_to,
        )
        self._place(key, path)
        self._catalog.register([new], [partition_of(table, batch.hour, self._writer.format)], [], {batch.stream: batch.position_to})
        crash_point("object registered")

    def _place(self, key: str, path: Path) -> None:
        self._catalog.intend([key])
        crash_point("object intended")
        self._store.put(key, path)
        crash_point("object in place")

    def _write(self, table: Table, batch: Batch, path: Path) -> list[tuple[bytes, str]]:
        """Write the batch's lines; those that the format refuses are taken out of it and given back, with the reason."""
        try:
            self._write_lines(table, batch, batch.lines, path)
            return []
        except UnwritableLinesError:
            refused = self._find_refused(table, batch, batch.lines, path)
        guilty = {line for line, _ in refused}
        batch.lines = [line for line in batch.lines if line not in guilty]
        if batch.lines:
            self._write_lines(table, batch, batch.lines, path)
        return refused

    def _write_lines(self, table: Table, batch: Batch, lines: Sequence[bytes], path: Path) -> None:
        self._writer.write(table, lines, path, self._description(batch, LINES, len(lines)))

    def _description(self, batch: Batch, kind: str, rows: int) -> Description:
        """Return what the batch's object says of itself."""
        held = batch.position_from, batch.position_to
        return Description(self._catalog.lake_id, batch.stream, kind, batch.hour, *held, rows, time.time_ns() // 1000)

    def _find_refused(self, table: Table, batch: Batch, lines: Sequence[bytes], path: Path) -> list[tuple[bytes, str]]:
        """Find the lines that cannot be written, by halving."""
        try:
            self._write_lines(table, batch, lines, path)
            return []
        except UnwritableLinesError as error:
            if len(lines) == 1:
                return [(lines[0], str(error))]
        middle = len(lines) // 2
        return self._find_refused(table, batch, lines[:middle], path) + self._find_refused(table, batch, lines[middle:], path)

    def _deliver_conversion_failures(self, batch: Batch, refused: list[tuple[bytes, str]]) -> None:
        """Keep the refused lines as failed records; their ids follow from what they hold, so a second try adds none."""
        records = [_refused_record(batch, line, reason) for line, reason in refused]
        records = [record for record in records if not self._catalog.find_failed(record.id)]
        if not records:
            return
        aside = Batch(batch.stream, None, batch.arrival, batch.position_from, batch.position_to, failures=records)
        self._publish_failures(aside, CONVERSION_FAILED, {})

    def _deliver_failures(self, batch: Batch) -> None:
        self._publish_failures(batch, PROCESSING_FAILED, {error_stream(batch.stream): batch.position_to})

    def _publish_failures(self, batch: Batch, kind: str, checkpoints: dict[str, int]) -> None:
        path = self._store.staged(f"{uuid.uuid4().hex}{EXTENSION}")
        with _removed_in_the_end(path):
            write_gzip(b"".join(record.line() for record in batch.failures), path, self._description(batch, kind, len(batch.failures)))
            key = batch.key(EXTENSION, kind, self._life)
            # The stretch of refused lines is their object's; this one holds none of the events that failed in it for another reason.
            held = (batch.position_from, batch.position_to) if kind == PROCESSING_FAILED else (None, None)
            new = NewFailedObject(key, batch.stream, path.stat().st_size, len(batch.failures), crc32(path), *held)
            self._place(key, path)
            entries = [_entry(record, batch.stream, key, line) for line, record in enumerate(batch.failures)]
            self._catalog.register([], [], [(new, entries)], checkpoints)
            crash_point("failures registered")


def _refused_record(batch: Batch, line: bytes, reason: str) -> FailedRecord:
    error = EventError("ConversionFailed", f"The {batch.stream} line cannot be stored: {reason.splitlines()[0]}")
    return failed_record(batch.stream, zlib.crc32(line) << 32 | len(line), error, batch.arrival, line)


def _entry(record: FailedRecord, stream: str, key: str, line: int) -> FailedEntry:
    return FailedEntry(record.id, stream, record.code, record.message, record.arrival, len(record.raw), key, line)


class _removed_in_the_end:
    """Removes an unfinished file, whatever happens; a finished one has been moved away."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Begin without preparation: only leaving does something."""

    def __exit__(self, *_: object) -> None:
        """Remove the file if it is still there."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
