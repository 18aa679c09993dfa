"""Items straight into a lake, in one process: accepted on disk, delivered, and told one by one.

What `send` does without a bus. The way is the same: intake, spool, rule, transform, delivery, partition.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.belonging import require_catalog, require_current
from eventlake.local.client import Outcome
from eventlake.local.delivery.budget import Budget
from eventlake.local.delivery.pump import Pump
from eventlake.local.folder import SPOOL
from eventlake.local.item import Item
from eventlake.local.keys import read_keys
from eventlake.local.lock import LakeLock
from eventlake.local.spool.frames import EVENT, REJECTED, Entry
from eventlake.local.spool.header import Origin
from eventlake.local.spool.rejection import pack
from eventlake.local.spool.writer import SpoolWriter
from eventlake.local.tombstones import read_forgetting
from eventlake.model import Source
from eventlake.pipeline.delivery import Hints
from eventlake.pipeline.envelope import Intake, Taken
from eventlake.pipeline.router import Router

GROUP = 5000
GROUP_BYTES = 16 << 20
"""How many items, and bytes, become durable together."""


class Importer:
    """A lake in a folder, opened to write by this process.

    now: the moment of arrival, aware. told: is given a sentence for each damage that is met. Raises LakeLockedError, ConfigurationError, StorageError.
    """

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        hints: Hints | None = None,
        log_format: str | None = None,
        told: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._now = now
        self._lock = LakeLock(folder)
        try:
            require_catalog(folder)
            self._pump = Pump(folder, sources, hints or Hints(seconds=float("inf")), time.monotonic, log_format, told=told)
            require_current(folder, self._pump.catalog)
            origin = Origin(self._pump.catalog.lake_id, self._pump.catalog.epoch)
            self._spool = SpoolWriter(folder / SPOOL, at_least=self._pump.at_least, origin=origin, require_held=self._lock.require_held)
        except BaseException:
            self._lock.release()
            raise
        self._intake = Intake(sources, FAST)
        self._budget = Budget(Router(sources, FAST, StraightReader, read_keys(folder), read_forgetting(folder)).route)

    @property
    def catalog(self) -> SqliteCatalog:
        """Return the catalog that it writes."""
        return self._pump.catalog

    def __enter__(self) -> Importer:
        """Use it in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def accept(self, items: Sequence[Item]) -> list[Outcome]:
        """Make items durable; what became of each: stored in a table, or kept as failed with its reason."""
        return self.accept_taken([(item, self.take(item.data)) for item in items])

    def take(self, data: bytes) -> Taken:
        """Take one item of input, to be accepted with it."""
        return self._intake.take(data)

    def accept_taken(self, items: Sequence[tuple[Item, Taken]]) -> list[Outcome]:
        """Make items durable that were taken; as `accept` does."""
        with self._budget:
            return self._accept(items, int(self._now().timestamp() * 1_000_000))

    def _accept(self, items: Sequence[tuple[Item, Taken]], arrival: int) -> list[Outcome]:
        entries: list[Entry] = []
        outcomes: list[Outcome] = []
        size = 0
        for item, taken in items:
            before = len(entries)
            outcomes += self._judge(item, taken, arrival, entries)
            size += sum(len(body) for _, _, body in entries[before:])
            if size > GROUP_BYTES:  # what wrappers hold may be more than they are
                self._spool.append(entries)
                entries, size = [], 0
        if entries:
            self._spool.append(entries)
        return outcomes

    def deliver_due(self) -> None:
        """Take what was accepted into the buffers, and deliver those that are full."""
        while self._pump.take(self._spool.end):
            self._pump.begin_due()

    def deliver(self) -> None:
        """Deliver everything that was accepted; then it can be queried."""
        self._pump.deliver_all(self._spool.end)

    def close(self) -> None:
        """End writing; what is not delivered stays in the spool."""
        self._spool.close()
        self._pump.close()
        self._lock.release()

    def _judge(self, item: Item, taken: Taken, arrival: int, entries: list[Entry]) -> Iterator[Outcome]:
        """Add what an item becomes to the entries, and tell it."""
        if taken.opened:
            yield Outcome(item, None, opened=taken.opened)
        for accepted in taken.accepted:
            entries.append((EVENT, arrival, accepted.body))
            routed = self._budget.route(accepted.body)
            code, message = (routed.failures[0][1].code, str(routed.failures[0][1])) if routed.failures else (None, None)
            yield Outcome(item, accepted.id, code, message, is_erased=routed.is_erased)
        if taken.error is not None:
            failed = item.failed(taken.error)
            entries.append((REJECTED, arrival, pack(failed, item.data)))
            yield Outcome(item, None, failed.code, str(failed))


def store(
    items: Iterable[Item], folder: Path, sources: Sequence[Source], told: Callable[[str], None] = lambda _sentence: None
) -> Iterator[Outcome]:
    """Store items in the lake in a folder, and tell what became of each; told: hears of damage. Raises LakeLockedError, StorageError."""
    return store_read(lambda take: ((item, take(item.data)) for item in items), folder, sources, told)


def store_read(
    read: Callable[[Callable[[bytes], Taken]], Iterable[tuple[Item, Taken]]],
    folder: Path,
    sources: Sequence[Source],
    told: Callable[[str], None] = lambda _sentence: None,
) -> Iterator[Outcome]:
    """Store what is read and taken on the way, as `store` does. read: gives items with what they became, by what takes them."""
    with Importer(folder, sources, told=told) as importer:
        for group in _groups(read(importer.take)):
            yield from importer.accept_taken(group)
            importer.deliver_due()
        importer.deliver()


def _groups(items: Iterable[tuple[Item, Taken]]) -> Iterator[list[tuple[Item, Taken]]]:
    group: list[tuple[Item, Taken]] = []
    size = 0
    for item, taken in items:
        group.append((item, taken))
        size += len(item.data)
        if len(group) == GROUP or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
