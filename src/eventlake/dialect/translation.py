"""`Translation`: a statement of DuckDB with gaps for its tables, as `dialect.translate` makes it and an engine fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.types.type import Type


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement of DuckDB with gaps for its tables.

    names, types: of the answer's columns, as Athena has them. scans: what to read, in the order of the gaps. macros: what to create first.
    pieces: the texts of the statement, and between them the number of the scan that stands there.
    """

    names: tuple[str, ...]
    types: tuple[Type, ...]
    scans: tuple[Scan, ...]
    macros: tuple[str, ...]
    pieces: tuple[str | int, ...] = field(repr=False)

    def sql(self, sources: Sequence[str]) -> str:
        """Return the statement with the SQL of each scan in its gap."""
        return "".join(sources[piece] if isinstance(piece, int) else piece for piece in self.pieces)
