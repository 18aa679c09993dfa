"""An object's key -> its partition exists in the catalog.

Cheap, because a partition that was made sure of is remembered: once an hour and table, not once an object. Called by the service for each
object it delivers, and by the function that S3's notifications reach; keys come URL-decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eventlake.errors import LayoutError
from eventlake.interfaces import Catalog, Partition
from eventlake.layout import Hour, partition_location, split_key
from eventlake.model import Table


def partition_of(table: Table, hour: Hour, log_format: str) -> Partition:
    """Return the partition of a table's hour, at its own location."""
    return Partition(table.name, hour, partition_location(table.prefix, hour), log_format)


class Partitioner:
    """Makes sure that the partitions of objects exist.

    tables: whose objects belong here. log_format: `parquet` or `json`, that of the lake.
    """

    def __init__(self, catalog: Catalog, tables: Sequence[Table], log_format: str) -> None:
        self._catalog = catalog
        self._by_prefix = {table.prefix: table for table in tables}
        self._format = log_format
        self._known: set[tuple[str, Hour]] = set()

    def ensure(self, key: str) -> bool:
        """Make sure that the partition of this object exists; return True if it was created now.

        Raises LayoutError for a key that belongs to no table; every error of the catalog, so that the caller tries again.
        """
        table, hour = self.owner(key)
        if (table.name, hour) in self._known:
            return False
        created = self._catalog.add_partition(partition_of(table, hour, self._format))
        self._known.add((table.name, hour))
        return created

    def forget(self, table: str, hour: Hour) -> None:
        """Ask the catalog again at the next object of an hour, as it may have been removed meanwhile."""
        self._known.discard((table, hour))

    def ensure_all(self, keys: Iterable[str]) -> list[LayoutError]:
        """Make sure of the partitions of many objects; return the errors of keys that belong to no table, which stop nothing."""
        foreign = []
        for key in keys:
            try:
                self.ensure(key)
            except LayoutError as error:
                foreign.append(error)
        return foreign

    def owner(self, key: str) -> tuple[Table, Hour]:
        """Return the table and hour that a key belongs to. Raises LayoutError if there is none."""
        prefix, hour, _ = split_key(key)
        table = self._by_prefix.get(prefix)
        if table is None:
            raise LayoutError(f'"{key[:200]}" belongs to no table: prefixes are {", ".join(sorted(self._by_prefix))}.')
        return table, hour
