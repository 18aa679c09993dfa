"""What no table holds, as the rows of a tile: what the catalog says of the hours, and the failed records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eventlake.backends.catalog.entries import FailedEntry
from eventlake.dialect.text.parameters import literal
from eventlake.interfaces import Result
from eventlake.lake import Lake


class FailedRecords(Protocol):
    """What could not be stored in a lake; `local.failed_records` has one."""

    def newest(self, limit: int) -> tuple[list[FailedEntry], bool]:
        """Return so many records, the newest first, and whether there are more."""

    def find(self, beginning: str) -> list[FailedEntry]:
        """Find the records whose id begins like this."""

    def original(self, entry: FailedEntry) -> bytes:
        """Return the bytes that failed. Raises StorageError, CorruptObjectError."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a tile that is no query is told from. open_failed: opens what failed, when a tile wants it."""

    lake: Lake
    open_failed: Callable[[], FailedRecords]


def rows_told(columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> Result:
    """Return rows as an answer. columns: the Athena type of each, by name."""
    return Result(tuple(columns), tuple(columns.values()), rows)


def as_statement(result: Result) -> str:
    """Write an answer that is no query's as a statement that has the same rows, so that they can be joined to what tables hold."""
    names = ", ".join(result.columns)
    if not result.rows:
        nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in zip(result.columns, result.types, strict=True))
        return f"select {nothing}\nwhere false"
    rows = ",\n".join(f"  ({', '.join(literal('value', value) for value in row)})" for row in result.rows)
    return f"select {names}\nfrom (values\n{rows}\n) as told ({names})"
