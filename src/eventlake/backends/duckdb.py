"""Engine on DuckDB: Athena's SQL over the objects of a lake on this machine.

Fulfils `interfaces.Engine`. The catalog says which tables, partitions and objects there are, `eventlake.query` what the statement means;
it runs in a process of its own (`query.box`), so that strangers may ask.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventlake.interfaces import Catalog, Clock, LogObject, Result
from eventlake.layout import Hour
from eventlake.query.box.pool import AT_ONCE, WAITING, Box, Cancelled
from eventlake.query.box.walls import Cell
from eventlake.query.cost import athena_cost
from eventlake.query.dialect import Translation, translate
from eventlake.query.parameters import bound
from eventlake.query.pruning import remaining
from eventlake.query.relations import Scan
from eventlake.query.run import Job
from eventlake.query.sources import Reading, check_objects

MEMORY_MB = 2_048
"""What a query may use when nothing else is said."""
SECONDS = 300.0
"""How long a query may run when nothing else is said; Athena's limit is 30 minutes."""


class DuckDBEngine:
    """Answers Athena's SQL from the objects in a folder.

    fetch: brings the objects that a query needs into the folder, where they do not lie there anyway. memory_mb, threads, seconds: of one
    query. at_once: queries that are answered at the same time; waiting: those that may stand in line. warm: how many processes are kept
    ready between queries, for whoever is asked often.
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
    ) -> None:
        self.catalog = catalog
        self.objects_folder = Path(objects_folder).resolve()
        self.clock = clock
        self.memory_mb = memory_mb
        self.threads = threads or os.cpu_count() or 1
        self.seconds = seconds
        self.fetch = fetch
        cell = Cell(str(self.objects_folder), memory_mb, self.threads, seconds)
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
        parameters: Mapping[str, Any] | None = None,  # values are the user's
        cancelled: Cancelled | None = None,
    ) -> Result:
        """The rows of one SELECT in Athena's SQL.

        parameters: values for `:name` in the statement. cancelled: asked ten times a second; once it says True, the query is killed.
        Raises QueryError and its kinds; CorruptObjectError names an object that is missing or cannot be read, because an answer without it
        would be short.
        """
        started = time.perf_counter()
        self.prepare()
        translation, readings = self._prepared(sql, parameters)
        if self.fetch is not None:
            self.fetch([item for reading in readings for item in reading.objects])
        check_objects(readings)
        rows = self.box.run(self._job(translation, readings), cancelled)
        return Result(
            translation.names,
            tuple(map(str, translation.types)),
            rows,
            seconds=time.perf_counter() - started,
            objects_read=sum(len(reading.objects) for reading in readings),
            objects_total=sum(reading.total for reading in readings),
            bytes_read=sum(reading.size_bytes for reading in readings),
        )

    def explain(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:  # values are the user's
        """The SQL of DuckDB, the partitions and the bytes it will read, and what Athena would charge. Reads no object."""
        translation, readings = self._prepared(sql, parameters)
        lines = [translation.sql([reading.sql(brief=True) for reading in readings]), ""]
        lines += [_described(reading) for reading in readings]
        lines += [f"Cost: {athena_cost(sum(reading.size_bytes for reading in readings))}"]
        lines += translation.macros
        return "\n".join(lines)

    def _prepared(self, sql: str, parameters: Mapping[str, Any] | None) -> tuple[Translation, list[Reading]]:
        statement = bound(sql, parameters) if parameters else sql
        now = self.clock.now() if self.clock is not None else datetime.now(UTC)
        translation = translate(statement, self.catalog.tables(), now)
        return translation, [self._reading(scan) for scan in translation.scans]

    def _reading(self, scan: Scan) -> Reading:
        """The objects of the hours that the scan's predicates leave."""
        name = scan.table.name
        everything = self.catalog.objects(name)
        if not scan.predicates:
            return Reading(scan, tuple(everything), len(everything), self.objects_folder)
        hours = set(remaining(_hours(everything), scan.predicates))
        return Reading(scan, tuple(item for item in everything if item.hour in hours), len(everything), self.objects_folder)

    def _job(self, translation: Translation, readings: Sequence[Reading]) -> Job:
        return Job(
            translation.sql([reading.sql() for reading in readings]),
            translation.macros,
            translation.types,
            str(self.objects_folder),
            self.memory_mb,
            self.threads,
            self.seconds,
        )


def _hours(objects: Iterable[Any]) -> list[Hour]:
    return list(dict.fromkeys(item.hour for item in objects))


def _described(reading: Reading) -> str:
    hours = _hours(reading.objects)
    span = f", {hours[0]} to {hours[-1]}" if hours else ""
    return f"{reading.scan.table.name}: {len(reading.objects):,} of {reading.total:,} objects, {len(hours):,} hours{span}, {reading.size_bytes:,} bytes"
