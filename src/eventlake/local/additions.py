"""Log lines that come in beside the spool, into hours that are past: an object for each table and hour, all of them visible at once.

They take the way of delivery, but for the spool: written aside and checked, intended, moved to their places, and made visible in one
transaction. Until then nothing has happened; what a crash leaves is put aside by the next start.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.json_lines import EXTENSION as GZIP
from eventlake.backends.json_lines import write_gzip
from eventlake.backends.sqlite_catalog import NewFailedObject, NewObject, Redriven, SqliteCatalog
from eventlake.description import LINES, PROCESSING_FAILED, Description
from eventlake.errors import StorageError
from eventlake.layout import Hour, error_key, object_key, object_name
from eventlake.local.crash import crash_point
from eventlake.local.delivery.checked import CheckedWriter, writer_of
from eventlake.local.delivery.sink import entries_of
from eventlake.model import Table
from eventlake.pipeline.delivery import FailedRecord
from eventlake.pipeline.partition import partition_of


@dataclass(frozen=True, slots=True)
class Line:
    """A log line, the moment that gives its hour (aware), and the record that it comes from."""

    table: Table
    moment: datetime
    data: bytes
    record: str


class AnyLine(Protocol):
    """A line, wherever its bytes are held."""

    @property
    def table(self) -> Table:
        """Return the table."""

    @property
    def moment(self) -> datetime:
        """Return the moment that gives its hour; aware."""

    @property
    def data(self) -> bytes:
        """Return the log line. Raises StorageError."""

    @property
    def record(self) -> str:
        """Return the record that it comes from."""


@dataclass(slots=True)
class _Staged:
    """A file that is written and checked, and where it will lie."""

    key: str
    path: Path
    description: Description
    failures: Sequence[FailedRecord] = ()


class Additions:
    """Adds log lines to a lake that this process writes."""

    def __init__(self, catalog: SqliteCatalog, objects: Path) -> None:
        self._catalog = catalog
        self._store = DirectoryStore(objects)
        self._writer = CheckedWriter(writer_of(catalog.log_format() or "parquet"))

    def stage(self, lines: Sequence[AnyLine]) -> tuple[list[_Staged], dict[str, str]]:
        """Write the lines aside, those of a record all or none; return the files, and the records that are refused with the reason.

        Raises StorageError; then no file is left.
        """
        refused: dict[str, str] = {}
        while True:
            staged: list[_Staged] = []
            try:
                found = self._stage(_by_hour([line for line in lines if line.record not in refused]), staged)
            except OSError as error:
                self.discard(staged)
                raise storage_error(error, "The log lines cannot be written") from None
            except StorageError:
                self.discard(staged)
                raise
            if not found:
                return staged, refused
            self.discard(staged)
            refused |= found

    def stage_failures(self, records: Sequence[FailedRecord]) -> list[_Staged]:
        """Write failed records aside, a file for each stream. Raises StorageError; then no file is left."""
        staged: list[_Staged] = []
        try:
            for place, (stream, found) in enumerate(_by_stream(records).items(), 1):
                path = self._store.staged(f"{uuid.uuid4().hex}{GZIP}")
                said = self._description(
                    stream, PROCESSING_FAILED, Hour.of(found[0].arrival), self._catalog.before_all() - place, len(found)
                )
                name = object_name(stream.replace("_", "-"), 1, found[0].arrival, str(uuid.uuid4()), GZIP)
                staged.append(_Staged(error_key(f"error/{stream}", PROCESSING_FAILED, found[0].arrival, name), path, said, found))
                write_gzip([record.line() for record in found], path, said)
        except OSError as error:
            self.discard(staged)
            raise storage_error(error, "The failed records cannot be written") from None
        return staged

    def register(self, staged: Sequence[_Staged], redriven: Redriven | None = None, cursors: Mapping[str, str] | None = None) -> None:
        """Make what is staged visible, together with what was redriven by it and how far a history is read.

        Raises StorageError; then nothing of it is.
        """
        try:
            objects = [self._described(one) for one in staged if not one.failures]
            failed = [(_described_failures(one), entries_of(one.failures, one.key)) for one in staged if one.failures]
            self._catalog.intend([one.key for one in staged])
            crash_point("additions intended")
            for one in staged:
                self._store.put(one.key, one.path)
                crash_point("addition in place")
        except OSError as error:
            raise storage_error(error, "The log lines cannot be stored") from None
        finally:
            self.discard(staged)
        tables = {table.name: table for table in self._catalog.tables()}
        partitions = [partition_of(tables[one.table], one.hour, one.format) for one in objects]
        self._catalog.register(objects, partitions, failed, {}, redriven, cursors)
        crash_point("additions registered")

    def discard(self, staged: Sequence[_Staged]) -> None:
        """Remove files that lie aside."""
        for one in staged:
            one.path.unlink(missing_ok=True)

    def _stage(self, groups: Mapping[tuple[str, Hour], list[AnyLine]], staged: list[_Staged]) -> dict[str, str]:
        """Write a file for each table and hour; return the records that are refused."""
        refused: dict[str, str] = {}
        position = self._catalog.before_all()
        for (_, hour), lines in groups.items():
            position -= 1
            path = self._store.staged(f"{uuid.uuid4().hex}{self._writer.extension}")
            table = lines[0].table
            one = _Staged(self._key(table, hour, lines), path, self._description(table.name, LINES, hour, position, len(lines)))
            staged.append(one)
            describe = partial(self._description, table.name, LINES, hour, position)
            found = self._writer.write(table, [line.data for line in lines], path, describe)
            refused |= {lines[place].record: reason for place, reason in found.items()}
        return refused

    def _key(self, table: Table, hour: Hour, lines: Sequence[AnyLine]) -> str:
        oldest = min(line.moment for line in lines)
        name = object_name(table.stream.replace("_", "-"), 1, oldest, str(uuid.uuid4()), self._writer.extension)
        return object_key(table.prefix, hour, name)

    def _description(self, stream: str, kind: str, hour: Hour, position: int, rows: int) -> Description:
        return Description(self._catalog.lake_id, stream, kind, hour, position, position + 1, rows, time.time_ns() // 1000)

    def _described(self, one: _Staged) -> NewObject:
        return NewObject.described(one.key, one.path, self._writer.format, one.description)


def _described_failures(one: _Staged) -> NewFailedObject:
    return NewFailedObject.described(one.key, one.path, one.description)


def _by_stream(records: Sequence[FailedRecord]) -> dict[str, list[FailedRecord]]:
    found: dict[str, list[FailedRecord]] = {}
    for record in records:
        found.setdefault(record.stream, []).append(record)
    return found


def _by_hour(lines: Sequence[AnyLine]) -> dict[tuple[str, Hour], list[AnyLine]]:
    """Group lines by table and hour, in the order of the hours."""
    groups: dict[tuple[str, Hour], list[AnyLine]] = {}
    for line in lines:
        groups.setdefault((line.table.name, Hour.of(line.moment)), []).append(line)
    return dict(sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])))
