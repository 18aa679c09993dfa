"""What a crash left of the last deliveries is finished: a whole object is registered, the rest is put aside and delivered again.

Nothing is removed at once: what was put aside stays in the trash for a day, and only what the catalog does not know is ever put aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.disk import storage_error
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.crash import crash_point
from eventlake.local.delivery.strays import Adopter, strays

ADDED = "adding-"
"""What the names of unfinished files begin with of who adds to a lake, perhaps beside its bus."""
GRACE = timedelta(hours=24)
"""How long what was put aside is kept: longer than any copy of a lake takes."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many objects were registered, and how many put aside."""

    adopted: int
    put_aside: int


def recover(store: DirectoryStore, catalog: SqliteCatalog, *, is_added_to: bool = False) -> Recovered:
    """Finish what was intended and is not registered. is_added_to: whether somebody adds to the lake meanwhile. Raises StorageError."""
    now = datetime.now(UTC)
    store.clear_staging(keep=ADDED if is_added_to else None)
    store.empty_trash(now - GRACE)
    left = catalog.intended()
    if not left:
        return Recovered(0, 0)
    adopter = Adopter(catalog, advances=True)
    unwanted: list[str] = []
    found = sorted(strays(store, left), key=lambda stray: stray.description.position_from if stray.description else 0)
    try:
        for stray in found:
            if adopter.adopt(stray) is not None:
                unwanted.append(stray.key)
                continue
            crash_point("left-over registered")
    except OSError as error:
        raise storage_error(error, "What a crash left cannot be recovered") from None
    count = take_back(store, catalog, left, unwanted, now)
    crash_point("left-overs forgotten")
    return Recovered(len(found) - len(unwanted), count)


def take_back(store: DirectoryStore, catalog: SqliteCatalog, left: Sequence[str], there: Sequence[str], now: datetime) -> int:
    """Forget intentions, and put aside the objects that are there of them; how many. Raises StorageError.

    Nobody can register them meanwhile, and afterwards it is refused: one of them may be in the hands of who adds to the lake beside a bus.
    """
    count = 0
    with catalog.withdrawing(left) as open_still:
        for key in there:
            if key in open_still:
                store.put_aside(key, now)
                count += 1
                crash_point("left-over put aside")
    return count
