"""The hours of another lake's table, registered in a table of ours where they lie: nothing is copied.

An hour has one partition and so one place. One that is registered already, because events of it came here too, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eventlake.interfaces import BYTES, OBJECTS
from eventlake.layout import Hour, partition_location
from eventlake.pipeline.repairing import Change, Changes, Held, InGlue

TAKEN_OVER = "taken over"


@dataclass(frozen=True, slots=True)
class TakingOver:
    """What is registered of a table. already: hours that were taken over before. own: hours that hold events here, with what lies in the old ones."""

    table: InGlue
    new: Mapping[Hour, Held]
    already: int
    own: Mapping[Hour, Held]
    changes: Changes


def take_over(old: InGlue, held: Mapping[Hour, Held], table: InGlue, places: Mapping[Hour, str]) -> TakingOver:
    """Plan how the hours of an old table come into a table of ours. held: what lies in the old hours. places: of the partitions of ours."""
    new = {hour: found for hour, found in sorted(held.items()) if hour not in places}
    already = [hour for hour in held if places.get(hour) == old.place(hour)]
    own = {hour: found for hour, found in sorted(held.items()) if hour in places and hour not in already}
    changes = tuple(Change(tuple(hour.values), None, _partition(table, old, hour, found), TAKEN_OVER) for hour, found in new.items())
    return TakingOver(table, new, len(already), own, Changes(table.database, table.name, changes))


def missing_columns(old: InGlue, table: InGlue) -> list[str]:
    """Return the columns of an old table that ours has not, or has with another type; nobody could ask for them."""
    ours = {column["Name"].lower(): column.get("Type") for column in table.descriptor.get("Columns", [])}
    return [one["Name"] for one in old.descriptor.get("Columns", []) if ours.get(one["Name"].lower()) != one.get("Type")]


def failed_key(key: str, tables: Mapping[str, str]) -> str | None:
    """Return where an object of failed records goes in a lake of ours, `error/TABLE/...`; None if it belongs to none of the tables.

    tables: old names and ours. One project has a folder for each table below `error/`, the other has one table and no such folder.
    """
    _, first, rest = key.split("/", 2)
    if first in tables:
        return f"error/{tables[first]}/{rest}"
    return f"error/{next(iter(tables.values()))}/{first}/{rest}" if len(tables) == 1 and rest else None


def _partition(table: InGlue, old: InGlue, hour: Hour, found: Held) -> dict[str, Any]:  # Glue's PartitionInput
    """Describe an hour as our table describes itself, where the old objects lie."""
    described = {**table.descriptor, "Location": f"s3://{old.bucket}/{partition_location(old.prefix, hour)}"}
    return {
        "Values": hour.values,
        "StorageDescriptor": described,
        "Parameters": {OBJECTS: str(found.objects), BYTES: str(found.size_bytes)},
    }
