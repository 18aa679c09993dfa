"""The disk of a lake: how much room is left, and what the sentence of a failed call says, the same for every adapter."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from eventlake.errors import StorageError, StorageFullError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_RESERVE_BYTES = 256 << 20
_RESERVE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Disk:
    """How many bytes of a disk are free, and how many of them are kept for delivery."""

    free_bytes: int
    reserve_bytes: int

    @classmethod
    def of(cls, folder: Path, reserve_bytes: int | None = None) -> Disk:
        """Look at the disk of a folder. reserve_bytes: None is 256 MiB or 5% of the disk, whichever is less."""
        status = os.statvfs(folder)
        usual = min(_RESERVE_BYTES, int(status.f_blocks * status.f_frsize * _RESERVE_SHARE))
        return cls(status.f_bavail * status.f_frsize, usual if reserve_bytes is None else reserve_bytes)

    @property
    def has_room(self) -> bool:
        """Return True if the bus may take more."""
        return self.free_bytes > self.reserve_bytes


def storage_error(error: OSError, what: str) -> StorageError:
    """Return the error of a failed call: what could not be done, and why."""
    if error.errno in _NO_ROOM:
        return StorageFullError(f"{what}: the disk is full. Make room; nothing that was accepted is lost.")
    return StorageError(f"{what}: {error.strerror or error}.")
