"""A file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOSPC
from pathlib import Path

from eventlake.errors import StorageError, StorageFullError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write to; it takes the name when all went well. Raises StorageError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        if error.errno == ENOSPC:
            raise StorageFullError(f'"{path}" cannot be written: the disk is full.') from None
        raise StorageError(f'"{path}" cannot be written: {error.strerror or error}.') from None
    finally:
        with suppress(OSError):  # in a folder that is none, nor in one that nobody may write to, is there anything to remove
            unfinished.unlink()
