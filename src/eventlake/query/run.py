"""Runs one translated statement in a DuckDB that reads the lake's objects and nothing else.

A `Job` is plain data and `run` is a function of it alone, so that a child process can take the job and give the rows back.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from ctypes import c_float
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any

from eventlake.dialect.types.type import Type, text
from eventlake.errors import CorruptObjectError, QueryError, QueryFailedError, QueryLimitError, QueryRefusedError

MAX_ROWS = 1_000_000
"""An answer with more rows is refused, with the advice to add LIMIT."""


@dataclass(frozen=True, slots=True)
class Job:
    """A statement for DuckDB and what it may use.

    folder: the only one it may read below, empty for none. seconds: after these it is stopped. types: how the rows become Python values.
    """

    sql: str
    macros: tuple[str, ...]
    types: tuple[Type, ...]
    folder: str
    memory_mb: int
    threads: int
    seconds: float


def run(job: Job) -> list[tuple[Any, ...]]:  # values are the query's
    """The rows of the job's statement. Raises QueryFailedError, QueryLimitError, QueryRefusedError or CorruptObjectError."""
    connection = connect(job)
    try:
        return answer(connection, job)
    finally:
        connection.close()


def answer(connection: Any, job: Job) -> list[tuple[Any, ...]]:  # duckdb has no stubs of ours
    """The rows of the job's statement on a connection of `connect`. Raises what `run` does."""
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


def batches(connection: Any, job: Job, size: int) -> Iterator[list[tuple[Any, ...]]]:  # duckdb has no stubs of ours
    """The rows of the job's statement, so many at a time, with no limit on the time. Raises what `run` does."""
    import duckdb

    count = 0
    try:
        for statement in job.macros:
            connection.execute(statement)
        connection.execute(job.sql)
        while rows := connection.fetchmany(size):
            count += len(rows)
            if count > MAX_ROWS:
                raise too_many_rows()
            yield converted(rows, job.types)
    except duckdb.Error as error:
        raise sentence(error, job) from None


def too_many_rows() -> QueryLimitError:
    """The sentence for an answer of more than MAX_ROWS rows."""
    return QueryLimitError(f"The answer has more than {MAX_ROWS:,} rows: add LIMIT, or group them.")


def connect(job: Job, tables: Sequence[str] = (), *, locked: bool = True) -> Any:  # duckdb has no stubs of ours
    """A DuckDB in memory that can read the job's folder, and neither write, connect, load extensions nor change its settings.

    tables: statements to run first, which make what it holds besides. locked: whether these locks are on; other layers hold without them.
    """
    import duckdb

    if not locked:
        return duckdb.connect(":memory:", config={"threads": job.threads})
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": job.threads,
            "memory_limit": f"{job.memory_mb}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": False,
        },
    )
    for statement in tables:
        connection.execute(statement)
    if job.folder:
        connection.execute(f"SET allowed_directories = [{text(job.folder.rstrip('/') + '/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


# sentences


def sentence(error: Exception, job: Job) -> QueryError | CorruptObjectError:
    """What DuckDB's error means, in our own words."""
    message = str(error)
    ours = re.search(r"eventlake:([^\n]*)", message)
    if ours is not None:
        return _own(re.sub(r"'? to BOOL.*$", "", ours[1]).rstrip("' "))
    kind = type(error).__name__
    if (
        kind in {"IOException", "HTTPException", "SerializationException"}
        or (kind == "Error" and "read_parquet(" in job.sql)  # a bare one is the Parquet reader's
        or "parquet" in message.lower()
        or "read_json" in message
        or "JSON transform" in message
        or "JSON in file" in message
        or "gzip" in message.lower()
    ):
        return _unreadable(message, job)
    if kind == "OutOfMemoryException":
        return QueryLimitError(f"The query needs more than {job.memory_mb:,} MB of memory: name fewer days in its WHERE, or ask for less.")
    return _failed(kind, message)


def _own(message: str) -> QueryError:
    if message.startswith("refused:"):
        return QueryRefusedError(f"{message.removeprefix('refused:')} cannot be answered here as Athena does.")
    return QueryFailedError(f"{message}.")


def _unreadable(message: str, job: Job) -> CorruptObjectError:
    keys = re.compile(re.escape(job.folder.rstrip("/")) + r"/([^'\"\n]+?\.(?:parquet|json\.gz|json|gz))")
    found = set(keys.findall(message)) or set(keys.findall(job.sql))
    name = f'The object "{found.pop()}"' if len(found) == 1 else "An object of this query"
    return CorruptObjectError(f'{name} cannot be read, so no answer would be whole: run "eventlake doctor".')


_FAILURES: tuple[tuple[str, str], ...] = (
    (r"[Dd]ivision by zero", "A number is divided by zero: guard it with nullif(x, 0) or try(...)."),
    (r"Overflow|[Oo]ut of [Rr]ange|out of range", "A number is out of the range of its type: cast it to a wider one."),
    (r"More than one row returned by a subquery", "A subquery that stands for one value gives several rows: aggregate it or add LIMIT 1."),
    (
        r"Could not convert|Conversion Error|Could not cast|could not be cast|invalid (?:date|timestamp)",
        "A value cannot be cast to the type asked for: use try_cast(...) to get NULL there.",
    ),
    (r"Could not parse string|Failed to parse", "A text is no date of the pattern given: use try(date_parse(...)) to get NULL there."),
)


def _failed(kind: str, message: str) -> QueryError:
    for pattern, meaning in _FAILURES:
        if re.search(pattern, message):
            return QueryFailedError(meaning)
    if kind in {"BinderException", "ParserException", "CatalogException", "NotImplementedException", "InternalException"}:
        return QueryRefusedError(
            "This statement cannot be answered here as Athena does: its translation does not hold together. Split it with WITH to find the part."
        )
    return QueryFailedError("The query failed on the data: a value has not the form that one of its functions wants.")


# values


def converted(rows: list[tuple[Any, ...]], types: tuple[Type, ...]) -> list[tuple[Any, ...]]:
    """DuckDB's rows as `interfaces.Result` has them."""
    makers = [_maker(kind) for kind in types]
    if not any(makers):
        return rows
    return [tuple(value if make is None or value is None else make(value) for value, make in zip(row, makers, strict=True)) for row in rows]


def _maker(kind: Type) -> Callable[[Any], Any] | None:
    """What turns DuckDB's Python value into the type's; None where it is that already."""
    if kind.name == "timestamptz":
        return lambda value: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
    if kind.name == "real":
        return _shortest
    if kind.name == "interval day":
        return _days_text
    if kind.name == "interval month":
        return _months_text
    if kind.name == "uuid":
        return str
    if kind.name == "ipaddress":
        return _address
    if kind.name == "array":
        inner = _maker(kind.args[0])
        return None if inner is None else lambda value: [None if item is None else inner(item) for item in value]
    if kind.name == "map":
        return _map_maker(kind)
    if kind.name == "row":
        makers = [_maker(part) for part in kind.args]
        return lambda value: {
            name: item if make is None or item is None else make(item) for (name, item), make in zip(value.items(), makers, strict=True)
        }
    return None


def _map_maker(kind: Type) -> Callable[[Any], Any] | None:
    if kind.args[0].name in {"array", "map", "row"}:  # no key of a Python dict
        raise QueryRefusedError(f"A {kind} cannot be given as an answer here: its keys are no single values. Ask for map_entries() of it.")
    key, item = (_maker(part) for part in kind.args)
    if key is None and item is None:
        return None
    return lambda value: {(key(k) if key else k): (item(v) if item and v is not None else v) for k, v in value.items()}


def _shortest(value: float) -> float:
    """The float with the fewest digits that is this one in four bytes, as Athena prints it: 1.1, not 1.100000023841858."""
    found = (float(f"{value:.{digits}g}") for digits in range(6, 9))
    return next((short for short in found if _in_four_bytes(short) == value), value)


def _in_four_bytes(value: float) -> float:
    return c_float(value).value


def _address(value: bytes) -> str:
    """`192.0.2.1` or `2001:db8::1` of an address's 16 bytes."""
    address = IPv6Address(value)
    return str(address.ipv4_mapped or address)


def _days_text(value: timedelta) -> str:
    """`1 02:03:04.005`, as Athena prints an interval of days."""
    millis = value // timedelta(milliseconds=1) if value >= timedelta() else -(-value // timedelta(milliseconds=1))
    sign, rest = "-" if millis < 0 else "", abs(millis)
    seconds, rest = divmod(rest, 1000)
    return f"{sign}{seconds // 86400} {seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _months_text(value: timedelta) -> str:
    """`1-2`, as Athena prints an interval of months; DuckDB's client gives a month as 30 days."""
    months = value.days // 30
    return f"{'-' if months < 0 else ''}{abs(months) // 12}-{abs(months) % 12}"
