"""The disk of a lake: how much room is left, and what the sentence of a failed call says, the same for every adapter."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eventlake.errors import StorageError, StorageFullError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_RESERVE_BYTES = 256 << 20
_RESERVE_SHARE = 0.05
_NEEDED_BYTES = 64 << 20
"""What delivery needs at once for a batch of the usual size: its lines and its object, and what the catalog writes meanwhile."""
_NEEDED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Disk:
    """How many bytes of a disk are free, and how many of them are kept for delivery."""

    free_bytes: int
    reserve_bytes: int

    @classmethod
    def of(cls, folder: Path, reserve_bytes: int | None = None) -> Disk:
        """Look at the disk of a folder.

        reserve_bytes: None is 5% of the disk, at least what delivery needs or a fifth of a small disk, at most 256 MiB.
        """
        status = os.statvfs(folder)
        size = status.f_blocks * status.f_frsize
        usual = min(_RESERVE_BYTES, max(int(size * _RESERVE_SHARE), min(_NEEDED_BYTES, int(size * _NEEDED_SHARE))))
        return cls(status.f_bavail * status.f_frsize, usual if reserve_bytes is None else reserve_bytes)

    @property
    def has_room(self) -> bool:
        """Return True if the bus may take more."""
        return self.free_bytes > self.reserve_bytes


def disk_bytes(folder: Path) -> int:
    """Return the size of the disk of a folder. Raises OSError."""
    status = os.statvfs(folder)
    return status.f_blocks * status.f_frsize


def make_durable(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a file durably, whole or not at all. mode: who may read and write it, less what the umask takes. Raises StorageError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with open(beside, "w", encoding="utf-8", opener=partial(os.open, mode=mode)) as file:
            file.write(text)
        make_durable(beside)
        beside.replace(path)
        make_durable(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise storage_error(error, f'"{path}" cannot be written') from None


def storage_error(error: OSError, what: str) -> StorageError:
    """Return the error of a failed call: what could not be done, and why."""
    if error.errno in _NO_ROOM:
        return StorageFullError(f"{what}: the disk is full. Make room; nothing that was accepted is lost.")
    return StorageError(f"{what}: {error.strerror or error}.")
