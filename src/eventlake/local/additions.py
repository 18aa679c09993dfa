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

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.sqlite_catalog import NewObject, Redriven, SqliteCatalog
from eventlake.description import LINES, Description
from eventlake.errors import StorageError
from eventlake.layout import Hour, object_key, object_name
from eventlake.local.crash import crash_point
from eventlake.local.delivery.checked import CheckedWriter, writer_of
from eventlake.model import Table
from eventlake.pipeline.partition import partition_of


@dataclass(frozen=True, slots=True)
class Line:
    """A log line, the moment that gives its hour (aware), and the record that it comes from."""

    table: Table
    moment: datetime
    data: bytes
    record: str


@dataclass(slots=True)
class _Staged:
    """A file that is written and checked, and where it will lie."""

    key: str
    path: Path
    description: Description


class Additions:
    """Adds log lines to a lake that this process writes."""

    def __init__(self, catalog: SqliteCatalog, objects: Path) -> None:
        self._catalog = catalog
        self._store = DirectoryStore(objects)
        self._writer = CheckedWriter(writer_of(catalog.log_format() or "parquet"))

    def stage(self, lines: Sequence[Line]) -> tuple[list[_Staged], dict[str, str]]:
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

    def register(self, staged: Sequence[_Staged], redriven: Redriven | None = None) -> None:
        """Make what is staged visible, together with what was redriven by it. Raises StorageError; then nothing of it is."""
        try:
            objects = [self._described(one) for one in staged]
            self._catalog.intend([one.key for one in objects])
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
        self._catalog.register(objects, partitions, [], {}, redriven)
        crash_point("additions registered")

    def discard(self, staged: Sequence[_Staged]) -> None:
        """Remove files that lie aside."""
        for one in staged:
            one.path.unlink(missing_ok=True)

    def _stage(self, groups: Mapping[tuple[str, Hour], list[Line]], staged: list[_Staged]) -> dict[str, str]:
        """Write a file for each table and hour; return the records that are refused."""
        refused: dict[str, str] = {}
        position = self._catalog.before_all()
        for (_, hour), lines in groups.items():
            position -= 1
            path = self._store.staged(f"{uuid.uuid4().hex}{self._writer.extension}")
            table = lines[0].table
            one = _Staged(self._key(table, hour, lines), path, self._description(table, hour, position, len(lines)))
            staged.append(one)
            describe = partial(self._description, table, hour, position)
            found = self._writer.write(table, [line.data for line in lines], path, describe)
            refused |= {lines[place].record: reason for place, reason in found.items()}
        return refused

    def _key(self, table: Table, hour: Hour, lines: Sequence[Line]) -> str:
        oldest = min(line.moment for line in lines)
        name = object_name(table.stream.replace("_", "-"), 1, oldest, str(uuid.uuid4()), self._writer.extension)
        return object_key(table.prefix, hour, name)

    def _description(self, table: Table, hour: Hour, position: int, rows: int) -> Description:
        return Description(self._catalog.lake_id, table.name, LINES, hour, position, position + 1, rows, time.time_ns() // 1000)

    def _described(self, one: _Staged) -> NewObject:
        return NewObject.described(one.key, one.path, self._writer.format, one.description)


def _by_hour(lines: Sequence[Line]) -> dict[tuple[str, Hour], list[Line]]:
    """Group lines by table and hour, in the order of the hours."""
    groups: dict[tuple[str, Hour], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.table.name, Hour.of(line.moment)), []).append(line)
    return dict(sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])))
