"""The checksum of a stored file, which the catalog keeps of every object: CRC32, as zlib and gzip have it."""

from __future__ import annotations

import zlib
from pathlib import Path

_CHUNK = 1 << 20


def crc32(path: Path | str) -> int:
    """Return the CRC32 of a file's bytes. Raises OSError if it cannot be read."""
    checksum = 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  # a Path for each object of a query costs three times as much
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
