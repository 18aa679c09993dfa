"""Objects that lie in the folder and are not in the catalog: which of them can be registered, and why the others cannot.

A stray is adopted where it says what it holds, holds that, and no other object of its stream holds any of it. Nothing is removed here.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.catalog.entries import ALL, FailedEntry, NewFailedObject, NewObject
from eventlake.backends.descriptions import read_descriptions
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.json_lines import read_gzip
from eventlake.backends.parquet import EXTENSION, count_rows
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.description import LINES, PROCESSING_FAILED, Description
from eventlake.errors import CorruptObjectError
from eventlake.interfaces import Partition
from eventlake.pipeline.failed_records import error_stream, told_apart

if TYPE_CHECKING:
    import duckdb

HELD = "holds only what other objects hold"
DAMAGED = "is damaged: it cannot be read, or does not hold the rows that it says"


@dataclass(frozen=True, slots=True)
class Stray:
    """An object that the catalog does not know, with what it says of itself."""

    key: str
    path: Path
    description: Description | None


def strays(store: DirectoryStore, keys: Iterable[str]) -> list[Stray]:
    """Return the objects of these keys, those that were written last first; a key without a file is left out."""
    paths = {path: key for key, path in store.paths(keys).items()}
    found = [Stray(paths[path], path, said) for path, said in read_descriptions([path for path in paths if path.is_file()])]
    return sorted(found, key=lambda stray: (-stray.description.written_us if stray.description else 0, stray.key))


class Adopter:
    """Registers strays in a catalog, as long as nothing is held twice.

    advances: whether a stream's checkpoint follows what is adopted; only for what was delivered last, before anything else is.
    """

    def __init__(self, catalog: SqliteCatalog, *, advances: bool = False) -> None:
        self._catalog = catalog
        self._advances = advances
        self._held = {name: list(stretches) for name, stretches in catalog.covered(ALL).items()}
        self._checkpoints = catalog.checkpoints()
        self._tables = {table.name for table in catalog.tables()}

    def adopt(self, stray: Stray) -> str | None:
        """Register a stray; or say why it cannot be. Raises OSError, StorageError."""
        reason = self.objection(stray)
        if reason is not None or stray.description is None:
            return reason
        try:
            self._register(stray, stray.description)
        except CorruptObjectError:
            return DAMAGED
        return None

    def objection(self, stray: Stray) -> str | None:
        """Say why a stray cannot be registered, as far as it says itself; None if it can."""
        said = stray.description
        if said is None:
            return "does not say what it holds: an earlier version wrote it, or it is damaged"
        if said.lake != self._catalog.lake_id:
            return "belongs to another lake"
        if said.kind == LINES and said.stream not in self._tables:
            return f'holds lines of "{said.stream}", of which there is no table: name the folder of its declaration with --sources'
        return HELD if self._is_held(said) else None

    def _is_held(self, said: Description) -> bool:
        if said.kind not in {LINES, PROCESSING_FAILED}:
            return False
        held = self._held.get(_name(said), ())
        if any(start < last and first < end for first, last in said.held for start, end in held):
            return True
        return self._advances and said.position_from < self._checkpoints.get(_name(said), 0)

    def _register(self, stray: Stray, said: Description) -> None:
        if said.kind == LINES:
            self._register_lines(stray, said)
        else:
            self._register_failures(stray, said)
        self._held.setdefault(_name(said), []).extend(said.held)

    def _register_lines(self, stray: Stray, said: Description) -> None:
        log_format = "parquet" if stray.path.suffix == EXTENSION else "json"
        rows = count_rows(self._duckdb, stray.path) if log_format == "parquet" else read_gzip(stray.path).count(b"\n")
        if rows != said.rows:
            raise CorruptObjectError(stray.key)
        new = NewObject.described(stray.key, stray.path, log_format, said)
        partition = Partition(said.stream, said.hour, f"{stray.key.rpartition('/')[0]}/", log_format)
        self._catalog.register([new], [partition], [], self._checkpoint(said))

    @cached_property
    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        """Return what reads the footers of Parquet files; beginning it takes longer than reading many."""
        import duckdb

        return duckdb.connect(config={"threads": 1})

    def _register_failures(self, stray: Stray, said: Description) -> None:
        entries = list(failed_entries(stray.key, said.stream, read_gzip(stray.path)))
        if len(entries) != said.rows:
            raise CorruptObjectError(stray.key)
        new = NewFailedObject.described(stray.key, stray.path, said)
        self._catalog.register([], [], [(new, entries)], self._checkpoint(said))

    def _checkpoint(self, said: Description) -> dict[str, int]:
        """Return how far a stream is with this object; what lies between its stretches may not be delivered yet."""
        is_alone = said.kind in {LINES, PROCESSING_FAILED} and not said.stretches
        return {_name(said): said.position_to} if self._advances and is_alone else {}


def _name(said: Description) -> str:
    """Return the name under which the catalog keeps the stretches of a stream."""
    return said.stream if said.kind == LINES else error_stream(said.stream)


def failed_entries(key: str, stream: str, data: bytes) -> Iterator[FailedEntry]:
    """Yield the failed records of an object, as the catalog lists them. Raises CorruptObjectError for lines of another form.

    An object of an earlier version says the same id of records that hold the same.
    """
    try:
        records = [json.loads(text) for text in data.splitlines()]
        for line, (record, id) in enumerate(zip(records, told_apart(record["id"] for record in records), strict=True)):
            arrival = datetime.fromtimestamp(record["arrivalTimestamp"] / 1000, UTC)
            raw = base64.b64decode(record["rawData"])
            yield FailedEntry(id, stream, record["errorCode"], record["errorMessage"], arrival, len(raw), key, line)
    except (ValueError, KeyError, TypeError):
        raise CorruptObjectError(f"{key}: a line of it is no failed record.") from None


def raw_of(store: DirectoryStore, entry: FailedEntry) -> bytes:
    """Read the original bytes of a failed record. Raises StorageError, CorruptObjectError."""
    lines = gzip.decompress(store.get(entry.key)).splitlines()
    return base64.b64decode(json.loads(lines[entry.line])["rawData"])
