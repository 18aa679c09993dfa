"""Log lines that come in beside the spool, into hours that are past: an object for each table and hour, all of them visible at once.

They take the way of delivery, but for the spool: written aside and checked, intended, moved to their places, and made visible in one
transaction. Until then nothing has happened; what a crash leaves is put aside by the next start.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from eventlake.backends.catalog.entries import NewFailedObject, NewObject, Redriven
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.json_lines import EXTENSION as GZIP
from eventlake.backends.json_lines import write_gzip
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.description import LINES, PROCESSING_FAILED, Description
from eventlake.errors import GenerationConflictError, StorageError
from eventlake.layout import Hour, error_key, object_key, object_name
from eventlake.local.crash import crash_point
from eventlake.local.delivery.checked import CheckedWriter, Part, writer_of
from eventlake.local.delivery.recovery import ADDED
from eventlake.local.delivery.sink import entries_of
from eventlake.model import Table
from eventlake.pipeline.backfill import HourLines
from eventlake.pipeline.failed_records import FailedRecord, records_apart
from eventlake.pipeline.mapping import json_columns
from eventlake.pipeline.partition import partition_of

Result = TypeVar("Result")
_TRIES = 5
"""How often a group is written that a new beginning of delivery takes back."""
_BATCH_BYTES = 16 << 20
"""How many bytes of log lines are in memory at once, if no hour has more."""


@dataclass(slots=True)
class Staged:
    """A file that is written and checked, and where it will lie. strict: the columns whose texts are JSON as we write it."""

    key: str
    path: Path
    description: Description
    failures: Sequence[FailedRecord] = ()
    strict: tuple[str, ...] = ()


class Additions:
    """Adds log lines to a lake that this process writes, or adds to beside the bus that does."""

    def __init__(self, catalog: SqliteCatalog, objects: Path) -> None:
        self._catalog = catalog
        self._store = DirectoryStore(objects)
        self._writer = CheckedWriter(
            writer_of(catalog.log_format() or "parquet", is_sorted=True)
        )  # so that its hour need not be written again

    def stage(self, hours: Sequence[HourLines]) -> tuple[list[Staged], list[dict[int, str]]]:
        """Write lines aside, a file for each table and hour; return the files, and of each hour the places of lines that are refused, with the reason.

        Raises StorageError; then no file is left.
        """
        staged: list[Staged] = []
        try:
            return staged, self._stage(hours, staged)
        except OSError as error:
            self.discard(staged)
            raise storage_error(error, "The log lines cannot be written") from None
        except StorageError:
            self.discard(staged)
            raise

    def stage_failures(self, records: Sequence[FailedRecord]) -> list[Staged]:
        """Write failed records aside, a file for each stream. Raises StorageError; then no file is left."""
        staged: list[Staged] = []
        try:
            for place, (stream, of_stream) in enumerate(_by_stream(records).items(), 1):
                found = records_apart(of_stream, self._catalog.has_failed)
                path = self._store.staged(f"{ADDED}{uuid.uuid4().hex}{GZIP}")
                said = self._description(
                    stream, PROCESSING_FAILED, Hour.of(found[0].arrival), self._catalog.before_all() - place, len(found)
                )
                name = object_name(stream.replace("_", "-"), 1, found[0].arrival, str(uuid.uuid4()), GZIP)
                staged.append(Staged(error_key(f"error/{stream}", PROCESSING_FAILED, found[0].arrival, name), path, said, found))
                write_gzip([record.line() for record in found], path, said)
        except OSError as error:
            self.discard(staged)
            raise storage_error(error, "The failed records cannot be written") from None
        return staged

    def register(self, staged: Sequence[Staged], redriven: Redriven | None = None, cursors: Mapping[str, str] | None = None) -> None:
        """Make what is staged visible, together with what was redriven by it and how far a history is read.

        Raises StorageError; then nothing of it is. GenerationConflictError says that delivery began anew beside, and put the objects aside.
        """
        keys = [one.key for one in staged]
        try:
            objects = [self._described(one) for one in staged if not one.failures]
            failed = [(_described_failures(one), entries_of(one.failures, one.key)) for one in staged if one.failures]
            self._catalog.intend(keys, added=True)
            crash_point("additions intended")
            self._store.put_all({one.key: one.path for one in staged}, lambda: crash_point("addition in place"))
        except OSError as error:
            raise storage_error(error, "The log lines cannot be stored") from None
        finally:
            self.discard(staged)
        tables = {table.name: table for table in self._catalog.tables()}
        partitions = [partition_of(tables[one.table], one.hour, one.format) for one in objects]
        try:
            self._catalog.register(objects, partitions, failed, {}, redriven, cursors, intended=keys)
        except GenerationConflictError:
            for key in keys:  # those that came to their places behind its back
                self._store.put_aside(key, datetime.now(UTC))
            raise
        crash_point("additions registered")

    def discard(self, staged: Sequence[Staged]) -> None:
        """Remove files that lie aside."""
        for one in staged:
            one.path.unlink(missing_ok=True)

    def _stage(self, hours: Sequence[HourLines], staged: list[Staged]) -> list[dict[int, str]]:
        """Write the files, of a table as many at once as memory holds."""
        positions = itertools.count(self._catalog.before_all() - 1, -1)
        refused: list[dict[int, str]] = [{} for _ in hours]
        for places in batches(hours):
            planned = [self._planned(hours[place], next(positions)) for place in places]
            staged += [one for one, _ in planned]
            found = self._writer.write_all(hours[places[0]].table, [part for _, part in planned])
            for place, reasons, (one, part) in zip(places, found, planned, strict=True):
                refused[place] = reasons
                one.description = part.describe(len(part.lines) - len(reasons))
        staged[:] = [one for one in staged if one.description.rows]
        return refused

    def _planned(self, rows: HourLines, position: int) -> tuple[Staged, Part]:
        """Return the file that rows are to become, and what is to be written there."""
        path = self._store.staged(f"{ADDED}{uuid.uuid4().hex}{self._writer.extension}")
        describe = partial(self._description, rows.table.name, LINES, rows.hour, position)
        lines = rows.lines
        staged = Staged(self._key(rows.table, rows.hour), path, describe(len(lines)), strict=json_columns(rows.table))
        return staged, Part(lines, path, describe)

    def _key(self, table: Table, hour: Hour) -> str:
        return object_key(
            table.prefix, hour, object_name(table.stream.replace("_", "-"), 1, hour.start, str(uuid.uuid4()), self._writer.extension)
        )

    def _description(self, stream: str, kind: str, hour: Hour, position: int, rows: int) -> Description:
        return Description(self._catalog.lake_id, stream, kind, hour, position, position + 1, rows, time.time_ns() // 1000)

    def _described(self, one: Staged) -> NewObject:
        return NewObject.described(one.key, one.path, self._writer.format, one.description, one.strict)


def persistently(bring_in: Callable[[], Result]) -> Result:
    """Bring a group in, and anew where delivery began anew beside and put its objects aside. Raises StorageError."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(GenerationConflictError):
            return bring_in()
    return bring_in()


def _described_failures(one: Staged) -> NewFailedObject:
    return NewFailedObject.described(one.key, one.path, one.description)


def _by_stream(records: Sequence[FailedRecord]) -> dict[str, list[FailedRecord]]:
    found: dict[str, list[FailedRecord]] = {}
    for record in records:
        found.setdefault(record.stream, []).append(record)
    return found


def batches(hours: Sequence[HourLines]) -> Iterator[list[int]]:
    """Yield the places of hours that are written at once: of one table, and no more than memory holds."""
    tables: dict[str, list[int]] = {}
    for place, one in enumerate(hours):
        tables.setdefault(one.table.name, []).append(place)
    for places in tables.values():
        batch, size = list[int](), 0
        for place in places:
            if batch and size + hours[place].size_bytes > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(place)
            size += hours[place].size_bytes
        yield batch
