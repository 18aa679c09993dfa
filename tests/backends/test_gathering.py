"""Chosen rows are written sorted, a slice at a time, however they lie in the files and however little memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.backends import gathering
from eventlake.backends.gathering import FILES, Gathering, gather
from eventlake.backends.parquet_copy import copy_statement
from eventlake.description import LINES, Description
from eventlake.errors import CorruptObjectError
from eventlake.layout import Hour

SAID = Description("lake", "one", LINES, Hour("2026-11-20", "10"), 0, 1, 1, 0).encode()
LIE = {"in order": "i", "in disorder": "(i * 7919) % {rows}", "late by whole files": "case when i % 500 = 0 then i % 1000 else i end"}


COLUMNS = (("t", "BIGINT"), ("k", "VARCHAR"), ("body", "VARCHAR"), ("nothing", "TIMESTAMP"), ("pair", "STRUCT(a INTEGER)"))


def asked(query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return duckdb.execute(query).fetchall()


def files(folder: Path, rows: int, value: str, width: int) -> tuple[str, ...]:
    """Rows in four files; `k` is the key, `t` sorts first and is NULL in some. No row has something in `nothing`; the pairs hold nothing, and are there."""
    paths = [str(folder / f"{number}.parquet") for number in range(4)]
    for number, path in enumerate(paths):
        made = f"select 'k' || i as k, nullif({value.format(rows=rows)}, 17) as t, repeat(md5(i::varchar), {width}) as body, "
        made += "null::timestamp as nothing, case when i % 3 > 0 then {'a': null::integer} end as pair"
        within = f"from range({rows * number // 4}, {rows * (number + 1) // 4}) r(i)"
        duckdb.sql(f"copy ({made} {within}) to '{path}' (format parquet, row_group_size 2048)")
    return tuple(paths)


def count_rows(paths: tuple[str, ...]) -> int:
    """How many rows files hold."""
    return int(asked(f"select count(*) from read_parquet({list(paths)})")[0][0])


def gathered(folder: Path, paths: tuple[str, ...], memory_mb: int = 200, left: str = "> 0") -> tuple[Path, int]:
    """Leave out every tenth row, and write the rest in its order."""
    listed = ", ".join(f"'{path}'" for path in paths)
    chosen = (
        f"select filename as el_path, file_row_number as el_row, k as el_key, t as el_order_0, k as el_order_1 "
        f"from read_parquet([{listed}], filename = true, file_row_number = true) where file_row_number % 10 {left}"
    )
    rows = f"select * from read_parquet(getvariable('{FILES}'), filename = '$file', file_row_number = true)"
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(config=config) as connection:
        target = folder / "target.parquet"
        what = Gathering(paths, rows, count_rows(paths), COLUMNS, "k", ("t", "k"))
        return target, gather(connection, chosen, what, target, folder, SAID)


@pytest.mark.parametrize("many", [1, 1_000_000], ids=["order on the disk", "order in memory"])
@pytest.mark.parametrize("lie", LIE)
def test_rows_are_those_that_were_chosen_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str, many: int) -> None:
    """Slices of two thousand rows, or one of all."""
    monkeypatch.setattr(gathering, "_SLICE_BYTES", 1)
    monkeypatch.setattr(gathering, "_MANY", many)
    paths = files(tmp_path, 20_000, LIE[lie], 1)

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
    monkeypatch.setattr(gathering, "_SLICE_BYTES", 1)
    monkeypatch.setattr(gathering, "ROW_GROUP", 2048)

    target, count = gathered(tmp_path, files(tmp_path, 12_000, LIE[lie], 1), left=">= 0")

    groups = asked(f"select row_group_num_rows from parquet_metadata('{target}') where column_id = 0 order by row_group_id")
    assert count == 12_000
    if lie == "in order":
        assert groups == [(2047,), (952,), *3 * [(2048,), (952,)], (1,)]  # that without a `t` comes last
    assert max(rows for (rows,) in groups) <= 2048


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
