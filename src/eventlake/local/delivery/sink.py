"""A batch -> an object that readers see: written, checked, durable, registered.

Four steps, each safe to be the last before a crash: the file is written aside and checked; the catalog notes the key that is intended; the file
is moved to its place; one transaction makes it visible with its partition and its stream's checkpoint. `recovery` finishes what a crash left.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.json_lines import EXTENSION, JsonLinesWriter, write_gzip
from eventlake.backends.line_check import LineCheck, UnwritableLinesError
from eventlake.backends.parquet import ParquetWriter
from eventlake.backends.sqlite_catalog import FailedEntry, NewFailedObject, NewObject, SqliteCatalog
from eventlake.description import CONVERSION_FAILED, LINES, PROCESSING_FAILED, Description
from eventlake.errors import EventError
from eventlake.local.crash import crash_point
from eventlake.local.spool.frames import Frame
from eventlake.model import Table
from eventlake.pipeline.delivery import Batch, FailedRecord, error_stream, failed_record, moment
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
    """Delivers batches into a lake on one machine.

    events: reads the frames at positions again, in order and before the second argument.
    """

    def __init__(
        self, store: DirectoryStore, catalog: SqliteCatalog, writer: Writer, events: Callable[[Sequence[int], int], Mapping[int, Frame]]
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._writer = writer
        self._events = events
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
        """Make the lines visible together with the failed records of those that are refused, so that neither is there without the other."""
        path = self._store.staged(f"{uuid.uuid4().hex}{self._writer.extension}")
        with _removed_in_the_end(path):
            refused = self._write(table, batch, path)
            failed = [self._place_failures(self._conversion_failures(batch, refused), CONVERSION_FAILED)] if refused else []
            rows = len(batch.lines) - len(refused)
            objects = [self._place_lines(batch, path, rows)] if rows else []
            partitions = [partition_of(table, batch.hour, self._writer.format)] if rows else []
            self._catalog.register(objects, partitions, failed, {batch.stream: batch.position_to})
            crash_point("object registered")

    def _place_lines(self, batch: Batch, path: Path, rows: int) -> NewObject:
        key, said = batch.key(self._writer.extension, life=self._life), self._description(batch, LINES, rows)
        new = NewObject.described(key, path, self._writer.format, said)
        self._place(new.key, path)
        return new

    def _place(self, key: str, path: Path) -> None:
        self._catalog.intend([key])
        crash_point("object intended")
        self._store.put(key, path)
        crash_point("object in place")

    def _write(self, table: Table, batch: Batch, path: Path) -> dict[int, str]:
        """Write the batch's lines but those that are refused; return the places of these, with the reason."""
        try:
            self._write_lines(table, batch, batch.lines, path)
            return {}
        except UnwritableLinesError:
            refused = LineCheck(table).refused(batch.lines)
        try:
            self._write_others(table, batch, refused, path)
        except UnwritableLinesError:  # what the check has nothing against, the writer has
            refused |= self._find_refused(table, batch, [place for place in range(len(batch.lines)) if place not in refused], path)
            self._write_others(table, batch, refused, path)
        return refused

    def _write_others(self, table: Table, batch: Batch, refused: Mapping[int, str], path: Path) -> None:
        lines = [line for place, line in enumerate(batch.lines) if place not in refused]
        if lines:
            self._write_lines(table, batch, lines, path)

    def _write_lines(self, table: Table, batch: Batch, lines: Sequence[bytes], path: Path) -> None:
        self._writer.write(table, lines, path, self._description(batch, LINES, len(lines)))

    def _description(self, batch: Batch, kind: str, rows: int) -> Description:
        """Return what the batch's object says of itself."""
        held = batch.position_from, batch.position_to
        return Description(self._catalog.lake_id, batch.stream, kind, batch.hour, *held, rows, time.time_ns() // 1000)

    def _find_refused(self, table: Table, batch: Batch, places: Sequence[int], path: Path) -> dict[int, str]:
        """Find the lines that cannot be written, by halving."""
        try:
            self._write_lines(table, batch, [batch.lines[place] for place in places], path)
            return {}
        except UnwritableLinesError as error:
            if len(places) == 1:
                return {places[0]: str(error)}
        middle = len(places) // 2
        return self._find_refused(table, batch, places[:middle], path) | self._find_refused(table, batch, places[middle:], path)

    def _conversion_failures(self, batch: Batch, refused: Mapping[int, str]) -> Batch:
        """Return the failed records of refused lines, with the bytes of their events as the spool has them."""
        events = self._events([batch.positions[place] for place in sorted(refused)], batch.position_to)
        aside = Batch(batch.stream, None, batch.arrival, batch.position_from, batch.position_to)
        for place, reason in sorted(refused.items()):
            event = events[batch.positions[place]]
            error = EventError("ConversionFailed", f"The {batch.stream} line cannot be stored: {reason}")
            aside.failures.append(failed_record(batch.stream, error, moment(event.arrival), event.body))
        return aside

    def _deliver_failures(self, batch: Batch) -> None:
        failed = self._place_failures(batch, PROCESSING_FAILED)
        self._catalog.register([], [], [failed], {error_stream(batch.stream): batch.position_to})
        crash_point("failures registered")

    def _place_failures(self, batch: Batch, kind: str) -> tuple[NewFailedObject, list[FailedEntry]]:
        path = self._store.staged(f"{uuid.uuid4().hex}{EXTENSION}")
        with _removed_in_the_end(path):
            said = self._description(batch, kind, len(batch.failures))
            write_gzip(b"".join(record.line() for record in batch.failures), path, said)
            new = NewFailedObject.described(batch.key(EXTENSION, kind, self._life), path, said)
            self._place(new.key, path)
            return new, [_entry(record, batch.stream, new.key, line) for line, record in enumerate(batch.failures)]


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
