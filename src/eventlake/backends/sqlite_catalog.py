"""Catalog in SQLite, with Glue's nouns: databases, tables, partitions; and the objects that readers see.

One process writes, any number read. What makes an object visible, its partition, and the checkpoint of its delivery stream are one transaction,
so that after a crash everything is delivered once. Who opens it to write takes the lake: its epoch goes up, and every transaction of whoever
had it before fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime

from eventlake.backends.catalog.entries import FailedEntry, NewFailedObject, NewObject, Redriven
from eventlake.backends.catalog.failed import FailedRecords, add_failed_object, mark
from eventlake.backends.catalog.hours import Hours
from eventlake.backends.catalog.intentions import Intentions, require_intended
from eventlake.backends.catalog.moments import microseconds
from eventlake.backends.catalog.registering import add_object, add_partition
from eventlake.backends.catalog.stretches import CURSOR, Stretches
from eventlake.backends.expiring import expire_failed, expire_hour, rewrite_failed
from eventlake.interfaces import Partition
from eventlake.layout import Hour


class SqliteCatalog(Hours, Intentions, Stretches, FailedRecords):
    """The catalog of a lake on one machine.

    read_only: for readers; the folder may be read-only too. epoch: of the process that has taken the lake and shares it with this one; without
    it the lake is taken. beside: raises LakeTakenError as soon as this process may add no more beside whoever takes the lake, which is not
    taken then. hurried: for a file that counts only once it is finished and closed; nothing is durable before.
    Raises ConfigurationError for a file of a newer version, StorageError.
    """

    def register(
        self,
        objects: Sequence[NewObject],
        partitions: Sequence[Partition],
        failed: Sequence[tuple[NewFailedObject, Sequence[FailedEntry]]],
        checkpoints: Mapping[str, int],
        redriven: Redriven | None = None,
        cursors: Mapping[str, str] | None = None,
        *,
        intended: Sequence[str] = (),
    ) -> None:
        """Make objects visible, with their partitions, failed records and the checkpoints of their streams: all of it or nothing.

        An object that is visible already, with the same bytes, changes nothing. redriven: the failed records that the objects hold now.
        cursors: how far each history is read of which they are. intended: keys that are registered only if nobody has taken them back.
        Raises StorageError for an object with other bytes, and for a record that was redriven already; GenerationConflictError for a key that was taken back.
        """
        with self._transaction() as run:
            require_intended(run, intended)
            for partition in partitions:
                add_partition(run, partition)
            for one in objects:
                add_object(run, one)
            for failed_object, entries in failed:
                add_failed_object(run, failed_object, entries)
            for stream, position in checkpoints.items():
                run("insert or replace into checkpoint values (?, ?)", (stream, position))
            if redriven is not None:
                mark(run, redriven)
            for history, cursor in (cursors or {}).items():
                run("insert or replace into setting values (?, ?)", (CURSOR + history, cursor))

    def expire(self, hours: Sequence[tuple[str, Hour]], failed: Sequence[str], now: datetime) -> None:
        """Forget hours of tables, and objects of failed records by their keys, in one transaction; their bytes stay until they are removed as replaced.

        now: since when they count as replaced, aware. What the spool may still be asked for stays: it would be delivered again.
        """
        with self._transaction() as run:
            for table, hour in hours:
                expire_hour(run, table, hour, microseconds(now))
            for key in failed:
                expire_failed(run, key, microseconds(now))

    def rewrite_failed(self, key: str, add: NewFailedObject, lines: Mapping[int, int], now: datetime) -> int:
        """Swap an object of failed records for one that holds some of them, in one transaction; how many records are forgotten.

        lines: where the new one holds those that stay, by where the old one did. now: since when the old one is replaced, aware.
        """
        with self._transaction() as run:
            return rewrite_failed(run, key, astuple(add), lines, microseconds(now))
