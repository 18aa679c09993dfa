"""Log lines as Parquet, written by DuckDB with the table's own columns; read back before they count.

Names are lower case, as Glue keeps them; timestamps are in microseconds, because Athena cannot read nanoseconds; compression is ZSTD.
Types: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventlake.backends.line_check import UnwritableLinesError
from eventlake.backends.parquet_copy import METADATA_KEY, copy_statement
from eventlake.description import Description
from eventlake.dialect.sql import quoted_name, quoted_text, written
from eventlake.dialect.types.spelling import parse_type
from eventlake.errors import CorruptObjectError, StorageError, StorageFullError
from eventlake.model import Table
from eventlake.query.stored_types import top_level

if TYPE_CHECKING:
    import duckdb

EXTENSION = ".parquet"
_BUFFER_BYTES = 1 << 20
"""How much of the lines is written at once."""
_LINES = "lines_at_once"
"""The table of the lines of several files."""


class ParquetWriter:
    """Writes Parquet objects with one DuckDB connection.

    threads: how many processors a write may use. memory_mb: where DuckDB stops. is_sorted: True for rows in the order of a closed hour.
    """

    format = "parquet"
    extension = EXTENSION

    def __init__(self, threads: int = 1, memory_mb: int = 512, *, is_sorted: bool = False) -> None:
        self._threads = threads
        self._memory_mb = memory_mb
        self._is_sorted = is_sorted
        self._opened: duckdb.DuckDBPyConnection | None = None

    def write(self, table: Table, lines: Sequence[bytes], path: Path, description: Description) -> None:
        """Write the log lines to a file, checked. Raises OSError, StorageError, UnwritableLinesError."""
        with _translated(path.with_suffix(".jsonl")) as source:
            _write_lines(lines, source)
            self._connection.execute(copy_statement(f"{_selected(table, source)}{self._order(table)}", path, description.encode()))
            self._check({path: len(lines)})

    def write_all(self, table: Table, parts: Sequence[tuple[Sequence[bytes], Path, Description]]) -> None:
        """Write several files, checked; all lines are read at once. Raises OSError, StorageError, UnwritableLinesError."""
        if len(parts) == 1:
            self.write(table, *parts[0])
            return
        with _translated(parts[0][1].with_suffix(".jsonl")) as source:
            _write_lines([line for lines, _, _ in parts for line in lines], source)
            try:
                self._connection.execute(f"create temp table {_LINES} as {_selected(table, source)}")
                self._check_count(sum(len(lines) for lines, _, _ in parts))
                self._copy_parts(parts, self._order(table) or " order by rowid")
            finally:
                self._connection.execute(f"drop table if exists {_LINES}")
            self._check({path: len(lines) for lines, path, _ in parts})

    def _check_count(self, count: int) -> None:
        """Check that each line became a row. Raises CorruptObjectError."""
        found = self._connection.execute(f"select count(*) from {_LINES}").fetchone()
        if found is None or found[0] != count:
            raise CorruptObjectError(f"{found[0] if found else 'No'} rows were read of {count} log lines.")

    def _order(self, table: Table) -> str:
        return f" order by {', '.join(map(quoted_name, table.order))}" if self._is_sorted else ""

    def _copy_parts(self, parts: Sequence[tuple[Sequence[bytes], Path, Description]], order: str) -> None:
        """Write a file of the rows of each part, which lie one behind the other as their lines do."""
        end = 0
        for lines, path, description in parts:
            begin, end = end, end + len(lines)
            rows = f"select * from {_LINES} where rowid >= {begin} and rowid < {end}{order}"
            self._connection.execute(copy_statement(rows, path, description.encode()))

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            import duckdb

            self._opened = duckdb.connect(
                ":memory:", config={"threads": self._threads, "memory_limit": f"{self._memory_mb}MB", "autoinstall_known_extensions": False}
            )
        return self._opened

    def _check(self, rows: Mapping[Path, int]) -> None:
        """Check that each footer counts the rows that went in, and that the last bytes are Parquet's own mark."""
        for path in rows:
            with path.open("rb") as file:
                file.seek(-4, 2)
                if file.read() != b"PAR1":
                    raise CorruptObjectError(f"{path}: does not end as it should.")
        counting = "select file_name, num_rows from parquet_file_metadata(?)"
        found = dict(self._connection.execute(counting, [[str(path) for path in rows]]).fetchall())
        for path, count in rows.items():
            if found.get(str(path)) != count:
                raise CorruptObjectError(f"{path}: holds {found.get(str(path), 'no')} rows, {count} were written.")


def _write_lines(lines: Sequence[bytes], source: Path) -> None:
    with source.open("wb", buffering=_BUFFER_BYTES) as file:
        file.writelines(lines)


@contextmanager
def _translated(source: Path) -> Iterator[Path]:
    """Raise what DuckDB says of the lines in a file as errors of this project, and remove the file in the end."""
    import duckdb

    try:
        yield source
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise UnwritableLinesError(_reason(error, source)) from None
    except duckdb.IOException as error:
        if "No space left" in str(error):
            raise StorageFullError(f'"{source.stem}{EXTENSION}" cannot be written: the disk is full.') from None
        raise StorageError(f'"{source.stem}{EXTENSION}" cannot be written: {error}.') from None
    finally:
        source.unlink(missing_ok=True)


def _reason(error: Exception, source: Path) -> str:
    """Return what DuckDB says of a line, without the file that nobody will find any more."""
    return str(error).splitlines()[0].replace(f' in file "{source}"', "").replace(str(source), "the lines")


def ask_of_footers(connection: duckdb.DuckDBPyConnection, query: str, paths: Sequence[Path], *more: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the metadata of many files, its first parameter; where one of them cannot be read, of each half.

    So that it hides no other. more: the other parameters of the query.
    """
    import duckdb

    try:
        return connection.execute(query, [[str(path) for path in paths], *more]).fetchall()
    except duckdb.Error:
        if len(paths) == 1:
            return []
        middle = len(paths) // 2
        return [row for half in (paths[:middle], paths[middle:]) for row in ask_of_footers(connection, query, half, *more)]


def stored_types(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return the columns of each file with their types, as DuckDB writes them; none of one that cannot be read."""
    return top_level(ask_of_footers(connection, "select file_name, name, num_children, duckdb_type from parquet_schema(?)", paths))


def count_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return the rows that the footer of a Parquet file counts. Raises CorruptObjectError."""
    import duckdb

    try:
        found = connection.execute("select num_rows from parquet_file_metadata(?)", [str(path)]).fetchone()
    except duckdb.Error as error:
        raise CorruptObjectError(f"{path}: is no whole Parquet file: {error}.") from None
    return int(found[0]) if found else 0


def holds_only(path: Path, column: str, value: str) -> bool:
    """Return True if a Parquet object that does not say what it holds has this one value in all rows of a column. False where it cannot be read."""
    import duckdb

    query = f"select count(*) > 0 and bool_and(cast({quoted_name(column)} as varchar) is not distinct from ?) from read_parquet(?, hive_partitioning = false)"
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            told = connection.execute(
                "select count(*) from parquet_kv_metadata(?) where key = ?", [str(path), METADATA_KEY.encode()]
            ).fetchone()
            found = None if told and told[0] else connection.execute(query, [value, str(path)]).fetchone()
    except duckdb.Error:
        return False
    return found is not None and bool(found[0])


def duckdb_type(spelling: str) -> str:
    """Return DuckDB's type for the type of a column, as Glue spells it."""
    return written(parse_type(spelling).duckdb)


def _selected(table: Table, source: Path) -> str:
    """Write the query that reads JSON lines as the table's columns."""
    types = ", ".join(f"{quoted_text(column.name)}: {quoted_text(duckdb_type(column.type))}" for column in table.columns)
    names = ", ".join(f"{quoted_name(column.name)} as {quoted_name(column.stored_name)}" for column in table.columns)
    options = "format = 'newline_delimited', records = true, maximum_object_size = 4000000, hive_partitioning = false"
    return f"select {names} from read_json({quoted_text(str(source))}, columns = {{{types}}}, {options})"
