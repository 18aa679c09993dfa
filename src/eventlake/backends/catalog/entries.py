"""What a catalog is given to note, and tells: objects that become visible, failed records, what became of those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eventlake.backends.parquet_times import event_times
from eventlake.checksum import crc32
from eventlake.description import PROCESSING_FAILED, Description
from eventlake.errors import EventError
from eventlake.interfaces import LogObject
from eventlake.layout import Hour
from eventlake.model import Times

ALL = -(1 << 63)
"""The position before every stretch. What did not come by way of the spool lies in stretches below zero, each of one position."""


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object of log lines that is to become visible, and the stretch of the spool whose records of its table it holds."""

    key: str
    table: str
    hour: Hour
    format: str
    size_bytes: int
    rows: int
    crc32: int
    position_from: int | None = None
    position_to: int | None = None
    generation: int = 0
    stretches: tuple[tuple[int, int], ...] = ()
    """Those of a closed hour's object, which holds what several held; of others there is one, from and to."""
    strict: frozenset[str] = frozenset()
    """The columns, as they are stored, whose texts are JSON as we write it."""
    times: Times | None = None
    """Between which every `event_time` of its rows lies; None if that is not known."""

    @classmethod
    def described(cls, key: str, file: Path, log_format: str, said: Description, strict: Iterable[str] = ()) -> NewObject:
        """Return the object of a finished file, which says this of itself. strict: what who wrote it knows of its columns.

        Raises OSError, CorruptObjectError.
        """
        held = said.position_from, said.position_to, said.generation, said.stretches, frozenset(strict)
        times = event_times(file) if log_format == "parquet" else None
        return cls(key, said.stream, said.hour, log_format, file.stat().st_size, said.rows, crc32(file), *held, times)

    @property
    def log_object(self) -> LogObject:
        """Return it as readers know it."""
        return LogObject(
            self.table, self.hour, self.key, self.format, self.size_bytes, self.rows, self.crc32, strict=self.strict, times=self.times
        )


@dataclass(frozen=True, slots=True)
class NewFailedObject:
    """An object of failed records that is to become visible."""

    key: str
    stream: str
    size_bytes: int
    rows: int
    crc32: int
    position_from: int | None = None
    position_to: int | None = None

    @classmethod
    def described(cls, key: str, file: Path, said: Description) -> NewFailedObject:
        """Return the object of a finished file, which says this of itself. Raises OSError.

        The stretch of refused lines is that of their object of lines: theirs holds none of the events that failed in it for another reason.
        """
        held = (said.position_from, said.position_to) if said.kind == PROCESSING_FAILED else (None, None)
        return cls(key, said.stream, file.stat().st_size, said.rows, crc32(file), *held)


@dataclass(frozen=True, slots=True)
class FailedEntry:
    """A failed record as the catalog lists it: where its line lies; arrival in UTC."""

    id: str
    stream: str
    code: str
    message: str
    arrival: datetime
    size_bytes: int
    key: str
    line: int
    redriven: datetime | None = None
    """When it was brought in again, in UTC."""
    into: str = ""
    """The tables that have it since."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of failed records that were tried again: into which tables each went, by id; and of those that still fail, the reason."""

    into: Mapping[str, str]
    failing: Mapping[str, EventError]
    at: datetime
