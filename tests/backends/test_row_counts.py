"""How many rows a written object holds, told by itself: and nothing is told of one that is not whole."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from eventlake.backends.row_counts import FIRST_READ, gzip_lines, parquet_rows
from eventlake.errors import CorruptObjectError


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of many columns and 30,000 rows, whose footer is longer than what is read at first."""
    path = tmp_path_factory.mktemp("parquet") / "wide.parquet"
    columns = ", ".join(f"i + {number} AS c{number}" for number in range(60))
    nested = "[i] AS list, {'a': i, 'b': 'x'} AS pair, map {'k': i} AS map, i % 2 = 0 AS truth, i::DOUBLE AS real, i::VARCHAR AS text"
    rows = f"SELECT {nested}, {columns} FROM range(30000) t(i)"
    duckdb.sql(f"COPY ({rows}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path.read_bytes()


def reader(data: bytes) -> Callable[[int, int], bytes]:
    """Reads a part, as a call to S3 does."""
    return lambda start, end: data[start:end]


def test_a_parquet_file_tells_its_rows(parquet: bytes) -> None:
    """Whatever its columns are, and however long its footer is."""
    assert int.from_bytes(parquet[-8:-4], "little") > FIRST_READ
    assert parquet_rows(len(parquet), reader(parquet)) == 30_000


@pytest.mark.parametrize("rows", [0, 1, 5_000_000])
def test_a_small_parquet_file_tells_its_rows(rows: int, tmp_path: Path) -> None:
    """One without rows too."""
    path = tmp_path / "small.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS one FROM range({rows})) TO '{path}' (FORMAT parquet)")

    assert parquet_rows(path.stat().st_size, reader(path.read_bytes())) == rows


@pytest.mark.parametrize("cut", [1, 4, 8, 100, 70_000])
def test_a_cut_parquet_file_tells_nothing(parquet: bytes, cut: int) -> None:
    """Its last bytes are missing."""
    data = parquet[:-cut]

    with pytest.raises(CorruptObjectError):
        parquet_rows(len(data), reader(data))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" * 3, b"\0" * 20 + b"PAR1", b"\x8f" * 30 + (30).to_bytes(4, "little") + b"PAR1"])
def test_what_is_no_parquet_file_tells_nothing(data: bytes) -> None:
    """Neither an empty one, nor one whose footer says nothing."""
    with pytest.raises(CorruptObjectError):
        parquet_rows(len(data), reader(data))


@pytest.mark.parametrize(
    ("members", "lines"), [([b"a\nb\n"], 2), ([b"a\nb"], 2), ([b""], 0), ([b"a\n", b"b\nc\n"], 3), ([b"x" * 200_000 + b"\n"] * 3, 3)]
)
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_lines_are_counted(members: list[bytes], lines: int, size: int) -> None:
    """However the bytes come, in as many members as there are; a last line needs no end."""
    data = b"".join(map(gzip.compress, members))

    assert gzip_lines(data[at : at + size] for at in range(0, len(data), size)) == lines


@pytest.mark.parametrize("data", [gzip.compress(b"a\nb\n")[:-3], b"plain\n", gzip.compress(b"a\n") + b"rest"], ids=["cut", "plain", "more"])
def test_a_gzip_file_that_is_not_whole_tells_nothing(data: bytes) -> None:
    """Cut off, plain, or with something behind it."""
    with pytest.raises(CorruptObjectError):
        gzip_lines([data])
