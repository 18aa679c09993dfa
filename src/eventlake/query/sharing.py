"""What several statements read of the same objects, read once: a table in the memory of their process, with the columns that any of them uses.

Opening the objects of 720 hours costs more than most statements over them. Whatever is not worth it, or too large, each reads by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from eventlake.dialect.sql import quoted_name as quoted
from eventlake.interfaces import LogObject
from eventlake.query.reading import Reading

Objects: TypeAlias = tuple[str, str, tuple[LogObject, ...]]
"""A table, by database and name, and those of its objects that are read."""

_EXPANDS = 4
"""How many times as large as its compressed objects what is read of a table may become in memory, as far as that is known before."""
_SHARE = 2
"""What the table may take of the memory: the statements need the rest."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is shared. statements: make the tables. names: of the tables, by what they hold."""

    statements: tuple[str, ...] = ()
    names: Mapping[Objects, str] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Sequence[Reading], memory_mb: int) -> Sharing:
        """Return what readings share, in so much memory."""
        groups: defaultdict[Objects, list[Reading]] = defaultdict(list)
        for reading in readings:
            groups[_objects(reading)].append(reading)
        room = (memory_mb << 20) // _SHARE
        statements: list[str] = []
        names: dict[Objects, str] = {}
        for objects, group in groups.items():
            needed = group[0].size_bytes * _EXPANDS
            if len(group) == 1 or not 0 < needed <= room:
                continue
            room -= needed
            names[objects] = f"el_shared_{len(names)}"
            statements.append(f"CREATE TEMP TABLE {names[objects]} AS SELECT * FROM {_whole(group).sql()}")
        return cls(tuple(statements), names)

    def sql(self, reading: Reading) -> str:
        """Return the subquery that gives a reading's columns, from memory where they are shared."""
        name = self.names.get(_objects(reading)) if self.names else None
        if name is None:
            return reading.sql()
        return f"(SELECT {', '.join(map(quoted, sorted(reading.scan.used))) or 'NULL'} FROM {name})"


def _objects(reading: Reading) -> Objects:
    return reading.scan.table.database, reading.scan.table.name, reading.objects


def _whole(group: Sequence[Reading]) -> Reading:
    """Return one reading with the columns of all."""
    columns = {name: kind for one in group for name, kind in one.scan.columns.items()}
    used = {name for one in group for name in one.scan.used}
    return replace(group[0], scan=replace(group[0].scan, columns=columns, used=used))
