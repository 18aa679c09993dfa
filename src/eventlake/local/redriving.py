"""Failed records of a lake in a folder, tried again: what they become now, and their rows brought into the hours in which they arrived."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from eventlake.backends.catalog.entries import FailedEntry, Redriven
from eventlake.backends.directory import DirectoryStore
from eventlake.backends.msgspec_codec import FAST, event_time
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import EventError, EventlakeError
from eventlake.interfaces import Pseudonyms
from eventlake.layout import Hour
from eventlake.local.additions import Additions, Staged, persistently
from eventlake.local.collecting import LinesHeld
from eventlake.local.delivery.budget import Budget
from eventlake.local.folder import OBJECTS
from eventlake.local.keys import read_keys
from eventlake.local.tombstones import read_forgetting
from eventlake.model import Source, Table
from eventlake.pipeline.backfill import happened
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.failed_records import UNMATCHED
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.redrive import Filter, Redrive, shape
from eventlake.pipeline.router import Router

ERASED = "erased"
"""Stands where a redriven record's tables do, if it is of somebody who was erased."""
GROUP = 20_000
GROUP_BYTES = 32 << 20
"""How many records, and bytes of them, are brought in by one transaction."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A failed record that was tried: the log lines that it becomes, or why it still fails; neither if it is of somebody who was erased."""

    entry: FailedEntry
    shape: str
    lines: Sequence[tuple[Table, bytes]]
    error: EventError | None = None

    @property
    def into(self) -> str:
        """Return the names of the tables that it goes into, or that its person was erased."""
        return ERASED if self.is_erased else ", ".join(sorted({table.name for table, _ in self.lines}))

    @property
    def is_erased(self) -> bool:
        """Return True if it is of somebody who was erased, and nothing becomes of it."""
        return self.error is None and not self.lines


@dataclass(slots=True)
class _HourLines(LinesHeld):
    """The log lines of one table and hour, and the id of the failed record of each."""

    ids: list[str] = field(default_factory=list)


def wanted(catalog: SqliteCatalog, chosen: Filter) -> list[FailedEntry]:
    """Return the failed records that are to be tried, those that lie in one object after another."""
    found = [one for one in catalog.failed() if chosen.takes(one.id, one.stream, one.code, one.message, _microseconds(one.arrival))]
    return sorted(found, key=lambda one: (Hour.of(one.arrival), one.key, one.line))


def tried(entries: Iterable[FailedEntry], folder: Path, sources: Sequence[Source]) -> Iterator[Tried]:
    """Try records with the declarations of today, and change nothing. One whose object cannot be read fails for that, and stops no other."""
    return tried_originals(_originals(entries, DirectoryStore(folder / OBJECTS)), sources, read_keys(folder), read_forgetting(folder))


def tried_originals(
    found: Iterable[tuple[FailedEntry, bytes | EventError]],
    sources: Sequence[Source],
    pseudonyms: Pseudonyms | None,
    forgetting: Forgetting | None = None,
) -> Iterator[Tried]:
    """Try records with the declarations of today. found: each with its original bytes, or why they cannot be read."""
    budget = Budget(Router(sources, FAST, pseudonyms=pseudonyms, forgetting=forgetting).route)
    redrive = Redrive(Intake(sources, FAST), budget.route)
    for entry, raw in found:
        if isinstance(raw, EventError):
            yield Tried(entry, "unreadable", (), raw)
            continue
        try:
            with budget:
                lines = redrive.lines(entry.stream, raw)
            yield Tried(entry, shape(raw), lines)
        except EventError as error:
            yield Tried(entry, shape(raw), (), error)


class Redriver:
    """Brings failed records into a lake that this process writes, or adds to beside its bus. now: the moment, aware."""

    def __init__(
        self, catalog: SqliteCatalog, folder: Path, sources: Sequence[Source], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._catalog = catalog
        self._folder = folder
        self._sources = sources
        self._additions = Additions(catalog, folder / OBJECTS)
        self._now = now

    def redrive(self, entries: Sequence[FailedEntry]) -> Iterator[Tried]:
        """Bring records in, a group at a time, each group in one transaction; tell what became of each. Raises StorageError."""
        for group in _groups(tried(entries, self._folder, self._sources)):
            yield from persistently(partial(self._bring_in, group))

    def _bring_in(self, group: Sequence[Tried]) -> list[Tried]:
        staged, refused = self._staged(group)
        done = [_refused(one, refused[one.entry.id]) if one.entry.id in refused else one for one in group]
        into = {one.entry.id: one.into for one in done if one.error is None}
        failing = {one.entry.id: one.error for one in done if one.error is not None and not _is_told(one.entry, one.error)}
        self._additions.register(staged, Redriven(into, failing, self._now()))
        return done

    def _staged(self, group: Sequence[Tried]) -> tuple[list[Staged], dict[str, str]]:
        """Write the lines of records aside, those of a record all or none; return the files, and why which records are refused."""
        refused: dict[str, str] = {}
        while True:
            hours = _by_hour([one for one in group if one.entry.id not in refused])
            staged, found = self._additions.stage(hours)
            new = {one.ids[place]: reason for one, reasons in zip(hours, found, strict=True) for place, reason in reasons.items()}
            if not new:
                return staged, refused
            self._additions.discard(staged)
            refused |= new


def _by_hour(group: Sequence[Tried]) -> list[_HourLines]:
    """Group the lines of records by table and hour, in the order of the hours."""
    hours: dict[tuple[Hour, str], _HourLines] = {}
    for one in group:
        for table, line in one.lines:
            hour = Hour.of(_moment(one.entry, line))
            of_hour = hours.setdefault((hour, table.name), _HourLines(table, hour))
            of_hour.lines.append(line)
            of_hour.ids.append(one.entry.id)
    return [hours[key] for key in sorted(hours)]


def _moment(entry: FailedEntry, line: bytes) -> datetime:
    """Return the moment in whose hour a line belongs: of arrival; of what no rule matched, which may be old history, when it happened."""
    return (happened(event_time(line)) if entry.stream == UNMATCHED else None) or entry.arrival


def _is_told(entry: FailedEntry, error: EventError) -> bool:
    """Return True if a record's reason says this already, with its place in the input perhaps."""
    return entry.code == error.code and entry.message.startswith(str(error).rstrip("."))


def _refused(one: Tried, reason: str) -> Tried:
    return Tried(one.entry, one.shape, (), EventError("ConversionFailed", f"The {one.into} line cannot be stored: {reason}"))


def _groups(found: Iterable[Tried]) -> Iterator[list[Tried]]:
    group: list[Tried] = []
    size = 0
    for one in found:
        group.append(one)
        size += one.entry.size_bytes
        if len(group) == GROUP or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _originals(entries: Iterable[FailedEntry], store: DirectoryStore) -> Iterator[tuple[FailedEntry, bytes | EventError]]:
    """Yield each record with its original bytes, or why they cannot be read; an object is read once for its records that follow each other."""
    key, lines = "", list[bytes]()
    for entry in entries:
        if entry.key != key:
            key, lines = entry.key, _lines(store, entry.key)
        try:
            yield entry, base64.b64decode(json.loads(lines[entry.line])["rawData"])
        except (IndexError, KeyError, ValueError, TypeError):
            yield entry, EventError("Unreadable", f'The object "{key}" is missing or damaged: run "eventlake doctor".')


def _lines(store: DirectoryStore, key: str) -> list[bytes]:
    """Return the lines of an object of failed records, none if it cannot be read."""
    try:
        return gzip.decompress(store.get(key)).splitlines()
    except (EOFError, OSError, zlib.error, EventlakeError):
        return []


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
