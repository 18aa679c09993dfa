"""Whether the catalog, the spool and the objects of a lake belong together: asked by whoever is about to write it.

What was put together from copies of several moments, or of several lakes, is refused with the way out, so that nothing is delivered twice or lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from eventlake.backends.descriptions import read_descriptions
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.backends.sqlite_file import SqliteFile
from eventlake.errors import ConfigurationError
from eventlake.local.delivery.strays import Stray, strays
from eventlake.local.folder import CATALOG, OBJECTS, SPOOL, without_catalog
from eventlake.local.spool.header import Origin
from eventlake.local.spool.segments import first_position, origins, segments_of
from eventlake.pipeline.delivery import LOW_WATER

_LOOKED_AT = 10


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
    raise ConfigurationError(without_catalog(folder))


def _is_begun(path: Path) -> bool:
    """Return False for a catalog without tables: a disk without room left it so, when it was to be the first of its lake."""
    file = SqliteFile(path, read_only=True)
    try:
        return bool(file.rows("select count(*) from sqlite_schema where type = 'table'")[0][0])
    finally:
        file.close()


def _require_spool_of(folder: Path) -> None:
    """Refuse a spool of another lake, and one that a later catalog belongs to: it would be delivered twice, or not at all."""
    if not segments_of(folder / SPOOL):
        return
    catalog = SqliteCatalog(folder / CATALOG, read_only=True)
    try:
        writers, low_water = written_by(folder), catalog.checkpoints().get(LOW_WATER, 0)
        lakes = {origin.lake for origin in writers} - {"", catalog.lake_id}
        is_older = any(origin.epoch > catalog.epoch for origin in writers) or low_water < first_position(folder / SPOOL)
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


def written_by(folder: Path) -> list[Origin]:
    """Return which lakes, and which lives of them, wrote the segments of a spool. Raises StorageError."""
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
    newer = [one.key for one in strays(store, unknown(store, catalog)) if _is_beyond(one, catalog.lake_id, end)]
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


def unknown(store: DirectoryStore, catalog: SqliteCatalog) -> Iterable[str]:
    """Return the keys of the files that the catalog does not know."""
    return sorted({one.key for one in store.list("")} - catalog.keys())
