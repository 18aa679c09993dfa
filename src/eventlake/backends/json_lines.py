"""Log lines as gzip JSON lines, `.gz` as Firehose names them; read back before they count.

What the object says of itself stands in the extra field of the header, under the subfield `EL`; readers of gzip skip it. What is too long for
that, as of a closed hour that holds thousands of stretches, follows in the headers of empty members.
Format: https://www.rfc-editor.org/rfc/rfc1952
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from isal import igzip, isal_zlib

from eventlake.backends.line_check import LineCheck, UnwritableLinesError
from eventlake.description import Description, decode
from eventlake.errors import CorruptObjectError
from eventlake.model import Table

EXTENSION = ".gz"
_LEVEL = 6
_FAST_LEVEL = 2
"""Of ISA-L, for what is written as it comes, and anew when its hour is closed: a tenth of the time of zlib's 6, for up to a third more bytes."""
_LINES_AT_ONCE = 1000
_PIECE_BYTES = 1 << 20
_MAGIC = b"\x1f\x8b\x08"
_HAS_EXTRA = 4
_FIXED_BYTES = 10
_SUBFIELD = b"EL"
_LONG = b"EN"
"""The subfield of a description that is too long for a header: how many bytes at the end of the file hold it, in empty members of their own."""
_HEADER_BYTES = 16 << 10
"""How much of a description a header takes; DuckDB 2.0 refuses one of 32 KiB and more behind the first."""
_NOTHING = b"\x03\0" + bytes(8)
"""What an empty member holds behind its header: nothing deflated, the checksum and the length of nothing."""
_LENGTH = struct.Struct("<H")
_TRAILER = struct.Struct("<II")


class JsonLinesWriter:
    """Writes objects of gzip JSON lines."""

    format = "json"
    extension = EXTENSION

    def __init__(self) -> None:
        self._checks: dict[str, LineCheck] = {}

    def write(self, table: Table, lines: Sequence[bytes], path: Path, description: Description) -> None:
        """Write the log lines to a file, checked. Raises OSError, CorruptObjectError, UnwritableLinesError."""
        refused = self._check(table).refused(lines)
        if refused:
            raise UnwritableLinesError(next(iter(refused.values())))
        write_gzip(lines, path, description)

    def write_all(self, table: Table, parts: Sequence[tuple[Sequence[bytes], Path, Description]]) -> None:
        """Write several files, checked. Raises OSError, CorruptObjectError, UnwritableLinesError."""
        for lines, path, description in parts:
            self.write(table, lines, path, description)

    def _check(self, table: Table) -> LineCheck:
        if table.name not in self._checks:
            self._checks[table.name] = LineCheck(table)
        return self._checks[table.name]


def write_gzip(lines: Sequence[bytes], path: Path, description: Description) -> None:
    """Write lines to a gzip file and read it back, a piece at a time. Raises OSError, CorruptObjectError."""
    fast: Deflate = isal_zlib.compressobj(_FAST_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    with GzipWriter(path, description, fast) as writer:
        for start in range(0, len(lines), _LINES_AT_ONCE):
            writer.write(b"".join(lines[start : start + _LINES_AT_ONCE]))
    if _read_back(path) != (writer.checksum, writer.length):
        raise CorruptObjectError(f"{path}: what was read back is not what was written.")


def _read_back(path: Path) -> tuple[int, int]:
    """Return CRC32 and length of what a gzip file holds. Raises OSError, CorruptObjectError."""
    checksum = length = 0
    with _readable(path), igzip.open(path) as file:  # type: ignore[no-untyped-call]  # it has no types
        while piece := file.read(_PIECE_BYTES):
            checksum, length = isal_zlib.crc32(piece, checksum), length + len(piece)
    return checksum, length


class Deflate(Protocol):
    """Deflates a text that comes in pieces, as `zlib.compressobj` does."""

    def compress(self, data: bytes, /) -> bytes:
        """Take the next bytes; what is ready of the result."""

    def flush(self) -> bytes:
        """Return the rest of it."""


class GzipWriter:
    """Writes a gzip file piece by piece, with what it says of itself. deflate: compresses it; zlib at its level 6 if none is given. Raises OSError."""

    def __init__(self, path: Path, description: Description, deflate: Deflate | None = None) -> None:
        self._file = path.open("wb")
        header, self._tail = _described(description)
        self._file.write(header)
        self._deflate = deflate or zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.checksum = self.length = 0

    def __enter__(self) -> GzipWriter:
        """Use it in a `with` statement, at whose end the file is whole."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the file."""
        self._file.write(self._deflate.flush() + _TRAILER.pack(self.checksum, self.length & 0xFFFFFFFF) + self._tail)
        self._file.close()

    def write(self, data: bytes) -> None:
        """Write the next bytes."""
        self.checksum = isal_zlib.crc32(data, self.checksum)
        self.length += len(data)
        self._file.write(self._deflate.compress(data))


def _described(description: Description) -> tuple[bytes, bytes]:
    """Return the header of a file with its description, and what follows the file where that is too long for a header."""
    text = description.encode().encode()
    if len(text) <= _HEADER_BYTES:
        return _header(_SUBFIELD, text), b""
    pieces = (text[at : at + _HEADER_BYTES] for at in range(0, len(text), _HEADER_BYTES))
    tail = b"".join(_header(_SUBFIELD, piece) + _NOTHING for piece in pieces)
    return _header(_LONG, str(len(tail)).encode()), tail


def _header(subfield: bytes, text: bytes) -> bytes:
    """Return a header with a text in its extra field; no time of change, an unknown system."""
    extra = subfield + _LENGTH.pack(len(text)) + text
    return _MAGIC + bytes([_HAS_EXTRA, 0, 0, 0, 0, 0, 255]) + _LENGTH.pack(len(extra)) + extra


def read_description(path: Path) -> Description | None:
    """Return what a gzip file says of itself; None if nothing. Raises OSError."""
    with path.open("rb") as file:
        said = _subfields(file)
        if (size := said.get(_LONG, b"")).isdigit():
            file.seek(max(file.seek(0, os.SEEK_END) - int(size), 0))
            return decode(b"".join(_pieces(file)))
    return decode(said[_SUBFIELD]) if _SUBFIELD in said else None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield what the empty members hold in their headers that follow from here to the end."""
    while piece := _subfields(file).get(_SUBFIELD):
        yield piece
        file.seek(len(_NOTHING), os.SEEK_CUR)


def _subfields(file: BinaryIO) -> dict[bytes, bytes]:
    """Read the header of a member; the subfields of its extra field by name. Raises OSError."""
    fixed = file.read(_FIXED_BYTES + _LENGTH.size)
    if len(fixed) < _FIXED_BYTES + _LENGTH.size or not fixed.startswith(_MAGIC) or not fixed[3] & _HAS_EXTRA:
        return {}
    extra = file.read(_LENGTH.unpack_from(fixed, _FIXED_BYTES)[0])
    found: dict[bytes, bytes] = {}
    begin = len(_SUBFIELD) + _LENGTH.size
    while len(extra) > begin:
        (length,) = _LENGTH.unpack_from(extra, len(_SUBFIELD))
        found.setdefault(extra[: len(_SUBFIELD)], extra[begin : begin + length])
        extra = extra[begin + length :]
    return found


def read_gzip(path: Path) -> bytes:
    """Read the bytes of a gzip file, checked against its own checksum. Raises OSError, CorruptObjectError."""
    with _readable(path):
        return gzip.decompress(path.read_bytes())


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise what says that a file is no gzip as CorruptObjectError."""
    try:
        yield
    except (EOFError, zlib.error, isal_zlib.error, gzip.BadGzipFile) as error:  # type: ignore[misc]  # its type is said wrongly
        raise CorruptObjectError(f"{path}: is no whole gzip file: {error}.") from None
