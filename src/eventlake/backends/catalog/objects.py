"""Objects of log lines, as readers see them, and those that a closing replaced; what makes one visible is in `registering`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.catalog.lake import OF_HOUR, LakeFile
from eventlake.backends.catalog.moments import microseconds
from eventlake.backends.catalog.stretches import stretches_in
from eventlake.interfaces import LogObject
from eventlake.layout import Hour
from eventlake.model import Times


class Objects(LakeFile):
    """The objects of a catalog."""

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Return the objects of log lines that readers see, of these hours or of all, by hour and key."""
        columns = 'o."table", o."date", o.hour, o.key, o.format, o.size_bytes, o.rows, o.crc32, o.strict, o.first_us, o.last_us'
        live = "o.\"table\" = ? and o.state = 'live'"
        if hours is None:
            rows = self._rows(f'select {columns} from object o where {live} order by o."date", o.hour, o.key', (table.lower(),))
        else:
            wanted = json.dumps(sorted(hour.values for hour in set(hours)))
            rows = self._rows(
                f"select {columns} from json_each(?) w cross join object o "
                "on o.\"date\" = json_extract(w.value, '$[0]') and o.hour = json_extract(w.value, '$[1]') "
                f"where {live} order by w.key, o.key",
                (wanted, table.lower()),
            )
        return [
            LogObject(name, Hour(day, hour), key, kind, size, count, crc32, strict=_names(strict), times=_times(*times))
            for name, day, hour, key, kind, size, count, crc32, strict, *times in rows
        ]

    def held(self, table: str, hour: Hour) -> list[NewObject]:
        """Return the live objects of an hour, with what they hold of the spool; by key."""
        query = (
            "select key, format, size_bytes, rows, crc32, position_from, position_to, generation, stretches, strict, first_us, last_us from object "
            f"where {OF_HOUR} and state = 'live' order by key"
        )
        rows = self._rows(query, (table, *hour.values))
        try:
            return [
                replace(
                    NewObject(key, table, hour, *rest), stretches=stretches_in(several), strict=_names(strict), times=_times(first, last)
                )
                for key, *rest, several, strict, first, last in rows
            ]
        except (ValueError, TypeError) as error:  # a bit of it flipped
            raise self._file.damaged(error) from None

    def keys(self) -> set[str]:
        """Return the keys of every object that the catalog knows: visible, replaced, of failed records."""
        return {row[0] for row in self._rows("select key from object union all select key from failed_object")}

    def last_key(self) -> str | None:
        """Return the key of the object that became visible last; None if there is none."""
        found = self._rows("select key from object where state = 'live' order by rowid desc limit 1")
        return str(found[0][0]) if found else None

    def newest(self) -> dict[str, int]:
        """Return for each table that has objects a number that grows with each that comes, or that a closing makes."""
        return dict(self._rows('select "table", max(rowid) from object group by "table"'))

    def replaced(self, before: datetime) -> list[str]:
        """Return the keys of objects that were replaced before a moment; aware."""
        query = "select key from object where state = 'replaced' and replaced_us < ? order by key"
        return [row[0] for row in self._rows(query, (microseconds(before),))]

    def all_replaced(self) -> list[str]:
        """Return the keys of all objects that were replaced and whose files may still be there."""
        return [row[0] for row in self._rows("select key from object where state = 'replaced' order by key")]

    def remove(self, keys: Sequence[str]) -> None:
        """Forget replaced objects, once their files are gone."""
        with self._transaction() as run:
            for key in keys:
                run("delete from object where key = ? and state = 'replaced'", (key,))


@lru_cache(maxsize=1024)
def _names(written: Any) -> frozenset[str]:
    """Return names of columns from their JSON, which many objects share; none where that cannot be read, so that nothing is taken for granted."""
    try:
        return frozenset(json.loads(written)) if written else frozenset()
    except (ValueError, TypeError):  # a bit of it flipped
        return frozenset()


def _times(first: Any, last: Any) -> Times | None:
    """Return the moments between which an object's rows happened; None where that is not known, or cannot be."""
    return (first, last) if isinstance(first, int) and isinstance(last, int) and first <= last else None
