"""A lake: its sources, and the store, catalog and engine that hold and answer them.

The same noun on AWS and on one machine; the adapters differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventlake.interfaces import Catalog, Engine, Store
from eventlake.model import Source, Table


@dataclass(frozen=True, slots=True)
class Lake:
    """Everything a question to a lake needs."""

    sources: Sequence[Source]
    store: Store
    catalog: Catalog
    engine: Engine

    @property
    def tables(self) -> list[Table]:
        """Return the tables of all its sources, in the order of the declarations."""
        return [table for source in self.sources for table in source.tables]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it should be in a lake. severity: `error` (data is missing, damaged or not seen) or `warning`."""

    severity: str
    sentence: str
    remedy: str
