"""What the objects in a folder say of themselves, read from many files at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eventlake.backends.json_lines import read_description
from eventlake.backends.parquet import EXTENSION, METADATA_KEY
from eventlake.description import Description, decode

_AT_ONCE = 1000


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
            found = _asked(connection, some)
            yield from ((path, found.get(str(path))) for path in some)


def _asked(connection: Any, paths: Sequence[Path]) -> dict[str, Description | None]:  # duckdb has no stubs of ours
    """Ask for the metadata of files; where one of them cannot be read, of each half, so that it hides no other."""
    import duckdb

    query = "select file_name, value from parquet_kv_metadata(?) where key = ?"
    try:
        rows = connection.execute(query, [[str(path) for path in paths], METADATA_KEY.encode()]).fetchall()
    except duckdb.Error:
        if len(paths) == 1:
            return {}
        middle = len(paths) // 2
        return {**_asked(connection, paths[:middle]), **_asked(connection, paths[middle:])}
    return {name: decode(value) for name, value in rows}
