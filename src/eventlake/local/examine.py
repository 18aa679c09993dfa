"""Examines a lake on one machine: the catalog against the objects, the spool, the disk, permissions; every finding with its remedy.

Reads only. A lake that is being written shows what is under way as it is at that moment; deliveries that a running process will finish are
no findings.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import Disk
from eventlake.backends.parquet import holds_only, stored_types
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.checksum import crc32
from eventlake.dialect.types.spelling import parse_type
from eventlake.errors import EventlakeError, LakeLockedError, StorageError
from eventlake.lake import Finding
from eventlake.local.audit_table import audit_source
from eventlake.local.declared import check_declarations
from eventlake.local.delivery.strays import HELD, Adopter, strays
from eventlake.local.detecting.memory import MEMORY, Memory
from eventlake.local.folder import CATALOG, OBJECTS, SPOOL, open_catalog
from eventlake.local.keys import check_keys
from eventlake.local.lock import LOCK, LakeLock
from eventlake.local.retaining.check import check_retention
from eventlake.local.running import check_bus
from eventlake.local.spool.segments import damage_in, segment_path, segments_of, waiting_in
from eventlake.local.tombstones import check_tombstones
from eventlake.local.webhook_tokens import check_webhooks
from eventlake.model import Source, Table
from eventlake.pipeline.delivery import LOW_WATER
from eventlake.query.stored_types import Asked, Misfit, TypeCheck, duckdb_fits, key_of, misfits

if TYPE_CHECKING:
    import duckdb

_MAKE_ANEW = (
    "Restore the file from a copy of the lake; or end the bus and run `eventlake doctor --rebuild`, which makes it from the objects."
)
_SEE_FAILED = (
    "Look at the disk; the damaged bytes are kept as a failed record, see `eventlake failed`, and what they held can be sent again."
)
_LATE = timedelta(hours=1)
SHOWN = 5
"""How many objects of one kind of finding are told one by one."""


def check_lake(folder: Path, sources: Sequence[Source] | None = None) -> list[Finding]:
    """Examine the lake in a folder, and return what is wrong. sources: those of now, if they are to be compared with its tables."""
    try:
        catalog = open_catalog(folder)
    except EventlakeError as error:
        remedy = "Name the right folder with --lake, or run `eventlake doctor --rebuild`, which makes the catalog from the objects."
        return [Finding("error", str(error), remedy)]
    written = _is_written(folder)
    try:
        return [
            *_catalog(catalog),
            *_permissions(folder),
            *(check_bus(folder) if written else ()),
            *(check_declarations(catalog.tables(), [audit_source(), *sources]) if sources is not None else ()),
            *(check_webhooks(folder, os.environ, sources) if sources is not None else ()),
            *(check_keys(folder, sources) if sources is not None else ()),
            *check_tombstones(folder),
            *_disk(folder),
            *_objects(folder, catalog, written=written),
            *_values_of_folders(folder, catalog),
            *_types(folder, catalog),
            *_spool(folder, catalog, written=written),
            *_not_closed(catalog),
            *check_retention(folder, catalog),
            *_not_detecting(folder),
        ]
    except EventlakeError as error:
        return [Finding("error", str(error), _MAKE_ANEW)]
    finally:
        catalog.close()


def _catalog(catalog: SqliteCatalog) -> Iterator[Finding]:
    """Tell damage of the catalog itself: a bit of an index that flipped hides objects from every query, and no query notices."""
    fault = catalog.fault()
    if fault is not None:
        yield Finding("error", str(fault), _MAKE_ANEW)


def _is_written(folder: Path) -> bool:
    """Return True if a process writes the lake now."""
    if not (folder / LOCK).exists() or not os.access(folder / LOCK, os.W_OK):
        return False
    try:
        LakeLock(folder, tells=False).release()
    except LakeLockedError:
        return True
    return False


def _permissions(folder: Path) -> Iterator[Finding]:
    for path in (folder, folder / OBJECTS, folder / SPOOL, folder / CATALOG):
        if path.exists() and not os.access(path, os.W_OK):
            yield Finding(
                "warning", f'"{path}" cannot be written by this user.', "Queries work; to take events, give this user the right to write."
            )


def _disk(folder: Path) -> Iterator[Finding]:
    disk = Disk.of(folder)
    if not disk.has_room:
        yield Finding(
            "warning",
            f'The disk of "{folder}" has {disk.free_bytes >> 20} MiB left; the bus answers 507.',
            "Make room; nothing that was accepted is lost.",
        )


def _objects(folder: Path, catalog: SqliteCatalog, *, written: bool) -> Iterator[Finding]:
    known = {one.key: (one.size_bytes, one.crc32) for table in catalog.tables() for one in catalog.objects(table.name)}
    known |= {one.key: (one.size_bytes, one.crc32) for one in catalog.failed_objects()}
    on_disk = {one.key: one.size_bytes for one in DirectoryStore(folder / OBJECTS).list("")}
    yield from _told(
        "error",
        "is in the catalog and not in the folder",
        sorted(known.keys() - on_disk.keys()),
        "Restore it from a copy; queries that need it fail and name it. Without a copy, `eventlake doctor --rebuild` delivers again what the spool holds.",
    )
    if not written:
        pending = catalog.intended()
        yield from _told(
            "warning", "was being delivered when the process ended", pending, "Start `eventlake serve` or `send`: it is delivered again."
        )
        yield from _strays(folder, catalog, on_disk.keys() - catalog.keys() - set(pending))
    damaged = [key for key in sorted(known.keys() & on_disk.keys()) if _is_damaged(folder / OBJECTS / key, *known[key])]
    yield from _told("error", "is not what was written: its size or checksum differs", damaged, "Restore it from a copy.")


def _strays(folder: Path, catalog: SqliteCatalog, keys: Iterable[str]) -> Iterator[Finding]:
    """Tell the objects that the catalog does not know, by what can be done about them. None of them is ever to be removed unseen."""
    adopter = Adopter(catalog)
    by_reason: dict[str, list[str]] = defaultdict(list)
    for stray in strays(DirectoryStore(folder / OBJECTS), keys):
        by_reason[adopter.objection(stray) or ""].append(stray.key)
    for reason, found in sorted(by_reason.items()):
        if not reason:
            what, remedy = "is in the folder and not in the catalog; queries do not read it", "Run `eventlake doctor --adopt`."
        elif reason == HELD:
            what, remedy = f"is in the folder and not in the catalog, and {reason}", "Nothing is lost without it; it may be moved away."
        else:
            what, remedy = (
                f"is in the folder, not in the catalog, and {reason}",
                "Keep it until you know what it is; queries do not read it.",
            )
        yield from _told("warning", what, sorted(found), remedy)


def _types(folder: Path, catalog: SqliteCatalog) -> Iterator[Finding]:
    """Find the objects that were written before the type of a column was changed, and cannot be read as what it is now."""
    import duckdb

    objects = folder / OBJECTS
    with duckdb.connect(":memory:") as connection:
        for table in catalog.tables():
            found: dict[tuple[str, str, str], list[str]] = {}
            for one in [*_of_footers(connection, objects, catalog, table), *_of_lines(connection, objects, catalog, table)]:
                found.setdefault((one.column, one.stored, one.declared), []).append(key_of(one.path, objects))
            for (name, kind, now), told in found.items():
                yield from _told(
                    "error",
                    f'keeps the column "{name}" as {kind}, and it is declared as {now} now',
                    told,
                    "Declare it as it was, and give what comes from now on a column of another name.",
                )


def _of_footers(connection: duckdb.DuckDBPyConnection, objects: Path, catalog: SqliteCatalog, table: Table) -> Iterator[Misfit]:
    """Ask every Parquet object, also of what the catalog does not remember to have changed."""
    declared = {column.stored_name: column.type for column in table.columns}
    paths = [objects / one.key for one in catalog.objects(table.name) if one.format == "parquet"]
    for path, columns in stored_types(connection, paths).items() if paths else ():
        for name, kind in columns.items():
            if name in declared and not duckdb_fits(kind, declared[name]):
                yield Misfit(path, name, kind.lower(), str(parse_type(declared[name])))


def _of_lines(connection: duckdb.DuckDBPyConnection, objects: Path, catalog: SqliteCatalog, table: Table) -> Iterator[Misfit]:
    """Look at the values of columns that were declared otherwise, object by object: one that cannot be read hides no other."""
    import duckdb

    columns = Asked.of(table.columns)
    for one in catalog.objects(table.name) if columns else ():
        if one.format == "json":
            with contextlib.suppress(duckdb.Error):
                compression = "gzip" if one.key.endswith(".gz") else "none"
                yield from misfits(connection, TypeCheck((str(objects / one.key),), columns, compression))


def _is_damaged(path: Path, size_bytes: int, checksum: int | None) -> bool:
    try:
        return path.stat().st_size != size_bytes or crc32(path) != checksum
    except OSError:
        return True


def _values_of_folders(folder: Path, catalog: SqliteCatalog) -> Iterator[Finding]:
    """Tell the objects into whose rows an earlier version wrote the value of a folder `column=value` above the lake."""
    named = dict(part.split("=", 1) for part in folder.absolute().parts if "=" in part)
    for table in catalog.tables() if named else ():
        for column in table.columns:
            value = next((value for name, value in named.items() if name.lower() == column.stored_name), None)
            if value is not None:
                written = [
                    one.key for one in catalog.objects(table.name) if holds_only(folder / OBJECTS / one.key, column.stored_name, value)
                ]
                yield from _told(
                    "error",
                    f'holds "{value}" in every row of the column "{column.stored_name}", which is the name of a folder above the lake',
                    written,
                    "An earlier version stored it in place of what the events said; send the events of this hour again, into a new lake.",
                )


def _spool(folder: Path, catalog: SqliteCatalog, *, written: bool) -> Iterator[Finding]:
    """Read every segment: tell each damage in it, and what waits."""
    low_water, waiting = catalog.checkpoints().get(LOW_WATER, 0), 0
    for position, data in _segments(folder / SPOOL):
        damaged, _ = damage_in(data, position)
        for start, end in damaged:
            where = f'"{segment_path(folder / SPOOL, position)}" is damaged from byte {start:,} to {end:,}'
            if position + end <= low_water:
                yield Finding("warning", f"{where}; what is in it was delivered before, or is kept as failed.", _SEE_FAILED)
            else:
                yield Finding("error", f"{where}; `eventlake serve` delivers what lies before and behind.", _SEE_FAILED)
        waiting += waiting_in(data, position, damaged, low_water)
    if waiting > 0 and not written:
        yield _waiting(waiting, is_held=bool(catalog.covered(low_water)))


def _waiting(waiting: int, *, is_held: bool) -> Finding:
    """Tell what waits in the spool. is_held: objects hold a part of it, or all, as where a catalog was made anew from them."""
    if is_held:
        sentence = f"{waiting:,} bytes of accepted events in the spool are to be looked through: what no object holds of them yet, nothing delivers."
        return Finding("warning", sentence, "Start `eventlake serve`; it delivers that, and nothing twice.")
    sentence = f"{waiting:,} bytes of accepted events wait in the spool, and nothing delivers them."
    return Finding("warning", sentence, "Start `eventlake serve`; it delivers them.")


def _not_closed(catalog: SqliteCatalog) -> Iterator[Finding]:
    """Tell the hours that could not be closed."""
    for table, one in catalog.problems():
        again = f"; it is tried again from {one.retry:%Y-%m-%d %H:%M} UTC on" if one.retry is not None else ""
        remedy = f"End the cause; `eventlake serve` tries it again, `eventlake close --table {table} --hour {one.hour}` at once."
        yield Finding("warning", f"The hour {one.hour} of {table} could not be closed{again}: {one.problem}", remedy)


def _not_detecting(folder: Path) -> Iterator[Finding]:
    """Tell the detections that ran in vain, and the sinks that could not be told."""
    problems, waiting = _remembered(folder / MEMORY)
    for name, problem in problems.items():
        yield Finding("warning", f'The detection "{name}" cannot run: {problem}', "Correct its file; `eventlake serve` tries it again.")
    for sink, count in waiting.items():
        what = f'The sink "{sink}" was not told of {count:,} alert{"" if count == 1 else "s"} for an hour'
        yield Finding("warning", f"{what}; each is tried for 24 hours.", "See why where `eventlake serve` runs, and whether it runs.")


def _remembered(file: Path) -> tuple[dict[str, str], dict[str, int]]:
    """Return why detections ran in vain, and how many alerts sinks wait for; nothing where that cannot be read, as in a folder of others."""
    with contextlib.suppress(StorageError):
        if file.exists():
            with contextlib.closing(Memory(file, read_only=True)) as memory:
                return memory.problems(), memory.late(datetime.now(UTC) - _LATE)
    return {}, {}


def _segments(spool: Path) -> Iterator[tuple[int, bytes]]:
    """Yield position and bytes of each segment; one that is delivered and dropped meanwhile is left out."""
    for position, path in segments_of(spool):
        with contextlib.suppress(FileNotFoundError):
            yield position, path.read_bytes()


def _told(severity: str, what: str, keys: list[str], remedy: str) -> Iterator[Finding]:
    """Make a finding of each object, and one of the rest where there are many."""
    for key in keys[:SHOWN]:
        yield Finding(severity, f'The object "{key}" {what}.', remedy)
    if len(keys) > SHOWN:
        yield Finding(severity, f"{len(keys) - SHOWN:,} more: the object {what}.", remedy)
