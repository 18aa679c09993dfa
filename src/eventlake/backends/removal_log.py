"""What is known on AWS of hours that are on their way out, one object each; see `pipeline.removals`."""

from __future__ import annotations

from typing import Any

from eventlake.backends.s3 import S3Store
from eventlake.errors import CorruptObjectError
from eventlake.layout import REMOVALS, Hour
from eventlake.pipeline.removals import Removal, loads, removals_prefix


class RemovalLog:
    """The removals of the lake in a bucket. client: boto3's for S3."""

    def __init__(self, client: Any, bucket: str) -> None:  # boto3's client has no types
        self._store = S3Store(client, bucket)

    def of(self, table: str, kind: str) -> dict[Hour, Removal]:
        """Return a table's removals of a kind, by hour. Raises StorageError, CorruptObjectError."""
        return {one.hour: one for one in self._below(removals_prefix(table, kind))}

    def all(self) -> list[Removal]:
        """Return every removal. Raises StorageError, CorruptObjectError."""
        return self._below(REMOVALS)

    def write(self, removal: Removal) -> None:
        """Write one down, in the place of what was known of its hour. Raises StorageError."""
        self._store.put(removal.key, removal.dumps())

    def end(self, removal: Removal) -> None:
        """Let nothing be known of one any more. Raises StorageError."""
        self._store.delete(removal.key)

    def _below(self, prefix: str) -> list[Removal]:
        return [self._read(one.key) for one in self._store.list(prefix)]

    def _read(self, key: str) -> Removal:
        body = self._store.get(key)
        try:
            return loads(body)
        except ValueError as error:
            raise CorruptObjectError(f'The object "{key}" is damaged: {error} Remove it, and its hour is looked at anew.') from None
