"""Tables in memory, from a file: what a query is tried on without a lake.

A fixture is JSON, `{table: {"columns": [{"name", "type"}], "rows": [[...]]}}`, `.json` or `.json.gz`. Types are Athena's. A date or a
timestamp is ISO text, a row a list in the order of its fields or an object, a map an object, a decimal text or a number, binary its hex digits.
Where the same is given from Python, its own dates, datetimes, Decimals and bytes do too.
The tables stand in the database `fixture`, which is also the current one.
"""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import Any
from weakref import finalize

from eventlake.dialect.queries.listings import WHOLE_CATALOG
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import Sql, ours, written
from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.dialect.text.parameters import bound
from eventlake.dialect.translate import translate
from eventlake.dialect.translation import Translation
from eventlake.dialect.types.spelling import parse_type
from eventlake.dialect.types.type import DATE, VARCHAR, Type
from eventlake.errors import QueryLimitError, QueryRefusedError, UsageError
from eventlake.interfaces import Cancelled, Clock, Each, Parameters, Result
from eventlake.model import PARTITION_KEYS, Column, Table
from eventlake.query.cost import athena_cost
from eventlake.query.listing import description, listed, rows_of_catalog
from eventlake.query.run import Job, answer, connect

DATABASE = "fixture"
"""The database of a fixture's tables."""
_LOOK_S = 0.1
"""How often somebody who waits looks whether he is still wanted."""
_NOT_OF_ITS_TYPE = (TypeError, ValueError, AttributeError)
"""What Python raises where a value is not what its column's type wants, such as a text for a map."""
_KEYS = tuple(zip((name for name, _ in PARTITION_KEYS), (DATE, VARCHAR), strict=True))

_OF_OBJECTS: dict[str, Callable[[Table], str]] = {
    "$partition": lambda table: "('date=' || CAST(date AS VARCHAR) || '/hour=' || hour)",
    "$path": lambda table: (
        f"({text(f'fixture/{table.name}/')}" + (" || strftime(date, '%Y/%m/%d/') || hour || '/'" if table.prefix else "") + " || 'rows')"
    ),
}
"""What an object would say of itself, as if the rows of each hour lay in one: SQL by the table."""


@dataclass(frozen=True, slots=True)
class FixtureTable:
    """One table of a fixture: columns with their types, and rows of JSON values."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def table(self) -> Table:
        """Return the table as a catalog would have it: partitioned if its last columns are the partition keys."""
        partitioned = self.columns[-2:] == _KEYS
        columns = self.columns[:-2] if partitioned else self.columns
        made = tuple(Column(name, str(kind), (), "", "") for name, kind in columns)
        return Table(self.name, DATABASE, DATABASE, "", self.name if partitioned else "", {}, "$", "", made)

    @property
    def statement(self) -> str:
        """Write DuckDB's SQL that makes the table with its rows."""
        kind = Type("array", (Type("row", tuple(kind for _, kind in self.columns), names=tuple(name for name, _ in self.columns)),))
        lines = [{name: _stored(value, part) for (name, part), value in zip(self.columns, row, strict=True)} for row in self.rows]
        shown = ", ".join(f"{_read(f'r.{quoted(name)}', part)} AS {quoted(name)}" for name, part in self.columns)
        stored = written(kind.in_duckdb(_read_as))
        return f"CREATE TABLE {quoted(self.name)} AS SELECT {shown} FROM (SELECT unnest(CAST({text(json.dumps(lines))}::JSON AS {stored})) AS r)"


def load_fixture(path: Path) -> dict[str, FixtureTable]:
    """Load the tables of a fixture file. Raises UsageError if it is no fixture."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        given = json.loads(raw)
    except (OSError, ValueError) as error:
        raise _no_fixture(f'"{path}"', error) from None
    return make_fixture(given, f'"{path}"')


def make_fixture(tables: Mapping[str, Any], said: str = "This") -> dict[str, FixtureTable]:  # JSON
    """Make the tables of a fixture's JSON; values may be Python's too.

    said: how an error calls the fixture, such as its file's name in quotes. Raises UsageError if it is no fixture.
    """
    try:
        return read_fixture(tables)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_fixture(said, error) from None


def _no_fixture(said: str, error: Exception) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return UsageError(f'{said} is no fixture ({reason}): it holds {{table: {{"columns": [{{"name", "type"}}], "rows": [[...]]}}}}.')


def read_fixture(tables: Mapping[str, Any]) -> dict[str, FixtureTable]:  # JSON
    """Read the tables of a fixture's JSON. Raises ValueError or KeyError where it is none."""
    found = {}
    for name, given in tables.items():
        columns = tuple((str(column["name"]).lower(), parse_type(str(column["type"]))) for column in given["columns"])
        rows = tuple(tuple(row) for row in given["rows"])
        names = [column for column, _ in columns]
        if len(set(names)) < len(names):
            raise ValueError(f'two columns of "{name}" have one name')
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f'a row of "{name}" has not {len(columns)} values')
        found[name.lower()] = FixtureTable(name.lower(), columns, rows)
    return found


class FixtureEngine:
    """Answers Athena's SQL over the tables of a fixture; an `interfaces.Engine`."""

    def __init__(
        self, tables: Mapping[str, FixtureTable], *, clock: Clock | None = None, memory_mb: int = 1024, seconds: float = 60.0
    ) -> None:
        self.fixture = tables
        self.tables = [table.table for table in tables.values()]
        self.clock = clock
        self.limits = Job("", (), (), "", memory_mb, os.cpu_count() or 1, seconds)
        self._connection: Any = None  # duckdb has no stubs of ours
        self._finalizer: finalize[[], FixtureEngine] | None = None
        self._macros: set[str] = set()  # made on this connection already
        self._lock = threading.Lock()  # one connection, one query at a time

    def query(
        self, sql: str, parameters: Parameters | None = None, *, cancelled: Cancelled | None = None, each: Each | None = None
    ) -> Result:
        """Return the rows of one SELECT. each: is given all of them at once.

        Raises QueryError and its kinds, UsageError if a value of the fixture does not fit its column.
        """
        started = time.perf_counter()
        made = self._translated(sql, parameters)
        with self._lock:
            connection = self._opened()
            macros = tuple(macro for macro in made.macros if macro not in self._macros)
            job = Job(self._statement(made), macros, made.types, "", self.limits.memory_mb, self.limits.threads, self.limits.seconds)
            rows = _answered(connection, job, cancelled)
            self._macros.update(macros)
        if each is not None:
            each(rows)
        return Result(made.names, tuple(map(str, made.types)), rows, seconds=time.perf_counter() - started)

    def close(self) -> None:
        """Let the tables go; the next query makes them anew."""
        with self._lock:
            if self._finalizer is not None:
                self._finalizer()
                self._connection = self._finalizer = None
                self._macros.clear()

    def _opened(self) -> Any:  # duckdb has no stubs of ours
        """Open the connection that holds the tables, once."""
        import duckdb

        if self._connection is None:
            try:
                self._connection = connect(self.limits, [table.statement for table in self.fixture.values()])
            except duckdb.OutOfMemoryException:
                raise QueryLimitError(
                    f"The tables of the fixture need more than {self.limits.memory_mb:,} MB of memory: give them fewer rows, or more memory."
                ) from None
            except (duckdb.Error, *_NOT_OF_ITS_TYPE):
                raise _misfit(self.fixture.values(), self.limits) from None
            self._finalizer = finalize(self, self._connection.close)  # DuckDB complains at the end about what is still open
        return self._connection

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Return DuckDB's SQL; a fixture has no objects to read."""
        made = self._translated(sql, parameters)
        return "\n".join([self._statement(made), "", f"Cost: {athena_cost(0)}", *made.macros])

    def _translated(self, sql: str, parameters: Parameters | None) -> Translation:
        now = self.clock.now() if self.clock is not None else datetime.now(UTC)
        return translate(bound(sql, parameters) if parameters else sql, self.tables, now)

    def _statement(self, made: Translation) -> str:
        return made.sql([self._source(scan) for scan in made.scans])

    def _source(self, scan: Scan) -> str:
        """Return the SQL of a scan: a table, or what there is to say of the tables. Raises QueryRefusedError for what only objects have."""
        name = quoted(scan.table.name)
        if scan.table is WHOLE_CATALOG:
            return listed(scan, rows_of_catalog(scan.listing, self.tables, {}))
        if scan.listing == "description":
            return listed(scan, description(scan.table, {}))
        if scan.listing == "partitions":
            return f"(SELECT DISTINCT {', '.join(quoted(key) for key, _ in PARTITION_KEYS)} FROM {name})"
        if scan.listing or "$file_size" in scan.used:
            raise QueryRefusedError(
                f'A fixture has no objects, and so neither "$file_size" nor a location or properties of {scan.table.name}: ask a lake.'
            )
        own = [f"{_OF_OBJECTS[column](scan.table)} AS {quoted(column)}" for column in _OF_OBJECTS if column in scan.used]
        return f"(SELECT *, {', '.join(own)} FROM {name})" if own else name


def _answered(connection: Any, job: Job, cancelled: Cancelled | None) -> list[tuple[Any, ...]]:  # duckdb has no stubs of ours
    """Run the job in a thread of its own, so that Ctrl-C and `cancelled` reach whoever waits; both interrupt it."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(answer, connection, job)
        try:
            while not wait([future], _LOOK_S).done:
                if cancelled is not None and cancelled():
                    raise QueryLimitError("The query was cancelled.")
        except BaseException:
            while not future.done():  # again and again: between two statements there is nothing to interrupt
                connection.interrupt()
                wait([future], _LOOK_S)
            raise
        return future.result()


def _misfit(tables: Iterable[FixtureTable], limits: Job) -> UsageError:
    """Name the first value that does not fit its column."""
    for table in tables:
        for place, row in enumerate(table.rows):
            for column, value in zip(table.columns, row, strict=True):
                if not _fits(FixtureTable(table.name, (column,), ((value,),)), limits):
                    return UsageError(
                        f'The fixture\'s table "{table.name}" holds {value!r} in row {place + 1}, column "{column[0]}", which is no {column[1]}.'
                    )
    return UsageError("The tables of the fixture cannot be made together.")  # pragma: no cover - each of their values can be


def _fits(table: FixtureTable, limits: Job) -> bool:
    import duckdb

    try:
        connect(limits, [table.statement]).close()
    except (duckdb.Error, *_NOT_OF_ITS_TYPE):
        return False
    return True


# values


def _stored(value: Any, kind: Type) -> Any:  # JSON in and out
    """Convert a value to the JSON that DuckDB casts from: a row is an object, a map a list of its entries."""
    if value is None:
        return None
    if kind.name == "array":
        return [_stored(item, kind.args[0]) for item in value]
    if kind.name == "row":
        items: Sequence[Any] = list(value.values()) if isinstance(value, dict) else value
        return {name: _stored(item, part) for (name, part), item in zip(kind.fields(), items, strict=True)}
    if kind.name == "map":
        entries = value["map"] if set(value) == {"map"} and isinstance(value["map"], list) else list(value.items())
        return {str(key): _stored(item, kind.args[1]) for key, item in entries}
    if isinstance(value, dict) and len(value) == 1 and kind.name != "json":
        return next(iter(value.values()))  # {"decimal": "1.50"}, {"double": "NaN"}, {"hex": "6162"}, {"timestamptz": "..."}
    if isinstance(value, date | time_of_day):
        return (value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value).isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal) or (isinstance(value, float) and value - value != 0):
        return str(value)
    return json.dumps(value) if kind.name == "json" and not isinstance(value, str) else value


def _read_as(kind: Type) -> Sql:
    """Return the type without parts that the JSON is cast to; binary comes as its digits."""
    return ours("VARCHAR") if kind.name == "varbinary" else kind.duckdb


def _read(sql: str, kind: Type) -> str:
    return f"unhex({sql})" if kind.name == "varbinary" else sql
