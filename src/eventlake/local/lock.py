"""The lock of a lake: one process writes it, and who that is can be read.

The lock is an flock on `lock` in the lake's folder; the system releases it when the last process that inherited it has ended. Its text names
the holder.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.errors import LakeLockedError

LOCK = "lock"


class LakeLock:
    """The lock of the lake in a folder, held until `release`. Raises LakeLockedError, StorageError.

    tells: whether its text is to name this process.
    """

    def __init__(self, folder: Path, *, tells: bool = True) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise storage_error(error, f'The lake in "{folder}" cannot be opened for writing') from None
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.descriptor)
            raise LakeLockedError(
                f'The lake in "{folder}" is being written by {_holder(folder)}. End it first{_way_out(folder)}.'
            ) from None
        if tells:
            self.tell()

    def tell(self, url: str | None = None) -> None:
        """Write who holds the lock, and where its bus listens."""
        holder = {
            "pid": os.getpid(),
            "command": " ".join(sys.argv[1:2]) or "a program",
            "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
            "url": url,
        }
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(holder).encode(), 0)

    def release(self) -> None:
        """Let others write."""
        os.close(self.descriptor)


def read_holder(folder: Path) -> dict[str, object]:
    """Read what the lock's text says of who holds or held it; {} if nothing."""
    try:
        holder = json.loads((folder / LOCK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _holder(folder: Path) -> str:
    holder = read_holder(folder)
    return f"{holder.get('command')} (process {holder.get('pid')}, since {holder.get('since')})" if holder else "another process"


def _way_out(folder: Path) -> str:
    url = read_holder(folder).get("url")
    return f", or send to its bus with --bus {url}" if url else ", or name another folder with --lake"
