"""What a catalog in SQLite forgets because its time is over, within a transaction of the catalog.

Objects go the way of those that a closing replaced: readers see them no more, and their bytes are removed once no query can be reading them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlake.backends.catalog.lake import OF_HOUR
from eventlake.layout import Hour, error_hour

_DELIVERED = "(position_to is null or position_to <= coalesce((select position from checkpoint where stream = ''), 0))"
"""Nothing before the low water of delivery is asked of the spool again; the stream of the low water has no name."""


def expire_hour(run: Any, table: str, hour: Hour, now_us: int) -> None:  # run: sqlite3's execute
    """Forget an hour of a table, unless something of it may still be delivered again."""
    of_hour = table, *hour.values
    if run(f"select 1 from object where {OF_HOUR} and state = 'live' and not {_DELIVERED}", of_hour).fetchone():
        return
    run(f"update object set state = 'replaced', replaced_us = ? where {OF_HOUR} and state = 'live'", (now_us, *of_hour))
    run(f"delete from partition where {OF_HOUR}", of_hour)


def expire_failed(run: Any, key: str, now_us: int) -> None:  # run: sqlite3's execute
    """Forget an object of failed records and its records, unless it may still be delivered again; what remains is an object that was replaced."""
    query = f"select stream, size_bytes, rows, crc32 from failed_object where key = ? and {_DELIVERED}"
    found = run(query, (key,)).fetchone()
    if found is None:
        return
    run("delete from failed_record where key = ?", (key,))
    _replace_failed(run, key, found, now_us)


def rewrite_failed(run: Any, key: str, add: tuple[Any, ...], lines: Mapping[int, int], now_us: int) -> int:  # run: sqlite3's execute
    """Have another object hold those records of an object that stay, and forget the others; how many.

    add: the row of the new one, its key first. lines: the new lines of those that stay, by those before.
    """
    found = run("select stream, size_bytes, rows, crc32 from failed_object where key = ?", (key,)).fetchone()
    run("delete from pending where key = ?", (add[0],))
    run("insert into failed_object (key, stream, size_bytes, rows, crc32, position_from, position_to) values (?, ?, ?, ?, ?, ?, ?)", add)
    forgotten = 0
    for identity, line in run("select id, line from failed_record where key = ?", (key,)).fetchall():
        if line in lines:
            run("update failed_record set key = ?, line = ? where id = ?", (add[0], lines[line], identity))
        else:
            forgotten += run("delete from failed_record where id = ?", (identity,)).rowcount
    _replace_failed(run, key, found, now_us)
    return forgotten


def _replace_failed(run: Any, key: str, found: tuple[Any, ...], now_us: int) -> None:  # run: sqlite3's execute
    """Let an object of failed records go the way of those that were replaced."""
    run("delete from failed_object where key = ?", (key,))
    stream, *rest = found
    columns = '(key, "table", "date", hour, format, size_bytes, rows, crc32, state, replaced_us)'
    run(
        f"insert or replace into object {columns} values (?, ?, ?, ?, 'json', ?, ?, ?, 'replaced', ?)",
        (key, stream, *error_hour(key).values, *rest, now_us),
    )
