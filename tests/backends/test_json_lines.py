"""Objects of gzip JSON lines say what they hold, however long that is, and every reader of gzip finds the lines alone."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.json_lines import GzipWriter, read_description, read_gzip
from eventlake.description import LINES, Description
from eventlake.layout import Hour

LINE = b'{"a":1}\n'


def written(path: Path, stretches: int) -> Description:
    """Write a file of three lines that holds so many stretches of the spool; what it is to say."""
    held = tuple((10**12 + 3 * place, 10**12 + 3 * place + 1) for place in range(stretches))
    said = Description("lake", "sold", LINES, Hour("2026-11-20", "10"), 0, 9, 3, 1, 1, held)
    with GzipWriter(path, said) as writer:
        writer.write(LINE * 3)
    return said


@pytest.mark.parametrize("stretches", [0, 1, 500, 580, 600, 2_500, 20_000])
def test_a_description_of_any_length_comes_back(stretches: int, tmp_path: Path) -> None:
    """A closed hour may hold thousands of stretches; Python, gunzip and DuckDB read the lines, and nothing else."""
    path = tmp_path / "a.gz"
    said = written(path, stretches)

    assert read_description(path) == said
    assert read_gzip(path) == gzip.decompress(path.read_bytes()) == LINE * 3
    assert subprocess.run(["gzip", "-dc", str(path)], capture_output=True, check=True).stdout == LINE * 3
    read = "read_json([?], columns = {a: 'BIGINT'}, format = 'newline_delimited', compression = 'gzip')"
    assert duckdb.execute(f"select count(*), sum(a) from {read}", [str(path)]).fetchall() == [(3, 3)]
    assert duckdb.execute("select count(*) from read_ndjson_objects([?], compression = 'gzip')", [str(path)]).fetchall() == [(3,)]


@pytest.mark.parametrize("cut", [1, 9, 12, 16_000, 16_500, 100_000])
def test_a_file_whose_end_is_gone_says_nothing(cut: int, tmp_path: Path) -> None:
    """A half description would hide stretches that the object holds."""
    path = tmp_path / "a.gz"
    written(path, 5_000)
    path.write_bytes(path.read_bytes()[:-cut])

    assert read_description(path) is None
