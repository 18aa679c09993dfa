"""A catalog made from the objects, and objects taken into the catalog that it does not know: what follows a restore from copies.

Objects say what they hold, so the catalog of a lake can be made anew; what the spool still holds and no object does is delivered by the next
process that writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.parquet import stored_types
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import EventlakeError, LakeNotFoundError
from eventlake.local.belonging import unknown, written_by
from eventlake.local.delivery.strays import Adopter, Stray, strays
from eventlake.local.erasing.readmitting import NAMED, Readmitting
from eventlake.local.folder import CATALOG, OBJECTS, SPOOL, require_lake
from eventlake.local.lock import LakeLock
from eventlake.local.spool.segments import first_position
from eventlake.model import Source, Table
from eventlake.pipeline.delivery import LOW_WATER
from eventlake.query.stored_types import duckdb_fits

if TYPE_CHECKING:
    import duckdb

MISSING = "is missing; what the spool still holds of it is delivered again"
_UNFINISHED = "catalog-rebuilt.db"

Told = Callable[[int, int], None]
"""Hears how many objects are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of objects: how many are in the catalog now, and why the others are not."""

    registered: int
    left: tuple[tuple[str, str], ...]
    """Key and reason of each object that is not in the catalog."""
    rewritten: int = 0
    """How many objects were written anew, because they named somebody who was erased."""


def adopt(folder: Path, sources: Sequence[Source], told: Told = lambda done, total: None) -> Taken:
    """Register the objects that lie in the folder and are not in the catalog. Raises ConfigurationError, StorageError."""
    require_lake(folder)
    lock = LakeLock(folder)
    try:
        catalog = SqliteCatalog(folder / CATALOG)
        try:
            _register_tables(catalog, sources, catalog.log_format() or "parquet")
            store = DirectoryStore(folder / OBJECTS)
            with Readmitting(folder) as readmitting:
                taken = _take(Adopter(catalog), readmitting, strays(store, unknown(store, catalog)), told)
            _remember_types(folder / OBJECTS, catalog)
            _catch_up(folder, catalog)
            return taken
        finally:
            catalog.close()
    except OSError as error:
        raise storage_error(error, f'The lake in "{folder}" cannot be written') from None
    finally:
        lock.release()


def rebuild(folder: Path, sources: Sequence[Source], told: Told = lambda done, total: None) -> Taken:
    """Make the catalog from the objects; the one that was there is kept beside it. Raises ConfigurationError, StorageError."""
    store = DirectoryStore(folder / OBJECTS)
    if not any((folder / part).exists() for part in (OBJECTS, SPOOL, CATALOG)):
        raise LakeNotFoundError(
            f'There is no part of a lake in "{folder}" to make a catalog from: name the folder of the lake with --lake.'
        )
    lock = LakeLock(folder)
    try:
        found = strays(store, [one.key for one in store.list("")])
        missing = _missing(folder, {stray.key for stray in found})
        taken = _rebuilt(folder, sources, found, told)
        _swap(folder)
        return replace(taken, left=(*taken.left, *((key, MISSING) for key in missing)))
    except OSError as error:
        raise storage_error(error, f'The lake in "{folder}" cannot be written') from None
    finally:
        lock.release()


def _missing(folder: Path, there: set[str]) -> list[str]:
    """Return the keys of the objects that the old catalog knows and the folder does not hold; none if it cannot be asked."""
    try:
        require_lake(folder)
        catalog = SqliteCatalog(folder / CATALOG, read_only=True)
    except EventlakeError:
        return []
    try:
        return sorted(catalog.keys() - there)
    except EventlakeError:
        return []
    finally:
        catalog.close()


def _catch_up(folder: Path, catalog: SqliteCatalog) -> None:
    """Let a catalog that knows every object be no older than the spool: what no object holds is delivered from there."""
    catalog.name_lake(catalog.lake_id, max([catalog.epoch, *(origin.epoch for origin in written_by(folder))]))
    low_water = max(catalog.checkpoints().get(LOW_WATER, 0), first_position(folder / SPOOL))
    catalog.register([], [], [], {LOW_WATER: low_water})


def _take(adopter: Adopter, readmitting: Readmitting, found: Sequence[Stray], told: Told) -> Taken:
    """Register objects, without who was erased."""
    left = []
    for done, stray in enumerate(found, 1):
        reason = _reason(adopter, readmitting, stray)
        if reason is not None:
            left.append((stray.key, reason))
        told(done, len(found))
    return Taken(len(found) - len(left), tuple(left), readmitting.rewritten)


def _reason(adopter: Adopter, readmitting: Readmitting, stray: Stray) -> str | None:
    """Register an object; or say why it cannot be, and whether it names who was erased."""
    reason = adopter.objection(stray)
    if reason is not None:
        return f"{reason}; it {NAMED}: erase that person again, or remove it" if readmitting.is_naming(stray) else reason
    admitted = readmitting.admitted(stray)
    return admitted if isinstance(admitted, str) else adopter.adopt(admitted)


def _rebuilt(folder: Path, sources: Sequence[Source], found: Sequence[Stray], told: Told) -> Taken:
    """Write the new catalog beside the old one."""
    _remove(folder / _UNFINISHED)
    lake_id, epoch = _identity(folder, found)
    catalog = SqliteCatalog(folder / _UNFINISHED, hurried=True)
    try:
        catalog.name_lake(lake_id or catalog.lake_id, epoch)
        _register_remembered(folder, catalog, sources, _format(found))
        _register_tables(catalog, sources, _format(found))
        _catch_up(folder, catalog)
        with Readmitting(folder) as readmitting:
            taken = _take(Adopter(catalog), readmitting, found, told)
        _remember_types(folder / OBJECTS, catalog)
        return taken
    finally:
        catalog.close()


def _identity(folder: Path, found: Sequence[Stray]) -> tuple[str, int]:
    """Return the id of the lake, as most objects say it, or else the spool; and the highest epoch that the old catalog or the spool knows."""
    writers = written_by(folder)
    ids = [stray.description.lake for stray in found if stray.description is not None] or [one.lake for one in writers if one.lake]
    epoch = max((one.epoch for one in writers), default=0)
    with suppress(EventlakeError):
        require_lake(folder)
        known = SqliteCatalog(folder / CATALOG, read_only=True)
        epoch = max(epoch, known.epoch)
        ids = ids or [known.lake_id]
        known.close()
    return max(set(ids), key=ids.count, default=""), epoch


def _format(found: Sequence[Stray]) -> str:
    """Return the format of the lake: that of the objects of lines."""
    lines = [stray for stray in found if not stray.key.startswith("error/")]
    return "json" if lines and not any(stray.path.suffix == ".parquet" for stray in lines) else "parquet"


def _register_tables(catalog: SqliteCatalog, sources: Sequence[Source], log_format: str) -> None:
    catalog.register_tables([table for source in sources for table in source.tables], log_format)


def _register_remembered(folder: Path, catalog: SqliteCatalog, sources: Sequence[Source], log_format: str) -> None:
    """Let a new catalog know how the old one had the columns declared, if that can be asked."""
    declared = {table.name for source in sources for table in source.tables}
    with suppress(EventlakeError):
        require_lake(folder)
        known = SqliteCatalog(folder / CATALOG, read_only=True)
        try:
            tables = [table for table in known.tables() if table.name in declared]
        finally:
            known.close()
        catalog.register_tables(tables, log_format)


def _remember_types(objects: Path, catalog: SqliteCatalog) -> None:
    """Note the types in which Parquet objects keep columns, where they are no longer those that are declared."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        tables = [_with_types(table, _types_of(connection, objects, catalog, table)) for table in catalog.tables()]
    catalog.register_tables(tables, catalog.log_format() or "parquet")


def _types_of(connection: duckdb.DuckDBPyConnection, objects: Path, catalog: SqliteCatalog, table: Table) -> set[tuple[str, str]]:
    """Return name and type of every column in the Parquet objects of a table, as DuckDB writes types."""
    paths = [objects / one.key for one in catalog.objects(table.name) if one.format == "parquet"]
    found = stored_types(connection, paths).values() if paths else ()
    return {(name, kind) for columns in found for name, kind in columns.items()}


def _with_types(table: Table, stored: set[tuple[str, str]]) -> Table:
    """Return a table whose columns remember the types that do not fit them."""
    others = {name: kind.lower() for name, kind in sorted(stored) if (one := table.column(name)) and not duckdb_fits(kind, one.type)}
    columns = (replace(one, earlier=(*one.earlier, *filter(None, [others.get(one.stored_name)]))) for one in table.columns)
    return replace(table, columns=tuple(columns))


def _swap(folder: Path) -> None:
    """Put the new catalog in the place of the old one, which is kept under the moment of now."""
    kept = folder / f"catalog-before-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.db"
    for path in _files(folder / CATALOG):
        path.rename(path.with_name(path.name.replace(CATALOG, kept.name)))
    (folder / _UNFINISHED).rename(folder / CATALOG)
    DirectoryStore(folder).make_durable(CATALOG)


def _remove(file: Path) -> None:
    for path in _files(file):
        path.unlink()


def _files(file: Path) -> Iterator[Path]:
    """Yield the files of a catalog that are there."""
    for suffix in ("-wal", "-shm", ""):
        path = file.with_name(file.name + suffix)
        if path.exists():
            yield path
