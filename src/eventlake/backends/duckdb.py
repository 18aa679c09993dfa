"""Engine on DuckDB: Athena's SQL over the objects of a lake on this machine.

Fulfils `interfaces.Engine`. The catalog says which tables, partitions and objects there are; what the statement
means is found, and its rows, in a process of its own (`query.box`), so that strangers may ask.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from eventlake.dialect.queries.listings import WHOLE_CATALOG
from eventlake.dialect.queries.scan import ALWAYS, Scan
from eventlake.dialect.text.length import require_length
from eventlake.dialect.text.parameters import bound
from eventlake.dialect.translation import Translation
from eventlake.errors import EventlakeError, QueryLimitError, QueryRefusedError
from eventlake.interfaces import Cancelled, Catalog, Clock, Contents, Each, HourContents, LogObject, Parameters, Result
from eventlake.layout import Days, Hour
from eventlake.model import PARTITION_DOCS, Table
from eventlake.query.box.pool import AT_ONCE, WAITING, Box
from eventlake.query.box.question import KnownTable, Question, Understood
from eventlake.query.box.rows import Rows
from eventlake.query.box.walls import Cell
from eventlake.query.box.worker import Worker
from eventlake.query.cost import athena_cost
from eventlake.query.intact import Intact
from eventlake.query.listing import Row, creation, description, listed, properties, rows_of_catalog
from eventlake.query.reading import Reading
from eventlake.query.run import Job
from eventlake.query.sharing import Sharing

MEMORY_MB = 2_048
"""What a query may use when nothing else is said."""
SECONDS = 300.0
"""How long a query may run when nothing else is said; Athena's limit is 30 minutes."""

ANSWER_SHARE = 8
"""What an answer may take of the memory, as it travels: rows take several times as much in Python."""
MOST_SCANS = 200
"""How often a statement may read tables."""
MOST_OBJECTS = 200_000
"""How many objects a query may read, each counted for every reading."""
_LOOKS = 5
"""How often the objects of a statement are looked up at most, while others change the catalog."""


class DuckDBEngine:
    """Answers Athena's SQL from the objects in a folder.

    fetch: brings the objects that a query needs into the folder, where they do not lie there anyway. memory_mb, threads, seconds: of one
    query; answer_mb: of its rows as they travel, an eighth of the memory if nothing is said. at_once: queries that are answered at the same
    time; waiting: those that may stand in line. warm: how many processes are kept ready between queries, for whoever is asked often.
    niceness: how far its processes give way to others, 0 to 19.
    location: where the objects lie to whoever asks for "$path", `s3://bucket`; the name of their folder if nothing is said, so that a
    stranger does not hear where the lake is.
    """

    def __init__(
        self,
        catalog: Catalog,
        objects_folder: Path,
        *,
        clock: Clock | None = None,
        memory_mb: int = MEMORY_MB,
        threads: int | None = None,
        seconds: float = SECONDS,
        fetch: Callable[[Sequence[LogObject]], None] | None = None,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
        warm: int = 0,
        answer_mb: int | None = None,
        location: str = "",
        niceness: int = 0,
    ) -> None:
        self.catalog = catalog
        self.objects_folder = Path(objects_folder).resolve()
        self.location = location or self.objects_folder.name
        self.clock = clock
        self.memory_mb = memory_mb
        self.threads = threads or os.cpu_count() or 1
        self.seconds = seconds
        self.fetch = fetch
        self.answer_mb = answer_mb or max(memory_mb // ANSWER_SHARE, 1)
        self._intact = Intact()
        with contextlib.suppress(OSError):  # the kernel is told of folders that are there
            self.objects_folder.mkdir(parents=True, exist_ok=True)
        cell = Cell(str(self.objects_folder), memory_mb, self.threads, seconds, niceness=niceness)
        self.box = Box(cell, at_once=at_once, waiting=waiting, warm=warm)

    def prepare(self) -> None:
        """Have a process ready, or on its way: a query is coming. Does not wait."""
        self.box.prepare()

    def close(self) -> None:
        """Let the processes go that are kept ready; the next query begins one."""
        self.box.close()

    def query(
        self,
        sql: str,
        parameters: Parameters | None = None,
        cancelled: Cancelled | None = None,
        *,
        repeats: bool = False,
        each: Each | None = None,
    ) -> Result:
        """Return the rows of one SELECT in Athena's SQL.

        parameters: values for `:name` in the statement. cancelled: asked ten times a second; once it says True, the query is killed.
        repeats: whether a LATERAL is a statement that is run for each row in front of it, which Athena would refuse.
        each: is given the rows as they come, and the result knows no more than how many there were.
        Raises QueryError and its kinds; CorruptObjectError names an object that is missing or cannot be read, because an answer without it
        would be short.
        """
        started = time.perf_counter()
        self.prepare()
        with self.box.turn(cancelled) as worker:
            if each is not None:
                self.prepare()  # whoever takes rows as they come asks for more
            prepared = self._prepared(worker, sql, parameters, repeats=repeats)
            self._fetched(worker, prepared.readings)
            self._intact.check(prepared.readings)
            rows = worker.ask(self._job(prepared), self.answer_mb, each)
        return _result(prepared, rows, time.perf_counter() - started, worker.processor_s)

    def together(self, statements: Sequence[str], cancelled: Cancelled | None = None) -> Iterator[Result | EventlakeError]:
        """Yield the rows of each of several SELECTs, in their order; of one that fails the error.

        One process answers them, and reads what they share once. Where that fails, or takes longer than one may, the ones that are left are
        asked each by itself. cancelled: as for `query`, of all that are left.
        """
        answered = 0
        with contextlib.suppress(EventlakeError):
            for result in self._from_one_process(statements, cancelled):
                answered += 1
                yield result
        for sql in statements[answered:]:
            try:
                yield self.query(sql, cancelled=cancelled)
            except EventlakeError as error:
                yield error

    def _from_one_process(self, statements: Sequence[str], cancelled: Cancelled | None) -> Iterator[Result]:
        """Yield the rows of each of several SELECTs. Raises what `query` does, for whichever it is."""
        self.prepare()
        with self.box.turn(cancelled) as worker:
            known = _Known(self.catalog)
            all_prepared = [self._prepared(worker, sql, None, known) for sql in statements]
            readings = [reading for prepared in all_prepared for reading in prepared.readings]
            self._fetched(worker, readings)
            self._intact.check(readings)
            sharing, objects = Sharing.of(readings, self.memory_mb), len({item.key for reading in readings for item in reading.objects})
            for left, prepared in zip(range(len(all_prepared) - 1, -1, -1), all_prepared, strict=True):
                started = time.perf_counter()
                keeps = sharing.keeps if prepared is all_prepared[0] else ()
                job = replace(self._job(prepared, sharing), objects=objects, keeps=keeps, goes_on=left > 0)
                before = worker.processor_s
                rows = worker.ask(job, self.answer_mb)
                yield _result(prepared, rows, time.perf_counter() - started, worker.processor_s - before)

    def bytes_to_read(self, sql: str, parameters: Parameters | None = None) -> int:
        """Return the bytes of the objects that a query would read, as Athena counts them at most. Reads no object. Raises QueryError."""
        self.prepare()
        with self.box.turn() as worker:
            return sum(reading.size_bytes for reading in self._prepared(worker, sql, parameters).readings)

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Describe a query: DuckDB's SQL, the partitions and bytes it will read, what Athena would charge. Reads no object."""
        self.prepare()
        with self.box.turn() as worker:
            prepared = self._prepared(worker, sql, parameters)
        lines = [prepared.translation.sql(self._sources(prepared, brief=True), prepared.strict), ""]
        lines += [_described(reading) for reading in prepared.readings]
        lines += [f"Cost: {athena_cost(sum(reading.size_bytes for reading in prepared.readings))}"]
        lines += prepared.translation.macros
        return "\n".join(lines)

    def _prepared(
        self, worker: Worker, sql: str, parameters: Parameters | None, known: _Known | None = None, *, repeats: bool = False
    ) -> _Prepared:
        """Translate the statement, and find the objects that it reads. known: what the catalog said to statements before it."""
        known = known or _Known(self.catalog)
        require_length(sql)
        statement = bound(sql, parameters) if parameters else sql
        now = self.clock.now() if self.clock is not None else datetime.now(UTC)
        tables = known.tables
        understood = worker.translate(Question(statement, known.told, now, repeats))
        translation = understood.translation(tables)
        readings, is_open = self._of_one_moment(worker, understood, translation, known)
        return _Prepared(translation, tables, readings, is_open)

    def _of_one_moment(
        self, worker: Worker, understood: Understood, translation: Translation, known: _Known
    ) -> tuple[list[Reading], Set[tuple[str, Hour]]]:
        """Look up what each scan reads, and which hours of it are open, all as the catalog was at one moment, so that two readings of a table agree.

        Where it is changed each time, what was looked up last is taken.
        """
        for left in range(_LOOKS - 1, -1, -1):
            wanted = self._wanted(worker, understood, translation, known)
            readings = [self._reading(*one) for one in wanted]
            is_open = {(scan.table.name, hour) for scan, held, days in wanted for hour in held.open_hours(days)}
            if known.is_current or not left:
                break
            known.look_again()
        return readings, is_open

    def _wanted(
        self, worker: Worker, understood: Understood, translation: Translation, catalog: _Known
    ) -> list[tuple[Scan, _Held, Days | None]]:
        """Find the hours of each scan: None for all, or those that its predicates leave."""
        if len(translation.scans) > MOST_SCANS:
            raise QueryLimitError(f"The statement reads tables {len(translation.scans):,} times; at most {MOST_SCANS} are taken.")
        kept = self._kept(worker, understood, translation, catalog)
        wanted = [
            (scan, catalog.held(scan.table.name), days) for scan, days in zip(translation.scans, kept, strict=True) if not scan.listing
        ]
        if sum(held.count(days) for _, held, days in wanted) > MOST_OBJECTS:
            raise QueryLimitError(f"The query would read more than {MOST_OBJECTS:,} objects: name fewer days in its WHERE.")
        return wanted

    def _reading(self, scan: Scan, held: _Held, days: Days | None) -> Reading:
        """Look the objects of the hours up, all hours of a table at once; of them those whose events happened when the scan says."""
        found = held.objects(days)
        objects = found if scan.times == ALWAYS else [one for one in found if scan.may_hold(one.times)]
        return Reading(scan, tuple(objects), held.contents.count, held.contents.size_bytes, self.objects_folder, self.location)

    def _sources(self, prepared: _Prepared, sharing: Sharing | None = None, *, brief: bool = False) -> list[str]:
        """Return the SQL of each scan: of its objects, of what is shared of them, or of what the catalog says."""
        read = iter(prepared.readings)
        return [
            listed(scan, self._listed(scan, prepared.tables))
            if scan.listing
            else sharing.sql(next(read))
            if sharing
            else next(read).sql(brief=brief)
            for scan in prepared.translation.scans
        ]

    def _listed(self, scan: Scan, tables: Sequence[Table]) -> Iterable[Row]:
        """Return the rows of a listing. Raises QueryRefusedError where the catalog does not know them yet."""
        if scan.table is WHOLE_CATALOG:
            return rows_of_catalog(scan.listing, tables, PARTITION_DOCS)
        if scan.listing == "description":
            return description(scan.table, PARTITION_DOCS)
        partitions = self.catalog.partitions(scan.table.name)
        if scan.listing == "partitions":
            return [partition.hour.values for partition in partitions]
        if not partitions:
            raise QueryRefusedError(f"The table {scan.table.name} has no partition yet, so that its format is open: send it events first.")
        log_format = partitions[0].format
        return properties(log_format) if scan.listing == "properties" else creation(scan.table, PARTITION_DOCS, log_format, self.location)

    def _kept(self, worker: Worker, understood: Understood, translation: Translation, known: _Known) -> list[Days | None]:
        """Return the hours that each scan needs; None where its predicates rule out no hour."""
        pruned = [scan.prunes for scan in understood.scans]
        if not any(pruned):
            return [None] * len(pruned)
        names = [scan.table.name for scan in translation.scans]
        kept = worker.kept([known.held(name).days if prunes else {} for name, prunes in zip(names, pruned, strict=True)])
        return [found if prunes else None for found, prunes in zip(kept, pruned, strict=True)]

    def _fetched(self, worker: Worker, readings: Sequence[Reading]) -> None:
        """Bring the objects here that are elsewhere; the query's time does not pass meanwhile."""
        if self.fetch is None:
            return
        started = time.monotonic()
        self.fetch([item for reading in readings for item in reading.objects])
        worker.more_time(time.monotonic() - started)

    def _job(self, prepared: _Prepared, sharing: Sharing | None = None) -> Job:
        keys = {item.key for reading in prepared.readings for item in reading.objects}
        return Job(
            prepared.translation.sql(self._sources(prepared, sharing), prepared.strict),
            prepared.translation.macros,
            prepared.translation.types,
            str(self.objects_folder),
            self.memory_mb,
            self.threads,
            self.seconds,
            next(iter(keys)) if len(keys) == 1 else "",
            len(keys),
            tuple(check for reading in prepared.readings for check in reading.type_checks()),
        )


class _Known:
    """What the catalog says of its tables, asked once for statements that are asked together."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.tables = catalog.tables()
        self.told = tuple(map(KnownTable.of, self.tables))
        self._held: dict[str, _Held] = {}

    def held(self, name: str) -> _Held:
        """Return what a table holds."""
        if name not in self._held:
            self._held[name] = _Held(self._catalog.contents(name))
        return self._held[name]

    @property
    def is_current(self) -> bool:
        """Return True if all that was looked up is still so."""
        return all(held.contents.is_current for held in self._held.values())

    def look_again(self) -> None:
        """Forget what the tables held."""
        self._held.clear()


class _Held:
    """What a table holds, its hours and their objects looked up once for those that ask for the same: most statements of a page do."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self._hours: dict[_Days, Sequence[HourContents]] = {}
        self._objects: dict[_Days | None, Sequence[LogObject]] = {}

    @cached_property
    def days(self) -> Days:
        """Return the hours that hold something, by date."""
        return self.contents.days

    def count(self, days: Days | None) -> int:
        """Return how many objects these hours have; all for None."""
        key = self._key(days)
        return self.contents.count if key is None else sum(one.objects for one in self._hours_in(key))

    def open_hours(self, days: Days | None) -> Sequence[Hour]:
        """Return those of these hours that are not closed; of all for None."""
        key = self._key(days)
        return self.contents.open_hours if key is None else [one.hour for one in self._hours_in(key) if one.state != "closed"]

    def objects(self, days: Days | None) -> Sequence[LogObject]:
        """Return the objects of these hours; of all for None."""
        key = self._key(days)
        if key not in self._objects:
            self._objects[key] = self.contents.objects(None if key is None else [one.hour for one in self._hours_in(key)])
        return self._objects[key]

    def _key(self, days: Days | None) -> _Days | None:
        """Return what hours are known by; None for all."""
        return None if days is None or days == self.days else tuple((day, *hours) for day, hours in days.items())

    def _hours_in(self, key: _Days) -> Sequence[HourContents]:
        if key not in self._hours:
            self._hours[key] = self.contents.hours_in({day: hours for day, *hours in key})
        return self._hours[key]


_Days = tuple[tuple[str, ...], ...]
"""Dates, each with its hours."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement ready to run: its translation, the tables it was translated over, the objects of each scan that reads some.

    open_hours: which of the hours that they are of are not closed, by table.
    """

    translation: Translation
    tables: Sequence[Table]
    readings: Sequence[Reading]
    open_hours: Set[tuple[str, Hour]]

    @property
    def strict(self) -> list[Set[str]]:
        """Return for each scan the columns whose texts are JSON as we write it, as its objects say."""
        read = iter(self.readings)
        return [frozenset() if scan.listing else next(read).strict for scan in self.translation.scans]


def _result(prepared: _Prepared, rows: Rows, seconds: float, processor_s: float) -> Result:
    """Return the rows with what was read for them."""
    translation, readings = prepared.translation, prepared.readings
    return Result(
        translation.names,
        tuple(map(str, translation.types)),
        rows,
        seconds=seconds,
        objects_read=sum(len(reading.objects) for reading in readings),
        objects_total=sum(reading.total for reading in readings),
        bytes_read=sum(reading.size_bytes for reading in readings),
        bytes_total=sum(reading.total_bytes for reading in readings),
        open_hours=len(prepared.open_hours),
        processor_s=processor_s,
    )


def _hours(objects: Iterable[Any]) -> list[Hour]:
    return list(dict.fromkeys(item.hour for item in objects))


def _described(reading: Reading) -> str:
    hours = _hours(reading.objects)
    span = f", {hours[0]} to {hours[-1]}" if hours else ""
    return f"{reading.scan.table.name}: {len(reading.objects):,} of {reading.total:,} objects, {len(hours):,} hours{span}, {reading.size_bytes:,} bytes"
