"""What travels between the owner of a query and its process, as plain data: the question, what was understood of it, hours.

The statement is translated in the process too, because reading a stranger's text can take memory and time like running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventlake.dialect.queries.listings import WHOLE_CATALOG
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import Written
from eventlake.dialect.translation import Translation
from eventlake.dialect.types.type import Type
from eventlake.model import Column, Table, Times


@dataclass(frozen=True, slots=True)
class KnownTable:
    """What a statement can say of a table: its names, whether it has partitions, names and types of its columns."""

    name: str
    database: str
    prefix: str
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, table: Table) -> KnownTable:
        """Make that of a table of the catalog."""
        return cls(table.name, table.database, table.prefix, tuple((column.name, column.type) for column in table.columns))

    @property
    def table(self) -> Table:
        """Make a table for the translation; what is not told is empty."""
        columns = tuple(Column(name, kind, (), "", "") for name, kind in self.columns)
        return Table(self.name, self.database, "", "", self.prefix, {}, "$", "", columns)


@dataclass(frozen=True, slots=True)
class Question:
    """A statement in Athena's SQL, the tables it may name, and what current_timestamp answers. repeats: see `translate`."""

    sql: str
    tables: tuple[KnownTable, ...]
    now: datetime
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class UnderstoodScan:
    """A scan by the number of its table in the question, -1 for one of no table. prunes: whether its predicates say which hours it reads.

    times, texts: as `Scan` has them.
    """

    table: int
    columns: dict[str, Type]
    used: tuple[str, ...]
    prunes: bool
    listing: str
    times: Times
    texts: dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Understood:
    """A translation as data; its predicates stay in the process, which is asked for the hours that they leave."""

    names: tuple[str, ...]
    types: tuple[Type, ...]
    macros: tuple[str, ...]
    pieces: tuple[Written, ...]
    scans: tuple[UnderstoodScan, ...]

    @classmethod
    def of(cls, made: Translation, tables: Sequence[Table]) -> Understood:
        """Make that of a translation over these tables."""
        numbers = {id(table): number for number, table in enumerate(tables)}
        scans = tuple(
            UnderstoodScan(
                numbers.get(id(scan.table), -1),
                dict(scan.columns),
                tuple(sorted(scan.used)),
                bool(scan.predicates),
                scan.listing,
                scan.times,
                scan.texts,
            )
            for scan in made.scans
        )
        return cls(made.names, made.types, made.macros, made.pieces, scans)

    def translation(self, tables: Sequence[Table]) -> Translation:
        """Make the translation over the catalog's tables, without predicates."""
        known = (*tables, WHOLE_CATALOG)
        scans = tuple(
            Scan(known[scan.table], scan.columns, used=set(scan.used), listing=scan.listing, times=scan.times, texts=scan.texts)
            for scan in self.scans
        )
        return Translation(self.names, self.types, scans, self.macros, self.pieces)
