"""What Firehose could not deliver: the records in the objects under `error/`, whatever their age and spelling.

A record has no name of its own, so it gets the one that the same record would have on one machine, by its object alone: the same
in two objects is one that was delivered twice. Of a record that the transform refused Firehose keeps no reason, so the same transform is
asked again, here.
AWS's pages spell the fields in three ways: https://docs.aws.amazon.com/firehose/latest/dev/retry.html
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from eventlake.backends.catalog.entries import FailedEntry
from eventlake.backends.redriven_log import Mark
from eventlake.errors import CorruptObjectError, EventError, StorageError
from eventlake.interfaces import Store, StoredObject
from eventlake.model import Source
from eventlake.pipeline.failed_records import ID_DIGITS, record_id, told_apart
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.router import Router

FOLDER = "error/"
_CODES = ("errorCode", "ErrorCode", "lastErrorCode", "LastErrorCode")
_MESSAGES = ("errorMessage", "ErrorMessage", "lastErrorMessage", "LastErrorMessage")
_HOUR = re.compile(r"year=(\d{4})/month=(\d\d)/day=(\d\d)/hour=(\d\d)")
_REFUSED = "Lambda.ProcessingFailed"
"""How Firehose calls what the transform answered `ProcessingFailed` to."""
_READERS = 16
_SHOWN = 20
"""How many records an id that is cut short may stand for."""


class FailedRecords:
    """The failed records of a lake on AWS.

    sources: whose rules and transforms say why an event was refused. marks: of what was sent again, by id.
    """

    def __init__(self, store: Store, sources: Sequence[Source] = (), marks: Mapping[str, Mark] | None = None) -> None:
        self._store = store
        self._router = Router(sources, pseudonyms=KeyRing.of_this_moment())
        self._marks = marks or {}

    def objects(self) -> list[StoredObject]:
        """List the objects that hold failed records, the newest hour first."""
        return sorted(self._store.list(FOLDER), key=lambda one: (_hour(one.key), one.modified, one.key), reverse=True)

    def newest(self, limit: int, *, redriven: bool = False) -> tuple[list[FailedEntry], bool]:
        """Return so many records, the newest first, and whether there are more. Reads whole hours until it has them."""
        found: list[FailedEntry] = []
        hours = self._hours()
        for entries in hours:
            shown = [entry for entry in entries if redriven or entry.redriven is None]
            found += sorted(shown, key=lambda entry: entry.arrival, reverse=True)
            if len(found) >= limit:
                break
        return found[:limit], len(found) > limit or next(hours, None) is not None

    def every(self) -> Iterator[FailedEntry]:
        """Yield every record, the newest hour first, and within it object by object."""
        for entries in self._hours():
            yield from entries

    def originals(self, entries: Iterable[FailedEntry]) -> Iterator[tuple[FailedEntry, bytes | EventError]]:
        """Yield each record with the bytes that failed, or why they cannot be read; an object is read once for records that follow each other."""
        key = ""
        lines: list[bytes] | EventError = []
        for entry in entries:
            if entry.key != key:
                key, lines = entry.key, self._lines_or_why(entry.key)
            yield entry, lines if isinstance(lines, EventError) else _raw(_record(lines[entry.line]), lines[entry.line])

    def _lines_or_why(self, key: str) -> list[bytes] | EventError:
        """Read the records of an object, or say why they cannot be."""
        try:
            return self._lines(key)
        except StorageError as error:
            return EventError("Unreadable", str(error))

    def find(self, beginning: str) -> list[FailedEntry]:
        """Find the records whose id begins like this, at most 20, the newest hours first; also by the id that an earlier version gave."""
        wanted = beginning.lower()
        found: dict[str, FailedEntry] = {}
        for entries in self._hours(wanted):
            for entry in entries:
                found.setdefault(entry.id, entry)
            if len(found) >= _SHOWN or (found and len(wanted) >= ID_DIGITS):
                break
        return list(found.values())[:_SHOWN]

    def original(self, entry: FailedEntry) -> bytes:
        """Return the bytes that failed. Raises StorageError, CorruptObjectError."""
        line = self._lines(entry.key)[entry.line]
        return _raw(_record(line), line)

    def _hours(self, wanted: str = "") -> Iterator[list[FailedEntry]]:
        """Yield the records of each hour, the newest first, whose id begins like this."""
        for _, objects in groupby(self.objects(), key=lambda one: _hour(one.key)):
            yield list(self._entries([one.key for one in objects], wanted))

    def _entries(self, keys: list[str], wanted: str = "") -> Iterator[FailedEntry]:
        """Yield the records of objects whose id, or the one of an earlier version, begins like this."""
        with ThreadPoolExecutor(_READERS) as pool:
            for key, lines in zip(keys, pool.map(self._lines, keys), strict=True):
                for number, (entry, line) in enumerate(zip(_entries_of(key, lines), lines, strict=True)):
                    if entry.id.startswith(wanted) or f"{_digits(key)}-{number}".startswith(wanted):
                        yield self._explained(entry, line)

    def _explained(self, entry: FailedEntry, line: bytes) -> FailedEntry:
        """Say when the entry was sent again; replace its reason with the transform's where Firehose knows only that there was one."""
        mark = self._marks.get(entry.id)
        if mark is not None:
            entry = replace(entry, redriven=mark.at, into=mark.into)
        if not entry.code.startswith(_REFUSED):
            return entry
        routed = self._router.route(_raw(_record(line), line))
        reasons = [f"{error.code}: {error}" for _, error in routed.failures]
        return replace(entry, message=reasons[0] if reasons else "It can be stored now: `eventlake failed redrive` sends it again.")

    def _lines(self, key: str) -> list[bytes]:
        """Read the records of an object, gzip or plain."""
        data = self._store.get(key)
        if data[:2] == b"\x1f\x8b":
            try:
                data = gzip.decompress(data)
            except (EOFError, OSError, zlib.error) as error:
                raise CorruptObjectError(f'The object "{key}" is no whole gzip file: {error}.') from None
        return [line for line in data.splitlines() if line.strip()]


def _entries_of(key: str, lines: Sequence[bytes]) -> Iterator[FailedEntry]:
    """Yield the entries of an object's lines, each with an id of its own."""
    entries = [_entry(key, number, line) for number, line in enumerate(lines)]
    for entry, id in zip(entries, told_apart(entry.id for entry in entries), strict=True):
        yield entry if entry.id == id else replace(entry, id=id)


def _entry(key: str, number: int, line: bytes) -> FailedEntry:
    """Convert a line of an object to the entry that a list shows."""
    record = _record(line)
    code = _first(record, _CODES) or "Unreadable"
    message = _first(record, _MESSAGES) or ("" if record else "The line is no record of Firehose's.")
    stream, arrival, raw = _stream(key), _arrival(record, key), _raw(record, line)
    return FailedEntry(record_id(stream, raw, arrival), stream, code, message, arrival, len(raw), key, number)


def _record(line: bytes) -> Mapping[str, Any]:  # JSON as Firehose writes it
    """Parse the line's record; an empty one if it holds none."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _raw(record: Mapping[str, Any], line: bytes) -> bytes:  # JSON as Firehose writes it
    """Return the bytes that failed; the whole line if it does not hold them."""
    try:
        return base64.b64decode(record["rawData"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return line


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str:  # JSON as Firehose writes it
    return next((str(record[name]) for name in names if record.get(name)), "")


def _arrival(record: Mapping[str, Any], key: str) -> datetime:  # JSON as Firehose writes it
    """Return when the record reached the stream, in UTC; the object's hour if it does not say."""
    try:
        return datetime.fromtimestamp(int(record["arrivalTimestamp"]) / 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        year, month, day, hour = (int(part) for part in _hour(key))
        return datetime(year, month, day, hour, tzinfo=UTC)


def _hour(key: str) -> tuple[str, ...]:
    """Return the year, month, day and hour that a key names; those of 1970 if it names no hour that exists."""
    found = _HOUR.search(key)
    if found is None:
        return ("1970", "01", "01", "00")
    try:
        datetime(*(int(part) for part in found.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day, hour
    except ValueError:
        return ("1970", "01", "01", "00")
    return found.groups()


def _stream(key: str) -> str:
    """Return the table that a key under `error/` names."""
    return key.removeprefix(FOLDER).partition("/")[0]


def _digits(key: str) -> str:
    """Return what the ids of an object's records began with in an earlier version."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]
