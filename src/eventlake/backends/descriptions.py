"""What the objects in a folder say of themselves, read from many files at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eventlake.backends.json_lines import read_description
from eventlake.backends.parquet import EXTENSION, ask_of_footers
from eventlake.backends.parquet_copy import METADATA_KEY
from eventlake.description import Description, decode

_AT_ONCE = 1000
_QUERY = "select file_name, value from parquet_kv_metadata(?) where key = ?"


def read_descriptions(paths: Sequence[Path]) -> Iterator[tuple[Path, Description | None]]:
    """Yield each file with what it says of itself; None for one that says nothing, or cannot be read."""
    parquet = [path for path in paths if path.suffix == EXTENSION]
    for path in paths:
        if path.suffix != EXTENSION:
            yield path, _of_gzip(path)
    if parquet:
        yield from _of_parquet(parquet)


def _of_gzip(path: Path) -> Description | None:
    try:
        return read_description(path)
    except OSError:
        return None


def _of_parquet(paths: Sequence[Path]) -> Iterator[tuple[Path, Description | None]]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        for start in range(0, len(paths), _AT_ONCE):
            some = paths[start : start + _AT_ONCE]
            found = dict(ask_of_footers(connection, _QUERY, some, METADATA_KEY.encode()))
            yield from ((path, decode(found[str(path)]) if str(path) in found else None) for path in some)
