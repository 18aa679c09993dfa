"""Removes the hours of a lake on one machine whose time is over, and that no legal hold keeps.

First the catalog forgets them, all at once; queries that began before still find the bytes, which are removed a day later, with those that closing
replaced. What is killed on the way leaves either everything as it was, or bytes that the next removal takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.layout import Hour
from eventlake.local.crash import crash_point
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.retaining.settings import as_declared, read_retention
from eventlake.model import Source
from eventlake.pipeline.holds import Hold, held

LINES, FAILED = "lines", "failed"


@dataclass(frozen=True, slots=True)
class Over:
    """What has been kept long enough: an hour's log lines, or an object of failed records.

    goes: from when on it was to go. hold: the legal hold that keeps it, empty if none does. key: of the object of failed records.
    """

    table: str
    kind: str
    hour: Hour
    rows: int
    size_bytes: int
    goes: datetime
    hold: str = ""
    key: str = ""


class Retainer:
    """Finds and removes what is over. now: the moment, aware. sources: whose declarations count; without them those that the lake knows."""

    def __init__(
        self,
        catalog: SqliteCatalog,
        folder: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sources: Sequence[Source] = (),
    ) -> None:
        self._catalog = catalog
        self._sources = sources
        self._folder = folder
        self._holds = HoldsFile(folder)
        self._now = now

    def over(self) -> list[Over]:
        """Return what is over, what a hold keeps too; by table and hour. Raises ConfigurationError."""
        return list(self._over(self._holds.read()))

    def has_work(self) -> bool:
        """Return True if something is to be removed. Raises ConfigurationError."""
        return any(not one.hold for one in self.over())

    def remove(self) -> list[Over]:
        """Take what is over and not held out of the catalog, in one transaction; what was over is given. Raises ConfigurationError, StorageError."""
        with self._holds.settled() as holds:
            found = list(self._over(holds))
            going = [one for one in found if not one.hold]
            if going:
                crash_point("hours about to be forgotten")
                hours = [(one.table, one.hour) for one in going if one.kind == LINES]
                self._catalog.expire(hours, [one.key for one in going if one.kind == FAILED], self._now())
                crash_point("hours forgotten")
        return found

    def _over(self, holds: Sequence[Hold]) -> Iterator[Over]:
        known = as_declared(self._catalog.tables(), self._sources)
        retention, now, tables = read_retention(self._folder, known), self._now(), {table.name for table in known}
        for table in sorted(retention.tables):
            for one in self._catalog.contents(table).hours:
                goes = retention.goes(table, one.hour)
                if goes is not None and goes <= now:
                    yield Over(table, LINES, one.hour, one.rows or 0, one.size_bytes, goes, held(holds, table, one.hour) or "")
        if retention.failed is not None:
            for failed, hours in self._catalog.failed_hours():
                goes = retention.failed_goes(hours[-1])
                if goes is not None and goes <= now:
                    about = failed.stream if failed.stream in tables else None
                    hold = next((name for hour in hours if (name := held(holds, about, hour))), "")
                    yield Over(failed.stream, FAILED, hours[0], failed.rows, failed.size_bytes, goes, hold, failed.key)
