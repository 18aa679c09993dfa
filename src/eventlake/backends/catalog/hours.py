"""Hours of tables, as partitions: what each holds, whether it is closed, and how its objects are swapped for one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.catalog.lake import OF_HOUR
from eventlake.backends.catalog.moments import microseconds, moment
from eventlake.backends.catalog.objects import Objects
from eventlake.backends.catalog.registering import add_object, add_partition, close_hour
from eventlake.backends.catalog.tables import Tables
from eventlake.errors import GenerationConflictError
from eventlake.interfaces import Contents, HourContents, LogObject, Partition
from eventlake.layout import Days, Hour

_FIRST_RETRY = timedelta(minutes=1)
_LAST_RETRY = timedelta(hours=6)
_MANY = 20_000
"""How many objects of all tables are kept in memory; these take some ten megabytes."""


class Hours(Tables, Objects):
    """The partitions of a catalog, and their closing."""

    _known: _Known | None = None

    def add_partition(self, partition: Partition) -> bool:
        """Make sure the partition exists; True if this call created it."""
        with self._transaction() as run:
            return add_partition(run, partition)

    def partitions(self, table: str) -> Sequence[Partition]:
        """Return every partition of a table, by hour."""
        rows = self._rows(
            'select "table", "date", hour, location, format from partition where "table" = ? order by "date", hour', (table.lower(),)
        )
        return [Partition(name, Hour(day, hour), location, log_format) for name, day, hour, location, log_format in rows]

    def contents(self, table: str) -> Contents:
        """Return what readers see of a table, hour by hour; whatever is asked of it is looked up then, and kept until somebody changes the catalog."""
        state, name = self._file.state(), table.lower()
        known = self._known
        if known is None or known.state != state:
            known = self._known = _Known(state)
        if name not in known.contents:
            known.contents[name] = _LookedUp(self._rows, name, partial(self.objects, name), known.room, lambda: self._file.state() == state)
        return known.contents[name]

    def replace(
        self, hour: Hour, table: str, generation: int, remove: Sequence[str], add: NewObject, duplicates: int, now: datetime
    ) -> None:
        """Swap objects of one hour of a table for one, in one transaction; the hour is closed then, of the next generation.

        What arrived meanwhile stays beside the new object, and the hour is dirty. duplicates: how many rows were left out. now: since when the
        removed ones are replaced, aware. Raises GenerationConflictError if the hour is not of this generation, or a removed object is not live.
        """
        with self._transaction() as run:
            _require_generation(run, table, hour, generation)
            _mark_replaced(run, table, hour, remove, now)
            add_object(run, replace(add, generation=generation + 1))
            changed = "duplicates = duplicates + ?, problem = '', attempts = 0, retry_us = 0"
            run(f"update partition set {changed} where {OF_HOUR}", (duplicates, table, *hour.values))
            _count_anew(run, table, hour)

    def adopt(self, table: str, objects: Sequence[NewObject]) -> None:
        """Make each of these live objects the closed one of its hour, of the first generation, in one transaction; nothing of it is written anew.

        What arrived meanwhile stays beside it, and the hour is dirty. Raises GenerationConflictError if an hour is closed already, or an object not live.
        """
        with self._transaction() as run:
            for one in objects:
                _require_generation(run, table, one.hour, 0)
                _adopt(run, one)

    def merge(self, hour: Hour, table: str, remove: Sequence[str], add: NewObject, now: datetime) -> None:
        """Swap objects of one hour of a table for one that holds all of their rows, in one transaction; its state and generation stay.

        now: since when the removed ones are replaced, aware. Raises GenerationConflictError if one of them is not live.
        """
        with self._transaction() as run:
            _mark_replaced(run, table, hour, remove, now)
            add_object(run, add)
            _count_anew(run, table, hour)

    def keep_open(self, hour: Hour, table: str, problem: str, now: datetime) -> None:
        """Note why an hour could not be closed; it is tried again after a minute, and each time after four times as long, at most six hours.

        now: aware.
        """
        with self._transaction() as run:
            made = run(f"select attempts from partition where {OF_HOUR}", (table, *hour.values)).fetchone()
            pause = min(_FIRST_RETRY * 4 ** min(made[0] if made else 0, 8), _LAST_RETRY)
            values = problem, microseconds(now + pause), table, *hour.values
            run(f"update partition set problem = ?, attempts = attempts + 1, retry_us = ? where {OF_HOUR}", values)

    def waits_for_closing(self, before: Hour, objects: int, now: datetime, grace: timedelta) -> bool:
        """Return True if a closer finds something to do now: a due hour, an open one of at least so many objects, or objects to remove."""
        query = (
            "select exists (select 1 from partition where objects > 0 and retry_us <= ? and "
            "((state <> 'closed' and (\"date\", hour) < (?, ?)) or objects >= ?)) "
            "or exists (select 1 from object where state = 'replaced' and replaced_us < ?)"
        )
        return bool(self._rows(query, (microseconds(now), *before.values, objects, microseconds(now - grace)))[0][0])

    def problems(self) -> list[tuple[str, HourContents]]:
        """Return the hours that could not be closed, by table and hour."""
        found = [(table.name, one) for table in self.tables() for one in self.contents(table.name).hours]
        return [(table, one) for table, one in found if one.problem]

    def problem_count(self) -> int:
        """Count the hours that could not be closed."""
        return int(self._rows("select count(*) from partition where objects > 0 and problem <> ''")[0][0])


@dataclass(slots=True)
class _Room:
    """For how many objects more there is room in memory."""

    objects: int = _MANY


@dataclass(slots=True)
class _Known:
    """What was asked of a catalog since it was in this state."""

    state: object
    contents: dict[str, Contents] = field(default_factory=dict)
    room: _Room = field(default_factory=_Room)


class _LookedUp(Contents):
    """What a catalog holds of a table, each part looked up when it is asked for: of a year's hours most questions need a few, and how many there are."""

    def __init__(
        self,
        rows: Callable[[str, Sequence[Any]], list[Any]],  # those of sqlite3
        table: str,
        objects: Callable[[Iterable[Hour] | None], Sequence[LogObject]],
        room: _Room,
        is_current: Callable[[], bool],
    ) -> None:
        super().__init__((), objects)
        self._is_current = is_current
        self._rows = rows
        self._table = table
        self._room = room
        self._all_objects: Sequence[LogObject] | None = None

    def objects(self, hours: Iterable[Hour] | None) -> Sequence[LogObject]:
        """Look the objects of these hours up, of all for None, by hour and key."""
        if hours is not None:
            return super().objects(hours)
        if self._all_objects is None:
            found = super().objects(None)
            if len(found) > self._room.objects:
                return found
            self._room.objects -= len(found)
            self._all_objects = found
        return self._all_objects

    @property
    def is_current(self) -> bool:
        """Return True until somebody changes the catalog."""
        return self._is_current()

    @property
    def hours(self) -> Sequence[HourContents]:
        """Look all of the hours up."""
        return self._between("0000-00-00", "9999-99-99")

    def _around(self, days: Days) -> Sequence[HourContents]:
        return self._between(min(days), max(days)) if days else []

    @property
    def marks(self) -> Mapping[Hour, Hashable]:
        """Return for each hour what differs once other objects are in it: which came last, by a number that is never less than one before it."""
        rows = self._rows(
            'select "date", hour, count(*), max(rowid), key from object where "table" = ? and state = \'live\' group by "date", hour',
            (self._table,),
        )
        return {Hour(day, hour): (number, last, key) for day, hour, number, last, key in rows}

    @cached_property
    def open_hours(self) -> Sequence[Hour]:
        """Return those of the hours that are not closed."""
        rows = self._rows(
            'select "date", hour from partition where "table" = ? and objects > 0 and state <> \'closed\' order by 1, 2', (self._table,)
        )
        return [Hour(day, hour) for day, hour in rows]

    @cached_property
    def days(self) -> Days:
        """Return the hours by date."""
        return {day: sorted(hours.split(",")) for day, hours, *_ in self._of_days}

    @property
    def count(self) -> int:
        """Return how many objects there are."""
        return sum(objects for _, _, objects, _ in self._of_days)

    @property
    def size_bytes(self) -> int:
        """Return the bytes of all objects."""
        return sum(size for *_, size in self._of_days)

    @cached_property
    def _of_days(self) -> list[tuple[str, str, int, int]]:
        """Return the days: of each its date, its hours, how many objects it has and of how many bytes: a row for 24."""
        return self._rows(
            'select "date", group_concat(hour), sum(objects), sum(size_bytes) from partition where "table" = ? and objects > 0 '
            'group by "date" order by "date"',
            (self._table,),
        )

    def _between(self, first: str, last: str) -> list[HourContents]:
        rows = self._rows(
            'select "date", hour, objects, rows, size_bytes, state, generation, duplicates, problem, retry_us from partition '
            'where "table" = ? and "date" between ? and ? and objects > 0 order by "date", hour',
            (self._table, first, last),
        )
        return [_hour_contents(*row) for row in rows]


def _require_generation(run: Any, table: str, hour: Hour, generation: int) -> None:  # run: sqlite3's execute
    known = run(f"select generation from partition where {OF_HOUR}", (table, *hour.values)).fetchone()
    if known is None or known[0] != generation:
        raise GenerationConflictError(f"{table} {hour} is no longer of generation {generation}: another process has swapped its objects.")


def _mark_replaced(run: Any, table: str, hour: Hour, keys: Sequence[str], now: datetime) -> None:  # run: sqlite3's execute
    """Take live objects of an hour out of what readers see. Raises GenerationConflictError if one is not live."""
    change = f"update object set state = 'replaced', replaced_us = ? where key = ? and state = 'live' and {OF_HOUR}"
    for key in keys:
        if run(change, (microseconds(now), key, table, *hour.values)).rowcount != 1:
            raise GenerationConflictError(f'The object "{key}" of {table} {hour} is not there to be replaced.')


def _adopt(run: Any, one: NewObject) -> None:  # run: sqlite3's execute
    """Make a live object that of a closed hour. Raises GenerationConflictError if it is not live."""
    change = f"update object set generation = 1 where key = ? and state = 'live' and {OF_HOUR}"
    if run(change, (one.key, one.table, *one.hour.values)).rowcount != 1:
        raise GenerationConflictError(f'The object "{one.key}" of {one.table} {one.hour} is not there to be closed.')
    close_hour(run, replace(one, generation=1))
    run(f"update partition set problem = '', attempts = 0, retry_us = 0 where {OF_HOUR}", (one.table, *one.hour.values))


def _count_anew(run: Any, table: str, hour: Hour) -> None:  # run: sqlite3's execute
    """Count the live objects of an hour."""
    run(
        "update partition set (objects, rows, size_bytes) = (select count(*), coalesce(sum(rows), 0), coalesce(sum(size_bytes), 0) "
        f"from object where {OF_HOUR} and state = 'live') where {OF_HOUR}",
        (table, *hour.values, table, *hour.values),
    )


def _hour_contents(day: str, hour: str, *rest: Any) -> HourContents:  # the columns of a partition
    *known, retry_us = rest
    return HourContents(Hour(day, hour), *(*known, moment(retry_us) if retry_us else None))
