"""What several statements read of the same objects, read once: rows in the memory of their process, with the columns that any of them uses.

Opening the objects of 720 hours costs more than most statements over them. What reads fewer objects reads the memory of what reads more, where
that costs less: the predicates that rule out the others are its own. Whatever is not worth it, or too large, each reads by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.query.reading import Reading

Objects: TypeAlias = tuple[str, str, tuple[str, ...]]
"""A table, by database and name, and the keys of those of its objects that are read."""

_EXPANDS = 3
"""How many times as large as its compressed objects what is read of a table may become in memory, as far as that is known before.

3.1 times for a third of the columns, the largest among them, of 30 days of log lines of Auth0 and CodePipeline.
"""
_SHARE = 2
"""What the rows may take of the memory: the statements need the rest."""
_OPENING_BYTES = 10_000
"""Opening an object takes as long as reading so many bytes of columns: 0.5 ms and 20 MB/s, of 532 hours of Auth0's log lines."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is shared. keeps: names, each with the SELECT of the rows that it keeps. names: of them, by what they read."""

    keeps: tuple[tuple[str, str], ...] = ()
    names: Mapping[Objects, str] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Sequence[Reading], memory_mb: int) -> Sharing:
        """Return what readings share, in so much memory."""
        room = (memory_mb << 20) // _SHARE
        keeps: list[tuple[str, str]] = []
        names: dict[Objects, str] = {}
        for group in _groups(readings):
            needed = group[0].size_bytes * _EXPANDS
            if len(group) == 1 or not 0 < needed <= room:
                continue
            room -= needed
            name = f"el_shared_{len(keeps)}"
            names |= {_objects(one): name for one in group}
            keeps.append((name, f"SELECT * FROM {_whole(group).sql()}{_wanted(group)}"))
        return cls(tuple(keeps), names)

    def sql(self, reading: Reading) -> str:
        """Return the subquery that gives a reading's columns, from memory where they are shared."""
        name = self.names.get(_objects(reading)) if self.names else None
        if name is None:
            return reading.sql()
        return f"(SELECT {', '.join(map(quoted, sorted(reading.scan.used))) or 'NULL'} FROM {name})"


def _objects(reading: Reading) -> Objects:
    return reading.scan.table.database, reading.scan.table.name, tuple(item.key for item in reading.objects)


def _groups(readings: Sequence[Reading]) -> list[list[Reading]]:
    """Return readings that are served from one, which is the first of them: that of the most objects."""
    alike: defaultdict[Objects, list[Reading]] = defaultdict(list)
    for reading in readings:
        alike[_objects(reading)].append(reading)
    groups: list[list[Reading]] = []
    for group in sorted(alike.values(), key=lambda one: -len(one[0].objects)):
        wider = next((one for one in groups if _covers(one[0], group[0]) and _pays(one, group)), None)
        if wider is None:
            groups.append(group)
        else:
            wider += group
    return groups


def _covers(wider: Reading, one: Reading) -> bool:
    """Return True if a reading has all objects of another."""
    *table, keys = _objects(one)
    *same, known = _objects(wider)
    return table == same and bool(keys) and set(keys) <= set(known)


def _pays(wider: Sequence[Reading], group: Sequence[Reading]) -> bool:
    """Return True if the further columns cost less, of the many objects, than opening the few again and reading them."""
    known, wanted = _used(wider), _used(group)
    of_all = max(len(wider[0].scan.table.columns), 1)
    further = wider[0].size_bytes * len(wanted - known) / of_all
    again = len(group[0].objects) * _OPENING_BYTES + group[0].size_bytes * len(wanted) / of_all
    return further < again


def _used(group: Sequence[Reading]) -> set[str]:
    return {name for one in group for name in one.scan.used}


def _wanted(group: Sequence[Reading]) -> str:
    """Write the condition of the rows that one of the readings needs, where each says which: others need not be kept, nor their texts be made."""
    texts = [one.scan.texts for one in group]
    return f" WHERE {' OR '.join(dict.fromkeys(map(_having, texts)))}" if all(texts) else ""


def _having(texts: Mapping[str, Set[str]]) -> str:
    columns = (f"{quoted(name)} IN ({', '.join(map(text, sorted(some))) or 'NULL'})" for name, some in sorted(texts.items()))
    return f"({' AND '.join(columns)})"


def _whole(group: Sequence[Reading]) -> Reading:
    """Return one reading with the columns of all."""
    columns = {name: kind for one in group for name, kind in one.scan.columns.items()}
    return replace(group[0], scan=replace(group[0].scan, columns=columns, used=_used(group)))
