"""A file that is there whole or not at all; what is no file, such as a pipe or a device, gets what was written and stays what it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOSPC
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

from eventlake.errors import StorageError, StorageFullError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write to, whose content `path` has when all went well; a link still leads where it led. Raises StorageError."""
    try:
        with _filling(path) if _is_stream(path) else _renaming(Path(os.path.realpath(path))) as unfinished:
            yield unfinished
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == ENOSPC:
            raise StorageFullError(f'"{path}" cannot be written: the disk is full.') from None
        raise StorageError(f'"{path}" cannot be written: {error.strerror or error}.') from None


def _is_stream(path: Path) -> bool:
    """Return True for a pipe or a device: to take its name would take it from everybody else."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextmanager
def _renaming(path: Path) -> Iterator[Path]:
    """Give a file beside the path, which takes its name."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        with suppress(OSError):  # in a folder that is none, nor in one that nobody may write to, is there anything to remove
            unfinished.unlink()


@contextmanager
def _filling(path: Path) -> Iterator[Path]:
    """Give a file elsewhere, which is written into what the path is."""
    with TemporaryDirectory(prefix="eventlake-") as folder:
        unfinished = Path(folder, "unfinished")
        yield unfinished
        with unfinished.open("rb") as written, path.open("wb") as stream:
            copyfileobj(written, stream)
