"""The process that rewrites hours: carries out statements of DuckDB's; killed, it leaves an unfinished file and no more.

Runs with the lowest priority and one thread, so that delivery is not held up. Each line of stdin is a `Task` as JSON, and is answered by a line
of JSON: `{"rows": [...]}`, or `{"error": "..."}` with the sentence.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eventlake.backends.gathering import Gathering, gather
from eventlake.backends.json_lines import GzipWriter
from eventlake.backends.parquet import METADATA_KEY, ROW_GROUP
from eventlake.description import decode
from eventlake.dialect.sql import quoted_text as text
from eventlake.errors import CorruptObjectError


@dataclass(frozen=True, slots=True)
class Task:
    """One statement. target: the file that takes its rows, empty to answer with them. description: what the file says of itself.

    memory_mb: where DuckDB stops. temp_folder: where it spills, at most disk_mb. gathering: the statement chooses these rows, which are written.
    """

    macros: tuple[str, ...]
    sql: str
    target: str
    description: str
    memory_mb: int
    temp_folder: str
    disk_mb: int
    gathering: Gathering | None = None

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
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(Task.decode(line))) + "\n")
        sys.stdout.flush()
    return 0


def _answer(task: Task) -> dict[str, Any]:  # JSON
    import duckdb

    try:
        return {"rows": _carried_out(task)}
    except duckdb.Error as error:
        return {"error": str(error).splitlines()[0].rstrip(". ")}
    except CorruptObjectError as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": error.strerror or str(error)}


def _carried_out(task: Task) -> list[list[Any]]:  # the values are the statement's
    import duckdb

    config: dict[str, Any] = {
        "threads": 1,
        "memory_limit": f"{task.memory_mb}MB",
        "temp_directory": task.temp_folder,
        "max_temp_directory_size": f"{task.disk_mb}MB",
        "autoinstall_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        for statement in task.macros:
            connection.execute(statement)
        if not task.target:
            return [list(row) for row in connection.execute(task.sql).fetchall()]
        if task.gathering is not None:
            return [[gather(connection, task.sql, task.gathering, Path(task.target), Path(task.temp_folder), task.description)]]
        if task.target.endswith(".parquet"):
            return [list(row) for row in connection.execute(_copy(task)).fetchall()]
        return [[_write_lines(connection.execute(task.sql), task)]]


def _copy(task: Task) -> str:
    options = f"format parquet, compression zstd, row_group_size {ROW_GROUP}, kv_metadata {{{METADATA_KEY}: {text(task.description)}}}"
    return f"copy ({task.sql}) to {text(task.target)} ({options})"


def _write_lines(cursor: Any, task: Task) -> int:  # duckdb has no stubs of ours
    """Write log lines, the last column of the answer, as gzip; how many."""
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
