"""`Translation`: a statement of DuckDB with gaps for its tables, as `dialect.translate` makes it and an engine fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eventlake.dialect.queries.scan import SCAN_MARK, Scan
from eventlake.dialect.types.type import Type


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement of DuckDB with gaps for its tables.

    names, types: of the answer's columns, as Athena has them. scans: what to read, in the order of the gaps. macros: what to create first.
    """

    names: tuple[str, ...]
    types: tuple[Type, ...]
    scans: tuple[Scan, ...]
    macros: tuple[str, ...]
    template: str = field(repr=False)

    def sql(self, sources: Sequence[str]) -> str:
        """The statement with the SQL of each scan in its gap."""
        pieces = self.template.split(SCAN_MARK)
        return "".join(sources[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces))
