"""Failed records, and the objects that hold them: added, listed, marked when they were tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from eventlake.backends.catalog.entries import FailedEntry, NewFailedObject, Redriven
from eventlake.backends.catalog.lake import LakeFile
from eventlake.backends.catalog.moments import moment
from eventlake.backends.catalog.registering import is_known
from eventlake.errors import StorageError
from eventlake.layout import Hour, error_hour

_FAILED = "id, stream, code, message, arrival_us, size_bytes, key, line, redriven_us, redriven_into"


class FailedRecords(LakeFile):
    """The failed records of a catalog."""

    def failed(self, limit: int | None = None, offset: int = 0, *, redriven: bool = False) -> list[FailedEntry]:
        """Return failed records, the newest first. redriven: those that were brought in again too."""
        query = f"select {_FAILED} from failed_record where ? or redriven_us is null order by arrival_us desc, id limit ? offset ?"
        return [_failed_entry(row) for row in self._rows(query, (redriven, -1 if limit is None else limit, offset))]

    def failed_count(self, *, redriven: bool = False) -> int:
        """Count the failed records. redriven: those that were brought in again too."""
        return int(self._rows("select count(*) from failed_record where ? or redriven_us is null", (redriven,))[0][0])

    def find_failed(self, beginning: str) -> list[FailedEntry]:
        """Find the failed records whose id begins like this, at most 20."""
        first = beginning.lower()
        query = f"select {_FAILED} from failed_record where id >= ? and id < ? order by arrival_us desc limit 20"
        return [_failed_entry(row) for row in self._rows(query, (first, f"{first}\U0010ffff"))]

    def has_failed(self, identity: str) -> bool:
        """Return True if there is a failed record of this id."""
        return bool(self._rows("select 1 from failed_record where id = ?", (identity,)))

    def failed_objects(self) -> list[NewFailedObject]:
        """Return the objects that hold failed records."""
        rows = self._rows("select key, stream, size_bytes, rows, crc32, position_from, position_to from failed_object order by key")
        return [NewFailedObject(*row) for row in rows]

    def failed_hours(self) -> list[tuple[NewFailedObject, list[Hour]]]:
        """Return the objects of failed records, each with the hours in which its records arrived, in order."""
        hours = "select group_concat(distinct arrival_us / 3600000000) from failed_record r where r.key = o.key"
        rows = self._rows(
            f"select key, stream, size_bytes, rows, crc32, position_from, position_to, ({hours}) from failed_object o order by key"
        )
        return [(NewFailedObject(*row), _hours(row[0], found)) for *row, found in rows]


def add_failed_object(run: Any, one: NewFailedObject, entries: Sequence[FailedEntry]) -> None:  # run: sqlite3's execute
    """Insert an object of failed records, and its records."""
    run("delete from pending where key = ?", (one.key,))
    if is_known(run, "failed_object", one.key, one.size_bytes, one.crc32):
        return
    run(
        "insert into failed_object (key, stream, size_bytes, rows, crc32, position_from, position_to) values (?, ?, ?, ?, ?, ?, ?)",
        tuple(asdict(one).values()),
    )
    for entry in entries:
        _add_failed(run, entry)


def _add_failed(run: Any, entry: FailedEntry) -> None:  # run: sqlite3's execute
    """Insert a failed record; one that is there already is no second, and another of the same id gets its line behind it."""
    row = _failed_row(entry)
    if run("insert or ignore into failed_record values (?, ?, ?, ?, ?, ?, ?, ?, null, null)", row).rowcount == 0:
        known = run("select stream, code, arrival_us / 1000, size_bytes from failed_record where id = ?", (entry.id,)).fetchone()
        if known != (entry.stream, entry.code, row[4] // 1000, entry.size_bytes):
            _add_failed(run, replace(entry, id=f"{entry.id}-{entry.line}"))


def mark(run: Any, redriven: Redriven) -> None:  # run: sqlite3's execute
    """Write to failed records what became of them. Raises StorageError if one of them is not there to be redriven."""
    at_us = round(redriven.at.timestamp() * 1_000_000)
    for identity, into in redriven.into.items():
        values = at_us, into, identity
        if run("update failed_record set redriven_us = ?, redriven_into = ? where id = ? and redriven_us is null", values).rowcount != 1:
            raise StorageError(f'The failed record "{identity}" was redriven already, or is not there any more; nothing is changed.')
    for identity, error in redriven.failing.items():
        run("update failed_record set code = ?, message = ? where id = ?", (error.code, str(error), identity))


def _failed_row(entry: FailedEntry) -> tuple[Any, ...]:
    arrival_us = round(entry.arrival.timestamp() * 1_000_000)
    return (entry.id, entry.stream, entry.code, entry.message, arrival_us, entry.size_bytes, entry.key, entry.line)


def _failed_entry(row: Sequence[Any]) -> FailedEntry:
    identity, stream, code, message, arrival_us, size_bytes, key, line, redriven_us, into = row
    redriven = None if redriven_us is None else moment(redriven_us)
    return FailedEntry(identity, stream, code, message, moment(arrival_us), size_bytes, key, line, redriven, into or "")


def _hours(key: str, found: str | None) -> list[Hour]:
    """Return hours, given as counts since 1970; those of an object without records of its own stand in its key."""
    if found is None:
        return [error_hour(key)]
    return sorted(Hour.of(moment(int(count) * 3_600_000_000)) for count in found.split(","))
