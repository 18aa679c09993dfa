"""The events that a lake on AWS keeps as they came, below raw/ (KeepRawEvents), found again by their ids.

Takes a table, hours of arrival and ids, gives the bytes of the envelopes. Called by `replay --originals` for each piece that it plays.
Firehose names an object by when the first of its events arrived and waits up to 900 seconds for more, so a row's event lies in an object of the
row's hour, of the one before or of the one behind. What is not found, was removed or cannot be read is left out: the row stands in for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta

import msgspec

from eventlake.interfaces import Store
from eventlake.layout import Hour, moved, partition_location
from eventlake.local.documents import documents
from eventlake.local.inflate import CutOffError, inflated
from eventlake.model import Table

RAW = "raw/"
_AROUND = (timedelta(hours=-1), timedelta(), timedelta(hours=1))


class _Named(msgspec.Struct):
    """What is read of an envelope to know which it is."""

    id: str | None = None


_named = msgspec.json.Decoder(_Named).decode


class Originals:
    """The kept events of a lake. store: its bucket."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, table: Table, hours: Iterable[Hour], ids: Collection[str]) -> dict[str, bytes]:
        """Return the envelopes with these ids, of rows in these hours. Raises StorageServiceError."""
        around = sorted({Hour.of(moved(hour.start, distance)) for hour in hours for distance in _AROUND})
        found: dict[str, bytes] = {}
        for hour in around:
            for stored in self._store.list(partition_location(f"{RAW}{table.name}", hour)):
                found.update((name, body) for name, body in _envelopes(self._store.get(stored.key)) if name in ids)
        return found


def _envelopes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the id and the bytes of each envelope of an object, as far as it can be read."""
    try:
        for item in documents(inflated([data])):
            name = _id(item.data)
            if name is not None:
                yield name, item.data
    except (CutOffError, ValueError):
        return


def _id(envelope: bytes) -> str | None:
    try:
        return _named(envelope).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
