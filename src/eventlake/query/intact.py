"""Whether the objects of a query are what was written: an answer over others would be short or wrong without a word.

Size and checksum are the catalog's. DuckDB reads a JSON object that was cut short, and takes flipped bits in either format for values, so
every object is read whole once; as long as the file stays the same it is not read again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from eventlake.checksum import crc32
from eventlake.errors import CorruptObjectError
from eventlake.interfaces import LogObject
from eventlake.query.diagnosis import damaged
from eventlake.query.reading import Reading

Identity = tuple[int, int, int]
"""Size, inode and nanosecond of the last change of a file."""


class Intact:
    """Remembers which files hold what was written."""

    def __init__(self) -> None:
        self._checked: dict[str, Identity] = {}

    def check(self, readings: Sequence[Reading]) -> None:
        """Raise CorruptObjectError for the first object that is missing or not what the catalog knows; it is named."""
        read = {path: item for reading in readings for item, path in zip(reading.objects, reading.paths, strict=True)}
        for path, item in read.items():
            identity = _identity(item, path)
            if item.crc32 is not None and self._checked.get(path) != identity:
                if _checksum(item, path) != item.crc32:
                    raise _damaged(item, "is not what was written: its checksum differs")
                self._checked[path] = identity


def _identity(item: LogObject, path: str) -> Identity:
    try:
        status = os.stat(path)  # noqa: PTH116  # a Path for each costs three times as much
    except (FileNotFoundError, NotADirectoryError):
        raise _damaged(item, "is missing") from None
    except OSError as error:
        raise _damaged(item, f"cannot be read: {error.strerror}") from None
    if status.st_size != item.size_bytes:
        raise _damaged(item, f"has {status.st_size:,} bytes where the catalog knows {item.size_bytes:,}")
    return status.st_size, status.st_ino, status.st_mtime_ns


def _checksum(item: LogObject, path: str) -> int:
    """Return the CRC32 of a file's bytes. Raises CorruptObjectError if it cannot be read."""
    try:
        return crc32(path)
    except OSError as error:
        raise _damaged(item, f"cannot be read: {error.strerror}") from None


def _damaged(item: LogObject, what: str) -> CorruptObjectError:
    return damaged(f'The object "{item.key}" of {item.table} {what}')
