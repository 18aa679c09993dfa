"""Events in files: JSON documents in any row, also gzipped -> one item at a time, with its place.

An item's bytes are those of the file, so that what is wrong with one can be shown and kept as it came. Called by `send` and `explain`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from eventlake.errors import StorageError
from eventlake.local.documents import documents, stretches, taken_documents
from eventlake.local.encodings import utf8_pieces
from eventlake.local.inflate import MAGIC, PIECE_BYTES, CutOffError, inflated
from eventlake.local.item import Item
from eventlake.local.stretch import Stretch
from eventlake.pipeline.envelope import Taken

_FOREIGN = (
    (0, MAGIC, "a gzip file within a gzip file"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"BZh", "a bzip2 file"),
    (0, b"\xfd7zXZ\0", "an xz file"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (0, b"PAR1", "a Parquet file"),
    (257, b"ustar", "a tar archive"),
)
"""What holds events and must be opened first: at which byte it says what it is, how, and its name."""


def read_items(name: str) -> Iterator[Item]:
    """Read the items of a file, or of stdin if the name is `-`. Raises StorageError if it cannot be read, or ends too early."""
    with _reading(name) as text:
        yield from documents(text)


def read_taken(name: str, take: Callable[[bytes], Taken]) -> Iterator[tuple[Item, Taken]]:
    """Read the items of a file as `read_items` does, and take each; what is in order is read as JSON only then."""
    with _reading(name) as text:
        yield from taken_documents(text, take)


def read_stretches(name: str) -> Iterator[Stretch]:
    """Read the items of a file as `read_items` does, many at once."""
    with _reading(name) as text:
        yield from stretches(text)


def stretches_of_file(file: BinaryIO, name: str) -> Iterator[Stretch]:
    """Read the items of what is open, many at once. name: what it is called. Raises StorageError if it ends too early."""
    with _whole(_Text(file), name) as text:
        yield from stretches(text)


@contextmanager
def _reading(name: str) -> Iterator[_Text]:
    """Open a file, and say in the end what kept it from being read to its own. Raises StorageError."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file, _whole(_Text(file), name) as text:
            yield text
    except OSError as error:
        raise StorageError(f'"{name}" cannot be read: {_why(name, error)}.') from None


def _why(name: str, error: OSError) -> str:
    if not name:  # which Path takes for the folder that one works in
        return "name a file, or - for stdin"
    return "it is a folder; name the files in it" if isinstance(error, IsADirectoryError) else error.strerror or str(error)


@contextmanager
def _whole(text: _Text, name: str) -> Iterator[_Text]:
    """Raise StorageError in the end for what was not read to its own."""
    yield text
    if text.trouble:
        raise StorageError(f'"{name}" {text.trouble}')


class _Text:
    """The bytes of a file, inflated; where they cannot be read on they end, and `trouble` says why."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.trouble = ""

    def __iter__(self) -> Iterator[bytes]:
        """Yield them piece by piece."""
        pieces = filter(None, inflated(iter(lambda: self._file.read(PIECE_BYTES), b"")))
        try:
            first = next(pieces, b"")
            if kind := _foreign(first):
                self.trouble = f"is {kind}; unpack it, and send what it holds."
                return
            yield from utf8_pieces(chain([first], pieces))
        except CutOffError as error:
            self.trouble = f"is not whole: its gzip stream ends in an error ({error}); fetch it again. What stands before it was read."


def _foreign(beginning: bytes) -> str | None:
    """Return what a file is that begins so, if it must be opened by something else."""
    return next((kind for at, mark, kind in _FOREIGN if beginning.startswith(mark, at)), None)
