"""Where a lake names a person, by what is to be done about it: live objects, failed records, and every other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from eventlake.backends.catalog.entries import NewFailedObject, NewObject
from eventlake.backends.directory import TRASH
from eventlake.backends.json_lines import read_gzip
from eventlake.backends.parquet_erasing import Named, ParquetErasing
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.layout import Hour, error_hour
from eventlake.local.folder import OBJECTS, SPOOL
from eventlake.local.mentions import Mention, mentions
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.holds import Hold, held


@dataclass(frozen=True, slots=True)
class FoundObject:
    """A live object that names the person. generation: of its hour."""

    object: NewObject
    generation: int
    named: Named


@dataclass(frozen=True, slots=True)
class FoundFailures:
    """An object of failed records that names the person. count: the records that do."""

    object: NewFailedObject
    hour: Hour
    count: int


@dataclass(slots=True)
class Found:
    """Everything that names the person. old: keys of objects that were replaced. aside: files in the trash. others: every other file.

    coming: segments of the spool that are to be delivered later, for an erasure beside a bus.
    """

    objects: list[FoundObject] = field(default_factory=list)
    failures: list[FoundFailures] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    aside: list[Path] = field(default_factory=list)
    spool: list[Path] = field(default_factory=list)
    coming: list[Path] = field(default_factory=list)
    others: list[Mention] = field(default_factory=list)

    @property
    def is_any(self) -> bool:
        """Return True if the person is named anywhere."""
        return any((self.objects, self.failures, self.old, self.aside, self.spool, self.others))


class Finder:
    """Looks through the lake in a folder, whose catalog is open."""

    def __init__(self, folder: Path, catalog: SqliteCatalog, person: Person) -> None:
        self._folder = folder
        self._catalog = catalog
        self._person = person

    def find(self, told: Callable[[int], None] = lambda _count: None) -> Found:
        """Find everything. told: is given how many files were found so far. Raises StorageError for what cannot be read."""
        found = Found()
        generations = {
            (table.name, one.hour): one.generation or 0
            for table in self._catalog.tables()
            for one in self._catalog.contents(table.name).hours
        }
        live, failed, old = (
            self._live(generations),
            {one.key: one for one in self._catalog.failed_objects()},
            set(self._catalog.all_replaced()),
        )
        with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
            for count, mention in enumerate(mentions(self._folder, self._person.identifiers), 1):
                self._sort(mention, found, live, failed, old, generations, connection)
                told(count)
        return found

    def _live(self, generations: Iterable[tuple[str, Hour]]) -> dict[str, NewObject]:
        return {one.key: one for table, hour in generations for one in self._catalog.held(table, hour)}

    def _sort(
        self,
        mention: Mention,
        found: Found,
        live: dict[str, NewObject],
        failed: dict[str, NewFailedObject],
        old: set[str],
        generations: dict[tuple[str, Hour], int],
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        key = mention.path.removeprefix(f"{OBJECTS}/")
        path = self._folder / mention.path
        if key in live:
            one = live[key]
            found.objects.append(FoundObject(one, generations[one.table, one.hour], named_in(path, self._person, connection)))
        elif key in failed:
            found.failures.append(FoundFailures(failed[key], error_hour(key), mention.count))
        elif key in old:
            found.old.append(key)
        elif mention.path.startswith(f"{OBJECTS}/{TRASH}/"):
            found.aside.append(path)
        elif mention.path.startswith(f"{SPOOL}/"):
            found.spool.append(path)
        else:
            found.others.append(mention)


def named_in(path: Path, person: Person, connection: duckdb.DuckDBPyConnection) -> Named:
    """Count the rows of a file, Parquet or gzip by its name, that name a person. Raises duckdb.Error, CorruptObjectError, OSError."""
    if path.suffix == ".parquet":
        return ParquetErasing(connection, path, person).named()
    return named_lines(read_gzip(path).splitlines(), person)


def named_lines(lines: Iterable[bytes], person: Person) -> Named:
    """Count the log lines that name a person."""
    rows = own = mentioned = 0
    for line in lines:
        rows += 1
        if person.is_named(line):
            is_own = person.has(line)
            own, mentioned = own + is_own, mentioned + (not is_own)
    return Named(rows, own, mentioned)


def kept_by(found: Found, holds: Iterable[Hold]) -> Iterator[tuple[str, str, Hour]]:
    """Yield the holds that keep something of what was found: name, table or stream, hour."""
    holds = list(holds)
    for table, hour in [
        *((one.object.table, one.object.hour) for one in found.objects),
        *((one.object.stream, one.hour) for one in found.failures),
    ]:
        name = held(holds, table, hour)
        if name is not None:
            yield name, table, hour
