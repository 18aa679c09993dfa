"""Rewrites objects without a person, as a closing would: to a fresh place, proved, swapped in by the catalog; then the old bytes are removed."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from eventlake.backends.catalog.entries import NewFailedObject, NewObject
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.duckdb_rewriter import DuckDBRewriter
from eventlake.backends.json_lines import GzipWriter, read_gzip
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.checksum import crc32
from eventlake.description import CONVERSION_FAILED, LINES, PROCESSING_FAILED, Description
from eventlake.errors import CorruptObjectError, StorageError
from eventlake.layout import closed_location, error_key, object_name
from eventlake.local.crash import crash_point
from eventlake.local.erasing.finding import FoundFailures, FoundObject
from eventlake.local.erasing.writing import write_without
from eventlake.local.mentions import unpacked
from eventlake.model import Table
from eventlake.pipeline.erasing import Person

STAGED = "erasing-"
"""What the names of unfinished files of an erasure begin with."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of an object. key: of the new one. checksum: of the rows that are as they were."""

    table: str
    hour: str
    key: str
    rows_before: int
    erased: int
    edited: int
    untouched: int
    checksum: str
    crc32_before: str
    crc32_after: str


class ObjectRewriter:
    """Rewrites the objects of a lake that this process has taken. now: the moment, aware."""

    def __init__(self, catalog: SqliteCatalog, objects: Path, person: Person, now: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._store = DirectoryStore(objects)
        self._person = person
        self._now = now
        self._rewriter = DuckDBRewriter(objects)
        self._tables = {table.name: table for table in catalog.tables()}

    def __enter__(self) -> ObjectRewriter:
        """Use it in a `with` statement, at whose end its process ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that rewrites."""
        self._rewriter.close()

    def rewrite(self, found: FoundObject) -> Rewritten:
        """Rewrite a live object, make the new one visible in its stead, and remove the old one. Raises StorageError; then the old one is live."""
        old, table = found.object, self._tables[found.object.table]
        source = self._store.path(old.key)
        staged = self._store.staged(f"{STAGED}{uuid.uuid4().hex}{source.suffix}")
        generation = found.generation + 1 if old.generation else 0
        said = self._described(old, found.named.rows - found.named.own, generation)
        try:
            kept = write_without(self._person, self._rewriter, source, staged, said, edits=bool(found.named.mentions))
            new = self._placed(table, old, staged, said, () if found.named.mentions else old.strict)
        except (OSError, duckdb.Error) as error:
            raise _cannot(error, old.key) from None
        finally:
            staged.unlink(missing_ok=True)
        self._swap(found, new)
        self.remove([old.key])
        crcs = f"{old.crc32:08x}", f"{new.crc32:08x}"
        named = found.named
        return Rewritten(table.name, str(old.hour), new.key, named.rows, named.own, named.mentions, kept.untouched, kept.checksum, *crcs)

    def rewrite_failures(self, found: FoundFailures) -> int:
        """Rewrite an object of failed records without those that name the person; how many were erased. Raises StorageError."""
        old = found.object
        lines = read_gzip(self._store.path(old.key)).splitlines(keepends=True)
        staying = [place for place, line in enumerate(lines) if not any(map(self._person.is_named, unpacked(line)))]
        staged = self._store.staged(f"{STAGED}{uuid.uuid4().hex}.gz")
        ends = (old.position_from or 0, old.position_to or 0)
        said = Description(self._catalog.lake_id, old.stream, PROCESSING_FAILED, found.hour, *ends, len(staying), time.time_ns() // 1000)
        kind = PROCESSING_FAILED if f"/{PROCESSING_FAILED}/" in old.key else CONVERSION_FAILED
        name = object_name(old.stream.replace("_", "-"), 1, found.hour.start, str(uuid.uuid4()), ".gz")
        key = error_key(f"error/{old.stream}", kind, found.hour.start, name)
        try:
            with GzipWriter(staged, said) as writer:
                writer.write(b"".join(lines[place] for place in staying))
            add = NewFailedObject(key, old.stream, staged.stat().st_size, len(staying), crc32(staged), old.position_from, old.position_to)
            self._put(key, staged)
        except OSError as error:
            raise storage_error(error, f'"{old.key}" cannot be rewritten') from None
        finally:
            staged.unlink(missing_ok=True)
        count = self._catalog.rewrite_failed(old.key, add, {place: line for line, place in enumerate(staying)}, self._now())
        crash_point("failed records swapped")
        self.remove([old.key])
        return count

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects that were replaced, at once. Raises StorageError."""
        keys = list(keys)
        for key in keys:
            self._store.delete(key)
            crash_point("erased object removed")
        self._catalog.remove(keys)

    def tidy(self) -> None:
        """Remove what an erasure left that was ended on its way. Raises StorageError."""
        self._store.clear_staging(STAGED)

    def _described(self, old: NewObject, rows: int, generation: int) -> Description:
        ends = (old.position_from or 0, old.position_to or 0)
        return Description(
            self._catalog.lake_id, old.table, LINES, old.hour, *ends, rows, time.time_ns() // 1000, generation, old.stretches
        )

    def _placed(self, table: Table, old: NewObject, staged: Path, said: Description, strict: Iterable[str]) -> NewObject:
        location = closed_location(table.prefix, old.hour, said.generation, uuid.uuid4().hex[:8])
        new = NewObject.described(f"{location}{table.stream}{staged.suffix}", staged, old.format, said, strict)
        new = dataclasses.replace(new, position_from=old.position_from, position_to=old.position_to)
        self._put(new.key, staged)
        return new

    def _put(self, key: str, staged: Path) -> None:
        self._catalog.intend([key])
        crash_point("object without the person intended")
        self._store.put(key, staged)
        crash_point("object without the person in place")

    def _swap(self, found: FoundObject, new: NewObject) -> None:
        old = found.object
        try:
            if old.generation:
                self._catalog.replace(old.hour, old.table, found.generation, [old.key], new, 0, self._now())
            else:
                self._catalog.merge(old.hour, old.table, [old.key], new, self._now())
        except StorageError:
            with contextlib.suppress(StorageError):
                self._store.delete(new.key)
                self._catalog.forget([new.key])
            raise
        crash_point("object without the person swapped")


def _cannot(error: Exception, key: str) -> StorageError:
    if isinstance(error, OSError):
        return storage_error(error, f'"{key}" cannot be rewritten')
    return CorruptObjectError(f'The object "{key}" cannot be rewritten ({str(error).splitlines()[0].rstrip(".")}): run "eventlake doctor".')
