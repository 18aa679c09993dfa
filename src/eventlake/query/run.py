"""Runs one translated statement in a DuckDB that reads the lake's objects and nothing else.

A `Job` is plain data and `run` is a function of it alone, so that a child process can take the job and give the rows back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.dialect.sql import quoted_text as text
from eventlake.dialect.types.type import Type
from eventlake.errors import QueryError, QueryLimitError, QueryRefusedError
from eventlake.query.diagnosis import diagnosed, other_type
from eventlake.query.python_values import converted
from eventlake.query.stored_types import TypeCheck, key_of, misfits

MAX_ROWS = 1_000_000
"""An answer with more rows is refused, with the advice to add LIMIT."""


@dataclass(frozen=True, slots=True)
class Job:
    """A statement for DuckDB and what it may use.

    folder: the only one it may read below, empty for none. seconds: after these it is stopped. types: how the rows become Python values.
    lone_object: key of the object where the statement reads just one, for DuckDB does not always name it. objects: how many it and those after
    it read. checks: what is asked of objects first, whose columns may be kept in other types. keeps: names, each with the SELECT whose rows it
    keeps in memory for this job and those after it. goes_on: whether others come after it.
    """

    sql: str
    macros: tuple[str, ...]
    types: tuple[Type, ...]
    folder: str
    memory_mb: int
    threads: int
    seconds: float
    lone_object: str = ""
    objects: int = 0
    checks: tuple[TypeCheck, ...] = ()
    keeps: tuple[tuple[str, str], ...] = ()
    goes_on: bool = False


def run(job: Job) -> list[tuple[Any, ...]]:  # values are the query's
    """Return the rows of the job's statement. Raises QueryFailedError, QueryLimitError, QueryRefusedError or CorruptObjectError."""
    connection = connect(job)
    try:
        return answer(connection, job)
    finally:
        connection.close()


def answer(connection: Any, job: Job) -> list[tuple[Any, ...]]:  # duckdb has no stubs of ours
    """Return the rows of the job's statement on a connection of `connect`. Raises what `run` does."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        connection.interrupt()

    timer = threading.Timer(job.seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        return [row for rows in batches(connection, job, MAX_ROWS + 1) for row in rows]
    except QueryError:
        if late.is_set():
            raise QueryLimitError(f"The query ran longer than {job.seconds:g} s: name fewer days in its WHERE, or ask for less.") from None
        raise
    finally:
        timer.cancel()


def batches(connection: Any, job: Job, size: int, *, locked: bool = True) -> Iterator[list[tuple[Any, ...]]]:  # duckdb has no stubs of ours
    """Yield the rows of the job's statement, so many at a time, with no limit on the time. Raises what `run` does.

    locked: whether it must be one SELECT; other layers hold without that.
    """
    import duckdb

    count = 0
    try:
        for check in job.checks:
            _require_types(connection, check, job.folder)
        for name, select in job.keeps:
            connection.register(name, connection.sql(select).materialize())  # a table takes a quarter longer
        for macro in job.macros:
            connection.execute(macro)
        connection.execute(_one_select(connection, job.sql) if locked else job.sql)
        while rows := connection.fetchmany(size):
            count += len(rows)
            if count > MAX_ROWS:
                raise too_many_rows()
            yield converted(rows, job.types)
    except (duckdb.Error, UnicodeDecodeError) as error:  # of a message that quotes a part of a character
        raise diagnosed(error, job.folder, job.memory_mb, job.lone_object) from None


def _require_types(connection: Any, check: TypeCheck, folder: str) -> None:  # duckdb has no stubs of ours
    """Raise CorruptObjectError for the first object that keeps a column in a type which cannot be read as the declared one."""
    for one in misfits(connection, check):
        raise other_type(f'The object "{key_of(one.path, folder)}"', one.column, one.stored, one.declared)


def too_many_rows() -> QueryLimitError:
    """Return the error for an answer of more than MAX_ROWS rows."""
    return QueryLimitError(f"The answer has more than {MAX_ROWS:,} rows: add LIMIT, or group them.")


def _one_select(connection: Any, sql: str) -> Any:  # duckdb has no stubs of ours
    """Return the statement as DuckDB's parser reads it; running that costs no second parsing.

    Raises QueryRefusedError if it is not exactly one SELECT, which no translation should ever be.
    """
    statements = connection.extract_statements(sql)
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        raise QueryRefusedError(
            f"This statement would run as {' and '.join(kinds) or 'nothing'} here, where only one SELECT may: ask for one SELECT."
        )
    return statements[0]


def connect(job: Job, tables: Sequence[str] = ()) -> Any:  # duckdb has no stubs of ours
    """Return a DuckDB of its own for the job, confined as by `confined`."""
    return confined(opened(), job, tables)


def opened() -> Any:  # duckdb has no stubs of ours
    """Return a DuckDB in memory whose settings are those of every query. It takes no thread but its caller's.

    So a process may be forked that goes on with it, and opens none: that takes ten times as long as what `confined` does.
    """
    import duckdb

    return duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "async_threads": 0,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": False,
        },
    )


def confined(database: Any, job: Job, tables: Sequence[str] = ()) -> Any:  # duckdb has no stubs of ours
    """Return a connection to a DuckDB of `opened` as `settled` has it, locked for the job's folder as by `lock`."""
    connection = settled(database, job, tables)
    lock(connection, job.folder)
    return connection


def settled(database: Any, job: Job, tables: Sequence[str] = ()) -> Any:  # duckdb has no stubs of ours
    """Return a connection to a DuckDB of `opened` with the job's memory and threads, not locked yet.

    A thread reads ahead for each one that computes: the eight that DuckDB 2.0 begins by itself take a tenth more of two processors.
    tables: statements to run first, which make what it holds besides.
    """
    connection = database.cursor()
    connection.execute(f"SET threads = {job.threads}")
    connection.execute(f"SET async_threads = {job.threads}")
    connection.execute(f"SET memory_limit = '{job.memory_mb}MB'")
    for statement in tables:
        connection.execute(statement)
    return connection


def lock(connection: Any, folder: str | None) -> None:  # duckdb has no stubs of ours
    """Let a DuckDB read below a folder (none if it is empty), and neither write, connect, load extensions nor change settings.

    None leaves files to whatever else keeps the process from them: for each object that it opens DuckDB looks up the real path three times, 20 us.
    """
    if folder:
        connection.execute(f"SET allowed_directories = [{text(folder.rstrip('/') + '/')}]")
    if folder is not None:
        connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
