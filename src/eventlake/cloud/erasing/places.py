"""What lies where in the bucket of a lake: by the key of an object, what is to become of it if it names who is erased."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from eventlake.errors import LayoutError
from eventlake.functions.closing import Hours
from eventlake.layout import CLOSED, Hour, error_hour, split_key
from eventlake.model import Table

OPEN, CLOSED_HOUR, FAILED, RAW, TEXT, OLD = "open", "closed", "failed", "raw", "text", "old"
"""Rows that readers see where they landed, or of a closed hour; failed records; whole events; anything else that is a text; what was replaced."""
_ERRORS, _RAW = "error/", "raw/"
_REMEMBERED = "alerts/"
"""Below it in the bucket of results lies what detections remember."""
_CLOSED_KEY = re.compile(r"(?P<day>\d{4}/\d\d/\d\d)/(?P<number>\d+)-[^/]+/hour=(?P<hour>\d\d)/[^/]+", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies. table, hour: None where none is known. number: of the closing that wrote it, 0 for none."""

    kind: str
    table: str | None = None
    hour: Hour | None = None
    number: int = 0


def place_of_result(key: str) -> Place:
    """Return where an object lies in the bucket of results: what detections remember is edited, results are copies and go."""
    return Place(TEXT if key.startswith(_REMEMBERED) else OLD)


class Places:
    """Tells places. hours: what is known of each table, by its name."""

    def __init__(self, hours: Mapping[str, Hours]) -> None:
        self._hours = hours
        self._tables = {one.table.prefix: one.table for one in hours.values()}

    def of(self, key: str) -> Place:
        """Return where an object lies, by its key."""
        if key.startswith(CLOSED):
            return self._closed(key)
        if key.startswith(_ERRORS):
            return Place(FAILED, key.split("/")[1], _hour_of_failures(key))
        if key.startswith(_RAW):
            return self._raw(key)
        return self._landed(key)

    def _landed(self, key: str) -> Place:
        try:
            prefix, hour, _ = split_key(key)
        except LayoutError:
            return Place(TEXT)
        table = self._tables.get(prefix)
        if table is None:
            return Place(TEXT)
        is_replaced = key in self._hours[table.name].included(hour)
        return Place(OLD if is_replaced else OPEN, table.name, hour)

    def _raw(self, key: str) -> Place:
        try:
            prefix, hour, _ = split_key(key)
        except LayoutError:
            return Place(TEXT)
        return Place(RAW, prefix.removeprefix(_RAW), hour)

    def _closed(self, key: str) -> Place:
        for table in self._tables.values():
            found = _CLOSED_KEY.fullmatch(key.removeprefix(table.closed_prefix)) if key.startswith(table.closed_prefix) else None
            if found:
                hour = Hour(found["day"].replace("/", "-"), found["hour"])
                return Place(self._kind_of_closed(table, hour, key), table.name, hour, int(found["number"]))
        return Place(TEXT)

    def _kind_of_closed(self, table: Table, hour: Hour, key: str) -> str:
        partition = self._hours[table.name].partitions.get(hour)
        is_shown = partition is not None and key.rpartition("/")[0] + "/" == partition.location
        return CLOSED_HOUR if is_shown else OLD


def _hour_of_failures(key: str) -> Hour | None:
    try:
        return error_hour(key)
    except LayoutError:
        return None
