"""Catalog in SQLite, with Glue's nouns: databases, tables, partitions; and the objects that readers see.

One process writes, any number read. What makes an object visible, its partition, and the checkpoint of its delivery stream are one transaction,
so that after a crash everything is delivered once. Who opens it to write takes the lake: its epoch goes up, and every transaction of whoever
had it before fails.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from eventlake.backends.expiring import expire_failed, expire_hour, rewrite_failed
from eventlake.backends.sqlite_file import SqliteFile
from eventlake.checksum import crc32
from eventlake.description import PROCESSING_FAILED, Description
from eventlake.errors import ConfigurationError, EventError, GenerationConflictError, LakeTakenError, StorageError
from eventlake.interfaces import Contents, HourContents, LogObject, Partition
from eventlake.layout import Hour, error_hour
from eventlake.model import Column, Table

_FAILED = "id, stream, code, message, arrival_us, size_bytes, key, line, redriven_us, redriven_into"
_CURSOR = "cursor/"
_ADDED = "added"
_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=6)
_OF_HOUR = '"table" = ? and "date" = ? and hour = ?'


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object of log lines that is to become visible, and the stretch of the spool whose records of its table it holds."""

    key: str
    table: str
    hour: Hour
    format: str
    size_bytes: int
    rows: int
    crc32: int
    position_from: int | None = None
    position_to: int | None = None
    generation: int = 0
    stretches: tuple[tuple[int, int], ...] = ()
    """Those of a closed hour's object, which holds what several held; of others there is one, from and to."""

    @classmethod
    def described(cls, key: str, file: Path, log_format: str, said: Description) -> NewObject:
        """Return the object of a finished file, which says this of itself. Raises OSError."""
        held = said.position_from, said.position_to, said.generation, said.stretches
        return cls(key, said.stream, said.hour, log_format, file.stat().st_size, said.rows, crc32(file), *held)

    @property
    def log_object(self) -> LogObject:
        """Return it as readers know it."""
        return LogObject(self.table, self.hour, self.key, self.format, self.size_bytes, self.rows, self.crc32)


@dataclass(frozen=True, slots=True)
class NewFailedObject:
    """An object of failed records that is to become visible."""

    key: str
    stream: str
    size_bytes: int
    rows: int
    crc32: int
    position_from: int | None = None
    position_to: int | None = None

    @classmethod
    def described(cls, key: str, file: Path, said: Description) -> NewFailedObject:
        """Return the object of a finished file, which says this of itself. Raises OSError.

        The stretch of refused lines is that of their object of lines: theirs holds none of the events that failed in it for another reason.
        """
        held = (said.position_from, said.position_to) if said.kind == PROCESSING_FAILED else (None, None)
        return cls(key, said.stream, file.stat().st_size, said.rows, crc32(file), *held)


@dataclass(frozen=True, slots=True)
class FailedEntry:
    """A failed record as the catalog lists it: where its line lies; arrival in UTC."""

    id: str
    stream: str
    code: str
    message: str
    arrival: datetime
    size_bytes: int
    key: str
    line: int
    redriven: datetime | None = None
    """When it was brought in again, in UTC."""
    into: str = ""
    """The tables that have it since."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of failed records that were tried again: into which tables each went, by id; and of those that still fail, the reason."""

    into: Mapping[str, str]
    failing: Mapping[str, EventError]
    at: datetime


ALL = -(1 << 63)
"""The position before every stretch. What did not come by way of the spool lies in stretches below zero, each of one position."""


class SqliteCatalog:
    """The catalog of a lake on one machine.

    read_only: for readers; the folder may be read-only too. epoch: of the process that has taken the lake and shares it with this one; without
    it the lake is taken. beside: raises LakeTakenError as soon as this process may add no more beside whoever takes the lake, which is not
    taken then. hurried: for a file that counts only once it is finished and closed; nothing is durable before.
    Raises ConfigurationError for a file of a newer version, StorageError.
    """

    def __init__(
        self,
        file: Path,
        *,
        read_only: bool = False,
        epoch: int | None = None,
        beside: Callable[[], None] | None = None,
        hurried: bool = False,
    ) -> None:
        self._file = SqliteFile(file, read_only=read_only, hurried=hurried)
        self.lake_id, self.epoch = self._rows("select id, epoch from lake")[0]
        self._beside = beside
        if epoch is not None:
            self.epoch = epoch
        elif not read_only and beside is None:
            self.epoch = self._take()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # Settings of the lake

    def log_format(self) -> str | None:
        """Return the format of the lake's objects, `parquet` or `json`; None before the first tables."""
        found = self._rows("select value from setting where name = 'log_format'")
        return found[0][0] if found else None

    # Databases, tables, partitions

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Make sure the tables exist with these columns; a new column is appended, none is ever dropped.

        Raises ConfigurationError if the lake has another format: it is one choice for a lake.
        """
        known = self.log_format()
        if known not in {None, log_format}:
            raise ConfigurationError(
                f'This lake holds {known} objects; the format is one choice for a lake, so "{log_format}" needs another folder.'
            )
        earlier = {table.name: table for table in self.tables()}
        wanted = [_merged(earlier.get(table.name), table) for table in tables]
        changed = [table for table in wanted if earlier.get(table.name) != table]
        if known is not None and not changed:
            return  # so that a lake on a full disk can be opened
        with self._transaction() as run:
            run("insert or ignore into setting values ('log_format', ?)", (log_format,))
            for table in changed:
                run('insert or replace into "table" values (?, ?, ?)', (table.name, table.database, _declaration(table)))

    def tables(self) -> Sequence[Table]:
        """Return every table, by database and name."""
        rows = self._rows('select declaration from "table" order by "database", name')
        try:
            return [_table(row[0]) for row in rows]
        except (ValueError, TypeError, LookupError, AttributeError) as error:  # a bit of it flipped
            raise self._file.damaged(error) from None

    def add_partition(self, partition: Partition) -> bool:
        """Make sure the partition exists; True if this call created it."""
        with self._transaction() as run:
            return _add_partition(run, partition)

    def partitions(self, table: str) -> Sequence[Partition]:
        """Return every partition of a table, by hour."""
        rows = self._rows(
            'select "table", "date", hour, location, format from partition where "table" = ? order by "date", hour', (table.lower(),)
        )
        return [Partition(name, Hour(day, hour), location, log_format) for name, day, hour, location, log_format in rows]

    # Objects

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Return the objects of log lines that readers see, of these hours or of all, by hour and key."""
        columns = 'o."table", o."date", o.hour, o.key, o.format, o.size_bytes, o.rows, o.crc32'
        live = "o.\"table\" = ? and o.state = 'live'"
        if hours is None:
            rows = self._rows(f'select {columns} from object o where {live} order by o."date", o.hour, o.key', (table.lower(),))
        else:
            wanted = json.dumps(sorted(hour.values for hour in set(hours)))
            rows = self._rows(
                f"select {columns} from json_each(?) w cross join object o "
                "on o.\"date\" = json_extract(w.value, '$[0]') and o.hour = json_extract(w.value, '$[1]') "
                f"where {live} order by w.key, o.key",
                (wanted, table.lower()),
            )
        return [LogObject(name, Hour(day, hour), *rest) for name, day, hour, *rest in rows]

    def contents(self, table: str) -> Contents:
        """Return what readers see of a table, hour by hour; the objects of an hour are looked up when they are asked for."""
        rows = self._rows(
            'select "date", hour, objects, rows, size_bytes, state, generation, duplicates, problem, retry_us from partition '
            'where "table" = ? and objects > 0 order by "date", hour',
            (table.lower(),),
        )
        return Contents([_hour_contents(*row) for row in rows], partial(self.objects, table))

    def keys(self) -> set[str]:
        """Return the keys of every object that the catalog knows: visible, replaced, of failed records."""
        return {row[0] for row in self._rows("select key from object union all select key from failed_object")}

    def last_key(self) -> str | None:
        """Return the key of the object that became visible last; None if there is none."""
        found = self._rows("select key from object where state = 'live' order by rowid desc limit 1")
        return str(found[0][0]) if found else None

    def newest(self) -> dict[str, int]:
        """Return for each table that has objects a number that grows with each that comes, or that a closing makes."""
        return dict(self._rows('select "table", max(rowid) from object group by "table"'))

    def intend(self, keys: Sequence[str], *, added: bool = False) -> None:
        """Note the keys of objects that are about to be written; those that are never registered are removed after a crash.

        added: whether they are added beside what is delivered.
        """
        with self._transaction() as run:
            for key in keys:
                run("insert or ignore into pending values (?)", (key,))
            if added:
                run("insert or replace into setting values (?, ?)", (_ADDED, json.dumps(keys)))

    def intended(self) -> list[str]:
        """Return the keys that were intended and not registered."""
        query = "select key from pending except select key from object except select key from failed_object order by key"
        return [row[0] for row in self._rows(query)]

    def forget(self, keys: Sequence[str]) -> None:
        """Take intentions back, once their files are removed."""
        with self._transaction() as run:
            for key in keys:
                run("delete from pending where key = ?", (key,))

    @contextmanager
    def withdrawing(self, keys: Sequence[str]) -> Iterator[set[str]]:
        """Take intentions back, and give those that are still open: within, nobody registers them, so their files can be removed."""
        with self._transaction() as run:
            wanted = "key in (select value from json_each(?))"
            yield {row[0] for row in run(f"select key from pending where {wanted}", (json.dumps(keys),))}
            run(f"delete from pending where {wanted}", (json.dumps(keys),))

    def added(self) -> list[str]:
        """Return the keys that who adds to the lake intended last, and did not register."""
        found = self._rows("select value from setting where name = ?", (_ADDED,))
        known = set(json.loads(found[0][0])) if found else set()
        return [key for key in self.intended() if key in known]

    def register(
        self,
        objects: Sequence[NewObject],
        partitions: Sequence[Partition],
        failed: Sequence[tuple[NewFailedObject, Sequence[FailedEntry]]],
        checkpoints: Mapping[str, int],
        redriven: Redriven | None = None,
        cursors: Mapping[str, str] | None = None,
        *,
        intended: Sequence[str] = (),
    ) -> None:
        """Make objects visible, with their partitions, failed records and the checkpoints of their streams: all of it or nothing.

        An object that is visible already, with the same bytes, changes nothing. redriven: the failed records that the objects hold now.
        cursors: how far each history is read of which they are. intended: keys that are registered only if nobody has taken them back.
        Raises StorageError for an object with other bytes, and for a record that was redriven already; GenerationConflictError for a key that was taken back.
        """
        with self._transaction() as run:
            _require_intended(run, intended)
            for partition in partitions:
                _add_partition(run, partition)
            for one in objects:
                _add_object(run, one)
            for failed_object, entries in failed:
                _add_failed_object(run, failed_object, entries)
            for stream, position in checkpoints.items():
                run("insert or replace into checkpoint values (?, ?)", (stream, position))
            if redriven is not None:
                _mark(run, redriven)
            for history, cursor in (cursors or {}).items():
                run("insert or replace into setting values (?, ?)", (_CURSOR + history, cursor))

    def cursor(self, history: str) -> str:
        """Return how far a history is read, in its own words; empty for one that is new."""
        found = self._rows("select value from setting where name = ?", (_CURSOR + history,))
        return str(found[0][0]) if found else ""

    def held(self, table: str, hour: Hour) -> list[NewObject]:
        """Return the live objects of an hour, with what they hold of the spool; by key."""
        query = (
            "select key, format, size_bytes, rows, crc32, position_from, position_to, generation, stretches from object "
            f"where {_OF_HOUR} and state = 'live' order by key"
        )
        rows = self._rows(query, (table, *hour.values))
        try:
            return [dataclasses.replace(NewObject(key, table, hour, *rest), stretches=_stretches(several)) for key, *rest, several in rows]
        except (ValueError, TypeError) as error:  # a bit of it flipped
            raise self._file.damaged(error) from None

    def replace(
        self, hour: Hour, table: str, generation: int, remove: Sequence[str], add: NewObject, duplicates: int, now: datetime
    ) -> None:
        """Swap objects of one hour of a table for one, in one transaction; the hour is closed then, of the next generation.

        What arrived meanwhile stays beside the new object, and the hour is dirty. duplicates: how many rows were left out. now: since when the
        removed ones are replaced, aware. Raises GenerationConflictError if the hour is not of this generation, or a removed object is not live.
        """
        with self._transaction() as run:
            _require_generation(run, table, hour, generation)
            _mark_replaced(run, table, hour, remove, now)
            _add_object(run, dataclasses.replace(add, generation=generation + 1))
            changed = "duplicates = duplicates + ?, problem = '', attempts = 0, retry_us = 0"
            run(f"update partition set {changed} where {_OF_HOUR}", (duplicates, table, *hour.values))
            _count_anew(run, table, hour)

    def adopt(self, table: str, objects: Sequence[NewObject]) -> None:
        """Make each of these live objects the closed one of its hour, of the first generation, in one transaction; nothing of it is written anew.

        What arrived meanwhile stays beside it, and the hour is dirty. Raises GenerationConflictError if an hour is closed already, or an object not live.
        """
        with self._transaction() as run:
            for one in objects:
                _require_generation(run, table, one.hour, 0)
                _adopt(run, one)

    def merge(self, hour: Hour, table: str, remove: Sequence[str], add: NewObject, now: datetime) -> None:
        """Swap objects of one hour of a table for one that holds all of their rows, in one transaction; its state and generation stay.

        now: since when the removed ones are replaced, aware. Raises GenerationConflictError if one of them is not live.
        """
        with self._transaction() as run:
            _mark_replaced(run, table, hour, remove, now)
            _add_object(run, add)
            _count_anew(run, table, hour)

    def keep_open(self, hour: Hour, table: str, problem: str, now: datetime) -> None:
        """Note why an hour could not be closed; it is tried again after a minute, and each time after four times as long, at most six hours.

        now: aware.
        """
        with self._transaction() as run:
            made = run(f"select attempts from partition where {_OF_HOUR}", (table, *hour.values)).fetchone()
            pause = min(_FIRST_RETRY * 4 ** min(made[0] if made else 0, 8), _LAST_RETRY)
            values = problem, _microseconds(now + pause), table, *hour.values
            run(f"update partition set problem = ?, attempts = attempts + 1, retry_us = ? where {_OF_HOUR}", values)

    def waits_for_closing(self, before: Hour, objects: int, now: datetime, grace: timedelta) -> bool:
        """Return True if a closer finds something to do now: a due hour, an open one of at least so many objects, or objects to remove."""
        query = (
            "select exists (select 1 from partition where objects > 0 and retry_us <= ? and "
            "((state <> 'closed' and (\"date\", hour) < (?, ?)) or objects >= ?)) "
            "or exists (select 1 from object where state = 'replaced' and replaced_us < ?)"
        )
        return bool(self._rows(query, (_microseconds(now), *before.values, objects, _microseconds(now - grace)))[0][0])

    def problems(self) -> list[tuple[str, HourContents]]:
        """Return the hours that could not be closed, by table and hour."""
        found = [(table.name, one) for table in self.tables() for one in self.contents(table.name).hours]
        return [(table, one) for table, one in found if one.problem]

    def problem_count(self) -> int:
        """Count the hours that could not be closed."""
        return int(self._rows("select count(*) from partition where objects > 0 and problem <> ''")[0][0])

    def replaced(self, before: datetime) -> list[str]:
        """Return the keys of objects that were replaced before a moment; aware."""
        query = "select key from object where state = 'replaced' and replaced_us < ? order by key"
        return [row[0] for row in self._rows(query, (_microseconds(before),))]

    def all_replaced(self) -> list[str]:
        """Return the keys of all objects that were replaced and whose files may still be there."""
        return [row[0] for row in self._rows("select key from object where state = 'replaced' order by key")]

    def remove(self, keys: Sequence[str]) -> None:
        """Forget replaced objects, once their files are gone."""
        with self._transaction() as run:
            for key in keys:
                run("delete from object where key = ? and state = 'replaced'", (key,))

    def expire(self, hours: Sequence[tuple[str, Hour]], failed: Sequence[str], now: datetime) -> None:
        """Forget hours of tables, and objects of failed records by their keys, in one transaction; their bytes stay until they are removed as replaced.

        now: since when they count as replaced, aware. What the spool may still be asked for stays: it would be delivered again.
        """
        with self._transaction() as run:
            for table, hour in hours:
                expire_hour(run, table, hour, _microseconds(now))
            for key in failed:
                expire_failed(run, key, _microseconds(now))

    def rewrite_failed(self, key: str, add: NewFailedObject, lines: Mapping[int, int], now: datetime) -> int:
        """Swap an object of failed records for one that holds some of them, in one transaction; how many records are forgotten.

        lines: where the new one holds those that stay, by where the old one did. now: since when the old one is replaced, aware.
        """
        with self._transaction() as run:
            return rewrite_failed(run, key, dataclasses.astuple(add), lines, _microseconds(now))

    def wipe(self) -> None:
        """Write the file anew, without what was forgotten: it stands in pages that SQLite has freed, and in its log."""
        self._file.wipe()

    def failed_hours(self) -> list[tuple[NewFailedObject, list[Hour]]]:
        """Return the objects of failed records, each with the hours in which its records arrived, in order."""
        hours = "select group_concat(distinct arrival_us / 3600000000) from failed_record r where r.key = o.key"
        rows = self._rows(
            f"select key, stream, size_bytes, rows, crc32, position_from, position_to, ({hours}) from failed_object o order by key"
        )
        return [(NewFailedObject(*row), _hours(row[0], found)) for *row, found in rows]

    def covered(self, position: int) -> dict[str, list[tuple[int, int]]]:
        """Return for each stream the stretches of the spool that its objects hold beyond a position, in order; failed records as `error/STREAM`."""
        rows = self._rows(
            "select \"table\", position_from, position_to, stretches from object where position_to > ? and state = 'live' union all "
            "select 'error/' || stream, position_from, position_to, null from failed_object where position_to > ?",
            (position, position),
        )
        found: dict[str, list[tuple[int, int]]] = {}
        for stream, start, end, several in rows:
            found.setdefault(stream, []).extend(stretch for stretch in _stretches(several) or ((start, end),) if stretch[1] > position)
        return {stream: sorted(stretches) for stream, stretches in found.items()}

    def before_all(self) -> int:
        """Return the position before which no stretch of any object begins, at most 0: where one of what did not come by the spool may end."""
        query = "select min(0, coalesce((select min(position_from) from object), 0), coalesce((select min(position_from) from failed_object), 0))"
        return int(self._rows(query)[0][0])

    def end(self) -> int:
        """Return the position before which no event may be accepted any more: up to here, positions are taken."""
        query = (
            "select max(coalesce((select max(position) from checkpoint), 0), coalesce((select max(position_to) from object), 0), "
            "coalesce((select max(position_to) from failed_object), 0))"
        )
        return int(self._rows(query)[0][0])

    def checkpoints(self) -> dict[str, int]:
        """Return for each stream the position before which everything is delivered."""
        return dict(self._rows("select stream, position from checkpoint"))

    # Failed records

    def failed(self, limit: int | None = None, offset: int = 0, *, redriven: bool = False) -> list[FailedEntry]:
        """Return failed records, the newest first. redriven: those that were brought in again too."""
        query = f"select {_FAILED} from failed_record where ? or redriven_us is null order by arrival_us desc, id limit ? offset ?"
        return [_failed_entry(row) for row in self._rows(query, (redriven, -1 if limit is None else limit, offset))]

    def failed_count(self, *, redriven: bool = False) -> int:
        """Count the failed records. redriven: those that were brought in again too."""
        return int(self._rows("select count(*) from failed_record where ? or redriven_us is null", (redriven,))[0][0])

    def find_failed(self, beginning: str) -> list[FailedEntry]:
        """Find the failed records whose id begins like this, at most 20."""
        first = beginning.lower()
        query = f"select {_FAILED} from failed_record where id >= ? and id < ? order by arrival_us desc limit 20"
        return [_failed_entry(row) for row in self._rows(query, (first, f"{first}\U0010ffff"))]

    def failed_objects(self) -> list[NewFailedObject]:
        """Return the objects that hold failed records."""
        rows = self._rows("select key, stream, size_bytes, rows, crc32, position_from, position_to from failed_object order by key")
        return [NewFailedObject(*row) for row in rows]

    # The file

    def fault(self) -> StorageError | None:
        """Return the first damage that is found in the file, which is read whole for that; None if there is none."""
        return self._file.fault()

    @property
    def is_current(self) -> bool:
        """Return True if the file is of this version, as it lies."""
        return self._file.is_current

    def name_lake(self, lake_id: str, epoch: int) -> None:
        """Make a new catalog that of a lake that is there already, and take the lake. epoch: the highest that is known of it."""
        with self._file.transaction() as run:
            run("update lake set id = ?, epoch = ?", (lake_id, epoch))
        self.lake_id = lake_id
        self.epoch = self._take()

    def _take(self) -> int:
        with self._file.transaction() as run:
            run("update lake set epoch = epoch + 1")
            return int(run("select epoch from lake").fetchone()[0])

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self._file.rows(query, parameters)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Commit everything that is done within, or nothing; durable when it ends. Raises LakeTakenError if the lake was taken meanwhile."""
        with self._file.transaction() as run:
            if self._beside is not None:
                self._beside()
            elif run("select epoch from lake").fetchone()[0] != self.epoch:
                raise LakeTakenError(f'Another process has taken the lake of "{self._file.path}" to write; this one writes nothing more.')
            yield run


def _add_object(run: Any, one: NewObject) -> None:  # run: sqlite3's execute
    """Insert an object and count it in its hour; a closed hour becomes dirty."""
    run("delete from pending where key = ?", (one.key,))
    if _is_known(run, "object", one.key, one.size_bytes, one.crc32):
        return
    held = one.position_from, one.position_to, one.generation, json.dumps(one.stretches) if one.stretches else None
    run(
        'insert into object (key, "table", "date", hour, format, size_bytes, rows, crc32, position_from, position_to, generation, stretches) '
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (one.key, one.table, *one.hour.values, one.format, one.size_bytes, one.rows, one.crc32, *held),
    )
    run(
        'insert into partition ("table", "date", hour, location, format, objects, rows, size_bytes) values (?, ?, ?, ?, ?, 1, ?, ?) '
        "on conflict do update set objects = objects + 1, rows = rows + excluded.rows, size_bytes = size_bytes + excluded.size_bytes, "
        "state = case state when 'closed' then 'dirty' else state end",
        (one.table, *one.hour.values, f"{one.key.rpartition('/')[0]}/", one.format, one.rows, one.size_bytes),
    )
    if one.generation:
        _close(run, one)


def _close(run: Any, one: NewObject) -> None:  # run: sqlite3's execute
    """Make an hour that of its closed object: its generation and place; dirty where something else lies beside it."""
    beside = run(f"select count(*) from object where {_OF_HOUR} and state = 'live' and key <> ?", (one.table, *one.hour.values, one.key))
    state = "dirty" if beside.fetchone()[0] else "closed"
    run(
        f"update partition set generation = ?, state = ?, location = ? where {_OF_HOUR} and generation < ?",
        (one.generation, state, f"{one.key.rpartition('/')[0]}/", one.table, *one.hour.values, one.generation),
    )


def _require_intended(run: Any, keys: Sequence[str]) -> None:  # run: sqlite3's execute
    for key in keys:
        if run("select 1 from pending where key = ?", (key,)).fetchone() is None:
            raise GenerationConflictError(
                f'The object "{key}" was put aside meanwhile, because delivery was started again; nothing of it is stored. Run the command again.'
            )


def _require_generation(run: Any, table: str, hour: Hour, generation: int) -> None:  # run: sqlite3's execute
    known = run(f"select generation from partition where {_OF_HOUR}", (table, *hour.values)).fetchone()
    if known is None or known[0] != generation:
        raise GenerationConflictError(f"{table} {hour} is no longer of generation {generation}: another process has swapped its objects.")


def _mark_replaced(run: Any, table: str, hour: Hour, keys: Sequence[str], now: datetime) -> None:  # run: sqlite3's execute
    """Take live objects of an hour out of what readers see. Raises GenerationConflictError if one is not live."""
    change = f"update object set state = 'replaced', replaced_us = ? where key = ? and state = 'live' and {_OF_HOUR}"
    for key in keys:
        if run(change, (_microseconds(now), key, table, *hour.values)).rowcount != 1:
            raise GenerationConflictError(f'The object "{key}" of {table} {hour} is not there to be replaced.')


def _adopt(run: Any, one: NewObject) -> None:  # run: sqlite3's execute
    """Make a live object that of a closed hour. Raises GenerationConflictError if it is not live."""
    change = f"update object set generation = 1 where key = ? and state = 'live' and {_OF_HOUR}"
    if run(change, (one.key, one.table, *one.hour.values)).rowcount != 1:
        raise GenerationConflictError(f'The object "{one.key}" of {one.table} {one.hour} is not there to be closed.')
    _close(run, replace(one, generation=1))
    run(f"update partition set problem = '', attempts = 0, retry_us = 0 where {_OF_HOUR}", (one.table, *one.hour.values))


def _count_anew(run: Any, table: str, hour: Hour) -> None:  # run: sqlite3's execute
    """Count the live objects of an hour."""
    run(
        "update partition set (objects, rows, size_bytes) = (select count(*), coalesce(sum(rows), 0), coalesce(sum(size_bytes), 0) "
        f"from object where {_OF_HOUR} and state = 'live') where {_OF_HOUR}",
        (table, *hour.values, table, *hour.values),
    )


def _add_failed_object(run: Any, one: NewFailedObject, entries: Sequence[FailedEntry]) -> None:  # run: sqlite3's execute
    run("delete from pending where key = ?", (one.key,))
    if _is_known(run, "failed_object", one.key, one.size_bytes, one.crc32):
        return
    run(
        "insert into failed_object (key, stream, size_bytes, rows, crc32, position_from, position_to) values (?, ?, ?, ?, ?, ?, ?)",
        tuple(asdict(one).values()),
    )
    for entry in entries:
        _add_failed(run, entry)


def _add_failed(run: Any, entry: FailedEntry) -> None:  # run: sqlite3's execute
    """Insert a failed record; one that is there already is no second, and another of the same id gets its line behind it."""
    row = _failed_row(entry)
    if run("insert or ignore into failed_record values (?, ?, ?, ?, ?, ?, ?, ?, null, null)", row).rowcount == 0:
        known = run("select stream, code, arrival_us / 1000, size_bytes from failed_record where id = ?", (entry.id,)).fetchone()
        if known != (entry.stream, entry.code, row[4] // 1000, entry.size_bytes):
            _add_failed(run, replace(entry, id=f"{entry.id}-{entry.line}"))


def _mark(run: Any, redriven: Redriven) -> None:  # run: sqlite3's execute
    """Write to failed records what became of them. Raises StorageError if one of them is not there to be redriven."""
    at_us = round(redriven.at.timestamp() * 1_000_000)
    for identity, into in redriven.into.items():
        values = at_us, into, identity
        if run("update failed_record set redriven_us = ?, redriven_into = ? where id = ? and redriven_us is null", values).rowcount != 1:
            raise StorageError(f'The failed record "{identity}" was redriven already, or is not there any more; nothing is changed.')
    for identity, error in redriven.failing.items():
        run("update failed_record set code = ?, message = ? where id = ?", (error.code, str(error), identity))


def _is_known(run: Any, relation: str, key: str, size_bytes: int, crc32: int) -> bool:  # run: sqlite3's execute
    """Return True if an object is registered with these bytes. Raises StorageError if with others."""
    known = run(f"select size_bytes, crc32 from {relation} where key = ?", (key,)).fetchone()
    if known not in {None, (size_bytes, crc32)}:
        raise StorageError(f'The object "{key}" is registered with other bytes; it is left as it is. Run "eventlake doctor".')
    return known is not None


def _add_partition(run: Any, partition: Partition) -> bool:  # run: sqlite3's execute
    row = (partition.table, *partition.hour.values, partition.location, partition.format)
    made = run('insert or ignore into partition ("table", "date", hour, location, format) values (?, ?, ?, ?, ?)', row)
    return bool(made.rowcount == 1)


def _merged(earlier: Table | None, table: Table) -> Table:
    """Merge two declarations of a table: the columns it had come first, ours are as declared now."""
    if earlier is None:
        return table
    declared = {column.stored_name for column in table.columns}
    dropped = tuple(column for column in earlier.columns if column.stored_name not in declared)
    columns = tuple(_remembering(earlier.column(column.stored_name), column) for column in table.columns)
    return Table(**{**_fields(table), "columns": columns + dropped})


def _remembering(before: Column | None, column: Column) -> Column:
    """Return a column with every other type that it was declared with: objects of those times keep it so."""
    known = [*before.earlier, before.type] if before is not None else []
    types = [kind for kind in dict.fromkeys([*known, *column.earlier]) if kind != column.type]
    return replace(column, earlier=tuple(types))


def _fields(table: Table) -> dict[str, Any]:
    return {name: getattr(table, name) for name in table.__dataclass_fields__}


def _declaration(table: Table) -> str:
    return json.dumps(asdict(table))


def _table(declaration: str) -> Table:
    fields = json.loads(declaration)
    columns = tuple(
        Column(**{**column, "paths": tuple(column["paths"]), "earlier": tuple(column.get("earlier", ()))}) for column in fields["columns"]
    )
    return Table(**{**fields, "columns": columns, "sort": tuple(fields.get("sort", ()))})


def _stretches(text: str | None) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in json.loads(text)) if text else ()


def _hours(key: str, found: str | None) -> list[Hour]:
    """Return hours, given as counts since 1970; those of an object without records of its own stand in its key."""
    if found is None:
        return [error_hour(key)]
    return sorted(Hour.of(_moment(int(count) * 3_600_000_000)) for count in found.split(","))


def _failed_row(entry: FailedEntry) -> tuple[Any, ...]:
    arrival_us = round(entry.arrival.timestamp() * 1_000_000)
    return (entry.id, entry.stream, entry.code, entry.message, arrival_us, entry.size_bytes, entry.key, entry.line)


def _failed_entry(row: Sequence[Any]) -> FailedEntry:
    identity, stream, code, message, arrival_us, size_bytes, key, line, redriven_us, into = row
    redriven = None if redriven_us is None else _moment(redriven_us)
    return FailedEntry(identity, stream, code, message, _moment(arrival_us), size_bytes, key, line, redriven, into or "")


def _hour_contents(day: str, hour: str, *rest: Any) -> HourContents:  # the columns of a partition
    *known, retry_us = rest
    return HourContents(Hour(day, hour), *(*known, _moment(retry_us) if retry_us else None))


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
