"""Parquet files become one without being read: every row, column and group is as it was."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.parquet_joining import Compact, Joined, footer_of, written
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
