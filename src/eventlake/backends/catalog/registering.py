"""Makes objects and their hours known, within a transaction of the catalog; what is known already changes nothing."""

from __future__ import annotations

import json
from typing import Any

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.catalog.lake import OF_HOUR
from eventlake.errors import StorageError
from eventlake.interfaces import Partition


def add_partition(run: Any, partition: Partition) -> bool:  # run: sqlite3's execute
    """Make sure that a partition is there; True if this made it."""
    row = (partition.table, *partition.hour.values, partition.location, partition.format)
    made = run('insert or ignore into partition ("table", "date", hour, location, format) values (?, ?, ?, ?, ?)', row)
    return bool(made.rowcount == 1)


def add_object(run: Any, one: NewObject) -> None:  # run: sqlite3's execute
    """Insert an object and count it in its hour; a closed hour becomes dirty."""
    run("delete from pending where key = ?", (one.key,))
    if is_known(run, "object", one.key, one.size_bytes, one.crc32):
        return
    held = one.position_from, one.position_to, one.generation, json.dumps(one.stretches) if one.stretches else None
    strict = json.dumps(sorted(one.strict)) if one.strict else None
    run(
        'insert into object (key, "table", "date", hour, format, size_bytes, rows, crc32, position_from, position_to, generation, stretches, '
        "strict, first_us, last_us) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.key,
            one.table,
            *one.hour.values,
            one.format,
            one.size_bytes,
            one.rows,
            one.crc32,
            *held,
            strict,
            *(one.times or (None, None)),
        ),
    )
    run(
        'insert into partition ("table", "date", hour, location, format, objects, rows, size_bytes) values (?, ?, ?, ?, ?, 1, ?, ?) '
        "on conflict do update set objects = objects + 1, rows = rows + excluded.rows, size_bytes = size_bytes + excluded.size_bytes, "
        "state = case state when 'closed' then 'dirty' else state end",
        (one.table, *one.hour.values, f"{one.key.rpartition('/')[0]}/", one.format, one.rows, one.size_bytes),
    )
    if one.generation:
        close_hour(run, one)


def close_hour(run: Any, one: NewObject) -> None:  # run: sqlite3's execute
    """Make an hour that of its closed object: its generation and place; dirty where something else lies beside it."""
    beside = run(f"select count(*) from object where {OF_HOUR} and state = 'live' and key <> ?", (one.table, *one.hour.values, one.key))
    state = "dirty" if beside.fetchone()[0] else "closed"
    run(
        f"update partition set generation = ?, state = ?, location = ? where {OF_HOUR} and generation < ?",
        (one.generation, state, f"{one.key.rpartition('/')[0]}/", one.table, *one.hour.values, one.generation),
    )


def is_known(run: Any, relation: str, key: str, size_bytes: int, crc32: int) -> bool:  # run: sqlite3's execute
    """Return True if an object is registered with these bytes. Raises StorageError if with others."""
    known = run(f"select size_bytes, crc32 from {relation} where key = ?", (key,)).fetchone()
    if known not in {None, (size_bytes, crc32)}:
        raise StorageError(f'The object "{key}" is registered with other bytes; it is left as it is. Run "eventlake doctor".')
    return known is not None
