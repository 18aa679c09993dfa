"""Events in files: JSON, a JSON array, or JSON lines, also gzipped -> one item at a time, with its line.

An item's bytes are those of the file, so that what is wrong with one can be shown and kept as it came. Called by `send` and `explain`.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from eventlake.errors import StorageError

_GZIP_MAGIC = b"\x1f\x8b"
_INFLATED_LIMIT_BYTES = 4 << 30
"""Where reading a gzip file stops: far beyond real logs, short of filling the memory."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a file: its line, from 1, or its place in the file's array."""

    line: int
    data: bytes


def read_items(name: str) -> Iterator[Item]:
    """Read the items of a file, or of stdin if the name is `-`. Raises StorageError if it cannot be read."""
    return split(_inflated(name, _read(name)))


def split(data: bytes) -> Iterator[Item]:
    """Split a text into items: the elements of one JSON array, one JSON document, or else one a line (blank lines are none)."""
    whole = _documents(data)
    if whole is not None:
        yield from (Item(place, bytes(document)) for place, document in enumerate(whole, 1))
        return
    lines = data.split(b"\n")
    if any(_is_document(line.strip()) for line in lines):
        yield from (Item(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())
    elif data.strip():
        yield Item(1, data.strip())


def _documents(data: bytes) -> list[msgspec.Raw] | None:
    """Return the elements if the text is one array, the text if it is one other document, None if it is neither."""
    try:
        if data.lstrip()[:1] == b"[":
            return msgspec.json.decode(data, type=list[msgspec.Raw])
        return [msgspec.json.decode(data, type=msgspec.Raw)]
    except (ValueError, RecursionError):
        return None


def _is_document(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return line[:1] in b"{["


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise StorageError(f'"{name}" cannot be read: {error.strerror or error}.') from None


def _inflated(name: str, data: bytes) -> bytes:
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            inflated = stream.read(_INFLATED_LIMIT_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise StorageError(f'"{name}" is not whole: its gzip stream ends in an error ({str(error).rstrip(".")}); fetch it again.') from None
    if len(inflated) == _INFLATED_LIMIT_BYTES:
        raise StorageError(f'"{name}" inflates to more than {_INFLATED_LIMIT_BYTES >> 30} GiB; split it.')
    return inflated
