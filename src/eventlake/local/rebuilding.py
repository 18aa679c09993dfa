"""A catalog made from the objects, and objects taken into the catalog that it does not know: what follows a restore from copies.

Objects say what they hold, so the catalog of a lake can be made anew; what the spool still holds and no object does is delivered by the next
process that writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.descriptions import read_descriptions
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.parquet import stored_types
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.backends.sqlite_file import SqliteFile
from eventlake.errors import ConfigurationError, EventlakeError, LakeNotFoundError
from eventlake.local.delivery.strays import Adopter, Stray, strays
from eventlake.local.erasing.readmitting import NAMED, Readmitting
from eventlake.local.folder import CATALOG, OBJECTS, SPOOL, require_lake
from eventlake.local.lock import LakeLock
from eventlake.local.spool.header import Origin
from eventlake.local.spool.segments import first_position, origins, segments_of
from eventlake.model import Source, Table
from eventlake.pipeline.delivery import LOW_WATER
from eventlake.query.stored_types import duckdb_fits

if TYPE_CHECKING:
    import duckdb

MISSING = "is missing; what the spool still holds of it is delivered again"
_UNFINISHED = "catalog-rebuilt.db"
_LOOKED_AT = 10

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
                taken = _take(Adopter(catalog), readmitting, strays(store, _unknown(store, catalog)), told)
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


def require_catalog(folder: Path) -> None:
    """Refuse to begin a new lake where an old one lies without its catalog, or to write with one that is older than the spool.

    Raises ConfigurationError.
    """
    if (folder / CATALOG).exists() and _is_begun(folder / CATALOG):
        _require_spool_of(folder)
        _require_objects_of(folder)
        return
    if not (_holds_objects(folder) or segments_of(folder / SPOOL)):
        return
    raise ConfigurationError(
        f'"{folder}" holds objects or a spool of a lake and no {CATALOG}: restore it from a copy, or make it from the objects with '
        f"`eventlake doctor --rebuild --lake {folder}`."
    )


def _is_begun(path: Path) -> bool:
    """Return False for a catalog without tables: a disk without room left it so, when it was to be the first of its lake."""
    file = SqliteFile(path, read_only=True)
    try:
        return bool(file.rows("select count(*) from sqlite_schema where type = 'table'")[0][0])
    finally:
        file.close()


def _catch_up(folder: Path, catalog: SqliteCatalog) -> None:
    """Let a catalog that knows every object be no older than the spool: what no object holds is delivered from there."""
    catalog.name_lake(catalog.lake_id, max([catalog.epoch, *(origin.epoch for origin in _written_by(folder))]))
    low_water = max(catalog.checkpoints().get(LOW_WATER, 0), first_position(folder / SPOOL))
    catalog.register([], [], [], {LOW_WATER: low_water})


def _require_spool_of(folder: Path) -> None:
    """Refuse a spool of another lake, and one that a later catalog belongs to: it would be delivered twice, or not at all."""
    if not segments_of(folder / SPOOL):
        return
    catalog = SqliteCatalog(folder / CATALOG, read_only=True)
    try:
        written_by, low_water = _written_by(folder), catalog.checkpoints().get(LOW_WATER, 0)
        lakes = {origin.lake for origin in written_by} - {"", catalog.lake_id}
        is_older = any(origin.epoch > catalog.epoch for origin in written_by) or low_water < first_position(folder / SPOOL)
    finally:
        catalog.close()
    if lakes:
        raise ConfigurationError(
            f'"{folder / SPOOL}" holds events of another lake ({min(lakes)}): put the spool of this lake in its place, or the catalog of that '
            f"one; if only the catalog is wrong, `eventlake doctor --rebuild --lake {folder}` makes it from the objects."
        )
    if is_older:
        raise ConfigurationError(
            f'"{folder / CATALOG}" is an older copy: the spool beside it was written after it. Put the catalog in its place that belongs to '
            f"the spool, or run `eventlake doctor --rebuild --lake {folder}`, which makes it from the objects."
        )


def _written_by(folder: Path) -> list[Origin]:
    try:
        return list(origins(folder / SPOOL))
    except OSError as error:
        raise storage_error(error, f'The spool "{folder / SPOOL}" cannot be read') from None


def _require_objects_of(folder: Path) -> None:
    """Refuse a catalog whose last object is not there, where an object of another lake is: what is sent would be stored under the wrong id."""
    catalog = SqliteCatalog(folder / CATALOG, read_only=True)
    try:
        lake_id, last = catalog.lake_id, catalog.last_key()
    finally:
        catalog.close()
    store = DirectoryStore(folder / OBJECTS)
    if last is not None and store.path(last).exists():
        return
    said = next((said for _, said in read_descriptions(_some_files(folder / OBJECTS)) if said is not None), None)
    if said is not None and said.lake != lake_id:
        raise ConfigurationError(
            f'"{folder / CATALOG}" is the catalog of another lake: the objects beside it are of {said.lake}. Put the catalog of that lake in its '
            f"place, or run `eventlake doctor --rebuild --lake {folder}`, which makes it from the objects."
        )


def _some_files(objects: Path) -> list[Path]:
    """Return the objects of the first folder in which there are some."""
    for above, folders, names in os.walk(objects):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if names:
            return [Path(above) / name for name in sorted(names)[:_LOOKED_AT]]
    return []


def require_current(folder: Path, catalog: SqliteCatalog) -> None:
    """Refuse to write with a catalog that is older than the objects, where no spool makes up for it. Raises ConfigurationError.

    A spool that is gone is begun anew where the catalog ends: nothing before is waited for.
    """
    end = catalog.end()
    if end == 0 or segments_of(folder / SPOOL):
        return
    store = DirectoryStore(folder / OBJECTS)
    newer = [one.key for one in strays(store, _unknown(store, catalog)) if _is_beyond(one, catalog.lake_id, end)]
    if newer:
        raise ConfigurationError(
            f'"{folder / CATALOG}" is an older copy: it does not know {len(newer):,} objects that were written after it, such as "{newer[0]}". '
            f"Run `eventlake doctor --rebuild --lake {folder}`, which makes the catalog from the objects."
        )
    if catalog.checkpoints().get(LOW_WATER, 0) < end:
        catalog.register([], [], [], {LOW_WATER: end})


def _is_beyond(stray: Stray, lake_id: str, end: int) -> bool:
    said = stray.description
    return said is not None and said.lake == lake_id and said.position_to > end


def _holds_objects(folder: Path) -> bool:
    return next(DirectoryStore(folder / OBJECTS).list(""), None) is not None


def _unknown(store: DirectoryStore, catalog: SqliteCatalog) -> Iterable[str]:
    """Return the keys of the files that the catalog does not know."""
    return sorted({one.key for one in store.list("")} - catalog.keys())


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
    written_by = _written_by(folder)
    ids = [stray.description.lake for stray in found if stray.description is not None] or [one.lake for one in written_by if one.lake]
    epoch = max((one.epoch for one in written_by), default=0)
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
