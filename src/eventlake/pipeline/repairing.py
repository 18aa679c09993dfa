"""What is wrong with the partitions of a table in Glue, and what makes it right: each hour registered once, at its own folder.

Takes the partitions as Glue has them and what a listing of the bucket found in each hour; gives the changes, and what a query that reads every
partition reads before and after them. Changes nothing itself. Written for lakes whose functions register hours wrongly, ours and others' with
`prefix/YYYY/MM/DD/HH/name`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from eventlake.errors import LayoutError
from eventlake.layout import CLOSED, Hour, partition_location

WHOLE_DAY, ELSEWHERE, COLUMNS, NOT_REGISTERED, NO_HOUR = "whole day", "elsewhere", "columns", "not registered", "no hour"
"""What may be wrong: a partition at its day's folder, at another place of its table, with other columns than its table; an hour with objects
and without a partition; a partition that names no hour."""

Described = Mapping[str, Any]
"""A partition or a table as Glue describes it."""


@dataclass(frozen=True, slots=True)
class InGlue:
    """A table as Glue has it. prefix: below which its hours lie in the bucket, without slashes at the ends. descriptor: its own."""

    database: str
    name: str
    bucket: str
    prefix: str
    descriptor: Described

    @property
    def root(self) -> str:
        """Return where its objects lie, `s3://bucket/prefix/`."""
        return f"s3://{self.bucket}/{self.prefix}/"

    def place(self, hour: Hour) -> str:
        """Return where an hour's objects lie, `s3://bucket/prefix/YYYY/MM/DD/HH/`."""
        return f"s3://{self.bucket}/{partition_location(self.prefix, hour)}"

    def partition(self, hour: Hour) -> dict[str, Any]:  # Glue's PartitionInput
        """Describe the partition of an hour as the table describes itself, at the hour's own folder."""
        return {"Values": hour.values, "StorageDescriptor": {**self.descriptor, "Location": self.place(hour)}}


@dataclass(frozen=True, slots=True)
class Held:
    """What lies in an hour or in several: objects, their bytes, and their rows where they were counted."""

    objects: int = 0
    size_bytes: int = 0
    rows: int = 0

    def __add__(self, other: Held) -> Held:
        return Held(self.objects + other.objects, self.size_bytes + other.size_bytes, self.rows + other.rows)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one partition. before, after: as Glue has it and will have it, None where there is none. why: what was wrong."""

    values: tuple[str, ...]
    before: Described | None
    after: Described | None
    why: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of partitions of one table."""

    database: str
    table: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes the partitions of a table right.

    left: partitions that lie where nobody can say what is right, by their values, with their places. partitions, read: how many there are, and
    what a query that reads all of them reads, before and after.
    """

    table: InGlue
    changes: tuple[Change, ...] = ()
    left: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    partitions: tuple[int, int] = (0, 0)
    read: tuple[Held, Held] = (Held(), Held())

    @property
    def wanted(self) -> Changes:
        """Return the changes with the table's name, as they are carried out."""
        return Changes(self.table.database, self.table.name, self.changes)

    @property
    def counts(self) -> Counter[str]:
        """Count the changes by what was wrong."""
        return Counter(change.why for change in self.changes)


def plan(table: InGlue, partitions: Iterable[Described], held: Mapping[Hour, Held]) -> Plan:
    """Plan what makes a table's partitions right. held: what lies in each of its hours."""
    known = {tuple(one["Values"]): one for one in partitions}
    left: dict[tuple[str, ...], str] = {}
    changes = [change for values, one in sorted(known.items()) for change in _change(table, values, one, left)]
    missing = [hour for hour in sorted(held) if (hour.date, hour.hour) not in known]
    changes += [Change(tuple(hour.values), None, table.partition(hour), NOT_REGISTERED) for hour in missing]
    after = known | {change.values: change.after for change in changes if change.after is not None}
    for change in changes:
        if change.after is None:
            del after[change.values]
    tree = _tree(table, held)
    read = _read(known.values(), tree), _read(after.values(), tree)
    return Plan(table, tuple(changes), left, (len(known), len(after)), read)


def location(partition: Described) -> str:
    """Return where a partition lies, with a slash at the end."""
    return str(partition.get("StorageDescriptor", {}).get("Location", "")).rstrip("/") + "/"


def named_hour(values: tuple[str, ...]) -> Hour | None:
    """Return the hour that a partition's values name; None if there is no such hour."""
    try:
        hour = Hour.parse("T".join(values))
    except LayoutError:
        return None
    return hour if tuple(hour.values) == values else None


def _change(table: InGlue, values: tuple[str, ...], one: Described, left: dict[tuple[str, ...], str]) -> Iterator[Change]:
    """Yield what becomes of a partition, if it does not stay as it is; note it as left where nobody can say."""
    hour = named_hour(values)
    if hour is None:
        yield Change(values, one, None, NO_HOUR)
        return
    place, own = location(one), table.place(hour)
    if place == own:
        if not _fits(one["StorageDescriptor"], table.descriptor):
            yield Change(values, one, _moved(table, one, own), COLUMNS)
    elif place.startswith(table.root):
        yield Change(values, one, _moved(table, one, own), WHOLE_DAY if f"{own[:-3]}" == place else ELSEWHERE)
    elif not _is_meant(table, hour, place):
        left[values] = place


def _is_meant(table: InGlue, hour: Hour, place: str) -> bool:
    """Return True if a partition lies elsewhere for a reason: its hour was closed, or its objects lie in another bucket's folder of that hour."""
    return place.startswith(f"s3://{table.bucket}/{CLOSED}") or (
        place.endswith(f"/{hour.path}/") and not place.startswith(f"s3://{table.bucket}/")
    )


def _moved(table: InGlue, one: Described, place: str) -> dict[str, Any]:  # Glue's PartitionInput
    """Describe a partition at another place and with its table's columns; all else stays as it was."""
    descriptor = {**one["StorageDescriptor"], "Location": place, "Columns": table.descriptor.get("Columns", [])}
    return {**one, "StorageDescriptor": descriptor}


def _fits(descriptor: Described, of_table: Described) -> bool:
    """Return True if each column of a partition is the table's at that place, or the names alone count.

    Athena takes the columns of a partition by their place, and of Parquet by their names:
    https://docs.aws.amazon.com/athena/latest/ug/updates-and-partitions.html
    """
    own = _columns(descriptor)
    return "parquet" in str(descriptor.get("InputFormat", "")).lower() or own == _columns(of_table)[: len(own)]


def _columns(descriptor: Described) -> list[tuple[str, str]]:
    return [(column["Name"].lower(), column.get("Type", "")) for column in descriptor.get("Columns", [])]


def _tree(table: InGlue, held: Mapping[Hour, Held]) -> dict[str, Held]:
    """Sum what lies at and below each folder of a table, as Athena reads it, which looks into folders inside folders."""
    tree: dict[str, Held] = {}
    for hour, found in held.items():
        year, month, day, _ = hour.path.split("/")
        places = table.root, f"{table.root}{year}/", f"{table.root}{year}/{month}/", f"{table.root}{year}/{month}/{day}/", table.place(hour)
        for place in places:
            tree[place] = tree.get(place, Held()) + found
    return tree


def _read(partitions: Iterable[Described], tree: Mapping[str, Held]) -> Held:
    """Sum what is read of partitions; what lies outside the table's own folder was not listed, and is not in it."""
    return sum((tree.get(location(one), Held()) for one in partitions), Held())
