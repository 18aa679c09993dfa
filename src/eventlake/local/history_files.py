"""The files of a history: what each is known by, and its items. Here those of this machine; objects in S3 are read the same way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eventlake.backends.disk import storage_error
from eventlake.errors import StorageError
from eventlake.local.folder import CATALOG
from eventlake.local.items import read_stretches
from eventlake.local.stretch import Stretch

NO_FILE = "is a pipe or a device, and a history is read twice: write what comes out of it into a file first."


class HistoryFile(Protocol):
    """A file of a history, whose text is its place."""

    @property
    def name(self) -> str:
        """Return the last part of its place."""

    @property
    def size_bytes(self) -> int:
        """Return how large it is."""

    @property
    def history(self) -> str:
        """Return what it is known by. Raises StorageError."""

    def stretches(self) -> Iterator[Stretch]:
        """Read its documents. Raises StorageError if it cannot be read, or ends too early."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """Return the last part of its place."""
        return self.path.name

    @property
    def size_bytes(self) -> int:
        """Return how large it is."""
        return self.path.stat().st_size

    @property
    def history(self) -> str:
        """Return what it is known by: its bytes, wherever it lies. Raises StorageError."""
        if self.path.exists() and not self.path.is_file():  # a pipe that nobody writes to would be waited for
            raise StorageError(f'"{self.path}" {NO_FILE}')
        try:
            with self.path.open("rb") as content:
                return f"file/{hashlib.file_digest(content, 'sha256').hexdigest()}"
        except OSError as error:
            raise storage_error(error, f'"{self.path}" cannot be read') from None

    def stretches(self) -> Iterator[Stretch]:
        """Read its documents. Raises StorageError if it cannot be read, or ends too early."""
        return read_stretches(str(self.path))


def lake_around(path: Path) -> Path | None:
    """Return the lake that a file or folder is, or lies in; None if it does not."""
    return next((folder for folder in (path, *path.parents) if (folder / CATALOG).is_file()), None)


def below(path: Path, left_out: Callable[[Path], None]) -> list[LocalFile]:
    """Return a file, or what lies below a folder in the order of paths, also where links lead. Raises StorageError for a closed folder.

    left_out: is told each lake there, of which nothing is among them. A link that leads nowhere, and what is no file, is: it cannot be read, and
    whoever reads it says so.
    """
    if not path.is_dir():
        return [LocalFile(path)]
    found, seen = list[Path](), set[str]()
    for folder, folders, names in os.walk(path, onerror=_refuse, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:  # a link leads to where it came from, or to what is read anyway
            folders.clear()
            continue
        seen.add(real)
        if CATALOG in names:
            left_out(Path(folder))
            folders.clear()
            continue
        found += (Path(folder, name) for name in names)
    return [LocalFile(file) for file in sorted(found)]


def _refuse(error: OSError) -> None:
    raise storage_error(error, f'"{error.filename}" cannot be read') from None
