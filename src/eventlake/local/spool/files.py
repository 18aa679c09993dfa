"""The calls on the file system that durability depends on, as one object, so that a test can make any of them fail.

A file is durable when it was synchronised and so was the folder that names it.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

if sys.platform == "darwin":  # pragma: no cover - there, fsync leaves the data in the cache of the disk (fsync(2))

    def _synchronise(descriptor: int) -> None:
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)

else:
    _synchronise = os.fdatasync


class FileSystem:
    """The operating system's."""

    def open_for_append(self, path: Path) -> int:
        """Open a file to append to; make it if it is not there."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of the data. Raises OSError, perhaps after a part of it."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Bring the file's data to the disk."""
        _synchronise(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to this size."""
        os.ftruncate(descriptor, size)

    def make_folder(self, folder: Path) -> None:
        """Make the folder and those above it, each durable in the one that names it."""
        if folder.is_dir():
            return
        self.make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        self.sync_folder(folder.parent)

    def sync_folder(self, folder: Path) -> None:
        """Bring the folder's names to the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def protect(self, path: Path) -> None:
        """Let nobody write to a file any more."""
        path.chmod(0o440)
