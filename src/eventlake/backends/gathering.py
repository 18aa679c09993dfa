"""Rows that are chosen -> one sorted Parquet file, in bounded memory: a slice of the order at a time is read, sorted and added.

The order is made of keys alone, which are small. A slice reads the files that hold a row of it, and of them the row groups whose values may
be in it. Where rows lie so wildly that this would read everything again and again, DuckDB sorts all of them at once and spills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.parquet_copy import ROW_GROUP, copy_statement
from eventlake.backends.parquet_joining import Joined
from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.errors import CorruptObjectError
from eventlake.query.stored_types import FILE

if TYPE_CHECKING:
    import duckdb

FILES = "el_files"
"""The variable that holds the paths from which whole rows are read."""
_SLICE_BYTES = 64 << 20
_VECTOR = 2048
_LEFT_OUT = "statistics_propagation,join_order,build_side_probe_side"
"""What DuckDB's optimizer is not to do with a slice: the first writes a column without a NULL in it as REQUIRED; the others put the whole rows
into the table of a hash join, and probe it with the places."""
_AGAIN = 4
"""So many times, on the mean, a row may be read."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """What is gathered.

    rows: the SELECT of whole rows of the files that `FILES` names, beside their `FILE` and `file_row_number`. columns: those to write.
    key: the one by which the result is proved. first: the one that sorts first.
    """

    files: tuple[str, ...]
    rows: str
    columns: tuple[str, ...]
    key: str
    first: str


def gather(connection: duckdb.DuckDBPyConnection, chosen: str, what: Gathering, target: Path, folder: Path, description: str) -> int:
    """Write the rows; how many. Raises duckdb.Error, OSError, CorruptObjectError if the file does not hold the keys that were chosen, in order.

    chosen: the SELECT of `el_path`, `el_row`, `el_key` and `el_first`, in order. folder: takes a slice at a time.
    """
    _place(connection, chosen, what.files)
    total, keys = _one(connection, "select count(*), sum(hash(el_hash, rowid)) from el_order")
    group, size = _sizes(connection, what, total)
    part = folder / "slice.parquet"
    connection.execute(f"set disabled_optimizers = '{_LEFT_OUT}'")
    with Joined(target) as joined:
        for first in range(0, max(total, 1), size):
            rows = _all(connection, what) if size >= total else _slice(connection, what, first, first + size)
            connection.execute(copy_statement(rows, part, description, group))
            joined.add(part)
            part.unlink()
    connection.execute("reset disabled_optimizers")
    written = f"sum(hash(hash({quoted(what.key)}), file_row_number)) from read_parquet({text(str(target))}, file_row_number = true)"
    if _one(connection, f"select count(*), {written}") != (total, keys):
        raise CorruptObjectError("What was written is not what was chosen")
    return total


def _place(connection: duckdb.DuckDBPyConnection, chosen: str, files: Sequence[str]) -> None:
    """Make the table of the order: for each row its file, and its number in it; it lies in order, so that its `rowid` is its place."""
    connection.execute(f"create temp type el_file as enum ({', '.join(map(text, files))})")
    connection.execute(
        "create temp table el_order as select cast(el_path as el_file) as el_path, cast(el_row as uinteger) as el_row, el_first, "
        f"hash(el_key) as el_hash from ({chosen})"
    )


def _sizes(connection: duckdb.DuckDBPyConnection, what: Gathering, total: int) -> tuple[int, int]:
    """Return the rows of a row group and of a slice: fewer where rows are large, all in one slice where they lie wildly."""
    if total <= _VECTOR:  # as few as are read at once, however large they are
        return ROW_GROUP, ROW_GROUP
    width = _one(
        connection,
        "select cast(sum(total_uncompressed_size) as bigint) // greatest(1, sum(num_values)) from parquet_metadata(?)",
        what.files,
    )[0]
    fit = _SLICE_BYTES // (len(what.columns) * ((width or 0) + 16))
    group = min(ROW_GROUP, max(fit // _VECTOR, 1) * _VECTOR)
    size = max(fit // group, 1) * group
    return group, size if size >= total or _read_again(connection, size) <= _AGAIN else total


def _read_again(connection: duckdb.DuckDBPyConnection, size: int) -> float:
    """Return how many times a row is read, on the mean, if slices are of this size."""
    ends = f"min(rowid) // {size} as el_from, max(rowid) // {size} as el_to"
    groups = f"select el_path, {ends}, count(*) as n from el_order group by 1, el_row // {ROW_GROUP}"
    held = f"select distinct el_path, rowid // {size} as el_slice from el_order"
    read = f"select sum(n) from ({groups}) join ({held}) using (el_path) where el_slice between el_from and el_to"
    return float(_one(connection, f"select coalesce(({read}) / (select count(*) from el_order), 0)")[0])


def _all(connection: duckdb.DuckDBPyConnection, what: Gathering) -> str:
    """Write the SELECT of all rows, in their order: of a small hour, whose every question more would take longer than it saves."""
    connection.execute(f"set variable {FILES} = [{', '.join(map(text, what.files))}]")
    return _joined(what, what.rows, "true")


def _slice(connection: duckdb.DuckDBPyConnection, what: Gathering, first: int, end: int) -> str:
    """Write the SELECT of the rows of some places, in their order."""
    within = f"rowid between {first} and {end - 1}"
    bounds = "case when count(el_first) = count(*) then min(el_first) end as least, max(el_first) as most"
    held = f"select list(distinct cast(el_path as varchar)) as files, {bounds} from el_order where {within}"
    connection.execute(f"set variable el_held = (select el_held from ({held}) as el_held)")
    connection.execute(f"set variable {FILES} = getvariable('el_held').files")
    is_bounded = _one(connection, "select getvariable('el_held').least is not null")[0]
    between = f"{quoted(what.first)} between getvariable('el_held').least and getvariable('el_held').most"
    return _joined(what, f"{what.rows} where {between}" if is_bounded else what.rows, within)


def _joined(what: Gathering, rows: str, within: str) -> str:
    columns = ", ".join(f"el_r.{quoted(name)}" for name in what.columns)
    places = f"select cast(el_path as varchar) as el_path, el_row, rowid as el_place from el_order where {within}"
    of_place = f"el_r.{quoted(FILE)} = el_p.el_path and el_r.file_row_number = el_p.el_row"
    return f"select {columns} from ({rows}) as el_r join ({places}) as el_p on {of_place} order by el_p.el_place"


def _one(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> tuple[int, ...]:
    """Return the one row of a query."""
    return connection.execute(query, [list(one) if isinstance(one, tuple) else one for one in parameters]).fetchone() or ()
