"""The process of one query: puts up its walls, opens DuckDB, takes one job, sends its rows, ends.

Whatever goes wrong leaves as a sentence of ours or as silence; DuckDB's own words stay inside.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from eventlake.errors import CorruptObjectError, QueryError, QueryFailedError, QueryLimitError
from eventlake.query.box import channel, landlock, values, walls
from eventlake.query.run import Job, batches, connect

MOST_BYTES = 1 << 26
"""A job is never longer: a statement and the names of its objects."""
FRAME_ROWS = 1_024
"""Rows in a frame at most."""
_DUCKDB_READS = ("/proc/self/cgroup", "/sys/fs/cgroup")
"""What DuckDB looks for at its start and dies without: how much of the machine is its own."""
OUT_OF_MEMORY = "memory"
"""What is said instead of a sentence when not even a sentence could be made."""


def answer_one(sock: socket.socket, parent: int) -> None:
    """Everything this process does."""
    import msgspec

    walls.stand_alone(parent)
    cell = msgspec.msgpack.decode(channel.receive(sock, MOST_BYTES)[1], type=walls.Cell)
    connection = _opened(cell)
    channel.send(sock, channel.READY, b"")
    job = msgspec.msgpack.decode(channel.receive(sock, MOST_BYTES)[1], type=Job)
    try:
        for frame in _frames(connection, job):
            channel.send(sock, channel.ROWS, frame)
        channel.send(sock, channel.DONE, b"")
    except MemoryError:
        channel.send(sock, channel.FAILED, msgspec.msgpack.encode(("QueryLimitError", OUT_OF_MEMORY)))
    except (QueryError, CorruptObjectError) as error:
        channel.send(sock, channel.FAILED, msgspec.msgpack.encode((type(error).__name__, str(error))))


def _opened(cell: walls.Cell) -> Any:  # duckdb has no stubs of ours
    """DuckDB behind the walls of the cell. Its threads are begun before the limit on memory, which counts their stacks."""
    if "process" in cell.layers:
        walls.limit(cell)
    if "landlock" in cell.layers:
        landlock.restrict([*([cell.folder] if cell.folder else []), *_DUCKDB_READS])
    settings = Job("", (), (), cell.folder, cell.memory_mb, cell.threads, cell.seconds)
    connection = connect(settings, locked="engine" in cell.layers)
    connection.execute("SELECT 1").fetchall()
    if "process" in cell.layers:
        walls.limit_memory(cell)
    return connection


def _frames(connection: Any, job: Job) -> Iterator[bytes]:  # duckdb has no stubs of ours
    """The answer in frames. Raises what `run.answer` does."""
    for rows in batches(connection, job, FRAME_ROWS):
        try:
            yield values.encoded(rows)
        except MemoryError:
            raise QueryLimitError(OUT_OF_MEMORY) from None
        except (OverflowError, TypeError, ValueError):
            raise QueryFailedError(NO_TYPE) from None


NO_TYPE = "The answer holds a value that its type does not allow in Athena, such as a date outside the years 1 to 9999."
"""The sentence for a value that cannot be given as what was announced."""
