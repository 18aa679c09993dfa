"""Log lines as gzip JSON lines, `.gz` as Firehose names them; read back before they count."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

from eventlake.errors import CorruptObjectError
from eventlake.model import Table

EXTENSION = ".gz"
_LEVEL = 6


class JsonLinesWriter:
    """Writes objects of gzip JSON lines."""

    format = "json"
    extension = EXTENSION

    def write(self, _table: Table, lines: Sequence[bytes], path: Path) -> None:
        """Write the log lines to a file, checked. Raises OSError, CorruptObjectError."""
        write_gzip(b"".join(lines), path)


def write_gzip(data: bytes, path: Path) -> None:
    """Write a gzip file and read it back. Raises OSError, CorruptObjectError."""
    path.write_bytes(gzip.compress(data, _LEVEL, mtime=0))
    if read_gzip(path) != data:
        raise CorruptObjectError(f"{path}: what was read back is not what was written.")


def read_gzip(path: Path) -> bytes:
    """Read the bytes of a gzip file, checked against its own checksum. Raises OSError, CorruptObjectError."""
    try:
        return gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorruptObjectError(f"{path}: is no whole gzip file: {error}.") from None
