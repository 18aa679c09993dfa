"""Documents of a history that come into a lake together: in order few of them fill an hour; out of order many are gathered first, on the disk.

An object is written for each hour of a group. In order, a group of some megabytes begins where the one before it ended. A file whose hours come
up again and again would make a small object of each hour with every group, so its groups are a hundred times as large, and wait in a file.
What waits is lists of bytes and of numbers, and no object for each row: Python's collector would look at each of those again and again.
"""

from __future__ import annotations

import contextlib
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

from eventlake.backends.disk import Disk, storage_error
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.backfill import HourRows, happened, written_hour
from eventlake.pipeline.failed_records import FailedRecord

SCATTERED_BYTES = 1 << 30
SCATTERED_ROWS = 400_000
"""How many bytes and rows at most, where they do not."""
_ASTRAY = 4
"""From which share on of its turns to another hour, as one in so many, a group is out of order: those to an hour that was there, and to and fro."""


@dataclass(slots=True)
class LinesHeld:
    """The log lines of one table and hour, in memory."""

    table: Table
    hour: Hour
    lines: list[bytes] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Return how large they are together."""
        return sum(map(len, self.lines))


@dataclass(slots=True)
class RowsHeld(LinesHeld):
    """The rows of one table and hour, in memory: their log lines, and the bytes of the event of each."""

    events: list[bytes] = field(default_factory=list)

    def event(self, place: int) -> bytes:
        """Return the bytes of the event of a line."""
        return self.events[place]


@dataclass(slots=True)
class RowsAside:
    """The rows of one table and hour whose bytes wait in a file: where each is, how long its line is, and how long its event behind it."""

    table: Table
    hour: Hour
    file: IO[bytes]
    places: array[int] = field(default_factory=partial(array, "q"))
    sizes: array[int] = field(default_factory=partial(array, "l"))
    event_sizes: array[int] = field(default_factory=partial(array, "l"))

    @property
    def size_bytes(self) -> int:
        """Return how large the log lines are together."""
        return sum(self.sizes)

    @property
    def lines(self) -> list[bytes]:
        """Read the log lines. Raises StorageError."""
        return [self._read(at, size) for at, size in zip(self.places, self.sizes, strict=True)]

    def event(self, place: int) -> bytes:
        """Read the bytes of the event of a line. Raises StorageError."""
        return self._read(self.places[place] + self.sizes[place], self.event_sizes[place])

    def _read(self, at: int, size: int) -> bytes:
        try:
            self.file.seek(at)
            return self.file.read(size)
        except OSError as error:
            raise storage_error(error, "What was read of a history cannot be read again") from None


class Collected:
    """A group while it gathers.

    folder: where a file may wait that has no name; None for the system's own place for such. size_bytes: of a group that comes in order. seen:
    the hours of the groups before, which is added to.
    """

    def __init__(self, folder: Path | None, size_bytes: int, seen: set[Hour]) -> None:
        self._folder = folder
        self._size_bytes = size_bytes
        self.failures: list[FailedRecord] = []
        self.events = 0
        self.rows = 0
        self.erased = 0
        self._held: dict[tuple[Hour, str], RowsHeld] = {}
        self._by_time: dict[tuple[str, str], RowsHeld] = {}
        self._aside: dict[tuple[Hour, str], RowsAside] = {}
        self._file: IO[bytes] | None = None
        self._aside_rows = 0
        self._aside_bytes = 0
        self._held_bytes = 0
        self._seen = seen
        self._turns = self._astray = 0
        self._last: RowsHeld | None = None
        self._was_forth = True

    def add_events(self, count: int) -> None:
        """Count events that a document holds."""
        self.events += count

    def add(self, table: Table, lines: Sequence[bytes], events: Sequence[bytes], event_time: str | None, now: datetime) -> None:
        """Add log lines of one hour, and the event of each. event_time: of the first, as it stands there. now: when they come in, aware."""
        key = written_hour(event_time), table.name
        rows = self._by_time.get(key) if key[0] else None
        if rows is None:
            rows = self._by_time[key] = self._rows(table, Hour.of(happened(event_time) or now))
        rows.lines += lines
        rows.events += events
        self.rows += len(lines)
        self._held_bytes += sum(map(len, lines)) + sum(map(len, events))
        if rows is not self._last:
            self._turn(rows)

    def add_erased(self) -> None:
        """Count an event of somebody who was erased, of which nothing is kept."""
        self.erased += 1

    def add_failure(self, record: FailedRecord) -> None:
        """Add a failed record."""
        self.failures.append(record)
        self._held_bytes += len(record.raw)

    def settle(self) -> None:
        """Put what is out of order into a file where it is large and may wait there. Raises StorageError."""
        if self._held_bytes >= self._size_bytes and self._is_scattered and self._may_wait:
            self._put_aside()

    def close(self) -> None:
        """Give up the file, if there is one: its rows are brought in, or not wanted any more."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk did not take its last bytes, and still does not; it is closed nevertheless
                self._file.close()

    @property
    def is_full(self) -> bool:
        """Return True if it is to be brought in."""
        return self._held_bytes >= self._size_bytes or self._aside_rows >= SCATTERED_ROWS

    @property
    def hours(self) -> Sequence[HourRows]:
        """Return the rows of each table and hour, in the order of the hours. Raises StorageError."""
        if self._file is not None:
            self._put_aside()
        found = self._held if self._file is None else self._aside
        return [found[key] for key in sorted(found)]

    @property
    def _is_scattered(self) -> bool:
        return self._astray * _ASTRAY > self._turns

    def _rows(self, table: Table, hour: Hour) -> RowsHeld:
        """Return where the rows of a table and hour are held."""
        return self._held.setdefault((hour, table.name), RowsHeld(table, hour))

    def _turn(self, rows: RowsHeld) -> None:
        """Take note that a row is not of the table and hour of the one before it."""
        before, self._last = self._last, rows
        if before is not None:
            if before.hour == rows.hour:
                return
            is_forth = rows.hour > before.hour
            self._turns += 1
            self._astray += rows.hour in self._seen or is_forth != self._was_forth
            self._was_forth = is_forth
        self._seen.add(rows.hour)

    def _put_aside(self) -> None:
        """Write the rows that are held to the file; failed records stay. Raises StorageError."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  it is closed by `close`, and has no name that could stay
            file, at = self._file, self._file.seek(0, 2)
            for key, rows in self._held.items():
                aside = self._aside.setdefault(key, RowsAside(rows.table, rows.hour, file))
                for line, event in zip(rows.lines, rows.events, strict=True):
                    file.write(line + event)
                    aside.places.append(at)
                    aside.sizes.append(len(line))
                    aside.event_sizes.append(len(event))
                    at += len(line) + len(event)
            file.flush()
        except OSError as error:
            raise storage_error(error, f'What was read of a history cannot be set aside in "{self._place}"') from None
        self._held.clear()
        self._by_time.clear()
        self._aside_rows, self._aside_bytes = self.rows, at
        self._held_bytes = sum(len(failed.raw) for failed in self.failures)

    @property
    def _may_wait(self) -> bool:
        """Return True if there is room in the file for what is held, and for as much as may be held when the group ends.

        It takes a quarter of what the disk has to spare, where that is less than it may hold.
        """
        disk = Disk.of(self._place)
        spare = max(disk.free_bytes - disk.reserve_bytes, 0) + self._aside_bytes
        return self._aside_bytes + self._held_bytes + self._size_bytes <= min(SCATTERED_BYTES, spare // 4)

    @property
    def _place(self) -> Path:
        """Return the folder of the file."""
        return Path(self._folder or tempfile.gettempdir())
