"""Hours of a lake on AWS that hold objects and are no partition: found, and registered.

The partition function registers an hour when an object lands. This is for what it did not see: a bucket that was adopted, a table that was
made anew, notifications that were lost with their queue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from eventlake.backends.glue import GlueCatalog
from eventlake.errors import LayoutError
from eventlake.interfaces import Store
from eventlake.layout import Hour, split_key
from eventlake.model import Table
from eventlake.pipeline.partition import partition_of
from eventlake.pipeline.retention import Retention


def unregistered(
    table: Table, catalog: GlueCatalog, store: Store, retention: Retention, before: datetime | None = None
) -> tuple[dict[Hour, int], list[str]]:
    """Count the objects without a partition, hour by hour, and say in sentences which keys belong to no hour.

    retention: what was kept long enough belongs into no partition. before: only objects last changed before this moment count; aware.
    """
    now = datetime.now(UTC)
    have = {one.hour for one in catalog.partitions(table.name)}
    missing: Counter[Hour] = Counter()
    foreign = []
    for one in store.list(f"{table.prefix}/"):
        try:
            _, hour, _ = split_key(one.key)
        except LayoutError as error:
            foreign.append(str(error))
            continue
        if hour not in have and not retention.is_over(table.name, hour, now) and (before is None or one.modified.astimezone(UTC) < before):
            missing[hour] += 1
    return dict(sorted(missing.items())), foreign


def register(table: Table, catalog: GlueCatalog, store: Store, retention: Retention, told: Callable[[Hour, int], None]) -> int:
    """Register every such hour; how many there were. retention: as of `unregistered`. told: called after each with the number of its objects.

    Raises StorageServiceError; what was registered before stays, and running it again goes on.
    """
    missing, _ = unregistered(table, catalog, store, retention)
    log_format = catalog.log_format(table.name) if missing else ""
    for hour, objects in missing.items():
        catalog.add_partition(partition_of(table, hour, log_format))
        told(hour, objects)
    return len(missing)
