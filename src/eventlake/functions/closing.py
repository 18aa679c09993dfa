"""Closes hours of a lake on AWS: what landed is planned, counted, written by Athena to a fresh place, proved, and swapped in.

Nothing is changed before the closing is written down under the table's next number, which succeeds for one of those who try. What was
replaced is removed after a grace; the bucket keeps what was removed for its days.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from eventlake.backends.athena import AthenaEngine
from eventlake.backends.aws import failing
from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.row_counts import gzip_lines, parquet_rows
from eventlake.backends.s3 import S3Store
from eventlake.errors import CorruptObjectError, EventlakeError, LayoutError, StorageServiceError
from eventlake.interfaces import HourContents, Partition, StoredObject
from eventlake.layout import Hour, moved, partition_location, split_key
from eventlake.model import Table
from eventlake.pipeline.batch import MOST_OBJECTS, Batch, Own, batches, surveying, unloading
from eventlake.pipeline.closings import CLOSED_AT, DUPLICATES, GENERATION, NUMBER, ClosedHour, Closing, closed_place, total_duplicates
from eventlake.pipeline.compaction import GRACE, WINDOW, due, neighbours
from eventlake.pipeline.retention import Retention

FRESH = timedelta(hours=72)
"""Hours that are younger are closed before the history of a lake that was not closed so far."""


class Hours:
    """What one table holds where new objects land, and what is closed of it.

    is_over: whether an hour was kept long enough. first_day: from which on partitions are known.
    """

    def __init__(
        self, table: Table, catalog: GlueCatalog, store: S3Store, log: ClosingLog, is_over: Callable[[Hour], bool] = lambda _: False
    ) -> None:
        self.table = table
        self._is_over = is_over
        self._catalog, self._store, self._log = catalog, store, log
        self.number = log.last(table.name)
        self.landed = _by_hour(table, store)
        oldest = min((hour.start for hour in self.landed), default=datetime.now(UTC))
        self.first_day = Hour.of(moved(oldest, -WINDOW)).date
        self.partitions = {one.hour: one for one in catalog.partitions(table.name, self.first_day)}
        for hour in [hour for hour in self.landed if hour in self.partitions and self.partitions[hour].is_elsewhere]:
            del self.landed[hour]  # closing it would hide what lies in the other bucket
        for hour in [hour for hour in self.landed if self._is_gone(hour)]:
            del self.landed[hour]  # closing it would bring it back

    def know_all(self) -> None:
        """Load the partitions of earlier days too."""
        self.first_day = ""
        self.partitions = {one.hour: one for one in self._catalog.partitions(self.table.name)}

    def settle(self, log_format: str) -> None:
        """Let the last closing be seen, if whoever wrote it down did not come so far."""
        if self.number == 0:
            return
        closing = self._log.read(self.table.name, self.number)
        for one in closing.hours:
            if one.hour.date < self.first_day:
                self.know_all()
            known = self.partitions.get(one.hour)
            if not self._is_gone(one.hour) and (known is None or number_of(known) < closing.number):
                self._require(one)
                self.swap(closing, one, log_format)

    def _is_gone(self, hour: Hour) -> bool:
        """Return True for an hour that is found no more because its time is over."""
        return hour not in self.partitions and self._is_over(hour)

    def _require(self, one: ClosedHour) -> None:
        """Raise CorruptObjectError unless what was written is there."""
        size = sum(found.size_bytes for found in self._store.list(one.location))
        if size != one.bytes_after:
            raise CorruptObjectError(f'"{one.location}" holds {size:,} bytes where {one.bytes_after:,} were written; it is not shown.')

    def swap(self, closing: Closing, one: ClosedHour, log_format: str) -> None:
        """Let readers see a closed hour."""
        partition = Partition(self.table.name, one.hour, one.location, log_format, closing.parameters(one))
        self._catalog.swap(partition)
        self.partitions[one.hour] = partition

    def included(self, hour: Hour) -> frozenset[str]:
        """Return the keys of landed objects that the closed hour holds; none of an open one."""
        partition = self.partitions.get(hour)
        number = number_of(partition) if partition else 0
        if number == 0:
            return frozenset()
        try:
            closing = self._log.read(self.table.name, number)
        except StorageServiceError as error:
            if error.code != "NoSuchKey":
                raise
            return frozenset()  # it has expired, and so has what had landed for it: what is there now came later
        return frozenset(key for one in closing.hours if one.hour == hour for key in one.inputs)

    @property
    def closed(self) -> list[Hour]:
        """Return the hours that are closed, with or without something that arrived since."""
        return [hour for hour, one in self.partitions.items() if number_of(one)]

    def waits_since(self, hour: Hour) -> datetime:
        """Return since when an hour has something that is not closed: its end, or when the first of it landed after that."""
        new = [one.modified for one in self.landed[hour] if one.key not in self.included(hour)]
        return max(hour.end, min(new, default=hour.end))

    def states(self) -> list[HourContents]:
        """Return how far each hour is in which objects landed; the objects are those that it does not hold yet."""
        found = []
        for hour, objects in self.landed.items():
            new = [one for one in objects if one.key not in self.included(hour)]
            generation = int(self._said(hour, GENERATION))
            state = ("dirty" if new else "closed") if generation else "open"
            size = sum(one.size_bytes for one in new)
            found.append(HourContents(hour, len(new), None, size, state, generation, int(self._said(hour, DUPLICATES))))
        return sorted(found, key=lambda one: one.hour)

    def duplicates(self, hour: Hour) -> int:
        """Return how many rows the closings of an hour left out so far."""
        return int(self._said(hour, DUPLICATES))

    def _said(self, hour: Hour, name: str) -> str:
        partition = self.partitions.get(hour)
        return partition.parameters.get(name, "0") if partition else "0"


class Closer:
    """Closes the hours of a lake on AWS.

    s3: boto3's client. retention: how long hours are kept. now: the moment, aware. slack: how long after its end an hour is delivered.
    """

    def __init__(
        self,
        s3: Any,  # boto3's client has no types
        bucket: str,
        catalog: GlueCatalog,
        athena: AthenaEngine,
        log_format: str,
        slack: timedelta,
        retention: Retention,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._s3, self._bucket, self._format = s3, bucket, log_format
        self._store, self._log = S3Store(s3, bucket), ClosingLog(s3, bucket)
        self._catalog, self._athena, self._slack, self._retention, self._now = catalog, athena, slack, retention, now

    def hours(self, table: Table) -> Hours:
        """Look at a table, and let be seen what was closed and not shown. Raises StorageError."""
        is_over = partial(self._retention.is_over, table.name, now=self._now())
        found = Hours(table, self._catalog, self._store, self._log, is_over)
        found.settle(self._format)
        return found

    def due(self, hours: Hours, wanted: Hour | None = None) -> list[Batch]:
        """Return what is to be closed, the oldest first. wanted: this hour alone, if it is over and has something new."""
        states = [one for one in due(hours.states(), self._now(), self._slack) if wanted in (None, one.hour)]
        own = [self._own(hours, one) for one in states]
        return list(batches(hours.table, self._bucket, own, is_lines=self._format == "json"))

    def is_old(self, batch: Batch) -> bool:
        """Return True for history, which is closed after what is young."""
        return batch.hours[-1].hour.start < self._now() - FRESH

    def close(self, hours: Hours, batch: Batch) -> Closing:
        """Close the hours of a batch. Raises EventlakeError; GenerationConflictError if somebody else closes the table."""
        hours.settle(self._format)
        rows_before, others, expected = self._survey(hours, batch)
        place = closed_place(batch.table, batch.day, hours.number + 1, uuid.uuid4().hex[:8])
        try:
            self._athena.write(unloading(batch, others, place))
            closing = self._proved(hours, batch, place, rows_before, expected)
        except EventlakeError:
            self._remove(self._store.list(place))
            raise
        self._log.append(closing)  # what is left behind by one that failed here may be what everybody reads, and goes after the grace
        hours.number = closing.number
        for one in closing.hours:
            hours.swap(closing, one, self._format)
        return closing

    def remove_replaced(self, hours: Hours) -> int:
        """Remove what closed hours hold and was replaced longer ago than the grace; how many objects."""
        limit = self._now() - GRACE
        days = {hour.date for hour in hours.landed if self._is_past(hours, hour, limit)}
        replaced = [one for day in sorted(days) for one in self._replaced(hours, day, limit)]
        landed = [
            one
            for hour, objects in hours.landed.items()
            if self._is_past(hours, hour, limit)
            for one in objects
            if one.key in hours.included(hour)
        ]
        return self._remove(iter([*replaced, *landed]))

    def _own(self, hours: Hours, state: HourContents) -> Own:
        """Return what an hour is to be made of: what it was made of, and what has landed since."""
        partition, included = hours.partitions.get(state.hour), hours.included(state.hour)
        location = partition.location if partition and number_of(partition) else partition_location(hours.table.prefix, state.hour)
        before = [one for one in self._store.list(location) if _is_seen(one)] if state.generation else []
        new = [one for one in hours.landed[state.hour] if one.key not in included]
        return Own(state.hour, location, state.generation, (*before, *new[:MOST_OBJECTS]))

    def _survey(self, hours: Hours, batch: Batch) -> tuple[dict[str, int], list[Hour], int]:
        """Count the rows of each hour, find the closed hours that may hold some of them, and count the rows that are to stay."""
        others = self._others(hours, batch, set())
        while True:
            counts, events, expected = _read_survey(self._athena.query(surveying(batch, others)).rows)
            if any(one.date < hours.first_day for one in events):
                hours.know_all()
            wanted = self._others(hours, batch, events)
            if set(wanted) <= set(others):
                return counts, others, expected
            others = sorted({*wanted, *others})

    def _others(self, hours: Hours, batch: Batch, events: set[Hour]) -> list[Hour]:
        own = {one.hour for one in batch.hours}
        closed = sorted(hours.closed)
        found = {one for hour in own for one in neighbours(hour, events, closed)}
        return sorted(found - own)

    def _proved(self, hours: Hours, batch: Batch, place: str, rows_before: Mapping[str, int], expected: int) -> Closing:
        """Return the closing that a place is, once its objects hold the rows that are to stay. Raises CorruptObjectError."""
        written = list(self._store.list(place))
        closed = [self._closed(hours, own, place, rows_before.get(own.hour.hour, 0), written) for own in batch.hours]
        rows = sum(one.rows for one in closed)
        if rows != expected:
            raise CorruptObjectError(f"{batch.table.name} {batch.day}: {rows:,} rows were written where {expected:,} are to stay.")
        return Closing(batch.table.name, hours.number + 1, self._now(), tuple(closed))

    def _closed(self, hours: Hours, own: Own, place: str, rows_before: int, written: Sequence[StoredObject]) -> ClosedHour:
        location = f"{place}hour={own.hour.hour}/"
        objects = [one for one in written if one.key.startswith(location)]
        rows = sum(map(self._rows, objects))
        known = hours.included(own.hour) | {one.key for one in own.objects}
        return ClosedHour(
            hour=own.hour,
            generation=own.generation + 1,
            location=location,
            inputs=tuple(one.key for one in hours.landed[own.hour] if one.key in known),
            rows_before=rows_before,
            rows=rows,
            duplicates=total_duplicates(hours.duplicates(own.hour), rows_before, rows),
            objects_before=len(own.objects),
            objects=len(objects),
            bytes_before=own.size_bytes,
            bytes_after=sum(one.size_bytes for one in objects),
        )

    def _rows(self, one: StoredObject) -> int:
        """Count the rows of an object that was written."""
        try:
            with failing(f'The object "{one.key}" cannot be read', storage=True):
                if self._format == "json":
                    return gzip_lines(self._s3.get_object(Bucket=self._bucket, Key=one.key)["Body"].iter_chunks(65_536))
                return parquet_rows(one.size_bytes, lambda start, end: self._part(one.key, start, end))
        except CorruptObjectError as error:
            raise CorruptObjectError(f'The object "{one.key}" cannot be used: {error}') from None

    def _part(self, key: str, start: int, end: int) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}")["Body"].read()
        return body

    def _is_past(self, hours: Hours, hour: Hour, limit: datetime) -> bool:
        """Return True if an hour was closed before this moment."""
        partition = hours.partitions.get(hour)
        said = partition.parameters.get(CLOSED_AT) if partition else None
        return said is not None and datetime.fromisoformat(said) < limit

    def _replaced(self, hours: Hours, day: str, limit: datetime) -> Iterator[StoredObject]:
        """Yield the objects of closed places of a day that readers have not seen since before this moment, or never."""
        for one in self._store.list(f"{hours.table.closed_prefix}{day.replace('-', '/')}/"):
            hour = Hour(day, one.key.rpartition("/")[0].rpartition("/hour=")[2])
            partition = hours.partitions.get(hour)
            is_current = partition is not None and one.key.startswith(partition.location)
            if not is_current and one.modified < limit and self._is_past(hours, hour, limit):
                yield one

    def _remove(self, objects: Iterator[StoredObject]) -> int:
        count = 0
        for one in objects:
            self._store.delete(one.key)
            count += 1
        return count


def number_of(partition: Partition) -> int:
    """Return the number of the closing that a partition shows, 0 for an open hour's."""
    return int(partition.parameters.get(NUMBER, "0"))


def _by_hour(table: Table, store: S3Store) -> dict[Hour, list[StoredObject]]:
    """List the objects that have landed and were not removed, hour by hour; what belongs to no hour is left where it is."""
    found: dict[Hour, list[StoredObject]] = {}
    for one in store.list(f"{table.prefix}/"):
        try:
            prefix, hour, _ = split_key(one.key)
        except LayoutError:
            continue
        if prefix == table.prefix:
            found.setdefault(hour, []).append(one)
    return found


def _is_seen(one: StoredObject) -> bool:
    """Return True for an object that engines read: their own hidden ones begin with `_` or `.`."""
    return not one.key.rpartition("/")[2].startswith(("_", ".")) and not one.key.endswith("/")


def _read_survey(rows: Sequence[tuple[Any, ...]]) -> tuple[dict[str, int], set[Hour], int]:  # Athena's values
    """Return the rows of each hour, the hours of all events, and the rows that are to stay."""
    counts = {hour: int(found) for hour, found, _ in rows if hour != "all"}
    events = {_hour(word) for hour, _, happened in rows if hour != "all" for word in (happened or "").split()}
    (expected,) = [int(found) for hour, found, _ in rows if hour == "all"]
    return counts, {one for one in events if one}, expected


def _hour(word: str) -> Hour | None:
    """Read an hour; None for one of a year that no hour of a lake has."""
    try:
        return Hour.parse(word)
    except LayoutError:
        return None
