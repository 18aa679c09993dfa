"""A batch -> an object that readers see: written, checked, durable, registered.

Four steps, each safe to be the last before a crash: the file is written aside and checked; the catalog notes the key that is intended; the file
is moved to its place; one transaction makes it visible with its partition and its stream's checkpoint. `recovery` finishes what a crash left.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.json_lines import EXTENSION, write_gzip
from eventlake.backends.sqlite_catalog import FailedEntry, NewFailedObject, NewObject, SqliteCatalog
from eventlake.description import CONVERSION_FAILED, LINES, PROCESSING_FAILED, Description
from eventlake.errors import EventError, LayoutError, StorageError
from eventlake.local.crash import crash_point
from eventlake.local.delivery.checked import CheckedWriter, Writer
from eventlake.local.spool.frames import Frame
from eventlake.model import Table
from eventlake.pipeline.delivery import Batch, FailedRecord, error_stream, failed_record, moment
from eventlake.pipeline.partition import partition_of


class Sink:
    """Delivers batches into a lake on one machine.

    events: reads the frames at positions again, in order and before the second argument.
    """

    def __init__(
        self, store: DirectoryStore, catalog: SqliteCatalog, writer: Writer, events: Callable[[Sequence[int], int], Mapping[int, Frame]]
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._writer = CheckedWriter(writer)
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
        except LayoutError as error:  # a folder on the way was replaced by a link
            raise StorageError(f"{batch.stream}: its records cannot be delivered: {error}") from None

    def _deliver_lines(self, batch: Batch, table: Table) -> None:
        """Make the lines visible together with the failed records of those that are refused, so that neither is there without the other."""
        with contextlib.ExitStack() as staged:
            written = [(part, *self._written(part, table, staged)) for part in batch.parts()]
            failed = [
                self._place_failures(self._conversion_failures(part, refused), CONVERSION_FAILED) for part, _, refused in written if refused
            ]
            filled = [(part, path, len(part.lines) - len(refused)) for part, path, refused in written if len(refused) < len(part.lines)]
            objects = [self._place_lines(part, path, rows) for part, path, rows in filled]
            partitions = [partition_of(table, part.hour, self._writer.format) for part, _, _ in filled]
            self._catalog.register(objects, partitions, failed, {batch.stream: batch.position_to})
            crash_point("object registered")

    def _written(self, part: Batch, table: Table, staged: contextlib.ExitStack) -> tuple[Path, dict[int, str]]:
        """Write the lines of an hour aside; where, and the places of those that are refused, with the reason."""
        path = self._store.staged(f"{uuid.uuid4().hex}{self._writer.extension}")
        staged.enter_context(_removed_in_the_end(path))
        return path, self._writer.write(table, part.lines, path, partial(self._description, part, LINES))

    def _place_lines(self, part: Batch, path: Path, rows: int) -> NewObject:
        key, said = part.key(self._writer.extension, life=self._life), self._description(part, LINES, rows)
        new = NewObject.described(key, path, self._writer.format, said)
        self._place(new.key, path)
        return new

    def _place(self, key: str, path: Path) -> None:
        self._catalog.intend([key])
        crash_point("object intended")
        self._store.put(key, path)
        crash_point("object in place")

    def _description(self, batch: Batch, kind: str, rows: int) -> Description:
        """Return what the batch's object says of itself."""
        held = batch.position_from, batch.position_to
        written_us = time.time_ns() // 1000
        return Description(self._catalog.lake_id, batch.stream, kind, batch.hour, *held, rows, written_us, stretches=batch.stretches)

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
            write_gzip([record.line() for record in batch.failures], path, said)
            new = NewFailedObject.described(batch.key(EXTENSION, kind, self._life), path, said)
            self._place(new.key, path)
            return new, entries_of(batch.failures, new.key)


def entries_of(records: Sequence[FailedRecord], key: str) -> list[FailedEntry]:
    """Return failed records as the catalog lists them, whose lines are those of an object in this order."""
    return [
        FailedEntry(one.id, one.stream, one.code, one.message, one.arrival, len(one.raw), key, line) for line, one in enumerate(records)
    ]


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
