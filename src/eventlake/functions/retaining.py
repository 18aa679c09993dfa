"""Removes the hours of a lake on AWS whose time is over and that no legal hold keeps: first their partitions, the bytes after a grace.

Before anything of an hour goes, that is written down; then the holds are read; then it goes. Whoever places a hold does the same the other way
round, so one of the two sees the other. What is killed on the way leaves what was written down, and the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.hold_objects import HoldObjects
from eventlake.backends.object_versions import ObjectVersions, Version
from eventlake.backends.removal_log import RemovalLog
from eventlake.backends.s3 import S3Store
from eventlake.errors import LayoutError
from eventlake.functions.closing import number_of
from eventlake.interfaces import Partition
from eventlake.layout import CLOSINGS, Hour, closed_hour, closing_number, error_hour, split_key
from eventlake.model import Table
from eventlake.pipeline.holds import held
from eventlake.pipeline.removals import FAILED, LINES, Removal
from eventlake.pipeline.retention import Retention

HIDDEN, REMOVED, HELD, BACK, KEPT, ELSEWHERE, DUE = "hidden", "removed", "held", "back", "kept", "elsewhere", "due"
"""What becomes of an hour: nobody finds it any more; its bytes are gone; a hold keeps it; a hold brought it back; the bucket keeps versions of
it; it lies in another bucket, where nothing is removed; it would go."""
_TOGETHER = 25
"""Partitions that are taken out at a call."""
_UNDER_ONE_LOOK = 500
"""How many versions are removed before the legal holds are read again."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became, or would become, of an hour of a table, or of its failed records. note: the hold that keeps it, or why something stays."""

    table: str
    kind: str
    hour: Hour
    state: str
    objects: int = 0
    size_bytes: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where bytes of one kind lie: what their keys begin with, and how a key tells its hour."""

    prefix: str
    hour: Callable[[str], Hour]


class Retainer:
    """Removes what is over. s3: boto3's client. is_late: whether no time is left to begin anything. now: the moment, aware."""

    def __init__(
        self,
        s3: Any,  # boto3's client has no types
        bucket: str,
        catalog: GlueCatalog,
        retention: Retention,
        is_late: Callable[[], bool] = lambda: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._versions = S3Store(s3, bucket), ObjectVersions(s3, bucket)
        self._log, self._holds, self._closings = RemovalLog(s3, bucket), HoldObjects(s3, bucket), ClosingLog(s3, bucket)
        self._catalog, self._retention, self._is_late, self._now = catalog, retention, is_late, now

    def remove(self, table: Table) -> Iterator[Done]:
        """Remove what is over of a table; yield what became of each hour. Raises StorageError."""
        if table.name in self._retention.tables:
            yield from self._hide(table)
            yield from self._remove_bytes(table, LINES)
            self._forget_closings(table)
        if self._retention.failed is not None:
            yield from self._remove_bytes(table, FAILED)

    def due(self, table: Table) -> Iterator[Done]:
        """Yield what would become of each hour that is over, and change nothing; nothing of what there is no time to look at. Raises StorageError."""
        holds = self._holds.read()
        for kind in (LINES, FAILED):
            partitions = self._partitions(table) if kind == LINES else {}
            found = dict.fromkeys(partitions, (0, 0))
            for hour, versions in self._lying(table, kind):
                if self._is_late():
                    return
                objects, size = found.get(hour, (0, 0))
                found[hour] = objects + sum(one.is_seen for one in versions), size + sum(one.size_bytes for one in versions)
            for hour, (objects, size) in sorted(found.items()):
                hold, elsewhere = held(holds, table.name, hour), hour in partitions and partitions[hour].is_elsewhere
                state = HELD if hold else ELSEWHERE if elsewhere else DUE
                yield Done(table.name, kind, hour, state, objects, size, hold or (partitions[hour].location if elsewhere else ""))

    # Partitions

    def _partitions(self, table: Table) -> dict[Hour, Partition]:
        """Return the partitions of a table whose time is over."""
        found = self._catalog.partitions(table.name, last_day=self._last_day(table)) if table.name in self._retention.tables else []
        return {one.hour: one for one in found if self._is_over(table, LINES, one.hour)}

    def _hide(self, table: Table) -> Iterator[Done]:
        """Take hours out of the catalog, and bring back those that are to stay now and are still whole."""
        partitions, removals, holds = self._partitions(table), self._log.of(table.name, LINES), self._holds.read()
        going = []
        for one in partitions.values():
            hold = held(holds, table.name, one.hour)
            if not hold and not one.is_elsewhere:
                going.append(one)
                continue
            if one.hour in removals:  # of a run that ended before the partition was taken out
                self._log.end(removals[one.hour])
            yield Done(table.name, LINES, one.hour, HELD if hold else ELSEWHERE, note=hold or one.location)
        for at in range(0, len(going), _TOGETHER):
            if self._is_late():
                return
            yield from self._hide_some(table, going[at : at + _TOGETHER], removals)
        for removal in removals.values():
            hold = held(holds, table.name, removal.hour)
            if removal.hour not in partitions and (hold or not self._is_over(table, LINES, removal.hour)):
                yield self._bring_back(removal, hold or "It is kept longer now.")

    def _hide_some(self, table: Table, partitions: Sequence[Partition], before: Mapping[Hour, Removal]) -> Iterator[Done]:
        """Take partitions out of the catalog, those that are still as they were read and that no hold keeps by now."""
        removals = {}
        for one in partitions:
            is_removing = one.hour in before and before[one.hour].is_removing
            removals[one.hour] = Removal(table.name, LINES, one.hour, self._now(), one, is_removing)
            self._log.write(removals[one.hour])
        holds = self._holds.read()
        there = self._catalog.now(table.name, list(removals))
        going = [one.hour for one in partitions if there.get(one.hour) == one and not held(holds, table.name, one.hour)]
        refused = self._catalog.remove(table.name, going) if going else {}
        for one in partitions:
            if one.hour in going and one.hour not in refused:
                yield Done(table.name, LINES, one.hour, HIDDEN)
                continue
            if one.hour in there:
                self._log.end(removals[one.hour])
            hold = held(holds, table.name, one.hour)
            yield Done(table.name, LINES, one.hour, HELD if hold else KEPT, note=hold or refused.get(one.hour, "It was changed meanwhile."))

    def _bring_back(self, removal: Removal, note: str) -> Done:
        """Let an hour be found again, unless some of its bytes may be gone."""
        if removal.partition is None or removal.is_removing:
            return Done(removal.table, removal.kind, removal.hour, HELD, note=note)
        self._catalog.add_partition(removal.partition)
        self._log.end(removal)
        return Done(removal.table, removal.kind, removal.hour, BACK, note=note)

    # Bytes

    def _remove_bytes(self, table: Table, kind: str) -> Iterator[Done]:
        """Remove the bytes of hours that are in no partition, once their grace is over; what nobody knew of gets its grace now."""
        partitions, removals = self._partitions(table) if kind == LINES else {}, self._log.of(table.name, kind)
        left: set[Hour] = set()
        for hour, versions in self._lying(table, kind):
            if self._is_late():
                return
            if hour in partitions:
                continue
            removal = removals.get(hour) or Removal(table.name, kind, hour, self._now())
            if hour not in removals:
                removals[hour] = removal
                self._log.write(removal)
            if removal.is_due(self._now()):
                done = self._remove_versions(removal, versions)
                left |= {hour} if done.state != REMOVED else set()
                yield done
        for removal in removals.values():
            is_over = self._is_over(table, kind, removal.hour)
            if is_over and removal.is_due(self._now()) and removal.hour not in left and removal.hour not in partitions:
                self._log.end(removal)

    def _remove_versions(self, removal: Removal, versions: Sequence[Version]) -> Done:
        """Remove versions for good, until a hold is placed on their hour."""
        self._log.write(replace(removal, is_removing=True))
        refused: dict[str, str] = {}
        gone: list[Version] = []
        for at in range(0, len(versions), _UNDER_ONE_LOOK):
            if hold := held(self._holds.read(), removal.table, removal.hour):
                if at == 0:
                    self._log.write(removal)
                return _done(removal, HELD, gone, hold)
            some = versions[at : at + _UNDER_ONE_LOOK]
            refused |= self._versions.remove(some)
            gone += [one for one in some if one.key not in refused]
        return _done(removal, KEPT if refused else REMOVED, gone, next(iter(refused.values()), ""))

    def _lying(self, table: Table, kind: str) -> Iterator[tuple[Hour, Sequence[Version]]]:
        """Yield what lies in hours that are over, versions that nobody sees too; an hour comes as often as it has places."""
        last_day = self._last_day(table) if kind == LINES else ""
        for place in _places(table, kind):
            for hour, versions in groupby(self._versions.below(place.prefix), lambda one, place=place: _hour(place, one.key)):  # type: ignore[misc]
                if hour and last_day and hour.date > last_day:
                    break  # keys come by day
                if hour and self._is_over(table, kind, hour):
                    yield hour, list(versions)

    def _last_day(self, table: Table) -> str:
        """Return the last day of which hours may be over; none without days."""
        days = self._retention.tables.get(table.name)
        return "0001-01-01" if days is None else f"{self._now() - timedelta(days=days):%Y-%m-%d}"

    def _is_over(self, table: Table, kind: str, hour: Hour) -> bool:
        try:
            goes = self._retention.goes(table.name, hour) if kind == LINES else self._retention.failed_goes(hour)
        except ValueError:  # a partition of a day that does not exist
            return False
        return goes is not None and goes <= self._now()

    # Closings

    def _forget_closings(self, table: Table) -> None:
        """Remove what is known of closings before all those that some hour shows; never of the last, which the next one follows."""
        last = self._closings.last(table.name)
        if last > 1:
            shown = [number for one in self._catalog.partitions(table.name) if (number := number_of(one))]
            for one in self._store.list(f"{CLOSINGS}{table.name}/"):
                if closing_number(one.key) < min([last, *shown]):
                    self._store.delete(one.key)


def _places(table: Table, kind: str) -> list[_Place]:
    """Return where the bytes of a table lie."""
    if kind == FAILED:
        return [_Place(f"{table.error_prefix}/", error_hour)]
    landed = [f"{table.prefix}/", f"raw/{table.name}/"]
    return [
        *(_Place(prefix, lambda key, prefix=prefix: _landed_hour(prefix, key)) for prefix in landed),  # type: ignore[misc]  # the loop's own
        _Place(table.closed_prefix, lambda key: closed_hour(table.closed_prefix, key)),
    ]


def _landed_hour(prefix: str, key: str) -> Hour:
    """Return the hour of an object below a prefix. Raises LayoutError for another table's."""
    found, hour, _ = split_key(key)
    if f"{found}/" != prefix:
        raise LayoutError(f'"{key[:200]}" belongs to another table than what lies in {prefix}.')
    return hour


def _hour(place: _Place, key: str) -> Hour | None:
    try:
        return place.hour(key)
    except LayoutError:
        return None


def _done(removal: Removal, state: str, gone: Iterable[Version], note: str) -> Done:
    versions = list(gone)
    seen = sum(one.is_seen for one in versions)
    return Done(removal.table, removal.kind, removal.hour, state, seen, sum(one.size_bytes for one in versions), note)
