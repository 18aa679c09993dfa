"""Closes hours of a lake on one machine: asks the stage what is due, has it rewritten, proves the result, and swaps it in.

An hour that cannot be closed stays as it is, is told with its reason, and stops no other. What was replaced is removed after a grace.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.catalog.entries import ALL, NewObject
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import Disk, storage_error
from eventlake.backends.duckdb_rewriter import DuckDBRewriter, Sources
from eventlake.backends.json_lines import EXTENSION as GZIP
from eventlake.backends.parquet import EXTENSION as PARQUET
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.checksum import crc32
from eventlake.description import LINES, Description
from eventlake.errors import CorruptObjectError, GenerationConflictError, StorageError, StorageFullError, is_interrupt, sentence_of
from eventlake.interfaces import HourContents, LogObject
from eventlake.layout import Hour, closed_location
from eventlake.local.closing.leftovers import STAGED
from eventlake.local.closing.survey import Survey
from eventlake.local.crash import crash_point
from eventlake.model import Table
from eventlake.pipeline.compaction import GRACE, choosing, closing, counting, due, happened, merged, merging, neighbours, small, together
from eventlake.pipeline.delivery import LOW_WATER
from eventlake.query.diagnosis import other_type
from eventlake.query.reading import ROW
from eventlake.query.stored_types import Asked, TypeCheck, misfits

if TYPE_CHECKING:
    import duckdb

Write = Callable[[Table, Sources, int, Path, Description], int]
"""Writes rows of a table's objects to a file, given what it may spill in MiB; how many."""

_COMPRESSION = 20
_HOURS_MB = 16


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of one hour. problem: why it stays as it is, empty if it was closed. duplicates: rows that were left out."""

    table: str
    hour: Hour
    generation: int
    objects_before: int
    rows: int
    duplicates: int
    bytes_before: int
    bytes_after: int
    problem: str = ""


class Closer:
    """Closes the hours of a lake, one after another.

    now: the moment, aware. One process at a time writes a lake, so nobody else closes meanwhile.
    """

    def __init__(self, catalog: SqliteCatalog, objects: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._catalog = catalog
        self._store = DirectoryStore(objects)
        self._objects = objects
        self._rewriter = DuckDBRewriter(objects)
        self._survey = Survey(catalog, objects, self._rewriter, self._require_types)
        self._footers: duckdb.DuckDBPyConnection | None = None
        self.now = now

    def __enter__(self) -> Closer:
        """Use it in a `with` statement, at whose end its process ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that rewrites."""
        self._rewriter.close()
        if self._footers is not None:
            self._footers.close()
            self._footers = None

    def waiting(self, table: Table, before: Hour) -> list[HourContents]:
        """Return the hours before this one that are to be closed now: those that failed wait for their turn."""
        now = self.now()
        return [one for one in due(self._catalog.contents(table.name).hours, before.start) if one.retry is None or one.retry <= now]

    def close_all(self, table: Table, states: Iterable[HourContents]) -> Iterator[Closed]:
        """Close hours, given in order, and yield what became of each; the object of one that need not be written anew stays where it is."""
        for group in together(states):
            adopted = self._adopt(table, group)
            for state in group:
                yield adopted[state.hour] if state.hour in adopted else self.close(table, state)

    def _adopt(self, table: Table, states: Sequence[HourContents]) -> dict[Hour, Closed]:
        """Close those of these hours whose object is ready as it is."""
        ready = self._survey.ready(table, states)
        if not ready:
            return {}
        try:
            self._catalog.adopt(table.name, ready)
        except GenerationConflictError:
            return {}  # each hour by itself says what is the matter
        crash_point("hours adopted")
        return {one.hour: Closed(one.table, one.hour, 1, 1, one.rows, 0, one.size_bytes, one.size_bytes) for one in ready}

    def close(self, table: Table, state: HourContents) -> Closed:
        """Close one hour. What keeps it from that is in `problem`, and noted; raises StorageError only if the catalog cannot be used."""
        inputs = self._catalog.held(table.name, state.hour)
        before = sum(one.size_bytes for one in inputs)
        try:
            new, duplicates = self._rewritten(table, state, inputs)
            self._swap(
                new, lambda: self._catalog.replace(state.hour, table.name, state.generation, _keys(inputs), new, duplicates, self.now())
            )
        except Exception as error:  # whatever it is, it keeps no other hour from being closed
            problem = sentence_of(error)
            if not isinstance(error, GenerationConflictError):  # then another closed it meanwhile
                self._catalog.keep_open(state.hour, table.name, problem, self.now())
            rows = sum(one.rows for one in inputs)
            return Closed(table.name, state.hour, state.generation, len(inputs), rows, 0, before, before, problem)
        crash_point("hour swapped")
        return Closed(table.name, state.hour, state.generation + 1, len(inputs), new.rows, duplicates, before, new.size_bytes)

    def merge(self, table: Table, hour: Hour) -> int:
        """Make one object of many small ones of an hour that goes on; how many it was made of. Raises StorageError."""
        fresh = [one for one in self._catalog.held(table.name, hour) if not one.generation]
        inputs = [fresh[place] for place in small([one.size_bytes for one in fresh])]
        if not inputs:
            return 0
        self._require_room(inputs)
        self._require_whole(inputs)
        self._require_types(table, inputs)
        write = partial(self._rewriter.write, partial(merging, hour=hour))
        new = self._written(table, hour, inputs, 0, write, [[one.log_object for one in inputs]], sum(one.rows for one in inputs))
        self._swap(new, lambda: self._catalog.merge(hour, table.name, _keys(inputs), new, self.now()))
        crash_point("small objects swapped")
        return len(inputs)

    def _swap(self, new: NewObject, swap: Callable[[], None]) -> None:
        """Make an object visible, or put it aside. Raises StorageError."""
        try:
            swap()
        except StorageError:
            self._give_up(new.key)
            raise

    def _give_up(self, key: str) -> None:
        """Put an object aside that will not become visible; where the disk is too full even for that, the next closing does."""
        with contextlib.suppress(StorageError):
            self._store.put_aside(key, self.now())
            self._catalog.forget([key])

    def remove_replaced(self) -> int:
        """Remove the objects that were replaced longer ago than the grace; how many. Raises StorageError."""
        keys = self._catalog.replaced(self.now() - GRACE)
        for key in keys:
            self._store.delete(key)
            crash_point("replaced object removed")
        if keys:
            self._catalog.remove(keys)
        return len(keys)

    def _rewritten(self, table: Table, state: HourContents, inputs: Sequence[NewObject]) -> tuple[NewObject, int]:
        """Write the hour's one object and prove it; the object in its place, and how many rows it leaves out."""
        sources = [one.log_object for one in inputs]
        self._require_room(inputs)
        self._require_whole(inputs)
        self._require_types(table, inputs)
        others = self._others(table, state.hour, sources)
        hours = sorted({one.hour for one in others})
        expected = self._counted(table, state, hours, sources, others, _spill_mb(inputs))
        read = _read(sources, others)
        if inputs[0].format == "parquet":
            write = partial(self._rewriter.gather, partial(choosing, hour=state.hour, others=hours, number=ROW))
            read = [sources, sources, *read]
        else:
            write = partial(self._rewriter.write, partial(closing, hour=state.hour, others=hours))
        new = self._written(table, state.hour, inputs, state.generation + 1, write, read, expected)
        return new, sum(one.rows for one in inputs) - new.rows

    def _written(
        self,
        table: Table,
        hour: Hour,
        inputs: Sequence[NewObject],
        generation: int,
        write: Write,
        read: Sources,
        expected: int,
    ) -> NewObject:
        """Write one object of several, and put it in its place if it holds as many rows as it is to. Raises StorageError."""
        extension = PARQUET if inputs[0].format == "parquet" else GZIP
        staged = self._store.staged(f"{STAGED}{uuid.uuid4().hex}{extension}")
        said = self._description(table, hour, inputs, expected, generation)
        try:
            rows = write(table, read, _spill_mb(inputs), staged, said)
            if rows != expected:
                raise CorruptObjectError(f"{table.name} {hour}: {rows:,} rows were written where {expected:,} are to stay.")
            strict = frozenset.intersection(*(one.strict for one in inputs))
            return self._placed(table, hour, staged, inputs[0].format, said, strict)
        except OSError as error:
            raise storage_error(error, f"{table.name} {hour} cannot be written") from None
        finally:
            staged.unlink(missing_ok=True)

    def _description(self, table: Table, hour: Hour, inputs: Sequence[NewObject], rows: int, generation: int) -> Description:
        """Return what the object says of itself: it holds every stretch that its inputs held."""
        of_stream, delivered = self._catalog.covered(ALL).get(table.name, ()), self._catalog.checkpoints().get(LOW_WATER, 0)
        held = merged([stretch for one in inputs for stretch in _held(one)], of_stream, delivered)
        ends = (held[0][0], max(end for _, end in held)) if held else (0, 0)
        return Description(self._catalog.lake_id, table.name, LINES, hour, *ends, rows, time.time_ns() // 1000, generation, held)

    def _require_room(self, inputs: Sequence[NewObject]) -> None:
        """Refuse to begin where the disk has no room for what is written and what that spills. Raises StorageFullError."""
        disk, needed = Disk.of(self._objects), sum(one.size_bytes for one in inputs) + (_spill_mb(inputs) << 20)
        if disk.free_bytes - disk.reserve_bytes < needed:
            raise StorageFullError(
                f"{inputs[0].table} {inputs[0].hour} needs up to {max(needed >> 20, 1):,} MiB of the disk beside what is kept for delivery, "
                f"and {disk.free_bytes >> 20:,} MiB are free. Make room; it is tried again."
            )

    def _counted(
        self,
        table: Table,
        state: HourContents,
        hours: Sequence[Hour],
        sources: Sequence[LogObject],
        others: Sequence[LogObject],
        spill_mb: int,
    ) -> int:
        """Count the rows that are to stay. Raises CorruptObjectError if the objects do not hold the rows that the catalog says."""
        (found,) = self._rewriter.rows(partial(counting, hour=state.hour, others=hours), table, _read(sources, others), spill_mb)
        known = sum(one.rows or 0 for one in sources)
        if found[0] != known:
            raise CorruptObjectError(f"{table.name} {state.hour}: its objects hold {found[0]:,} rows, the catalog says {known:,}.")
        return int(found[1])

    def _others(self, table: Table, hour: Hour, sources: Sequence[LogObject]) -> list[LogObject]:
        """Return the closed objects of other hours that may hold rows of this one."""
        closed = [one.hour for one in self._catalog.contents(table.name).hours if one.generation]
        if not [one for one in closed if one != hour]:
            return []
        events = {Hour.parse(row[0]) for row in self._rewriter.rows(partial(happened, hour=hour), table, [sources], _HOURS_MB)}
        wanted = neighbours(hour, events, closed)
        return [one.log_object for other in wanted for one in self._catalog.held(table.name, other) if one.generation]

    def _require_whole(self, inputs: Sequence[NewObject]) -> None:
        for one in inputs:
            path = self._store.path(one.key)
            if not path.is_file() or crc32(path) != one.crc32:
                raise CorruptObjectError(f'The object "{one.key}" is missing or damaged: run "eventlake doctor".')

    def _require_types(self, table: Table, inputs: Sequence[NewObject]) -> None:
        """Leave an hour as it is whose Parquet objects would change their values on the way; JSON lines stay as they stand."""
        import duckdb

        columns = Asked.of(table.columns)
        if not columns or inputs[0].format != "parquet":
            return
        keys = {str(self._store.path(one.key)): one.key for one in inputs}
        if self._footers is None:
            self._footers = duckdb.connect(config={"threads": 1})  # once: that takes longer than asking an hour's
        try:
            found = list(misfits(self._footers, TypeCheck(tuple(keys), columns)))
        except RuntimeError as error:
            if is_interrupt(error):  # which is nothing of this hour
                raise KeyboardInterrupt from error
            raise
        for one in found:
            raise other_type(f'The object "{keys[one.path]}"', one.column, one.stored, one.declared)

    def _placed(self, table: Table, hour: Hour, staged: Path, log_format: str, said: Description, strict: Set[str]) -> NewObject:
        location = closed_location(table.prefix, hour, said.generation, uuid.uuid4().hex[:8])
        new = NewObject.described(f"{location}{table.stream}{staged.suffix}", staged, log_format, said, strict)
        self._catalog.intend([new.key])
        crash_point("closed object intended")
        try:
            self._store.put(new.key, staged)
        except StorageError:
            self._give_up(new.key)
            raise
        crash_point("closed object in place")
        return new


def _spill_mb(inputs: Sequence[NewObject]) -> int:
    """Return what rewriting may spill: what is read is compressed, to a twentieth at most."""
    return 2 + (_COMPRESSION * sum(one.size_bytes for one in inputs) >> 20)


def _held(one: NewObject) -> Iterator[tuple[int, int]]:
    if one.stretches:
        yield from one.stretches
    elif one.position_from is not None and one.position_to is not None:
        yield one.position_from, one.position_to


def _keys(objects: Sequence[NewObject]) -> list[str]:
    return [one.key for one in objects]


def _read(sources: Sequence[LogObject], others: Sequence[LogObject]) -> list[Sequence[LogObject]]:
    return [sources, others, sources] if others else [sources]
