"""Events in files: JSON documents in any row, also gzipped -> one item at a time, with its place.

An item's bytes are those of the file, so that what is wrong with one can be shown and kept as it came. Called by `send` and `explain`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from eventlake.errors import StorageError
from eventlake.local.documents import Item, documents
from eventlake.local.inflate import PIECE_BYTES, CutOffError, inflated


def read_items(name: str) -> Iterator[Item]:
    """Read the items of a file, or of stdin if the name is `-`. Raises StorageError if it cannot be read, or ends too early."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            text = _Text(file)
            yield from documents(text)
    except OSError as error:
        raise StorageError(f'"{name}" cannot be read: {error.strerror or error}.') from None
    if text.trouble:
        raise StorageError(
            f'"{name}" is not whole: its gzip stream ends in an error ({text.trouble}); fetch it again. What stands before it was read.'
        )


class _Text:
    """The bytes of a file, inflated; where gzip is cut off they end, and `trouble` says why."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.trouble = ""

    def __iter__(self) -> Iterator[bytes]:
        """Yield them piece by piece."""
        try:
            yield from inflated(iter(lambda: self._file.read(PIECE_BYTES), b""))
        except CutOffError as error:
            self.trouble = str(error)
