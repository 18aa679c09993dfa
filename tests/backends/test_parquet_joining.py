"""Parquet files become one without being read: every row, column and group is as it was."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.parquet_joining import Compact, Joined, Nulls, footer_of, row_groups, written
from eventlake.errors import CorruptObjectError

ROWS = "select i, 'text ' || i % 7 as often, md5(i::varchar) as rare, case when i % 3 = 0 then i / 2.0 end as half, [i, i + 1] as list from range({}, {}) t(i)"


def part(folder: Path, first: int, end: int, rows: str = ROWS) -> Path:
    """A file of some rows, in groups of 2,048."""
    path = folder / f"{first}.parquet"
    about = "format parquet, compression zstd, row_group_size 2048, kv_metadata {said: 'this'}"
    duckdb.sql(f"copy ({rows.format(first, end)}) to '{path}' ({about})")
    return path


def join(target: Path, *parts: Path) -> None:
    """Make one file of several."""
    with Joined(target) as joined:
        for one in parts:
            joined.add(one)


def test_rows_stay_in_their_order_and_groups_keep_their_statistics(tmp_path: Path) -> None:
    """Dictionaries, Bloom filters and NULLs too; an empty file adds none."""
    ends = [0, 5000, 5000, 5001, 12_000]
    target = tmp_path / "all.parquet"

    with Joined(target) as joined:
        for first, end in pairwise(ends):
            joined.add(part(tmp_path, first, end))

    found = duckdb.execute(f"select * from read_parquet('{target}')").fetchall()
    assert joined.rows == 12_000
    assert found == duckdb.execute(ROWS.format(0, 12_000)).fetchall()
    assert duckdb.execute(f"select i from read_parquet('{target}') where often = 'text 3' and i > 11990").fetchall() == [(11_994,)]
    groups = duckdb.execute(f"select stats_min_value, row_group_id from parquet_metadata('{target}') where path_in_schema = 'i'").fetchall()
    assert [int(least) for least, _ in groups] == [0, 2048, 4096, 5000, 5001, 7049, 9097, 11_145]
    assert duckdb.execute(f"select value from parquet_kv_metadata('{target}')").fetchall() == [(b"this",)]


def test_a_footer_is_written_as_it_was_read(tmp_path: Path) -> None:
    """Byte for byte."""
    path = part(tmp_path, 0, 40_000)
    footer, start = footer_of(path)
    data = path.read_bytes()[start + 4 : -8]

    assert written(footer) == data
    assert Compact(written(footer)).struct() == footer


EMPTY = "null::varchar as a, i, null::struct(x integer, y varchar[]) as b, struct_pack(c := i, d := [i]) as c, null::varchar as d"
FILLED = "i, struct_pack(c := i, d := [i]) as c"
NULLS = "null::varchar as t, null::struct(x integer, y varchar[]) as s"


def with_nulls(folder: Path, target: Path, filled: str = FILLED, nulls: str = NULLS) -> None:
    """Make a file of 5,000 rows whose empty columns were left out, in groups of 2,048."""
    folder = folder / "nulls"
    folder.mkdir()
    whole = part(folder, 0, 0, f"select {EMPTY} from range({{}}, {{}}) t(i)")
    with Joined(target) as joined:
        joined.add(whole)
        joined.add_filled(
            part(folder, 0, 5000, f"select {filled} from range({{}}, {{}}) t(i)"),
            {"a": "t", "b": "s", "d": "t"},
            lambda rows: Nulls.of(part(folder, 1, rows + 1, f"select {nulls} from range({{}}, {{}})")),
        )


def test_columns_without_a_value_are_as_if_they_had_been_written(tmp_path: Path) -> None:
    """Nested ones too; each row group lies in one piece, so that it can be taken over."""
    target = tmp_path / "all.parquet"
    written_at_once = part(tmp_path, 0, 5000, f"select {EMPTY} from range({{}}, {{}}) t(i)")

    with_nulls(tmp_path, target)

    shown = "* exclude (file_name, file_offset, data_page_offset, dictionary_page_offset, bloom_filter_offset)"
    said, wanted = (
        duckdb.execute(f"select {shown} from parquet_metadata('{one}') order by row_group_id, column_id").fetchall()
        for one in (target, written_at_once)
    )
    assert said == wanted
    assert (
        duckdb.execute(f"select * from read_parquet('{target}')").fetchall()
        == duckdb.execute(f"select * from read_parquet('{written_at_once}')").fetchall()
    )
    assert [(one.first, one.rows) for one in row_groups(target)] == [(0, 2048), (2048, 2048), (4096, 904)]


@pytest.mark.parametrize(
    ("filled", "nulls"),
    [("i", NULLS), ("i::varchar as i, struct_pack(c := i, d := [i]) as c", NULLS), (FILLED, NULLS.replace("x integer", "x bigint"))],
    ids=["one is missing", "one of another type", "a null of another type"],
)
def test_other_columns_than_those_that_are_to_be_there_are_refused(tmp_path: Path, filled: str, nulls: str) -> None:
    """Before the file looks whole."""
    with pytest.raises(CorruptObjectError, match="other columns"):
        with_nulls(tmp_path, tmp_path / "all.parquet", filled, nulls)


def test_nulls_are_those_of_one_row_group(tmp_path: Path) -> None:
    """They are looked for by how many rows it has."""
    with pytest.raises(CorruptObjectError, match="not one row group"):
        Nulls.of(part(tmp_path, 0, 5000))


def test_other_columns_and_files_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    """Nothing is written that looks whole."""
    other = tmp_path / "other"
    other.mkdir()
    text = tmp_path / "text"
    text.write_bytes(b"no Parquet at all")
    target = tmp_path / "all.parquet"
    parts = part(tmp_path, 0, 10), part(other, 0, 10, "select i::varchar as i from range({}, {}) t(i)")

    with pytest.raises(CorruptObjectError, match="other columns"):
        join(target, *parts)
    with pytest.raises(CorruptObjectError, match="no whole Parquet file"):
        join(target, text)

    assert not target.read_bytes().endswith(b"PAR1PAR1")
    with pytest.raises(duckdb.Error):
        duckdb.execute(f"select * from read_parquet('{target}')").fetchall()
