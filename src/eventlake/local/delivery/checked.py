"""Log lines -> a file that every reader can read: the lines that none could are left out, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eventlake.backends.json_lines import JsonLinesWriter
from eventlake.backends.line_check import LineCheck, UnwritableLinesError
from eventlake.backends.parquet import ParquetWriter
from eventlake.description import Description
from eventlake.model import Table

FORMATS = ("parquet", "json")

Describe = Callable[[int], Description]
"""Gives what a file of so many rows is to say of itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """Log lines that are to become a file of their own, and what describes it."""

    lines: Sequence[bytes]
    path: Path
    describe: Describe


class Writer(Protocol):
    """Writes the log lines of one object to a file, checked."""

    format: str
    extension: str

    def write(self, table: Table, lines: Sequence[bytes], path: Path, description: Description) -> None:
        """Write them, with what the object is to say of itself. Raises OSError, StorageError, UnwritableLinesError."""

    def write_all(self, table: Table, parts: Sequence[tuple[Sequence[bytes], Path, Description]]) -> None:
        """Write the lines of several objects, each as `write` does. Raises OSError, StorageError, UnwritableLinesError."""


def writer_of(log_format: str, *, is_sorted: bool = False) -> Writer:
    """Return the writer of a lake's format. is_sorted: True for rows of Parquet in the order of a closed hour."""
    return ParquetWriter(is_sorted=is_sorted) if log_format == "parquet" else JsonLinesWriter()


class CheckedWriter:
    """Writes what can be read, and finds the rest in a few passes."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def format(self) -> str:
        """Return the lake's format."""
        return self._writer.format

    @property
    def extension(self) -> str:
        """Return the extension of its files, with its dot."""
        return self._writer.extension

    def write(self, table: Table, lines: Sequence[bytes], path: Path, describe: Describe) -> dict[int, str]:
        """Write the lines but those that are refused; return the places of these, with the reason. There is no file if all are.

        Raises OSError, StorageError.
        """
        try:
            self._writer.write(table, lines, path, describe(len(lines)))
            return {}
        except UnwritableLinesError:
            refused = LineCheck(table).refused(lines)
        try:
            self._write_others(table, lines, refused, path, describe)
        except UnwritableLinesError:  # what the check has nothing against, the writer has
            refused |= self._find_refused(table, lines, [place for place in range(len(lines)) if place not in refused], path, describe)
            self._write_others(table, lines, refused, path, describe)
        return refused

    def write_all(self, table: Table, parts: Sequence[Part]) -> list[dict[int, str]]:
        """Write several files at once, which costs less than one after the other; return for each what `write` does. Raises OSError, StorageError."""
        try:
            self._writer.write_all(table, [(part.lines, part.path, part.describe(len(part.lines))) for part in parts])
            return [{} for _ in parts]
        except UnwritableLinesError:
            return [self.write(table, part.lines, part.path, part.describe) for part in parts]

    def _write_others(self, table: Table, lines: Sequence[bytes], refused: dict[int, str], path: Path, describe: Describe) -> None:
        others = [line for place, line in enumerate(lines) if place not in refused]
        if others:
            self._writer.write(table, others, path, describe(len(others)))

    def _find_refused(self, table: Table, lines: Sequence[bytes], places: Sequence[int], path: Path, describe: Describe) -> dict[int, str]:
        """Find the lines that cannot be written, by halving."""
        try:
            self._writer.write(table, [lines[place] for place in places], path, describe(len(places)))
            return {}
        except UnwritableLinesError as error:
            if len(places) == 1:
                return {places[0]: str(error)}
        middle = len(places) // 2
        halves = places[:middle], places[middle:]
        return {place: reason for half in halves for place, reason in self._find_refused(table, lines, half, path, describe).items()}
