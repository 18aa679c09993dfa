"""Hours of one day of one table that Athena closes together: what they read, the statement that counts, the statement that writes.

A statement costs the same for one hour as for a day. The objects are read where they lie, through a table of places, because what arrives for
a closed hour lies in no partition; each object is named, so that one that arrives meanwhile changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from eventlake.interfaces import StoredObject
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.athena_sql import not_in, quoted, stored, text, texts

PLACE, LINE = "place", "line"
"""The column of a table of places that names the place, and in a lake of JSON lines the one that holds a line."""
MOST_OBJECTS = 1_000
"""Objects of a batch, unless one hour has more: Athena takes a statement of 262,144 bytes."""
_ATHENA_TYPES = {"string": "varchar", "int": "integer"}


@dataclass(frozen=True, slots=True)
class Own:
    """An hour to close. objects: what it is made of, below `location` and where new objects land."""

    hour: Hour
    location: str
    generation: int
    objects: tuple[StoredObject, ...]

    @property
    def size_bytes(self) -> int:
        """Return the bytes of its objects."""
        return sum(one.size_bytes for one in self.objects)


@dataclass(frozen=True, slots=True)
class Batch:
    """Hours of one day that are closed together. bucket: where their objects lie. is_lines: JSON lines, which are kept as they are."""

    table: Table
    bucket: str
    is_lines: bool
    hours: tuple[Own, ...]

    @property
    def day(self) -> str:
        """Return the day, `YYYY-MM-DD`."""
        return self.hours[0].hour.date

    def parts(self) -> list[Batch]:
        """Return a batch for each of its hours."""
        return [replace(self, hours=(one,)) for one in self.hours]


def batches(table: Table, bucket: str, hours: Iterable[Own], *, is_lines: bool) -> Iterator[Batch]:
    """Yield the hours day by day, given in order; a day with very many objects in parts."""
    for _, group in groupby(hours, key=lambda one: one.hour.date):
        part: list[Own] = []
        for one in group:
            if part and sum(len(other.objects) for other in [*part, one]) > MOST_OBJECTS:
                yield Batch(table, bucket, is_lines, tuple(part))
                part = []
            part.append(one)
        yield Batch(table, bucket, is_lines, tuple(part))


def places_name(table: Table) -> str:
    """Return the name of the table that reads the objects of a table wherever they lie."""
    return f"{table.name}_places"


def surveying(batch: Batch, others: Sequence[Hour]) -> str:
    """Write Athena's SELECT that counts by another way than `unloading`: for each hour its rows and the hours its events happened in.

    The row of the hour `all` has the rows that are to stay, with these other hours; an event's hour is `YYYY-MM-DDTHH`, one blank between two.
    """
    kept = f"el_key IS NOT NULL{_not_in(batch, others)}"
    stay = f"count_if(el_key IS NULL) + count(DISTINCT CASE WHEN {kept} THEN el_key END)"
    happened = "array_join(array_agg(DISTINCT date_format(el_event, '%Y-%m-%dT%H')), ' ')"
    return (
        f"WITH own AS ({_own(batch)}) "
        f"SELECT el_hour, count(*) AS rows_found, {happened} AS happened FROM own GROUP BY el_hour "
        f"UNION ALL SELECT 'all', {stay}, CAST(NULL AS varchar) FROM own"
    )


def unloading(batch: Batch, others: Sequence[Hour], place: str) -> str:
    """Write Athena's UNLOAD of the rows that the closed hours hold, each hour in a folder `hour=HH`, sorted.

    place: the key below which nothing lies yet, with a slash at its end.
    """
    kept, form = _kept(batch), "format = 'TEXTFILE', compression = 'GZIP'" if batch.is_lines else "format = 'PARQUET', compression = 'ZSTD'"
    order = ", ".join(["el_hour", *(f"el_sort_{number}" for number in range(len(_sorts(batch))))])
    copy = f"row_number() OVER (PARTITION BY el_key ORDER BY {order}, el_path) AS el_copy"
    return (
        f"UNLOAD (SELECT {kept}, el_hour AS hour FROM (SELECT *, {copy} FROM ({_own(batch)})) "
        f"WHERE el_key IS NULL OR (el_copy = 1{_not_in(batch, others)}) ORDER BY {order}) "
        f"TO {text(f's3://{batch.bucket}/{place}')} WITH ({form}, partitioned_by = ARRAY['hour'])"
    )


def _own(batch: Batch) -> str:
    """Write the SELECT of the batch's own rows, with key, order, time, hour and object of each under names of their own."""
    sorts = [f"{_value(batch, name)} AS el_sort_{number}" for number, name in enumerate(_sorts(batch))]
    event = _value(batch, "event_time") if batch.table.column("event_time") else "CAST(NULL AS timestamp)"
    shown = [f"{_value(batch, batch.table.key)} AS el_key", f"{event} AS el_event", *sorts, f"{_hour_of_place(batch)} AS el_hour"]
    paths = texts(f"s3://{batch.bucket}/{one.key}" for own in batch.hours for one in own.objects)
    source = f"{quoted(batch.table.database)}.{quoted(places_name(batch.table))}"
    places = texts(_places(batch))
    return f'SELECT {_kept(batch)}, {", ".join(shown)}, "$path" AS el_path FROM {source} WHERE {PLACE} IN {places} AND "$path" IN {paths}'


def _kept(batch: Batch) -> str:
    return LINE if batch.is_lines else ", ".join(quoted(column.stored_name) for column in batch.table.columns)


def _sorts(batch: Batch) -> list[str]:
    return list(dict.fromkeys([*batch.table.sort, batch.table.key]))


def _value(batch: Batch, name: str) -> str:
    """Write a column's value of a row; of a line, it is looked for in the JSON by the name it has there."""
    if not batch.is_lines:
        return quoted(stored(batch.table, name))
    column = batch.table.column(name)
    if column is None:
        return "CAST(NULL AS varchar)"
    path = '$["' + column.name + '"]'
    return f"TRY_CAST(json_extract_scalar({LINE}, {text(path)}) AS {_ATHENA_TYPES.get(column.type, column.type)})"


def _places(batch: Batch) -> dict[str, str]:
    """Return the hour by the place, without a slash at its end, of every place that holds an object."""
    return {one.key.rpartition("/")[0]: own.hour.hour for own in batch.hours for one in own.objects}


def _hour_of_place(batch: Batch) -> str:
    cases = " ".join(f"WHEN {text(place)} THEN {text(hour)}" for place, hour in _places(batch).items())
    return f"CASE {PLACE} {cases} END"


def _not_in(batch: Batch, others: Sequence[Hour]) -> str:
    """Write that no other closed hour holds the key."""
    return not_in(batch.table, "el_key", others, quoted(stored(batch.table, batch.table.key)))
