"""Damaged objects: a query fails and names them, whatever was done to their bytes."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from by_day import one_in
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.errors import CorruptObjectError
from eventlake.interfaces import LogObject
from eventlake.layout import Hour
from query.box.watching import LOGS, OneTable

HOUR = Hour("2026-11-07", "10")
QUESTION = "select count(*), count(distinct log_id), max(type), sum(length(ip)) from auth0_logs"
LINES = [{"log_id": f"log{number}", "type": "s", "ip": f"192.0.2.{number % 250}"} for number in range(500)]


def parquet(path: Path) -> None:
    """An object of LINES in Parquet."""
    made = "SELECT 'log' || i AS log_id, 's' AS type, '192.0.2.' || i % 250 AS ip FROM range(500) t(i)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def json_lines(path: Path) -> None:
    """An object of LINES as gzip JSON lines."""
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in LINES).encode()))


@pytest.fixture(params=[(parquet, "parquet", "a.parquet"), (json_lines, "json", "a.json.gz")], ids=["parquet", "json"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[DuckDBEngine, Path]]:
    """An engine over one object that its catalog knows, and the object's file."""
    make, kind, name = request.param
    path = tmp_path / LOGS.prefix / HOUR.path / name
    path.parent.mkdir(parents=True)
    make(path)
    body = path.read_bytes()
    key = str(path.relative_to(tmp_path))
    engine = DuckDBEngine(OneTable(LogObject(LOGS.name, HOUR, key, kind, len(body), 500, zlib.crc32(body))), tmp_path, threads=1, warm=1)
    yield engine, path
    engine.close()


def cut(body: bytes) -> bytes:
    """Half of it is missing."""
    return body[: len(body) // 2]


def emptied(body: bytes) -> bytes:
    """All of it is missing."""
    return b""


def longer(body: bytes) -> bytes:
    """Something was appended."""
    return body + b"\n"


def zeroed(body: bytes) -> bytes:
    """A block of it never reached the disk."""
    return body[:100] + bytes(200) + body[300:]


@pytest.mark.parametrize("damage", [cut, emptied, longer, zeroed])
def test_a_damaged_object_fails_the_query_and_is_named(lake: tuple[DuckDBEngine, Path], damage: Callable[[bytes], bytes]) -> None:
    """Also when it was intact at the query before."""
    engine, path = lake
    assert engine.query(QUESTION).rows[0][0] == 500

    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(CorruptObjectError, match=f"auth0_logs/2026/11/07/10/{path.name}.*eventlake doctor"):
        engine.query(QUESTION)


@pytest.mark.parametrize("seed", one_in(5, range(5)))
def test_no_flipped_bit_is_silent(lake: tuple[DuckDBEngine, Path], seed: int) -> None:
    """DuckDB alone takes some of them for other values."""
    engine, path = lake
    whole = path.read_bytes()
    chosen = random.Random(seed)

    for _ in range(4):
        body = bytearray(whole)
        body[chosen.randrange(len(body))] ^= 1 << chosen.randrange(8)
        path.write_bytes(body)
        with pytest.raises(CorruptObjectError, match=path.name):
            engine.query(QUESTION)

    path.write_bytes(whole)
    assert engine.query(QUESTION).rows[0][:2] == (500, 500)


def test_an_object_that_cannot_be_read_is_told_from_one_that_is_gone(lake: tuple[DuckDBEngine, Path]) -> None:
    """By the system's own words, such as those for a folder that the user may not open."""
    engine, path = lake
    path.unlink()
    path.symlink_to(path.name)

    with pytest.raises(CorruptObjectError, match=f"{path.name}.*cannot be read: Too many levels of symbolic links"):
        engine.query(QUESTION)


def test_an_object_that_is_gone_is_named(lake: tuple[DuckDBEngine, Path]) -> None:
    """Before anything is read."""
    engine, path = lake
    path.unlink()

    with pytest.raises(CorruptObjectError, match=f"{path.name}.*is missing"):
        engine.query(QUESTION)
