"""Log lines written into files: several at once as one by one, and without the lines that no reader could read."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import duckdb
import pytest

from eventlake.description import LINES, Description
from eventlake.layout import Hour
from eventlake.local.delivery.checked import FORMATS, CheckedWriter, Part, writer_of
from eventlake.sources import load

TABLE = next(table for source in load() for table in source.tables if table.name == "build_state_change")
NUMBER = next(column.name for column in TABLE.columns if column.type == "bigint")


def described(hour: int, rows: int) -> Description:
    """What a file of so many rows says of itself."""
    return Description("lake", TABLE.name, LINES, Hour("2026-03-01", f"{hour:02d}"), hour, hour + 1, rows, 1)


def part(folder: Path, hour: int, values: list[object]) -> Part:
    """Lines of an hour, each with an id and a value for a column of numbers."""
    lines = [json.dumps({"event_id": f"{hour}-{place}", NUMBER: value}).encode() + b"\n" for place, value in enumerate(values)]
    return Part(lines, folder / f"{hour}.part", partial(described, hour))


def ids(path: Path, log_format: str) -> list[str]:
    """The events of a file, in the order of its rows."""
    reader = "read_parquet" if log_format == "parquet" else "read_json"
    compressed = "" if log_format == "parquet" else ", compression = 'gzip', format = 'newline_delimited'"
    return [row[0] for row in duckdb.execute(f"select event_id from {reader}('{path}'{compressed})").fetchall()]


@pytest.mark.parametrize("log_format", FORMATS)
def test_several_files_hold_the_lines_of_each_in_their_order(tmp_path: Path, log_format: str) -> None:
    """Nothing is left beside them."""
    parts = [part(tmp_path, hour, list(range(rows))) for hour, rows in enumerate((3, 1, 5))]

    assert CheckedWriter(writer_of(log_format)).write_all(TABLE, parts) == [{}, {}, {}]

    assert [ids(one.path, log_format) for one in parts] == [[f"{hour}-{row}" for row in range(rows)] for hour, rows in enumerate((3, 1, 5))]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.part", "1.part", "2.part"]


@pytest.mark.parametrize("log_format", FORMATS)
def test_of_several_files_each_is_without_the_lines_that_cannot_be_read(tmp_path: Path, log_format: str) -> None:
    """They are told by their places; there is no file where none is left."""
    parts = [part(tmp_path, 0, [1, 2]), part(tmp_path, 1, [1, "many", 3]), part(tmp_path, 2, ["more"])]

    refused = CheckedWriter(writer_of(log_format)).write_all(TABLE, parts)

    assert [sorted(reasons) for reasons in refused] == [[], [1], [0]]
    assert [ids(one.path, log_format) for one in parts[:2]] == [["0-0", "0-1"], ["1-0", "1-2"]]
    assert not parts[2].path.exists()
