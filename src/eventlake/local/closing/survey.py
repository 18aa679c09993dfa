"""Hours that need not be written anew: their one object holds each event once, in order, and no closed hour holds one of its keys.

Many hours are looked at together, so that the keys of those around them are read once for all. Whatever is not sure is closed one hour at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.duckdb_rewriter import DuckDBRewriter, numbered
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.checksum import crc32
from eventlake.interfaces import HourContents, LogObject
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.compaction import clashing, may_be_ready, neighbours, surveying
from eventlake.query.reading import ROW
from eventlake.query.stored_types import key_of

_SPILL_MB = 2
"""What is asked together is bounded, so that it fits into memory."""


class Survey:
    """Looks for hours that are ready.

    require_types: is given objects of a table; raises StorageError if one keeps a column in another type than is declared.
    """

    def __init__(
        self,
        catalog: SqliteCatalog,
        objects: Path,
        rewriter: DuckDBRewriter,
        require_types: Callable[[Table, Sequence[NewObject]], None],
    ) -> None:
        self._catalog = catalog
        self._store = DirectoryStore(objects)
        self._objects = objects.resolve()
        self._rewriter = rewriter
        self._require_types = require_types

    def ready(self, table: Table, states: Sequence[HourContents]) -> list[NewObject]:
        """Return the objects that are what the closings of their hours would write. Raises StorageError only if the catalog cannot be used.

        states: hours that are to be closed, in order; of a key that two of them hold, none is ready.
        """
        maybe = {state.hour for state in states if may_be_ready(state)}
        if not maybe:
            return []
        held = [one for state in states for one in self._catalog.held(table.name, state.hour)]
        chosen = [one for one in held if one.hour in maybe and one.format == "parquet" and self._is_whole(one)]
        try:
            return self._proved(table, chosen, held) if chosen else []
        except Exception:
            return []  # each hour by itself says what is the matter

    def _is_whole(self, one: NewObject) -> bool:
        path = self._store.path(one.key)
        return path.is_file() and crc32(path) == one.crc32

    def _proved(self, table: Table, chosen: Sequence[NewObject], held: Sequence[NewObject]) -> list[NewObject]:
        """Return those that lie in order, and hold no key that is there twice. Raises StorageError, CorruptObjectError."""
        self._require_types(table, chosen)
        found = self._told(table, chosen)
        ready = [one for one in chosen if one.key in found]
        around = self._around(table, {one.hour: found[one.key] for one in ready})
        clashes = self._clashing(table, held, around) if ready else set()
        return [one for one in ready if one.key not in clashes]

    def _told(self, table: Table, chosen: Sequence[NewObject]) -> dict[str, list[Hour]]:
        """Return the hours of the events of each object that holds the rows that the catalog says, in order."""
        sources = [[one.log_object for one in chosen]]
        told = self._rewriter.rows(lambda known: surveying(known, ROW), numbered(table), sources, _SPILL_MB)
        said = {key_of(path, self._objects): (rows, is_sorted, hours) for path, rows, is_sorted, hours in told}
        sound = [one.key for one in chosen if one.key in said and said[one.key][:2] == (one.rows, True)]
        return {key: [Hour.parse(hour) for hour in (said[key][2] or "").split()] for key in sound}

    def _clashing(self, table: Table, held: Sequence[NewObject], around: Sequence[LogObject]) -> set[str]:
        """Return the keys of objects that hold a row which another one holds, or two of one key."""
        own = [one.log_object for one in held]
        statement = partial(clashing, has_others=bool(around))
        return {
            key_of(path, self._objects) for (path,) in self._rewriter.rows(statement, table, [own, around] if around else [own], _SPILL_MB)
        }

    def _around(self, table: Table, events: Mapping[Hour, Collection[Hour]]) -> list[LogObject]:
        """Return the closed objects that may hold rows of these hours. events: the hours in which what each holds happened."""
        closed = [one.hour for one in self._catalog.contents(table.name).hours if one.generation]
        wanted = {other for hour, happened in events.items() for other in neighbours(hour, happened, closed)}
        return [one.log_object for hour in sorted(wanted) for one in self._catalog.held(table.name, hour) if one.generation]
