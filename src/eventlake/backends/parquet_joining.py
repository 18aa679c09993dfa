"""Parquet files of one schema -> one file: the bytes of their row groups as they are, behind them one footer that counts them all.

So rows are encoded once, in pieces that fit into memory, and those of a row group that stays as it is are not encoded again.
A footer is a struct of Thrift's compact protocol.
Formats: https://parquet.apache.org/docs/file-format/metadata/ and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from eventlake.errors import CorruptObjectError

MARK = b"PAR1"
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_WHOLE = (4, 5, 6)  # i16, i32, i64

_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_NAME, _CHILDREN = 4, 5
_COLUMNS, _GROUP_BYTES, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_COMPRESSED_BYTES, _ORDINAL = 1, 2, 3, 5, 6, 7
_METADATA = 3
_PATH, _CODEC, _BYTES, _COMPRESSED_BYTES, _FILTER_OFFSET, _FILTER_BYTES = 3, 4, 6, 7, 14, 15
_ZSTD = 6
_CHUNK_OFFSETS = (2, 4, 6)
"""Of a column chunk: its own, that of its offset index and of its column index."""
_PAGES = (9, 10, 11)
"""Of a chunk's metadata: the offsets of its data, index and dictionary pages."""
_INDEXES = (4, 5, 6, 7)
"""Of a column chunk: where the indexes of its pages lie, and how long they are."""

Value = Any  # what a field holds: a number, bytes, `Items` or a `Struct`; a Boolean is its type
Struct = dict[int, tuple[int, Value]]
"""The fields of a struct by their ids, each with its type."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list or a set, and the type of its items."""

    kind: int
    values: list[Value]


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group of a file, encoded as we encode them.

    first: the number of its first row in the file. size_bytes: of its values before they are compressed. begin, length: where it lies.
    fields: its part of the footer. schema: of its file.
    """

    path: Path
    first: int
    rows: int
    size_bytes: int
    begin: int
    length: int
    fields: Struct
    schema: Items


@dataclass(frozen=True, slots=True)
class Nulls:
    """Columns of one row group that hold no value, by their names: the chunks of each, with their bytes. schema: the elements of each."""

    chunks: Mapping[bytes, list[tuple[Struct, bytes]]]
    schema: Mapping[bytes, list[Struct]]

    @classmethod
    def of(cls, path: Path) -> Nulls:
        """Read them from a file. Raises CorruptObjectError if it has not one row group."""
        footer, _ = footer_of(path)
        if len(footer[_GROUPS][1].values) != 1:
            raise CorruptObjectError(f'"{path.name}" has not one row group.')
        data = path.read_bytes()
        chunks: dict[bytes, list[tuple[Struct, bytes]]] = {}
        for chunk in footer[_GROUPS][1].values[0][_COLUMNS][1].values:
            metadata = chunk[_METADATA][1]
            begin = _begin(metadata)
            chunks.setdefault(_top(chunk), []).append((chunk, data[begin : begin + metadata[_COMPRESSED_BYTES][1]]))
        return cls(chunks, _elements(footer[_SCHEMA][1]))


class Joined:
    """A Parquet file that files are added to. Without error, the footer is written at the end of its `with` statement."""

    def __init__(self, target: Path) -> None:
        self._file = target.open("wb")
        self._file.write(MARK)
        self._footer: Struct = {}
        self.rows = 0

    def __enter__(self) -> Joined:
        """Use it in a `with` statement."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write the footer, if all went well, and close the file."""
        with self._file:
            if kind is None and self._footer:
                footer = written(self._footer)
                self._file.write(footer + len(footer).to_bytes(4, "little") + MARK)

    def add(self, part: Path) -> None:
        """Add the row groups of a file. Raises CorruptObjectError if it is none of the same schema, OSError."""
        footer, length = footer_of(part)
        distance = self._file.tell() - len(MARK)
        with part.open("rb") as file:
            file.seek(len(MARK))
            _copy(file, self._file, length)
        self.rows += footer[_ROWS][1]
        groups = footer[_GROUPS][1].values
        if not self._footer:
            self._footer = footer
        elif footer[_SCHEMA] != self._footer[_SCHEMA]:
            raise CorruptObjectError(f'"{part.name}" has other columns than the files before it.')
        else:
            self._add_groups(groups, distance)

    def add_filled(self, part: Path, empty: Mapping[str, str], nulls: Callable[[int], Nulls]) -> None:
        """Add the row groups of a file that lacks columns without a value. Something was added before, if no more than a file of no rows.

        empty: each of these columns with that of the nulls that is as it. nulls: gives them for so many rows. Raises CorruptObjectError if the
        columns are not those of what was added before, OSError.
        """
        wanted = _elements(self._footer[_SCHEMA][1])
        taken = {name.encode(): other.encode() for name, other in empty.items()}
        for group in row_groups(part):
            beside = nulls(group.rows)
            added = {name: _renamed(beside.schema[other], name) for name, other in taken.items()}
            if _elements(group.schema) | added != wanted:
                raise CorruptObjectError(f'"{part.name}" has other columns than the files before it.')
            chunks = [(name, *one) for name, other in taken.items() for one in beside.chunks[other]]
            self.take(group, chunks)
            _sort(group.fields, list(wanted))

    def _put(self, name: bytes, chunk: Struct, data: bytes) -> Struct:
        """Add a column chunk under the name of its column, and return its part of the footer."""
        metadata = dict(chunk[_METADATA][1])
        kind, path = metadata[_PATH]
        metadata[_PATH] = kind, Items(path.kind, [name, *path.values[1:]])
        _move(metadata, _PAGES, self._file.tell() - _begin(metadata))
        self._file.write(data)
        return {**chunk, _METADATA: (STRUCT, metadata)}

    def is_like(self, group: RowGroup) -> bool:
        """Return True if a row group has the schema of what was added."""
        return bool(self._footer) and bool(self._footer[_SCHEMA][1] == group.schema)

    def take(self, group: RowGroup, beside: Iterable[tuple[bytes, Struct, bytes]] = ()) -> None:
        """Add a row group as it lies in its file, with the Bloom filters of it, and other chunks by the names of their columns, in one piece.

        It is of the same schema with them. Raises OSError.
        """
        with group.path.open("rb") as file:
            distance = self._file.tell() - group.begin
            file.seek(group.begin)
            _copy(file, self._file, group.length)
            others = [self._put(*one) for one in beside]
            for chunk in group.fields[_COLUMNS][1].values:
                for one in _INDEXES:
                    chunk.pop(one, None)
                self._take_filter(file, chunk[_METADATA][1], distance)
        self.rows += group.rows
        self._add_groups([group.fields], distance)
        group.fields[_COLUMNS][1].values.extend(others)

    def _take_filter(self, file: BinaryIO, metadata: Struct, distance: int) -> None:
        """Add the Bloom filter of a chunk, which lies behind the row groups of its file; one of unknown length is left out."""
        kind, offset = metadata.pop(_FILTER_OFFSET, (0, 0))
        if offset and _FILTER_BYTES in metadata:
            metadata[_FILTER_OFFSET] = kind, self._file.tell() - distance
            file.seek(offset)
            _copy(file, self._file, metadata[_FILTER_BYTES][1])

    def _add_groups(self, groups: list[Struct], distance: int) -> None:
        own = self._footer[_GROUPS][1].values
        for group in groups:
            _move(group, (_GROUP_OFFSET,), distance)
            if _ORDINAL in group:
                group[_ORDINAL] = group[_ORDINAL][0], len(own)
            for chunk in group[_COLUMNS][1].values:
                _move(chunk, _CHUNK_OFFSETS, distance)
                _move(chunk[_METADATA][1], (*_PAGES, _FILTER_OFFSET), distance)
            own.append(group)
        self._footer[_ROWS] = self._footer[_ROWS][0], self.rows


def row_groups(path: Path) -> list[RowGroup]:
    """Return the row groups of a file that can be taken over as they are: compressed with ZSTD, and in one piece. Raises CorruptObjectError."""
    footer, _ = footer_of(path)
    found, first = [], 0
    for fields in footer[_GROUPS][1].values:
        chunks = [chunk[_METADATA][1] for chunk in fields[_COLUMNS][1].values]
        begins = [_begin(chunk) for chunk in chunks]
        begin, length = min(begins), sum(chunk[_COMPRESSED_BYTES][1] for chunk in chunks)
        end = max(start + chunk[_COMPRESSED_BYTES][1] for start, chunk in zip(begins, chunks, strict=True))
        rows = fields[_GROUP_ROWS][1]
        if end - begin == length and all(chunk[_CODEC][1] == _ZSTD for chunk in chunks):
            found.append(RowGroup(path, first, rows, fields[_GROUP_BYTES][1], begin, length, fields, footer[_SCHEMA][1]))
        first += rows
    return found


def _begin(metadata: Struct) -> int:
    """Return where a chunk begins in its file."""
    return int(min(metadata[one][1] for one in _PAGES if one in metadata and metadata[one][1]))


def _top(chunk: Struct) -> bytes:
    """Return the column that a chunk is of, which has several if it is nested."""
    return bytes(chunk[_METADATA][1][_PATH][1].values[0])


def _elements(schema: Items) -> dict[bytes, list[Struct]]:
    """Return the elements of each column, its own before those within it."""
    found: dict[bytes, list[Struct]] = {}
    left, name = 0, b""
    for element in schema.values[1:]:
        if not left:
            left, name = 1, element[_NAME][1]
        left += element.get(_CHILDREN, (0, 0))[1] - 1
        found.setdefault(name, []).append(element)
    return found


def _renamed(elements: list[Struct], name: bytes) -> list[Struct]:
    """Return the elements of a column as those of one of another name."""
    return [{**elements[0], _NAME: (elements[0][_NAME][0], name)}, *elements[1:]]


def _sort(group: Struct, names: list[bytes]) -> None:
    """Bring the chunks of a row group into the order of their columns, and say how large it is with all of them."""
    places = {name: place for place, name in enumerate(names)}
    chunks = group[_COLUMNS][1].values
    chunks.sort(key=lambda chunk: places[_top(chunk)])
    for total, part in ((_GROUP_BYTES, _BYTES), (_GROUP_COMPRESSED_BYTES, _COMPRESSED_BYTES)):
        if total in group:
            group[total] = group[total][0], sum(chunk[_METADATA][1][part][1] for chunk in chunks)


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    """Copy the next bytes of a file, so many."""
    while length > 0 and (piece := source.read(min(length, 1 << 20))):
        target.write(piece)
        length -= len(piece)


def footer_of(path: Path) -> tuple[Struct, int]:
    """Read the footer of a file, and how many bytes lie between the mark and it. Raises CorruptObjectError."""
    data, length = footer_bytes(path)
    return Compact(data).struct(), length


def footer_bytes(path: Path) -> tuple[bytes, int]:
    """Return the footer of a file as it lies there, and how many bytes lie between the mark and it. Raises CorruptObjectError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 8, 0))
        tail = file.read()
        start = size - 8 - int.from_bytes(tail[:4], "little")
        if tail[4:] != MARK or start < len(MARK):
            raise CorruptObjectError(f"{path}: is no whole Parquet file.")
        file.seek(start)
        return file.read(size - 8 - start), start - len(MARK)


def _move(fields: Struct, ids: tuple[int, ...], distance: int) -> None:
    """Move offsets; one of 0 says that there is none."""
    for one in ids:
        if one in fields and fields[one][1]:
            kind, offset = fields[one]
            fields[one] = kind, offset + distance


class Compact:
    """Reads Thrift's compact protocol from bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> Struct:
        """Read the fields of a struct, up to its end."""
        return {field: (kind, self._field(kind)) for field, kind in self.fields()}

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield id and type of each field of a struct; who asks reads or skips its value before the next."""
        last = 0
        while head := self._byte():
            last = last + (head >> 4) if head >> 4 else self._signed()
            yield last, head & 15

    def size(self) -> int:
        """Read how many items a list has, which lie behind."""
        head = self._byte()
        return head >> 4 if head >> 4 < 15 else self._unsigned()

    def skipped(self, kind: int) -> bytes:
        """Go behind the value of a field, and return its bytes. Raises IndexError where it is cut off."""
        begin, self._at = self._at, _behind(self._data, self._at, kind)
        return self._data[begin : self._at]

    def _field(self, kind: int) -> Value:
        return None if kind in (_TRUE, _FALSE) else self._value(kind)

    def _value(self, kind: int) -> Value:
        if kind in _WHOLE:
            return self._signed()
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind == STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            return self._items()
        return self._bytes(8 if kind == _DOUBLE else self._unsigned())

    def _items(self) -> Items:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._unsigned()
        return Items(head & 15, [self._value(head & 15) for _ in range(size)])

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _unsigned(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def _signed(self) -> int:
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)


def _behind(data: bytes, at: int, kind: int) -> int:
    """Return the place behind a value; found several times as fast as the value is read, because it is one function. Raises IndexError."""
    if kind in _WHOLE or kind == _BINARY:
        size, at = _varint(data, at)
        return at if kind in _WHOLE else at + size
    if kind in (_LIST, _SET):
        head, at = data[at], at + 1
        size, at = (head >> 4, at) if head >> 4 < 15 else _varint(data, at)
        for _ in range(size):
            at = _behind(data, at, head & 15)
        return at
    if kind != STRUCT:
        return at + (8 if kind == _DOUBLE else 1)
    while head := data[at]:
        at += 1
        kind = head & 15
        if head < 16:  # its id is written out
            _, at = _varint(data, at)
        if kind in _WHOLE:
            while data[at] > 127:
                at += 1
            at += 1
        elif kind not in (_TRUE, _FALSE):
            at = _behind(data, at, kind)
    return at + 1


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number, and the place behind it."""
    found = data[at]
    if found < 128:
        return found, at + 1
    found, shift = found & 127, 7
    while (byte := data[at := at + 1]) > 127:
        found |= (byte & 127) << shift
        shift += 7
    return found | byte << shift, at + 1


def written(fields: Struct) -> bytes:
    """Write a struct in Thrift's compact protocol."""
    made = bytearray()
    last = 0
    for one, (kind, value) in sorted(fields.items()):
        near = 0 < one - last <= 15
        made += bytes([(one - last) << 4 | kind]) if near else bytes([kind]) + _signed(one)
        made += b"" if kind in (_TRUE, _FALSE) else _written(kind, value)
        last = one
    return bytes(made) + b"\0"


def _written(kind: int, value: Value) -> bytes:
    if kind in _WHOLE:
        return _signed(value)
    if kind in (_TRUE, _FALSE, _BYTE):
        return bytes([value])
    if kind == STRUCT:
        return written(value)
    if kind in (_LIST, _SET):
        size = len(value.values)
        head = bytes([size << 4 | value.kind]) if size < 15 else bytes([15 << 4 | value.kind]) + _unsigned(size)
        return head + b"".join(_written(value.kind, item) for item in value.values)
    return bytes(value) if kind == _DOUBLE else _unsigned(len(value)) + value


def _unsigned(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def _signed(value: int) -> bytes:
    return _unsigned(value << 1 if value >= 0 else (-value << 1) - 1)
