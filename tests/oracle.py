"""Reads a lake with nothing of eventlake's, and says what is wrong with it.

SQLite, gzip and DuckDB read what is there: the catalog, the objects it names, and the files that lie in the folder. Shared by the tests of
crashes, kills and full disks.
"""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb


def examine(folder: Path, acknowledged: Collection[str], *, sent_twice: Collection[str] = ()) -> str | None:
    """What is wrong with a lake whose senders were told that these events are stored; None if nothing."""
    objects = catalogued(folder)
    on_disk = {path.relative_to(folder / "objects").as_posix() for path in (folder / "objects").rglob("*") if path.is_file()}
    on_disk = {key for key in on_disk if not key.startswith(".trash/")}
    known = set(objects) | replaced(folder)
    if on_disk != known:
        return f"the catalog and the folder differ: only on disk {sorted(on_disk - known)[:3]}, only in the catalog {sorted(known - on_disk)[:3]}"
    stored = Counter[str]()
    for key, (size, checksum, rows) in objects.items():
        data = (folder / "objects" / key).read_bytes()
        if (len(data), zlib.crc32(data)) != (size, checksum):
            return f"{key} is not what the catalog says"
        found = list(identities(folder, key))
        if len(found) != rows:
            return f"{key} does not hold {rows} rows"
        stored.update(found)
    twice = [identity for identity, count in stored.items() if count > 1 and identity not in sent_twice]
    if twice:
        return f"{len(twice)} events are stored twice, for example {twice[:3]}"
    lost = set(acknowledged) - set(stored)
    if lost:
        return f"{len(lost)} of {len(acknowledged)} acknowledged events are lost, for example {sorted(lost)[:3]}"
    return None


def catalogued(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Size, CRC32 and rows of every object that the catalog names, failed records included."""
    with sqlite3.connect(folder / "catalog.db") as connection:
        if connection.execute("select count(*) from pending").fetchone()[0]:
            raise AssertionError("a delivery is still pending")
        rows = connection.execute(
            "select key, size_bytes, crc32, rows from object where state = 'live' union all select key, size_bytes, crc32, rows from failed_object"
        )
        return {key: (size, checksum, count) for key, size, checksum, count in rows}


def replaced(folder: Path) -> set[str]:
    """The keys of objects that closed hours have replaced, and whose grace is not over."""
    with sqlite3.connect(folder / "catalog.db") as connection:
        return {row[0] for row in connection.execute("select key from object where state = 'replaced'")}


def identities(folder: Path, key: str) -> Iterator[str]:
    """The event id of each row of an object, read by what anybody has."""
    path = folder / "objects" / key
    if path.suffix == ".parquet":
        yield from (row[0] for row in duckdb.execute("select event_id from read_parquet(?)", [str(path)]).fetchall())
        return
    for line in gzip.decompress(path.read_bytes()).splitlines():
        record = json.loads(line)
        yield record["event_id"] if "event_id" in record else json.loads(base64.b64decode(record["rawData"]))["id"]
