"""How many rows an object in S3 holds, told without an engine: a Parquet file's own footer, or the lines of a gzip file.

The footer is Thrift's compact protocol: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable

from eventlake.errors import CorruptObjectError

MAGIC = b"PAR1"
_TAIL = 8
"""Bytes behind the footer: its length, and the magic."""
FIRST_READ = 65_536
_NUM_ROWS = 3
"""The field of FileMetaData."""
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)
_WIDTHS = {_BYTE: 1, _DOUBLE: 8}
_DEEPEST = 32


def parquet_rows(size_bytes: int, read: Callable[[int, int], bytes]) -> int:
    """Return the rows of a Parquet file. read: gives the bytes from one offset to another. Raises CorruptObjectError."""
    tail = read(max(0, size_bytes - FIRST_READ), size_bytes)
    if len(tail) < _TAIL or tail[-4:] != MAGIC:
        raise CorruptObjectError("It is no Parquet file: its last bytes are missing.")
    length = int.from_bytes(tail[-_TAIL:-4], "little") + _TAIL
    if length > size_bytes:
        raise CorruptObjectError("It is no whole Parquet file: its footer is longer than the file.")
    footer = tail[-length:] if length <= len(tail) else read(size_bytes - length, size_bytes)
    try:
        return _Compact(footer[:-_TAIL]).number_of_rows()
    except (IndexError, RecursionError):
        raise CorruptObjectError("It is no whole Parquet file: its footer is cut off.") from None


def gzip_lines(chunks: Iterable[bytes]) -> int:
    """Return the lines of a gzip file, which may hold several members. Raises CorruptObjectError for one that is not whole."""
    inflate, lines, is_open, is_within = zlib.decompressobj(wbits=31), 0, False, False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                is_open, text = True, inflate.decompress(rest)
                lines, is_within = lines + text.count(b"\n"), not text.endswith(b"\n") if text else is_within
                rest = inflate.unused_data
                if inflate.eof:
                    inflate, is_open = zlib.decompressobj(wbits=31), False
    except zlib.error as error:
        raise CorruptObjectError(f"It is no whole gzip file ({error}).") from None
    if is_open:
        raise CorruptObjectError("It is no whole gzip file: its end is missing.")
    return lines + is_within


class _Compact:
    """Reads Thrift's compact protocol from the front. Raises IndexError where it is cut off."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number_of_rows(self) -> int:
        """Read a FileMetaData up to its number of rows. Raises CorruptObjectError if it has none."""
        field = 0
        while (head := self._byte()) != _STOP:
            field = field + (head >> 4) if head >> 4 else self._zigzag()
            if field == _NUM_ROWS:
                return self._zigzag()
            self._skip(head & 15, 0)
        raise CorruptObjectError("It is no whole Parquet file: its footer names no number of rows.")

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise RecursionError
        if kind in _WIDTHS:
            self._at += _WIDTHS[kind]
        elif kind == _BINARY:
            length = self._varint()
            self._at += length
        elif kind in (_I16, _I32, _I64):
            self._varint()
        elif kind in (_LIST, _SET):
            self._skip_list(depth)
        elif kind == _STRUCT:
            self._skip_struct(depth)
        elif kind == _MAP:
            raise IndexError  # no field before the number of rows has one

    def _skip_list(self, depth: int) -> None:
        head = self._byte()
        kind, count = head & 15, head >> 4
        for _ in range(self._varint() if count == 15 else count):
            if kind in (_TRUE, _FALSE):
                self._at += 1  # a truth in a list has a byte of its own
            else:
                self._skip(kind, depth + 1)

    def _skip_struct(self, depth: int) -> None:
        while (head := self._byte()) != _STOP:
            if not head >> 4:
                self._zigzag()
            self._skip(head & 15, depth + 1)

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value, shift = value | (byte & 127) << shift, shift + 7
        return value | byte << shift

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
