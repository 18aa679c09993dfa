"""Between which moments the rows of a Parquet file happened, as its footer says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from eventlake.backends.parquet_joining import Joined
from eventlake.backends.parquet_times import event_times
from eventlake.errors import CorruptObjectError

FIRST = 1_763_600_000_000_000
SECOND = 1_000_000
ROWS = (
    "select 'a ' || i as who, {{'moment': i, 'b': [i]}} as what, make_timestamp("
    + f"{FIRST} + i * {SECOND}"
    + ") as event_time, i from range({}) t(i)"
)


def written(folder: Path, rows: str, name: str = "a") -> Path:
    """A file of some rows, in groups of 2,048."""
    path = folder / f"{name}.parquet"
    duckdb.sql(f"copy ({rows}) to '{path}' (format parquet, compression zstd, row_group_size 2048, kv_metadata {{said: 'this'}})")
    return path


def test_they_are_the_first_and_the_last_of_all_row_groups(tmp_path: Path) -> None:
    """Whatever lies before and behind the column."""
    assert event_times(written(tmp_path, ROWS.format(5_000))) == (FIRST, FIRST + 4_999 * SECOND)
    assert event_times(written(tmp_path, "select make_timestamp(-5) as event_time")) == (-5, -5)


def test_files_that_became_one_say_it_of_all(tmp_path: Path) -> None:
    """Their footers are joined as they are."""
    with Joined(tmp_path / "all.parquet") as joined:
        for number in (3, 2):
            joined.add(written(tmp_path, ROWS.format(number), str(number)))

    assert event_times(tmp_path / "all.parquet") == (FIRST, FIRST + 2 * SECOND)


def test_a_row_without_a_moment_changes_nothing(tmp_path: Path) -> None:
    """No comparison finds it; of a file with no other nothing is known."""
    some = "select case when i >= 2048 then make_timestamp(i) end as event_time from range({}) t(i)"

    assert event_times(written(tmp_path, some.format(4_097))) == (2048, 4096)
    assert event_times(written(tmp_path, some.format(10))) is None
    assert event_times(written(tmp_path, some.format(0))) is None


@pytest.mark.parametrize(
    "column",
    [
        "make_timestamp(i)::timestamp_ms as event_time",
        "make_timestamp(i)::timestamptz as other",
        "i as event_time",
        "'2026-11-20 10:00:00' as event_time",
        "[make_timestamp(i)] as event_time",
        "{'event_time': make_timestamp(i)} as event_time",
        "{'event_time': make_timestamp(i)} as what",
        "{'event_time': make_timestamp(i)} as what, make_timestamp(i) as event_time",
    ],
)
def test_another_column_says_nothing_of_moments(column: str, tmp_path: Path) -> None:
    """Another unit, another type, another name, a part of another column, even beside it."""
    assert event_times(written(tmp_path, f"select {column} from range(3) t(i)")) is None


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    """Whether its end is missing or its footer."""
    path = written(tmp_path, ROWS.format(3))
    content = path.read_bytes()
    for damaged in (content[:-1], content[-8:], b"PAR1", content[:4] + b"\x15\x02\x19\xfc" + (4).to_bytes(4, "little") + b"PAR1"):
        path.write_bytes(damaged)
        with pytest.raises(CorruptObjectError):
            event_times(path)
