"""Rows that are chosen -> one sorted Parquet file, in bounded memory: a slice of the order at a time is read, sorted and added.

The order is made of keys alone, which are small. A slice reads the files that hold a row of it, and of them the row groups whose values may
be in it; a row group whose rows follow one another in the order is taken over as it lies in its file. Where rows lie so wildly that slices
would read everything again and again, DuckDB sorts all of them at once and spills.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eventlake.backends.parquet_copy import ROW_GROUP, copy_statement
from eventlake.backends.parquet_joining import Joined, Nulls, RowGroup, row_groups
from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.errors import CorruptObjectError
from eventlake.query.stored_types import FILE, NAMED, schema_of

if TYPE_CHECKING:
    import duckdb

_ROWS = (
    "select * from read_parquet(getvariable('el_files'), schema = getvariable('el_schema'), hive_partitioning = false"
    f"{NAMED}, file_row_number = true)"
)
"""Rows of the files and with the columns that two variables hold, beside them their `FILE` and `file_row_number`: a column that is named in a
statement is planned anew for each slice."""
_SLICE_BYTES = 64 << 20
"""So much of rows is sorted at once. Half of it DuckDB would sort without parting it within the memory that a closing has, but row groups that
lie across the end of a slice are read for two of them, which costs more where rows are in disorder."""
_GROUP_BYTES = 32 << 20
"""So much of rows a row group has at most: who writes one, and who reads it, holds it in memory."""
_VECTOR = 2048
_LEFT_OUT = "statistics_propagation,join_order,build_side_probe_side"
"""What DuckDB's optimizer is not to do with a slice: the first writes a column without a NULL in it as REQUIRED; the others put the whole rows
into the table of a hash join, and probe it with the places."""
_AGAIN = 8
"""So many times, on the mean, a row may be read."""
_FEW = 64
_MANY = 500_000
"""The order of so many rows lies on the disk, because in memory it would leave the slices too little."""
_DISK = "el_disk"
_MOST_RUNS = 10_000
"""In so many pieces rows may lie where row groups are looked for that stay as they are."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """What is gathered.

    count: how many rows the files hold. columns: those to write, each with its type in DuckDB. key: the one by which the result is proved.
    order: those that sort.
    """

    files: tuple[str, ...]
    count: int
    columns: tuple[tuple[str, str], ...]
    key: str
    order: tuple[str, ...]


def gather(connection: duckdb.DuckDBPyConnection, chosen: str, what: Gathering, target: Path, folder: Path, description: str) -> int:
    """Write the rows; how many. Raises duckdb.Error, OSError, CorruptObjectError if the file does not hold the keys that were chosen, in order.

    chosen: the SELECT of `el_path`, `el_row`, `el_key` and, for each column of the order, `el_order_0`, `el_order_1` and so on. folder: takes a
    slice at a time, and the order of many rows.
    """
    with _room(connection, folder, what) as kind:
        _place(connection, chosen, what, kind)
        total, keys = _one(connection, "select count(*), sum(hash(el_hash, rowid)) from el_order")
        _write(connection, what, total, target, folder, description)
    written = f"sum(hash(hash({quoted(what.key)}), file_row_number)) from read_parquet({text(str(target))}, file_row_number = true)"
    if _one(connection, f"select count(*), {written}") != (total, keys):
        raise CorruptObjectError("What was written is not what was chosen")
    return total


@contextmanager
def _room(connection: duckdb.DuckDBPyConnection, folder: Path, what: Gathering) -> Iterator[str]:
    """Have room for the order, and yield as what it is to be made."""
    if what.count < _MANY:
        yield "temp table"
        return
    connection.execute(f"attach {text(str(folder / 'order.db'))} as {_DISK}")
    connection.execute(f"use {_DISK}")
    try:
        yield "table"
    finally:
        connection.execute("use memory")
        connection.execute(f"detach {_DISK}")


def _place(connection: duckdb.DuckDBPyConnection, chosen: str, what: Gathering, kind: str) -> None:
    """Make the table of the order: for each row its file, and its number in it; it lies in order, so that its `rowid` is its place.

    A path is a number before it is sorted: as a text it would be the largest part of a row.
    """
    connection.execute(f"create temp type el_file as enum ({', '.join(map(text, what.files))})")
    order = [f"el_order_{at}" for at in range(len(what.order))]
    shown = ", ".join(["cast(el_path as el_file) as el_path", "cast(el_row as uinteger) as el_row", "hash(el_key) as el_hash", *order])
    sorts = ", ".join([*(f"{one} nulls last" for one in order), "el_path", "el_row"])
    connection.execute(
        f"create {kind} el_order as select el_path, el_row, el_order_0 as el_first, el_hash from (select {shown} from ({chosen})) order by {sorts}"
    )


def _write(connection: duckdb.DuckDBPyConnection, what: Gathering, total: int, target: Path, folder: Path, description: str) -> None:
    """Write the rows in their order, slice by slice."""
    filled, row_bytes = _contents(connection, what, total)
    group, size = _sizes(connection, total, row_bytes)
    part = folder / "slice.parquet"
    empty = _Empty(connection, what, filled, folder) if size < total and len(filled) < len(what.columns) else None
    connection.execute(f"set disabled_optimizers = '{_LEFT_OUT}'")
    with Joined(target) as joined:

        def add(rows: str, beside: _Empty | None = None) -> None:
            connection.execute(copy_statement(rows, part, description, group))
            if beside is None:
                joined.add(part)
            else:
                joined.add_filled(part, beside.columns, beside.nulls)
            part.unlink()

        whole = _whole(connection, group, total) if size < total else {}
        if whole or empty is not None:
            add(_joined(what, filled, _ROWS, "false"))
            whole = {place: one for place, one in whole.items() if joined.is_like(one)}
        bounded = _one(connection, "select count(el_first) from el_order")[0] if size < total else 0
        for first, end in _pieces(connection, whole, total, size):
            if first in whole:
                joined.take(whole[first])
            elif size >= total:  # of a small hour, whose every question more would take longer than it saves
                add(_joined(what, filled, _ROWS, "true"))
            else:
                add(_slice(connection, what, filled, (first, end), is_bounded=end <= bounded), empty)
    connection.execute("reset disabled_optimizers")


class _Empty:
    """The columns without a value, which a slice is written without, because DuckDB takes as long for one as for a small one with values.

    Their part of a row group is the same wherever it has as many rows, and is written once for all columns of a type.
    columns: each with the name under which those of its type are written.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, what: Gathering, filled: Set[str], folder: Path) -> None:
        self._connection, self._part = connection, folder / "nulls.parquet"
        self._kinds = list(dict.fromkeys(kind for name, kind in what.columns if name not in filled))
        self._known: dict[int, Nulls] = {}
        self.columns = {name: f"el_{self._kinds.index(kind)}" for name, kind in what.columns if name not in filled}

    def nulls(self, rows: int) -> Nulls:
        """Return their part of a row group of so many rows. Raises duckdb.Error, OSError."""
        if rows not in self._known:
            shown = ", ".join(f"cast(null as {kind}) as el_{at}" for at, kind in enumerate(self._kinds))
            self._connection.execute(copy_statement(f"select {shown} from range({rows})", self._part, "", rows))
            self._known[rows] = Nulls.of(self._part)
            self._part.unlink()
        return self._known[rows]


def _contents(connection: duckdb.DuckDBPyConnection, what: Gathering, total: int) -> tuple[frozenset[str], int]:
    """Return the columns that hold a value, one at least, and how many bytes a row takes of them.

    The others need not be sorted. What the footers say of them is looked at in the rows, because a value that is left out would be lost.
    """
    names = [name for name, _ in what.columns]
    _read(connection, what, names)
    if total <= _VECTOR:  # as few as are read at once: questions would take longer than they save
        return frozenset(names), 0
    is_empty = "bool_and(coalesce(stats_null_count = num_values, false))"
    footers = f"select path_in_schema, sum(total_uncompressed_size), {is_empty} from parquet_metadata(?) group by 1"
    columns = connection.execute(footers, [list(what.files)]).fetchall()
    empty = [name for name in names if all(is_empty for path, _, is_empty in columns if path == name)]
    counts = ", ".join(f"count({quoted(name)})" for name in empty)
    held = _one(connection, f"select {counts} from ({_ROWS})") if empty else ()
    filled = frozenset(names) - {name for name, count in zip(empty, held, strict=True) if not count} or frozenset(names[:1])
    _read(connection, what, filled)
    return filled, int(sum(size for _, size, _ in columns)) // max(what.count, 1) + 16 * len(filled)


def _sizes(connection: duckdb.DuckDBPyConnection, total: int, row_bytes: int) -> tuple[int, int]:
    """Return the rows of a row group and of a slice: fewer where rows are large, all in one slice where they lie wildly."""
    group = min(ROW_GROUP, max(_GROUP_BYTES // max(row_bytes, 1) // _VECTOR, 1) * _VECTOR)
    size = max(_SLICE_BYTES // max(row_bytes, 1) // group, 1) * group
    return group, size if size >= total or _read_again(connection, size) <= _AGAIN else total


def _read_again(connection: duckdb.DuckDBPyConnection, size: int) -> float:
    """Return how many times a row is read, on the mean, if slices are of this size."""
    ends = f"min(rowid) // {size} as el_from, max(rowid) // {size} as el_to"
    groups = f"select el_path, {ends}, count(*) as n from el_order group by 1, el_row // {ROW_GROUP}"
    held = f"select distinct el_path, rowid // {size} as el_slice from el_order"
    read = f"select sum(n) from ({groups}) join ({held}) using (el_path) where el_slice between el_from and el_to"
    return float(_one(connection, f"select coalesce(({read}) / (select count(*) from el_order), 0)")[0])


def _whole(connection: duckdb.DuckDBPyConnection, group: int, total: int) -> dict[int, RowGroup]:
    """Return the row groups that need not be written anew, by the places of their first rows: each row of one follows on the one before it.

    Those are left out that are too small for what is read at once, or too large.
    """
    last = "lag(el_path) over () as el_path_before, lag(el_row) over () as el_row_before"
    before = f"select rowid as el_place, el_path, el_row, {last} from el_order"
    begins = "el_path is distinct from el_path_before or el_row <> el_row_before + 1"
    runs = f"select el_place, cast(el_path as varchar), el_row from ({before}) where {begins} limit {_MOST_RUNS + 1}"
    found = sorted(connection.execute(runs).fetchall())
    if len(found) > _MOST_RUNS:
        return {}
    whole: dict[int, RowGroup] = {}
    groups: dict[str, list[RowGroup]] = {}
    for (place, path, row), end in zip(found, [*(place for place, _, _ in found[1:]), total], strict=True):
        if end - place < group // 4:
            continue
        if path not in groups:
            groups[path] = row_groups(Path(path))
        within = [one for one in groups[path] if row <= one.first and one.first + one.rows <= row + end - place]
        whole |= {place + one.first - row: one for one in within if group // 4 <= one.rows <= ROW_GROUP and one.size_bytes <= _GROUP_BYTES}
    return whole


def _pieces(connection: duckdb.DuckDBPyConnection, whole: Mapping[int, RowGroup], total: int, size: int) -> list[tuple[int, int]]:
    """Cut the places into row groups that are taken over and slices."""
    if size >= total:
        return [(0, total)]
    pieces: list[tuple[int, int]] = []
    ends, first = [*_ends(connection), total], 0
    for place in [*sorted(whole), total]:
        pieces += _slices(ends, first, place, size)
        if place < total:
            first = place + whole[place].rows
            pieces.append((place, first))
    return pieces


def _slices(ends: Sequence[int], first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut places into slices: none has more than `size`, and one ends where a row group of the files does, if one does behind its first quarter.

    A row group that ends within a slice need not be read for the next. ends: those of the row groups, in order.
    """
    while first < last:
        end = min(ends[max(bisect_right(ends, first + size) - 1, 0)], last)
        end = end if size // 4 < end - first <= size else min(first + size, last)
        yield first, end
        first = end


def _ends(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Return behind which places row groups of the files end, in order.

    A few rows of one that lie far behind its others do not count, nor does one that has a few only.
    """
    near = f"select el_path, el_row // {ROW_GROUP} as el_group, rowid // {_VECTOR} as el_near, max(rowid) + 1, count(*) from el_order"
    last: dict[tuple[str, int], tuple[int, int]] = {}
    for path, group, place, end, rows in connection.execute(f"{near} group by 1, 2, 3 order by 1, 2, 3").fetchall():
        known = last.get((path, group))
        if rows > _FEW or (known is not None and known[0] == place - 1):
            last[path, group] = place, end
    return sorted(end for _, end in last.values())


def _read(connection: duckdb.DuckDBPyConnection, what: Gathering, names: Container[str]) -> None:
    """Have `_ROWS` read these columns of all files."""
    schema = schema_of((name, kind) for name, kind in what.columns if name in names)
    connection.execute(f"set variable el_schema = {schema}")
    connection.execute(f"set variable el_files = [{', '.join(map(text, what.files))}]")


def _slice(connection: duckdb.DuckDBPyConnection, what: Gathering, filled: Set[str], places: tuple[int, int], *, is_bounded: bool) -> str:
    """Write the SELECT of the rows of some places, in their order, without columns that hold no value.

    is_bounded: each row has a value in the first column of the order.
    """
    within = f"rowid between {places[0]} and {places[1] - 1}"
    held = "select list(distinct cast(el_path as varchar)) as files, min(el_first) as least, max(el_first) as most from el_order"
    connection.execute(f"set variable el_held = (select el_held from ({held} where {within}) as el_held)")
    connection.execute("set variable el_files = getvariable('el_held').files")
    between = f"{quoted(what.order[0])} between getvariable('el_held').least and getvariable('el_held').most"
    return _ordered(what, filled, f"{_ROWS} where {between}" if is_bounded else _ROWS, within)


def _joined(what: Gathering, filled: Set[str], rows: str, within: str) -> str:
    """Write the SELECT of rows in the order of their places. A column without a value is added once they are sorted."""
    shown = ", ".join(quoted(name) if name in filled else f"cast(null as {kind}) as {quoted(name)}" for name, kind in what.columns)
    return f"select {shown} from ({_ordered(what, filled, rows, within)})"


def _ordered(what: Gathering, filled: Set[str], rows: str, within: str) -> str:
    """Write the SELECT of rows in the order of their places, without columns that hold no value.

    A path is compared as a number: as a text it would be hashed and compared for each row.
    """
    columns = ", ".join(f"el_r.{quoted(name)}" for name, _ in what.columns if name in filled)
    places = f"select el_path, cast(el_row as bigint) as el_row, rowid as el_place from el_order where {within}"
    of_place = f"cast(el_r.{quoted(FILE)} as el_file) = el_p.el_path and el_r.file_row_number = el_p.el_row"
    return f"select {columns} from ({rows}) as el_r join ({places}) as el_p on {of_place} order by el_p.el_place"


def _one(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> tuple[int, ...]:
    """Return the one row of a query."""
    return connection.execute(query, [list(one) if isinstance(one, tuple) else one for one in parameters]).fetchone() or ()
