"""What a crash left of the last deliveries is finished: a whole object is registered, the rest is put aside and delivered again.

Nothing is removed at once: what was put aside stays in the trash for a day, and only what the catalog does not know is ever put aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.crash import crash_point
from eventlake.local.delivery.strays import Adopter, strays

GRACE = timedelta(hours=24)
"""How long what was put aside is kept: longer than any copy of a lake takes."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many objects were registered, and how many put aside."""

    adopted: int
    put_aside: int


def recover(store: DirectoryStore, catalog: SqliteCatalog) -> Recovered:
    """Finish what was intended and is not registered. Raises StorageError."""
    now = datetime.now(UTC)
    store.clear_staging()
    store.empty_trash(now - GRACE)
    left = catalog.intended()
    if not left:
        return Recovered(0, 0)
    adopter = Adopter(catalog, advances=True)
    adopted = put_aside = 0
    try:
        for stray in sorted(strays(store, left), key=lambda stray: stray.description.position_from if stray.description else 0):
            if adopter.adopt(stray) is None:
                adopted += 1
                crash_point("left-over registered")
                continue
            store.put_aside(stray.key, now)
            put_aside += 1
            crash_point("left-over put aside")
    except OSError as error:
        raise storage_error(error, "What a crash left cannot be recovered") from None
    catalog.forget(left)
    crash_point("left-overs forgotten")
    return Recovered(adopted, put_aside)
