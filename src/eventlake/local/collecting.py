"""Items of a history that come into a lake together: in order few of them fill an hour; out of order many are gathered first, on the disk.

An object is written for each hour of a group. In order, a group of some megabytes begins where the one before it ended. A file whose hours come
up again and again would make a small object of each hour with every group, so its groups are a hundred times as large, and wait in a file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from eventlake.backends.disk import Disk, storage_error
from eventlake.model import Table
from eventlake.pipeline.backfill import AnyRow, Became
from eventlake.pipeline.delivery import FailedRecord

SCATTERED_BYTES = 1 << 30
SCATTERED_ROWS = 400_000
"""How many bytes and rows at most, where they do not: what is known of a row that waits in a file takes a quarter of a kilobyte of memory."""
_ASTRAY = 4
"""From which share on of its turns to another hour, as one in so many, a group is out of order: those to an hour that was there, and to and fro."""


@dataclass(frozen=True, slots=True)
class RowAside:
    """A row whose bytes wait in a file."""

    table: Table
    moment: datetime
    file: IO[bytes]
    at: int
    line_bytes: int
    event_bytes: int

    @property
    def line(self) -> bytes:
        """Read the log line."""
        return self._read(self.at, self.line_bytes)

    @property
    def event(self) -> bytes:
        """Read the bytes of the event."""
        return self._read(self.at + self.line_bytes, self.event_bytes)

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

    def __init__(self, folder: Path | None, size_bytes: int, seen: set[datetime]) -> None:
        self._folder = folder
        self._size_bytes = size_bytes
        self.rows: list[AnyRow] = []
        self.failures: list[FailedRecord] = []
        self.items = 0
        self.events = 0
        self._file: IO[bytes] | None = None
        self._aside_rows = 0
        self._aside_bytes = 0
        self._held_bytes = 0
        self._seen = seen
        self._turns = self._astray = 0
        self._last: datetime | None = None
        self._was_forth = True

    def add(self, became: Iterable[Became]) -> None:
        """Add what became of items. Raises StorageError."""
        for one in became:
            self.items += 1
            self.events += one.events
            self.failures += one.failures
            self.rows += one.rows
            self._held_bytes += sum(len(row.line) + len(row.event) for row in one.rows) + sum(len(failed.raw) for failed in one.failures)
            for row in one.rows:
                self._note(row.moment)
        if self._held_bytes >= self._size_bytes and self._is_scattered:
            self._put_aside()

    def close(self) -> None:
        """Give up the file, if there is one: its rows are brought in, or not wanted any more."""
        if self._file is not None:
            self._file.close()

    @property
    def is_full(self) -> bool:
        """Return True if it is to be brought in."""
        return self._held_bytes >= self._size_bytes or self._aside_bytes >= self._most_bytes() or self._aside_rows >= SCATTERED_ROWS

    @property
    def _is_scattered(self) -> bool:
        return self._astray * _ASTRAY > self._turns

    def _note(self, moment: datetime) -> None:
        """Take note of a row's hour."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if hour == self._last:
            return
        if self._last is not None:
            is_forth = hour > self._last
            self._turns += 1
            self._astray += hour in self._seen or is_forth != self._was_forth
            self._was_forth = is_forth
        self._last = hour
        self._seen.add(hour)

    def _put_aside(self) -> None:
        """Write the rows that are held to the file; failed records stay. Raises StorageError."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  it is closed by `close`, and has no name that could stay
            file, at = self._file, self._file.seek(0, 2)
            for place in range(self._aside_rows, len(self.rows)):
                row = self.rows[place]
                file.write(row.line + row.event)
                self.rows[place] = RowAside(row.table, row.moment, file, at, len(row.line), len(row.event))
                at += len(row.line) + len(row.event)
            file.flush()
        except OSError as error:
            raise storage_error(error, "What was read of a history cannot be set aside") from None
        self._aside_rows, self._aside_bytes = len(self.rows), at
        self._held_bytes = sum(len(failed.raw) for failed in self.failures)

    def _most_bytes(self) -> int:
        """Return how much may wait in the file: a quarter of what the disk has to spare, where that is less."""
        if self._file is None:
            return SCATTERED_BYTES
        disk = Disk.of(Path(self._folder or tempfile.gettempdir()))
        return min(SCATTERED_BYTES, max(disk.free_bytes - disk.reserve_bytes, 0) // 4)
