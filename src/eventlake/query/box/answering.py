"""The process of one query: puts up its walls, opens DuckDB, translates one question, says which hours it needs, runs one job, ends.

Of statements that are asked together it takes one after another, so that what they share is read once.
Whatever goes wrong leaves as a sentence of ours or as silence; DuckDB's own words stay inside.
"""

from __future__ import annotations

import socket
import time
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from eventlake.dialect.translation import Translation
from eventlake.errors import CorruptObjectError, QueryError, QueryRefusedError
from eventlake.layout import Days
from eventlake.query.box import channel, landlock, seccomp, values, walls
from eventlake.query.box.load import FRAME_BYTES
from eventlake.query.box.question import Question, Understood
from eventlake.query.box.stock import Stock
from eventlake.query.box.trials import Ground, refused
from eventlake.query.run import Job, batches, lock, settled

FRAME_ROWS = 1_024
"""Rows in a frame at most."""
MANY_OBJECTS = 1_000
"""Of more objects than these DuckDB's lock on folders is left out where the kernel's walls stand: 20 us of each."""
_DUCKDB_READS = ("/proc/self/cgroup", "/sys/fs/cgroup")
"""What DuckDB looks for when it is told how many threads read ahead, and when it is opened: how much of the machine is its own."""
OUT_OF_MEMORY = "memory"
"""What is said instead of a sentence when not even a sentence could be made."""
NO_TYPE = "The answer holds a value that cannot be given here, such as a date outside the years 1 to 9999: cast it to varchar."
"""The sentence for a value that cannot be given as what was announced."""
_TOO_DEEP = "The statement is nested too deeply: break it up with WITH."
_NOT_UNDERSTOOD = "This statement cannot be answered here as Athena does: its translation fails. Split it with WITH to find the part."


def answer_one(sock: socket.socket, parent: int, stock: Stock) -> None:
    """Answer one question: everything this process does."""
    import msgspec

    walls.stand_alone(parent)
    cell = msgspec.msgpack.decode(channel.receive(sock, channel.MOST_BYTES)[1], type=walls.Cell)
    connection, is_fenced = _connected(cell, stock.database)
    channel.send(sock, channel.READY, b"")
    try:
        lock = partial(_lock, connection, cell.folder, is_fenced) if "engine" in cell.layers else None
        _Dialogue(sock, connection, stock.macros if lock else set(), lock).hold()
    except MemoryError:
        _fail(sock, "QueryLimitError", OUT_OF_MEMORY)
    except RecursionError:
        _fail(sock, "QueryRefusedError", _TOO_DEEP)
    except (QueryError, CorruptObjectError) as error:
        _fail(sock, _kind(error), str(error))
    except channel.ChannelClosedError:  # nobody listens any more
        return
    except Exception:  # a fault of ours is no reason to show its inside
        _fail(sock, "QueryRefusedError", _NOT_UNDERSTOOD)


def _kind(error: Exception) -> str:
    """Return the name by which the owner knows an error: that of the class in `eventlake.errors` which it is one of."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == QueryError.__module__)


def _fail(sock: socket.socket, kind: str, sentence: str) -> None:
    import msgspec

    channel.send(sock, channel.FAILED, msgspec.msgpack.encode((kind, sentence)))


def _connected(cell: walls.Cell, database: Any) -> tuple[Any, bool]:  # duckdb has no stubs of ours
    """Connect to DuckDB behind the walls of the cell; say whether both of the kernel's stand. DuckDB's own locks come with the first job.

    Its threads are begun before the limit on memory, which counts their stacks.
    """
    gauge = walls.memory_gauge()
    if "process" in cell.layers:
        walls.limit(cell)
    is_fenced = _fenced(cell)
    settings = Job("", (), (), cell.folder, walls.query_memory_mb(cell), cell.threads, cell.seconds)
    connection = settled(database, settings) if "engine" in cell.layers else _unlocked(cell)
    connection.execute("SELECT 1").fetchall()  # begins what it begins late
    if "process" in cell.layers:
        walls.limit_memory(cell, gauge)
    if "seccomp" in cell.layers:
        seccomp.forbid_threads()
    return connection, is_fenced


def _fenced(cell: walls.Cell) -> bool:
    """Put up the kernel's walls; return True if both stand, so that nothing is read outside the folder, nothing written and nothing connected."""
    reads_inside = "landlock" in cell.layers and landlock.restrict(
        [*([cell.folder] if cell.folder else []), *_DUCKDB_READS, *zoneinfo.TZPATH]
    )
    changes_nothing = "seccomp" in cell.layers and seccomp.restrict()
    return bool(reads_inside and changes_nothing)


def _lock(connection: Any, folder: str, is_fenced: bool, job: Job) -> None:  # duckdb has no stubs of ours
    """Put up DuckDB's own locks before the first job; of very many objects the kernel's two walls alone keep it to the folder."""
    lock(connection, None if is_fenced and job.objects > MANY_OBJECTS else folder)


def _unlocked(cell: walls.Cell) -> Any:  # duckdb has no stubs of ours
    """Open a DuckDB without its locks, to see that the other layers hold by themselves."""
    import duckdb

    return duckdb.connect(":memory:", config={"threads": cell.threads, "async_threads": cell.threads})


class _Dialogue:
    """What is asked, in its order: a question, its hours, a job. A job may come alone, and several of each may come."""

    def __init__(self, sock: socket.socket, connection: Any, made: set[str], lock: Callable[[Job], None] | None) -> None:
        self.sock = sock
        self.connection = connection
        self.lock = lock
        """Puts up the engine's locks, with what the first job asks for; None where that layer is off."""
        self.has_begun = False
        self.translation: Translation | None = None
        self.made = made
        """The macros that are there, or that an earlier job has made; those of a statement that reads JSON take 20 ms."""

    def hold(self) -> None:
        """Answer until the last job is done. Raises QueryError or CorruptObjectError."""
        import msgspec

        while True:
            kind, body = channel.receive(self.sock, channel.MOST_BYTES)
            if kind == channel.QUESTION:
                said = self.understood(msgspec.msgpack.decode(body, type=Question))
                channel.send(self.sock, channel.UNDERSTOOD, msgspec.msgpack.encode(said))
            elif kind == channel.HOURS:
                kept = self.kept(msgspec.msgpack.decode(body, type=tuple[Days, ...]))
                channel.send(self.sock, channel.KEPT, msgspec.msgpack.encode(kept))
            elif kind == channel.TRY:
                channel.send(self.sock, channel.REFUSED, msgspec.msgpack.encode(refused(msgspec.msgpack.decode(body, type=Ground))))
            else:
                job = msgspec.msgpack.decode(body, type=Job)
                self.answer(job)
                if not job.goes_on:
                    return

    def understood(self, question: Question) -> Understood:
        """Translate the question."""
        from eventlake.dialect.translate import translate

        tables = [known.table for known in question.tables]
        self.translation = translate(question.sql, tables, question.now, repeats=question.repeats)
        return Understood.of(self.translation, tables)

    def kept(self, days: tuple[Days, ...]) -> list[Days]:
        """Return for each scan the hours that its predicates leave."""
        from eventlake.dialect.queries.pruning import remaining

        assert self.translation is not None  # hours are asked after a question
        return [remaining(given, scan.predicates) for scan, given in zip(self.translation.scans, days, strict=True)]

    def answer(self, job: Job) -> None:
        """Send the job's rows, and at their end the seconds of the processor that this process has taken so far."""
        import msgspec

        for frame in self.frames(job):
            channel.send(self.sock, channel.ROWS, frame)
        channel.send(self.sock, channel.DONE, msgspec.msgpack.encode(time.process_time()))

    def frames(self, job: Job) -> Iterator[bytes]:
        """Yield the job's rows in frames."""
        if self.lock is not None and not self.has_begun:
            self.lock(job)
        self.has_begun = True
        job = replace(job, macros=tuple(macro for macro in job.macros if macro not in self.made))
        self.made.update(job.macros)
        made = Frames()
        for rows in batches(self.connection, job, FRAME_ROWS, locked=self.lock is not None):
            try:
                yield from made.of(rows)
            except (OverflowError, TypeError, ValueError):
                raise QueryRefusedError(NO_TYPE) from None


class Frames:
    """Rows in frames of FRAME_BYTES at most, or of one row: of as many rows as the last frame tells, so that few are encoded again."""

    def __init__(self) -> None:
        self._size = FRAME_ROWS

    def of(self, rows: list[tuple[Any, ...]]) -> Iterator[bytes]:  # values are the query's
        """Yield frames of rows."""
        done = 0
        while done < len(rows):
            part = rows[done : done + self._size]
            frame = values.encoded(part)
            fitting = len(part) * FRAME_BYTES // len(frame)
            if fitting >= len(part) or len(part) == 1:
                yield frame
                done += len(part)
            self._size = min(max(fitting * 7 // 8, 1), FRAME_ROWS)
