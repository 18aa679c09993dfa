"""Writes a file of rows anew without a person, and compares what stayed with what was there; wherever the file comes from and goes to."""

from __future__ import annotations

import zlib
from pathlib import Path

import duckdb

from eventlake.backends.duckdb_rewriter import DuckDBRewriter
from eventlake.backends.json_lines import GzipWriter, read_gzip
from eventlake.backends.parquet_erasing import Kept, ParquetErasing
from eventlake.description import Description
from eventlake.errors import CorruptObjectError
from eventlake.pipeline.erasing import Person

_SPILL_MB = 256


def write_without(person: Person, rewriter: DuckDBRewriter, source: Path, target: Path, said: Description, *, edits: bool) -> Kept:
    """Write the rows of `source`, Parquet or gzip by its name, that are not the person's own, and compare them with those before.

    said: of the new file, with the rows that are to stay. edits: whether one of them names the person. Raises OSError, duckdb.Error,
    CorruptObjectError, StorageError.
    """
    if source.suffix == ".gz":
        return _lines(person, source, target, said)
    with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
        erasing = ParquetErasing(connection, source, person)
        rows = rewriter.copy(erasing.kept(edits=edits), _SPILL_MB, target, said)
        if rows != said.rows:
            raise CorruptObjectError(f"{said.stream} {said.hour}: {rows:,} rows were written where {said.rows:,} are to stay.")
        return erasing.compare(target)


def _lines(person: Person, source: Path, target: Path, said: Description) -> Kept:
    kept, untouched = list[bytes](), list[bytes]()
    for line in read_gzip(source).splitlines(keepends=True):
        if not person.is_named(line):
            untouched.append(line)
            kept.append(line)
        elif not person.has(line):
            kept.append(person.edited(line))
    with GzipWriter(target, said) as writer:
        writer.write(b"".join(kept))
    written = read_gzip(target)
    if written != b"".join(kept) or person.is_named(written) or len(kept) != said.rows:
        raise CorruptObjectError(f"{said.stream} {said.hour}: what was written is not what is to stay.")
    return Kept(len(untouched), f"{zlib.crc32(b''.join(untouched)):08x}")
