"""Rewriter on DuckDB: carries out the SELECTs of a closing over the objects of a lake in a folder, in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.gathering import Gathering
from eventlake.backends.rewriting import Task
from eventlake.description import Description
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import quoted_name, quoted_text, written
from eventlake.dialect.translate import translate
from eventlake.dialect.types.spelling import parse_type
from eventlake.errors import StorageError, StorageFullError
from eventlake.interfaces import LogObject
from eventlake.model import Column, Table
from eventlake.pipeline.athena_sql import stored
from eventlake.query.reading import ROW, Reading
from eventlake.query.stored_types import FILE, NAMED

MEMORY_MB = 250
"""What DuckDB may use to rewrite an hour; more spills to the disk. The process takes about 90 MB beside it."""

LINE = "el_line"
"""The column that holds a whole log line."""

Statement = Callable[[Table], str]
"""Gives a SELECT in Athena's SQL over a table."""
Sources = Sequence[Sequence[LogObject]]
"""The objects that each scan of a statement reads, in their order."""


class DuckDBRewriter:
    """Rewrites objects below a folder.

    memory_mb: where DuckDB begins to spill. Raises StorageError with the reason why an hour cannot be rewritten, StorageFullError.
    """

    def __init__(self, objects: Path, memory_mb: int = MEMORY_MB) -> None:
        self._objects = objects.resolve()
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[str] | None = None

    def rows(self, statement: Statement, table: Table, sources: Sources, spill_mb: int) -> list[list[Any]]:
        """Return the rows of a SELECT. spill_mb: what it may take of the disk."""
        return self._run(*self._translated(statement, table, sources), spill_mb)

    def write(self, statement: Statement, table: Table, sources: Sources, spill_mb: int, target: Path, description: Description) -> int:
        """Write the rows of a SELECT to a file, in its order; how many. A lake of JSON lines keeps the very lines that it chooses.

        spill_mb: what it may take of the disk beside the file.
        """
        return int(self._run(*self._translated(statement, table, sources), spill_mb, target, description)[0][0])

    def gather(self, statement: Statement, table: Table, sources: Sources, spill_mb: int, target: Path, description: Description) -> int:
        """Write the Parquet rows that a SELECT chooses, in its order; how many. It may ask for the column `ROW`."""
        chosen = self._translated(statement, numbered(table), sources)
        return int(self._run(*chosen, spill_mb, target, description, self._gathering(table, sources[0]))[0][0])

    def copy(self, statement: str, spill_mb: int, target: Path, description: Description) -> int:
        """Write the rows of a SELECT of DuckDB's own over one object to a Parquet file; how many. spill_mb: what it may take of the disk beside the file."""
        return int(self._run((), statement, 1, spill_mb, target, description)[0][0])

    def _gathering(self, table: Table, objects: Sequence[LogObject]) -> Gathering:
        types = {column.stored_name: parse_type(column.type) for column in table.columns}
        files, count = tuple(f"{self._objects}/{one.key}" for one in objects), sum(one.rows or 0 for one in objects)
        columns = tuple((name, written(kind.duckdb)) for name, kind in types.items())
        return Gathering(files, count, columns, stored(table, table.key), tuple(table.order))

    def _translated(self, statement: Statement, table: Table, sources: Sources) -> tuple[tuple[str, ...], str, int]:
        """Return the macros, the statement in DuckDB's SQL, and how many objects it reads."""
        of_lines = sources[0][0].format == "json"
        known, read = (_as_lines(table), _lines) if of_lines else (table, _rows)
        translation = translate(statement(known), [known], datetime.now(UTC))
        scans = zip(translation.scans, sources, strict=True)
        sql = translation.sql([read(scan, objects, self._objects) for scan, objects in scans])
        return translation.macros, sql, sum(map(len, sources))

    def _run(
        self,
        macros: tuple[str, ...],
        statement: str,
        objects: int,
        spill_mb: int,
        target: Path | None = None,
        description: Description | None = None,
        gathering: Gathering | None = None,
    ) -> list[list[Any]]:
        with tempfile.TemporaryDirectory(dir=DirectoryStore(self._objects).staged("closing").parent, prefix="closing-") as spill:
            said = description.encode() if description is not None else ""
            answer = self._asked(Task(macros, statement, str(target or ""), said, self._memory_mb, spill, spill_mb, gathering, objects))
        if "error" in answer:
            full = "No space left" in answer["error"] or "max_temp_directory_size" in answer["error"]
            raise (StorageFullError if full else StorageError)(f"{answer['error']}.")
        return list(answer["rows"])

    def _asked(self, task: Task) -> dict[str, Any]:  # JSON
        """Have the process carry a task out; one that has ended is started again for the next."""
        process = self._process or self._started()
        try:
            process.stdin.write(task.encode() + "\n")  # type: ignore[union-attr]  # a pipe
            process.stdin.flush()  # type: ignore[union-attr]
            line = process.stdout.readline()  # type: ignore[union-attr]
        except BrokenPipeError:
            line = ""
        if line:
            return dict(json.loads(line))
        self.close()
        raise StorageError("The process that rewrites hours was killed, most likely because memory ran out.")

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", "eventlake.backends.rewriting"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=_heed_no_ctrl_c)
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None


def _heed_no_ctrl_c() -> None:
    """Leave Ctrl-C to whoever asks, who ends the process, from the moment in which it begins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def numbered(table: Table) -> Table:
    """Return a table of Parquet whose rows tell their number in their object too, as the column `ROW`."""
    return replace(table, columns=(*table.columns, Column(ROW, "bigint", (), "", "")))


def _rows(scan: Scan, objects: Sequence[LogObject], folder: Path) -> str:
    return Reading(scan, tuple(objects), 0, 0, folder, str(folder)).sql()


def _as_lines(table: Table) -> Table:
    """Return the table as whole log lines, with the columns that a closing looks at, as texts."""
    names = {*table.sort, table.key, "event_time"}
    columns = [replace(column, type="string") for column in table.columns if column.name in names or column.stored_name in names]
    return replace(table, columns=(*columns, Column(LINE, "string", (), "", "")))


def _lines(scan: Scan, objects: Sequence[LogObject], folder: Path) -> str:
    """Read objects of JSON lines line by line, whatever stands in them."""
    files = [f"{folder}/{one.key}" for one in objects]
    listed = ", ".join(map(quoted_text, files))
    hours = ", ".join(
        f"({quoted_text(path)}, DATE {quoted_text(one.hour.date)}, {quoted_text(one.hour.hour)})"
        for path, one in zip(files, objects, strict=True)
    )
    named = {"date": "el_h.date", "hour": "el_h.hour", "$path": f"el_f.{quoted_name(FILE)}", LINE: "CAST(el_f.json AS VARCHAR)"}
    named |= {
        column.stored_name: f"json_extract_string(el_f.json, {quoted_text(_path(column.name))})" for column in scan.table.columns[:-1]
    }
    shown = ", ".join(f"{made} AS {quoted_name(name)}" for name, made in named.items() if name in scan.used) or "NULL"
    return (
        f"(SELECT {shown} FROM read_ndjson_objects([{listed}], {_WHOLE_LINES}) AS el_f "
        f"JOIN (VALUES {hours}) AS el_h(path, date, hour) ON el_f.{quoted_name(FILE)} = el_h.path)"
    )


_WHOLE_LINES = f"maximum_object_size = 4194304, compression = 'gzip', hive_partitioning = false{NAMED}"
"""DuckDB gives the text of an object as it stands; a line has at most a few megabytes, as delivery wrote it."""


def _path(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'
