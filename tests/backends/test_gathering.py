"""Chosen rows are written sorted, a slice at a time, however they lie in the files and however little memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.backends import gathering
from eventlake.backends.gathering import Gathering, gather
from eventlake.backends.parquet_copy import copy_statement
from eventlake.backends.parquet_joining import RowGroup, row_groups
from eventlake.description import LINES, Description
from eventlake.errors import CorruptObjectError
from eventlake.layout import Hour

SAID = Description("lake", "one", LINES, Hour("2026-11-20", "10"), 0, 1, 1, 0).encode()
LIE = {"in order": "i", "in disorder": "(i * 7919) % {rows}", "late by whole files": "case when i % 500 = 0 then i % 1000 else i end"}


OF_2048_ROWS = 1 << 18
"""So many bytes are two thousand of these rows, and not four."""
COLUMNS = (("t", "BIGINT"), ("k", "VARCHAR"), ("body", "VARCHAR"), ("nothing", "TIMESTAMP"), ("pair", "STRUCT(a INTEGER)"))


def sort_at_once(monkeypatch: pytest.MonkeyPatch, groups: int = 1) -> None:
    """Have slices of two thousand rows, or of so many row groups of as many."""
    monkeypatch.setattr(gathering, "_GROUP_BYTES", OF_2048_ROWS)
    monkeypatch.setattr(gathering, "_SLICE_BYTES", groups * OF_2048_ROWS)


def asked(query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return duckdb.execute(query).fetchall()


def write(rows: str, path: str, compression: str = "zstd") -> None:
    """Write rows as delivery does: a column may hold NULL, also where none is in it."""
    with duckdb.connect() as connection:
        connection.execute("set disabled_optimizers = 'statistics_propagation'")
        connection.execute(f"copy ({rows}) to '{path}' (format parquet, row_group_size 2048, compression {compression})")


def files(folder: Path, rows: int, value: str, width: int, compression: str = "zstd") -> tuple[str, ...]:
    """Rows in four files; `k` is the key, `t` sorts first and is NULL in some. No row has something in `nothing`; the pairs hold nothing, and are there."""
    paths = [str(folder / f"{number}.parquet") for number in range(4)]
    for number, path in enumerate(paths):
        made = f"select nullif({value.format(rows=rows)}, 17) as t, 'k' || i as k, repeat(md5(i::varchar), {width}) as body, "
        made += "null::timestamp as nothing, case when i % 3 > 0 then {'a': null::integer} end as pair"
        within = f"from range({rows * number // 4}, {rows * (number + 1) // 4}) r(i)"
        write(f"{made} {within}", path, compression)
    return tuple(paths)


def count_rows(paths: tuple[str, ...]) -> int:
    """How many rows files hold."""
    return int(asked(f"select count(*) from read_parquet({list(paths)})")[0][0])


def group_rows(path: Path) -> list[int]:
    """The rows of each row group."""
    return [
        rows for (rows,) in asked(f"select row_group_num_rows from parquet_metadata('{path}') where column_id = 0 order by row_group_id")
    ]


def excluded(path: Path, value: str) -> list[bool]:
    """Whether the filter of each row group's `body` says that a value is not there."""
    probed = f"select bloom_filter_excludes from parquet_bloom_probe('{path}', 'body', '{value}') order by row_group_id"
    return [one for (one,) in asked(probed)]


def bytes_of(group: RowGroup) -> bytes:
    """A row group as it lies in its file."""
    return group.path.read_bytes()[group.begin : group.begin + group.length]


def gathered(folder: Path, paths: tuple[str, ...], memory_mb: int = 200, left: str = "> 0") -> tuple[Path, int]:
    """Leave out every tenth row, and write the rest in its order."""
    listed = ", ".join(f"'{path}'" for path in paths)
    chosen = (
        f"select filename as el_path, file_row_number as el_row, k as el_key, t as el_order_0, k as el_order_1 "
        f"from read_parquet([{listed}], filename = true, file_row_number = true) where file_row_number % 10 {left}"
    )
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(config=config) as connection:
        target = folder / "target.parquet"
        what = Gathering(paths, count_rows(paths), COLUMNS, "k", ("t", "k"))
        return target, gather(connection, chosen, what, target, folder, SAID)


@pytest.mark.parametrize(("many", "compression"), [(1, "zstd"), (1_000_000, "snappy")], ids=["order on the disk", "order in memory"])
@pytest.mark.parametrize("lie", LIE)
def test_rows_are_those_that_were_chosen_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str, compression: str, many: int
) -> None:
    """Slices of two thousand rows, or one of all."""
    sort_at_once(monkeypatch)
    monkeypatch.setattr(gathering, "_MANY", many)
    paths = files(tmp_path, 20_000, LIE[lie], 1, compression)

    target, count = gathered(tmp_path, paths)

    shown = ", ".join(name for name, _ in COLUMNS)
    wanted = (
        f"select {shown} from read_parquet({list(paths)}, file_row_number = true) where file_row_number % 10 > 0 order by t nulls last, k"
    )
    found = asked(f"select * from read_parquet('{target}')")
    assert count == 18_000
    assert found == asked(wanted)
    assert not (tmp_path / "slice.parquet").exists()


@pytest.mark.parametrize("lie", ["in order", "late by whole files"])
def test_slices_end_where_row_groups_of_the_files_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    """So what a slice has read is not read for the next; files of 3,000 rows have groups of 2,048 and 952."""
    sort_at_once(monkeypatch)
    monkeypatch.setattr(gathering, "ROW_GROUP", 2048)

    target, count = gathered(tmp_path, files(tmp_path, 12_000, LIE[lie], 1, "snappy"), left=">= 0")

    assert count == 12_000
    if lie == "in order":
        assert group_rows(target) == [2047, 952, 2048, 952, 2048, 952, 2048, 953]  # the row without a `t` comes last
    assert max(group_rows(target)) <= 2048


@pytest.mark.parametrize("lie", ["in order", "in disorder", "late by whole files"])
def test_a_slice_holds_several_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    """Fewer row groups of the files lie across the end of one; it ends where one of the files does, so each has a whole file of 3,000 rows."""
    sort_at_once(monkeypatch, groups=2)
    monkeypatch.setattr(gathering, "ROW_GROUP", 2048)
    paths = files(tmp_path, 12_000, LIE[lie], 1, "snappy")

    target, count = gathered(tmp_path, paths, left=">= 0")

    shown = ", ".join(name for name, _ in COLUMNS)
    assert count == 12_000
    assert asked(f"select * from read_parquet('{target}')") == asked(
        f"select {shown} from read_parquet({list(paths)}) order by t nulls last, k"
    )
    if lie == "in order":
        assert group_rows(target) == [2048, 951, 2048, 952, 2048, 952, 2048, 953]


def test_a_row_group_that_stays_as_it_is_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed hour gets five rows that came late: one of its row groups is written anew, the others lie in it as they were, with their filters."""
    sort_at_once(monkeypatch)
    closed, late = str(tmp_path / "closed.parquet"), str(tmp_path / "late.parquet")
    made = "select {} as t, 'k' || t as k, 'body-' || t % 50 as body, null::timestamp as nothing, null::struct(a integer) as pair from range({}) r(i)"
    write(made.format("i * 10", 10_000), closed)
    write(made.format("30001 + i * 10", 5), late)

    target, count = gathered(tmp_path, (closed, late), left=">= 0")

    shown = ", ".join(name for name, _ in COLUMNS)
    assert count == 10_005
    assert asked(f"select * from read_parquet('{target}')") == asked(f"select {shown} from read_parquet({[closed, late]}) order by t")
    kept = [bytes_of(one) in target.read_bytes() for one in row_groups(Path(closed))]
    assert kept == [True, False, True, True, True]
    assert group_rows(target) == [2048, 2048, 5, 2048, 2048, 1808]  # DuckDB's groups are whole vectors: 2,053 rows are two
    assert excluded(target, "body-x") == [True, True, False, True, True, True]  # five rows have no filter
    assert excluded(target, "body-10") == 6 * [False]


def test_an_hour_that_was_written_in_slices_is_taken_over_when_it_is_closed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row groups lie in one piece, those parts of them too that hold no value."""
    sort_at_once(monkeypatch, groups=2)
    monkeypatch.setattr(gathering, "ROW_GROUP", 2048)
    made = "select hash(i) % 100000 as t, 'k' || i as k, 'x' || i as body, null::timestamp as nothing, null::struct(a integer) as pair from range({}, {}) r(i)"
    paths = [str(tmp_path / f"{number}.parquet") for number in range(3)]
    for number, path in enumerate(paths):
        write(made.format(number * 4000, number * 4000 + 4000), path)
    closed, _ = gathered(tmp_path, tuple(paths), left=">= 0")
    closed = closed.rename(tmp_path / "closed.parquet")
    late = str(tmp_path / "late.parquet")
    write(made.format(12_000, 12_001).replace("hash(i) % 100000", "50000"), late)

    target, count = gathered(tmp_path, (str(closed), late), left=">= 0")

    shown = ", ".join(name for name, _ in COLUMNS)
    assert count == 12_001
    assert asked(f"select * from read_parquet('{target}')") == asked(
        f"select {shown} from read_parquet({[str(closed), late]}) order by t nulls last, k"
    )
    kept = [bytes_of(one) in target.read_bytes() for one in row_groups(closed)]
    assert len(kept) == len(group_rows(closed))
    assert kept.count(False) == 1


OTHERS = {
    "another order of columns": "k, t, body, nothing, pair",
    "another type": "t::integer as t, k, body, nothing, pair",
    "a column less": "t, k, body, pair",
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_row_group_of_another_schema_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    """A table may have been declared otherwise when the file was written."""
    sort_at_once(monkeypatch)
    paths = files(tmp_path, 12_000, "i", 1)
    copy = str(tmp_path / "other.parquet")
    write(f"select {OTHERS[other]} from '{paths[1]}'", copy)
    read = f"select {', '.join(name for name, _ in COLUMNS)} from read_parquet({[paths[0], copy, *paths[2:]]}, union_by_name = true) order by t nulls last, k"

    target, count = gathered(tmp_path, (paths[0], copy, *paths[2:]), left=">= 0")

    assert count == 12_000
    assert asked(f"select * from read_parquet('{target}')") == asked(read)
    assert not any(bytes_of(one) in target.read_bytes() for one in row_groups(Path(copy)))
    assert any(bytes_of(one) in target.read_bytes() for one in row_groups(Path(paths[2])))


def test_a_file_in_another_order_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the keys that were chosen, but not at their places."""

    def unsorted(rows: str, target: Path, description: str, row_group: int) -> str:
        return copy_statement(rows.replace(" order by el_p.el_place", ""), target, description, row_group)

    monkeypatch.setattr(gathering, "copy_statement", unsorted)

    with pytest.raises(CorruptObjectError, match="not what was chosen"):
        gathered(tmp_path, files(tmp_path, 1_000, LIE["in disorder"], 1))


@pytest.mark.slow
def test_an_hour_much_larger_than_the_memory_is_gathered(tmp_path: Path) -> None:
    """300 MB of texts within 200 MB, and nothing of them spilled."""
    paths = files(tmp_path, 150_000, "i", 64)

    target, count = gathered(tmp_path, paths)

    found = asked(f"select count(distinct k), sum(length(body)) from read_parquet('{target}')")
    assert (count, found) == (135_000, [(135_000, 135_000 * 2048)])


def test_no_row_is_a_file_of_none(tmp_path: Path) -> None:
    """It has its columns."""
    target, count = gathered(tmp_path, files(tmp_path, 16, "i", 1), left="> 9")

    names = asked(f"select name from parquet_schema('{target}') where name <> 'duckdb_schema'")
    assert (count, names) == (0, [("t",), ("k",), ("body",), ("nothing",), ("pair",), ("a",)])
