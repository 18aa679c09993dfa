"""Repairs the partitions of a lake on AWS that was found installed: planned from one listing of the bucket, carried out a hundred at a call.

Whoever is stopped plans again: what is right already is in no plan, so that nothing is done twice and nothing is left half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from eventlake.backends.aws import Session, failing
from eventlake.backends.glue_batches import Answer, GlueBatches
from eventlake.backends.row_counts import gzip_lines, parquet_rows
from eventlake.backends.s3 import S3Store
from eventlake.cloud.installed import Installed
from eventlake.errors import CorruptObjectError, LayoutError
from eventlake.interfaces import StoredObject
from eventlake.layout import Hour, split_key
from eventlake.pipeline.repairing import Changes, Held, InGlue, Plan, plan

_READERS = 16
_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Found:
    """What a table needs: its plan, the keys in its folder that belong to no hour, and the objects whose rows could not be counted."""

    plan: Plan
    foreign: list[str] = field(default_factory=list)
    uncounted: list[str] = field(default_factory=list)


def survey(lake: Installed, session: Session, *, rows: bool = False) -> Iterator[Found]:
    """Yield what each table needs. rows: have the rows counted, for which every object is read. Raises StorageServiceError."""
    batches = GlueBatches(session.client("glue"))
    for table in lake.tables:
        found = Found(Plan(table))
        held = held_in(table, session, found, rows=rows)
        found.plan = plan(table, batches.partitions(table.database, table.name), held)
        yield found


def carry_out(changes: Sequence[Changes], batches: GlueBatches, told: Callable[[int], None] = lambda done: None) -> dict[str, str]:
    """Make the changes; return what Glue refused, `database.table date/hour`, with the reasons. told: hears after each call how many are done.

    Raises StorageServiceError; what was changed before stays.
    """
    refused: dict[str, str] = {}
    done = 0
    for one in changes:
        for answer in _calls(one, batches):
            refused |= {f"{one.database}.{one.table} {'/'.join(values)}": reason for values, reason in answer.refused.items()}
            done += answer.asked
            told(done)
    return refused


def _calls(one: Changes, batches: GlueBatches) -> Iterator[Answer]:
    """Make the calls for one table: what is changed first, because that is what makes counts wrong."""
    where = one.database, one.table
    yield from batches.change(*where, [change.after for change in one.changes if change.before is not None and change.after is not None])
    yield from batches.make(*where, [change.after for change in one.changes if change.before is None and change.after is not None])
    yield from batches.remove(*where, [change.values for change in one.changes if change.after is None])


def held_in(table: InGlue, session: Session, found: Found, *, rows: bool = False) -> dict[Hour, Held]:
    """List a table's folder once: what lies in each hour; note the keys that are of no hour."""
    objects: list[tuple[Hour, StoredObject]] = []
    for one in S3Store(session.client("s3"), table.bucket).list(f"{table.prefix}/"):
        try:
            _, hour, _ = split_key(one.key)
        except LayoutError:
            if not one.key.endswith("/"):
                found.foreign.append(one.key)
            continue
        objects.append((hour, one))
    counts = _rows(table, session, [one for _, one in objects], found) if rows else {}
    held: dict[Hour, Held] = {}
    for hour, one in objects:
        held[hour] = held.get(hour, Held()) + Held(1, one.size_bytes, counts.get(one.key, 0))
    return held


def _rows(table: InGlue, session: Session, objects: Sequence[StoredObject], found: Found) -> dict[str, int]:
    """Count the rows of objects, some at a time; note those that cannot be counted."""
    with ThreadPoolExecutor(_READERS) as pool:
        counted = dict(zip((one.key for one in objects), pool.map(lambda one: _rows_of(table, session, one), objects), strict=True))
    found.uncounted = [key for key, count in counted.items() if count is None]
    return {key: count for key, count in counted.items() if count is not None}


def _rows_of(table: InGlue, session: Session, one: StoredObject) -> int | None:
    """Count the rows of an object; None if it is no whole file."""
    client = session.client("s3")

    def read(begin: int, end: int) -> bytes:
        answer = client.get_object(Bucket=table.bucket, Key=one.key, Range=f"bytes={begin}-{end - 1}")
        body: bytes = answer["Body"].read()
        return body

    with failing(f'The object "{one.key}" cannot be read from the bucket "{table.bucket}"', storage=True):
        try:
            if "parquet" in str(table.descriptor.get("InputFormat", "")).lower():
                return parquet_rows(one.size_bytes, read)
            body = client.get_object(Bucket=table.bucket, Key=one.key)["Body"]
            return gzip_lines(body.iter_chunks(_CHUNK_BYTES)) if one.key.endswith(".gz") else _lines(body.iter_chunks(_CHUNK_BYTES))
        except CorruptObjectError:
            return None


def _lines(chunks: Iterable[bytes]) -> int:
    """Count the lines of a text, the last one also if nothing ends it."""
    lines, last = 0, b"\n"
    for chunk in chunks:
        lines, last = lines + chunk.count(b"\n"), chunk[-1:] or last
    return lines + (last != b"\n")
