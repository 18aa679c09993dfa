"""The process that rewrites hours: carries out statements of DuckDB's; killed, it leaves an unfinished file and no more.

Runs with the lowest priority and one thread, so that delivery is not held up. Each line of stdin is a `Task` as JSON, and is answered by a line
of JSON: `{"rows": [...]}`, or `{"error": "..."}` with the sentence.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eventlake.backends.gathering import Gathering, gather
from eventlake.backends.parquet_copy import copy_statement
from eventlake.description import decode
from eventlake.dialect.sql import quoted_text as text
from eventlake.errors import CorruptObjectError

OBJECTS = 4_000
"""So many objects are read in one database: it remembers their footers, which count to its memory."""


@dataclass(frozen=True, slots=True)
class Task:
    """One statement. target: the file that takes its rows, empty to answer with them. description: what the file says of itself.

    memory_mb: where DuckDB stops. temp_folder: where it spills, at most disk_mb. gathering: the statement chooses these rows, which are written.
    objects: how many it reads.
    """

    macros: tuple[str, ...]
    sql: str
    target: str
    description: str
    memory_mb: int
    temp_folder: str
    disk_mb: int
    gathering: Gathering | None = None
    objects: int = 1

    @classmethod
    def decode(cls, line: str) -> Task:
        """Read it from JSON."""
        fields = json.loads(line)
        return cls(**{**fields, "gathering": Gathering(**fields["gathering"]) if fields["gathering"] else None})

    def encode(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))


def main() -> int:
    """Run the tasks of stdin."""
    os.nice(19)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # where whoever asks was killed, it ends without a word
    rewriting = Rewriting()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(rewriting.answer(Task.decode(line))) + "\n")
        sys.stdout.flush()
    return 0


class Rewriting:
    """Carries tasks out in one database: to open one takes longer than most statements of an hour."""

    def __init__(self) -> None:
        self._opened: Any = None  # duckdb has no stubs of ours
        self._left = 0

    def answer(self, task: Task) -> dict[str, Any]:  # JSON
        """Run a task, and return its rows, or a sentence."""
        import duckdb

        try:
            return {"rows": self._carried_out(task)}
        except (duckdb.Error, CorruptObjectError, OSError) as error:
            self._close()  # whatever it is left with
            return {"error": _said(error)}

    def _carried_out(self, task: Task) -> list[list[Any]]:  # the values are the statement's
        with self._database(task).cursor() as connection:
            for statement in task.macros:
                connection.execute(statement)
            if not task.target:
                return [list(row) for row in connection.execute(task.sql).fetchall()]
            if task.gathering is not None:
                return [[gather(connection, task.sql, task.gathering, Path(task.target), Path(task.temp_folder), task.description)]]
            if task.target.endswith(".parquet"):
                return [list(row) for row in connection.execute(copy_statement(task.sql, Path(task.target), task.description)).fetchall()]
            return [[_write_lines(connection.execute(task.sql), task)]]

    def _database(self, task: Task) -> Any:  # duckdb has no stubs of ours
        """Return a database whose limits are those of the task; a new one after some tasks, and where the last one has spilled."""
        import duckdb

        self._left -= task.objects
        if self._opened is not None and self._left > 0:
            try:
                self._opened.execute(f"set temp_directory = {text(task.temp_folder)}")
                self._opened.execute(f"set max_temp_directory_size = '{task.disk_mb}MB'")
                self._opened.execute(f"set memory_limit = '{task.memory_mb}MB'")
                return self._opened
            except duckdb.Error:  # a folder that was spilled to cannot be left
                pass
        self._close()
        self._opened, self._left = duckdb.connect(":memory:", config=_config(task)), OBJECTS - task.objects
        return self._opened

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, CorruptObjectError) else str(error).splitlines()[0].rstrip(". ")


def _config(task: Task) -> dict[str, Any]:  # DuckDB's settings
    return {
        "threads": 1,
        "async_threads": 0,  # its own eight, which read ahead, take some percent of the time of what one thread does, and memory
        "memory_limit": f"{task.memory_mb}MB",
        "temp_directory": task.temp_folder,
        "max_temp_directory_size": f"{task.disk_mb}MB",
        "autoinstall_known_extensions": False,
        "parquet_metadata_cache": True,  # each hour asks the footers of two days around it
    }


def _write_lines(cursor: Any, task: Task) -> int:  # duckdb has no stubs of ours
    """Write log lines, the last column of the answer, as gzip; how many."""
    from eventlake.backends.json_lines import GzipWriter  # a lake of Parquet begins without what lines need

    description = decode(task.description)
    if description is None:
        raise ValueError(task.description)
    count = 0
    with GzipWriter(Path(task.target), description) as writer:
        for lines in _batches(cursor):
            count += len(lines)
            writer.write(b"".join(line.encode() + b"\n" for line in lines))
    return count


def _batches(cursor: Any) -> Iterator[list[str]]:  # duckdb has no stubs of ours
    while rows := cursor.fetchmany(2000):
        yield [row[-1] for row in rows]


if __name__ == "__main__":
    sys.exit(main())
