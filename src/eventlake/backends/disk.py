"""What the sentence of a failed call on the disk says, the same for every adapter and for the flow on one machine."""

from __future__ import annotations

import errno

from eventlake.errors import StorageError, StorageFullError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def storage_error(error: OSError, what: str) -> StorageError:
    """Return the error of a failed call: what could not be done, and why."""
    if error.errno in _NO_ROOM:
        return StorageFullError(f"{what}: the disk is full. Make room; nothing that was accepted is lost.")
    return StorageError(f"{what}: {error.strerror or error}.")
