"""What differs between AWS and one machine, as Protocols: Store, Catalog, Engine, Clock; and History, what a provider's API tells of the past.

An adapter of each is given at construction; no stage asks where it runs. The nouns are S3's, Glue's and Athena's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from eventlake.layout import Days, Hour, days_of
from eventlake.model import Table, Times

OBJECTS, BYTES = "objects", "bytes"
"""What a partition in another bucket says of its objects in its parameters: no listing of the lake's own bucket finds them."""


class Pseudonyms(Protocol):
    """What stands for a person's texts: the same for the same text, and nobody finds the text by it."""

    differ_by_day: bool
    """Whether the day of an event decides; if not, none need be given."""

    def of(self, text: str, day: str) -> str:
        """Return the pseudonym of a text. day: YYYY-MM-DD of the event, empty if it has none."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object: key below the bucket or folder of objects, size in bytes, moment of its last change in UTC.

    etag: what differs when the content does, as S3 gives it; empty where the store has none.
    """

    key: str
    size_bytes: int
    modified: datetime
    etag: str = ""


class Store(Protocol):
    """Objects by key, as in S3: visible whole or not at all."""

    def put(self, key: str, body: bytes | Path) -> None:
        """Make the object visible; when it returns, it is complete and durable.

        A Path is a finished file that may be moved. Replaces an object of the same key.
        Raises StorageFullError or StorageError; then nothing is visible under the key that was not before.
        """

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises StorageError if there is none."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects whose key begins with the prefix, by key."""

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One hour of a table in the catalog: where its objects lie and in which format."""

    table: str
    hour: Hour
    location: str
    """`prefix/YYYY/MM/DD/HH/`, below the bucket or the folder of objects."""
    format: str
    """`parquet` or `json`"""
    parameters: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What else the catalog keeps of it, by name."""

    @property
    def is_elsewhere(self) -> bool:
        """Return True if its objects lie in another bucket than the lake's: those of an older lake, taken over where they are."""
        return "://" in self.location


@dataclass(frozen=True, slots=True)
class LogObject:
    """One object of log lines as the catalog knows it.

    rows and crc32 are None where the catalog does not know them (Glue lists objects, it does not describe them). etag: the store's.
    strict: the columns, as they are stored, whose texts are known to be JSON as we write it. times: between which every `event_time` of its
    rows lies; None where the catalog does not know it.
    """

    table: str
    hour: Hour
    key: str
    format: str
    size_bytes: int
    rows: int | None = None
    crc32: int | None = None
    etag: str = ""
    strict: frozenset[str] = frozenset()
    times: Times | None = None


@dataclass(frozen=True, slots=True)
class HourContents:
    """What readers see of one hour of a table; rows is None where the catalog does not know them.

    state: `open`, `closed`, or `dirty` when something arrived after it was closed. generation: how often its objects were swapped.
    duplicates: how many rows the closings left out. problem: why it could not be closed the last time, a sentence; empty if it could.
    retry: from when on that is tried again.
    """

    hour: Hour
    objects: int
    rows: int | None
    size_bytes: int
    state: str = "open"
    generation: int = 0
    duplicates: int = 0
    problem: str = ""
    retry: datetime | None = None


class Contents:
    """What readers see of a table: its hours that hold something, in order, and the objects of some of them.

    objects: as the method of that name.
    """

    def __init__(self, hours: Sequence[HourContents], objects: Callable[[Iterable[Hour] | None], Sequence[LogObject]]) -> None:
        self._hours = hours
        self._objects = objects

    @classmethod
    def of(cls, objects: Sequence[LogObject]) -> Contents:
        """Return the contents that these objects are, given by hour and key."""
        by_hour = {hour: list(group) for hour, group in groupby(objects, key=lambda one: one.hour)}
        hours = [HourContents(hour, len(group), _rows(group), sum(one.size_bytes for one in group)) for hour, group in by_hour.items()]
        return cls(
            hours, lambda wanted: objects if wanted is None else [one for hour in sorted(set(wanted)) for one in by_hour.get(hour, [])]
        )

    def objects(self, hours: Iterable[Hour] | None) -> Sequence[LogObject]:
        """Return the objects of these hours, of all for None, by hour and key."""
        return self._objects(hours)

    @property
    def hours(self) -> Sequence[HourContents]:
        """Return all of the hours."""
        return self._hours

    @property
    def is_current(self) -> bool:
        """Return True if all that is asked of it is answered as of one moment; False once somebody has changed a catalog that is looked up anew."""
        return True

    @property
    def marks(self) -> Mapping[Hour, Hashable]:
        """Return for each hour what differs once other objects are in it, also such that hold as many rows."""
        found: dict[Hour, list[tuple[str, str, int | None]]] = {}
        for one in self.objects(None):
            found.setdefault(one.hour, []).append((one.key, one.etag, one.crc32))
        return {hour: hash(tuple(objects)) for hour, objects in found.items()}

    @property
    def open_hours(self) -> Sequence[Hour]:
        """Return those of the hours that are not closed."""
        return [one.hour for one in self.hours if one.state != "closed"]

    @property
    def days(self) -> Days:
        """Return the hours by date, and nothing of what they hold."""
        return days_of(one.hour for one in self.hours)

    def hours_in(self, days: Days) -> Sequence[HourContents]:
        """Return those of the hours that these days have."""
        return [one for one in self._around(days) if one.hour.hour in days.get(one.hour.date, ())]

    def _around(self, days: Days) -> Sequence[HourContents]:
        """Return the hours of these days, and perhaps others."""
        return self.hours

    @property
    def count(self) -> int:
        """Return how many objects there are."""
        return sum(hour.objects for hour in self.hours)

    @property
    def size_bytes(self) -> int:
        """Return the bytes of all objects."""
        return sum(hour.size_bytes for hour in self.hours)


def _rows(objects: Sequence[LogObject]) -> int | None:
    """Sum the rows; None if they are not known of every object."""
    known = [one.rows for one in objects if one.rows is not None]
    return sum(known) if len(known) == len(objects) else None


class Catalog(Protocol):
    """Databases, tables and partitions, as in Glue; names of tables are looked up without regard to case."""

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Make sure the tables exist with these columns; a new column is appended, none is ever dropped."""

    def tables(self) -> Sequence[Table]:
        """Return every table, by database and name."""

    def add_partition(self, partition: Partition) -> bool:
        """Make sure the partition exists; return True if this call created it. Idempotent."""

    def partitions(self, table: str) -> Sequence[Partition]:
        """Return every partition of a table, by hour."""

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Return the objects of log lines that readers see, of these hours or of all; by hour and key."""

    def contents(self, table: str) -> Contents:
        """Return what readers see of a table, hour by hour."""


Row = tuple[Any, ...]
"""The values of a row, whose types are the query's."""
Parameters = Mapping[str, Any]
"""Values for each `:name` in a statement, which are the user's."""
Cancelled = Callable[[], bool]
"""Whether nobody wants the answer any more; asked again and again."""
Each = Callable[[Sequence[Row]], None]
"""Takes the rows of an answer, in parts, as they come."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a query: names and Athena types of the columns, rows of Python values, and what it cost.

    Values: None, bool, int, float, Decimal, str, bytes, date, time, datetime (aware for `timestamp with time zone`),
    list for array, dict for map and for row; str also for json, uuid, ipaddress and intervals, as Athena prints them.
    Totals are those of the tables that were asked, 0 where the engine does not know them. open_hours: how many of the hours that were read
    are not closed, so that what is counted in them may still change; 0 where the engine does not know. processor_s: seconds of this machine's
    processor that it took in processes beside this one.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[Row]
    seconds: float = 0.0
    objects_read: int = 0
    objects_total: int = 0
    bytes_read: int = 0
    bytes_total: int = 0
    warnings: tuple[str, ...] = field(default=())
    open_hours: int = 0
    processor_s: float = 0.0


class Engine(Protocol):
    """What answers Athena's SQL."""

    def query(
        self, sql: str, parameters: Parameters | None = None, *, cancelled: Cancelled | None = None, each: Each | None = None
    ) -> Result:
        """Return the rows of one SELECT. Raises QueryError and its kinds.

        cancelled: whether nobody wants the answer any more; asked again and again, and then QueryLimitError is raised within a second.
        each: is given the rows, in parts, as they come; they are the answer only once the result is there, which then may know no more than how
        many there were.
        """

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Tell what would run: the SQL of the engine, the partitions and the bytes it will read."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events of a history that come together, as envelopes, and the cursor behind them; there may be none.

    done: which share of the history lies behind the cursor, 0 to 1; None if nobody can tell.
    """

    events: Sequence[bytes]
    cursor: str
    done: float | None = None


class History(Protocol):
    """What a provider's API tells of the past, as the events that would have come.

    Its cursor is text of its own, stored in one transaction with the rows of the pages before it; so pages may come again only if they were
    not stored.
    """

    @property
    def name(self) -> str:
        """Return what its cursor is kept by: `auth0-api/tenant.eu.auth0.com`."""

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield the pages behind a cursor, in order; the cursor is empty where nothing is stored yet. Raises ConfigurationError, ServiceError."""


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
