"""`Translation`: a statement of DuckDB with gaps for its tables, as `dialect.translate` makes it and an engine fills it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import Either, Written
from eventlake.dialect.types.type import Type


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement of DuckDB with gaps for its tables.

    names, types: of the answer's columns, as Athena has them. scans: what to read, in the order of the gaps. macros: what to create first.
    pieces: the texts of the statement, and between them the number of the scan that stands there, or two texts of which scans decide.
    """

    names: tuple[str, ...]
    types: tuple[Type, ...]
    scans: tuple[Scan, ...]
    macros: tuple[str, ...]
    pieces: tuple[Written, ...] = field(repr=False)

    def sql(self, sources: Sequence[str], strict: Sequence[Set[str]] = ()) -> str:
        """Return the statement with the SQL of each scan in its gap. strict: of each the columns whose texts are known to be JSON as we write it."""
        return "".join(self._filled(piece, sources, strict) for piece in self.pieces)

    def _filled(self, piece: Written, sources: Sequence[str], strict: Sequence[Set[str]]) -> str:
        if isinstance(piece, int):
            return sources[piece]
        if isinstance(piece, Either):
            return piece.sound if strict and all(column in strict[gap] for gap, column in piece.origins) else piece.doubtful
        return piece
