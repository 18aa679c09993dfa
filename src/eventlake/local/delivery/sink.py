"""Batches -> objects that readers see: written, checked, durable, registered.

Four steps, each safe to be the last before a crash: the files are written aside and checked; the catalog notes the keys that are intended; the
files are moved to their places; one transaction makes them visible with their partitions and their streams' checkpoints. `recovery` finishes what
a crash left. Batches of many streams that are due at once take the steps together: a transaction costs as much for one as for all of them.
The files of log lines are written by a thread of their own: most of that is not Python, so that who delivers can read what comes next meanwhile.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from eventlake.backends.catalog.entries import FailedEntry, NewFailedObject, NewObject
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.json_lines import EXTENSION, write_gzip
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.description import CONVERSION_FAILED, LINES, PROCESSING_FAILED, Description
from eventlake.errors import EventError, EventlakeError, LayoutError, StorageError
from eventlake.interfaces import Partition
from eventlake.local.crash import crash_point
from eventlake.local.delivery.checked import CheckedWriter, Writer
from eventlake.local.spool.frames import Frame
from eventlake.model import Table
from eventlake.pipeline.buffer import Batch, moment
from eventlake.pipeline.delivery import Begun
from eventlake.pipeline.failed_records import FailedRecord, error_stream, failed_record, records_apart
from eventlake.pipeline.mapping import json_columns
from eventlake.pipeline.partition import partition_of


@dataclass(frozen=True, slots=True)
class _Written:
    """The log lines of an hour in a file aside. refused: the places of those that are not in it, each with its reason; none is there if all are."""

    part: Batch
    table: Table
    path: Path
    refused: dict[int, str]


@dataclass(slots=True)
class _Aside:
    """What batches became, before it is moved to its places: the files with their keys, and what the catalog is told of them."""

    checkpoints: dict[str, int]
    files: list[tuple[str, Path]] = field(default_factory=list)
    objects: list[NewObject] = field(default_factory=list)
    partitions: list[Partition] = field(default_factory=list)
    failed: list[tuple[NewFailedObject, list[FailedEntry]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A delivery whose files are being written: `eventlake.pipeline.delivery.Begun`."""

    written: Future[list[_Written]]
    then: Callable[[Future[list[_Written]]], None]

    def is_done(self) -> bool:
        """Return True if all files are written, or one could not be."""
        return self.written.done()

    def finish(self) -> None:
        """Wait for the files, and make them visible. Raises StorageError; then nothing of them is."""
        self.then(self.written)


class Sink:
    """Delivers batches into a lake on one machine.

    events: reads the frames at positions again, in order and before the second argument. kept: what failed records may hold of an event.
    """

    def __init__(
        self,
        store: DirectoryStore,
        catalog: SqliteCatalog,
        writer: Writer,
        events: Callable[[Sequence[int], int], Mapping[int, Frame]],
        kept: Callable[[bytes], bytes],
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._writer = CheckedWriter(writer)
        self._events = events
        self._kept = kept
        self._thread = _one_thread()
        self._life = uuid.uuid4().hex
        self._unregistered: set[str] = set()
        """Keys that this life of delivery intended and could not register: what failed is delivered again, perhaps in parts with other keys."""

    def deliver(self, batch: Batch) -> None:
        """Make a batch visible and durable. Raises StorageError; then nothing of it is visible."""
        self.begin([batch]).finish()

    def begin(self, batches: Sequence[Batch]) -> Begun:
        """Begin to make batches of several streams visible and durable, all of them at once; what keeps them from it is raised in the end.

        The batches are not changed meanwhile. One that is not finished makes nothing visible, and leaves its files to the next recovery.
        """
        return _Begun(self._submitted(batches), partial(self._finish, batches))

    def close(self) -> None:
        """End the thread, behind what it still writes."""
        self._thread.shutdown()

    def _submitted(self, batches: Sequence[Batch]) -> Future[list[_Written]]:
        """Have the thread write; where the system gives none, write here."""
        try:
            return self._thread.submit(self._written, batches)
        except RuntimeError:
            self._thread = _one_thread()  # the old one has kept what was submitted
        here: Future[list[_Written]] = Future()
        try:
            here.set_result(self._written(batches))
        except (OSError, StorageError) as error:
            here.set_exception(error)
        return here

    def _finish(self, batches: Sequence[Batch], written: Future[list[_Written]]) -> None:
        """Make what was written visible, with the failed records of the batches. Raises StorageError; then nothing of it is."""
        try:
            with contextlib.ExitStack() as staged:
                aside = _Aside({_stream(batch): batch.position_to for batch in batches})
                files = written.result()
                for one in files:
                    staged.enter_context(_removed_in_the_end(one.path))
                for one in files:
                    self._add(one, aside, staged)
                for batch in batches:
                    if batch.table is None:
                        self._write_failures(batch, PROCESSING_FAILED, aside, staged)
                self._publish(aside)
        except OSError as error:
            raise storage_error(error, f"{_streams(batches)}: its records cannot be delivered") from None
        except LayoutError as error:  # a folder on the way was replaced by a link
            raise StorageError(f"{_streams(batches)}: its records cannot be delivered: {error}") from None
        finally:
            if self._unregistered:
                self._take_back()

    def _written(self, batches: Sequence[Batch]) -> list[_Written]:
        """Write the log lines of each hour of these batches aside. Raises OSError, StorageError; then no file is left."""
        written: list[_Written] = []
        with contextlib.ExitStack() as staged:
            for batch in batches:
                if batch.table is None:
                    continue
                for part in batch.parts():
                    path = self._staged(self._writer.extension, staged)
                    refused = self._writer.write(batch.table, part.lines, path, partial(self._description, part, LINES))
                    written.append(_Written(part, batch.table, path, refused))
            staged.pop_all()  # who finishes removes them
        return written

    def _publish(self, aside: _Aside) -> None:
        """Move the files to their places, and make them visible."""
        keys = [key for key, _ in aside.files]
        self._unregistered.update(keys)
        self._catalog.intend(keys)
        crash_point("objects intended")
        for key, path in aside.files:
            self._place(key, path)
        self._catalog.register(aside.objects, aside.partitions, aside.failed, aside.checkpoints)
        self._unregistered.difference_update(keys)
        crash_point("objects registered")

    def _take_back(self) -> None:
        """Remove what was intended and not registered: a full disk needs the room. Where the catalog cannot be written, after the next delivery.

        The keys are of this life of delivery alone, and within the transaction nobody registers them: no other file can be meant.
        """
        with contextlib.suppress(EventlakeError, OSError):
            with self._catalog.withdrawing(sorted(self._unregistered)) as open_still:
                for key in open_still:
                    self._store.delete(key)
            self._unregistered.clear()

    def _add(self, one: _Written, aside: _Aside, staged: contextlib.ExitStack) -> None:
        """Add the lines of an hour, and the failed records of those that were refused, so that neither is there without the other."""
        part, table = one.part, one.table
        if one.refused:
            self._write_failures(self._conversion_failures(part, one.refused), CONVERSION_FAILED, aside, staged)
        if len(one.refused) < len(part.lines):
            said = self._description(part, LINES, len(part.lines) - len(one.refused))
            key = part.key(self._writer.extension, life=self._life)
            new = NewObject.described(key, one.path, self._writer.format, said, json_columns(table))
            aside.files.append((new.key, one.path))
            aside.objects.append(new)
            aside.partitions.append(partition_of(table, part.hour, self._writer.format))

    def _write_failures(self, batch: Batch, kind: str, aside: _Aside, staged: contextlib.ExitStack) -> None:
        path = self._staged(EXTENSION, staged)
        records = records_apart(batch.failures, self._catalog.has_failed)
        said = self._description(batch, kind, len(records))
        write_gzip([record.line() for record in records], path, said)
        new = NewFailedObject.described(batch.key(EXTENSION, kind, self._life), path, said)
        aside.files.append((new.key, path))
        aside.failed.append((new, entries_of(records, new.key)))

    def _staged(self, extension: str, staged: contextlib.ExitStack) -> Path:
        """Return where a file is written that is removed in the end, unless it has been moved to its place."""
        path = self._store.staged(f"{uuid.uuid4().hex}{extension}")
        staged.enter_context(_removed_in_the_end(path))
        return path

    def _place(self, key: str, path: Path) -> None:
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
            aside.failures.append(failed_record(batch.stream, error, moment(event.arrival), self._kept(event.body)))
        return aside


def entries_of(records: Sequence[FailedRecord], key: str) -> list[FailedEntry]:
    """Return failed records as the catalog lists them, whose lines are those of an object in this order."""
    return [
        FailedEntry(one.id, one.stream, one.code, one.message, one.arrival, len(one.raw), key, line) for line, one in enumerate(records)
    ]


def _one_thread() -> ThreadPoolExecutor:
    """Return what writes with a thread of its own, which is begun when it is needed."""
    return ThreadPoolExecutor(1, "objects")


def _stream(batch: Batch) -> str:
    """Return the name under which the catalog keeps how far a batch's stream is."""
    return error_stream(batch.stream) if batch.table is None else batch.stream


def _streams(batches: Sequence[Batch]) -> str:
    """Return what a failure concerns: a stream by its name."""
    return batches[0].stream if len(batches) == 1 else f"{len(batches)} streams"


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
