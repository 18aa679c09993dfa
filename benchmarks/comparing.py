"""The product beside what it is compared with: a catalog of objects that are given, and runs in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence

from eventlake.interfaces import Contents, LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Table


class Objects:
    """A catalog of tables and objects that are given."""

    def __init__(self, tables: Sequence[Table], objects: Sequence[LogObject]) -> None:
        self._tables = tables
        self._objects = objects
        self._contents: dict[str, Contents] = {}

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Nothing to do."""

    def tables(self) -> Sequence[Table]:
        """Those that are given."""
        return self._tables

    def add_partition(self, partition: Partition) -> bool:
        """None is new."""
        return False

    def partitions(self, table: str) -> Sequence[Partition]:
        """None is asked for."""
        return []

    def contents(self, table: str) -> Contents:
        """Every object of the table, by its hour; counted once, as a catalog counts what is delivered."""
        if table not in self._contents:
            self._contents[table] = Contents.of(self.objects(table))
        return self._contents[table]

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Every object of the table."""
        return [one for one in self._objects if one.table == table]


def medians(*runs: Callable[[], object]) -> list[float]:
    """Seconds of each, in turns, medians of seven."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(7):
        for run, taken in zip(runs, times, strict=True):
            started = time.perf_counter()
            run()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in times]
