"""An answer as a Parquet file, written by DuckDB, with the types that its columns have in Athena.

JSON, UUIDs, addresses and intervals are text; a timestamp with time zone is an instant in UTC; timestamps are in microseconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from eventlake.errors import QueryRefusedError, StorageError, StorageFullError
from eventlake.interfaces import Result
from eventlake.query.types import Type, TypeSyntaxError, parse_type, quoted, text

MEMORY_MB = 512
"""Where the writer stops."""
_LONGEST_LINE = 1 << 28
"""The most bytes of a row as JSON."""


def write_parquet(result: Result, path: Path) -> None:
    """Write an answer to a file, which is there whole or not at all; one that was there is replaced.

    Raises QueryRefusedError for columns that Parquet cannot hold side by side, StorageError if the file cannot be written.
    """
    import duckdb

    types = [_held(result, index) for index in range(len(result.columns))]
    _require_different(result.columns)
    with replacing(path) as unfinished:
        lines = unfinished.with_suffix(".jsonl")
        try:
            with lines.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(_stored(row)) + "\n" for row in result.rows)
            with duckdb.connect(
                ":memory:", config={"threads": 1, "memory_limit": f"{MEMORY_MB}MB", "autoinstall_known_extensions": False}
            ) as connection:
                connection.execute(_copy(result.columns, types, lines, unfinished))
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise StorageFullError(f'"{path}" cannot be written: the disk is full.') from None
            raise QueryRefusedError(
                f'The answer cannot be written to "{path}" as Parquet: a value has no place in its type there. Cast it.'
            ) from None
        finally:
            lines.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the name when all went well. Raises StorageError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f'"{path}" cannot be written: {error.strerror or error}.') from None
    finally:
        unfinished.unlink(missing_ok=True)


def _require_different(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise QueryRefusedError(f'Two columns are called "{name}", which Parquet cannot hold: tell them apart with AS.')
        seen.add(name.lower())


def _held(result: Result, index: int) -> Type:
    """The type of a column's values: text where an engine gave text for an array, a map, a row, or a day that Python does not have."""
    try:
        kind = parse_type(result.types[index])
    except TypeSyntaxError:
        return Type("varchar")
    texts = kind.name in {"array", "map", "row", "date", "time", "timestamp", "timestamptz"}
    return Type("varchar") if texts and any(isinstance(row[index], str) for row in result.rows) else kind


def _copy(names: Sequence[str], types: Sequence[Type], lines: Path, target: Path) -> str:
    """The statement that turns the JSON lines into Parquet."""
    columns = ", ".join(f"c{index}: {text(_type(kind))}" for index, kind in enumerate(types))
    shown = ", ".join(f"c{index} AS {quoted(name)}" for index, name in enumerate(names))
    reading = f"read_json({text(str(lines))}, columns = {{{columns}}}, format = 'newline_delimited', maximum_object_size = {_LONGEST_LINE})"
    return f"COPY (SELECT {shown} FROM {reading}) TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd)"


def _type(kind: Type) -> str:
    """DuckDB's type, which decides Parquet's."""
    if kind.name == "array":
        return f"{_type(kind.args[0])}[]"
    if kind.name == "map":
        return f"MAP({_type(kind.args[0])}, {_type(kind.args[1])})"
    if kind.name == "row":
        return f"STRUCT({', '.join(f'{quoted(name)} {_type(part)}' for name, part in kind.fields())})"
    if kind.name == "timestamptz":
        return "TIMESTAMPTZ"
    return "VARCHAR" if kind.name in _TEXTS else kind.duckdb


_TEXTS = frozenset(("varchar", "char", "json", "uuid", "ipaddress", "interval day", "interval month", "unknown"))


def _stored(row: Sequence[Any]) -> dict[str, Any]:  # values of an answer in, JSON out
    return {f"c{index}": _json(value) for index, value in enumerate(row)}


def _json(value: Any) -> Any:  # a value of an answer in, JSON out
    """The value as JSON that DuckDB casts to its type."""
    if isinstance(value, Mapping):
        return {_key(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, bytes):
        return "".join(f"\\x{byte:02X}" for byte in value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal) or (isinstance(value, float) and value - value != 0):
        return str(value)
    return value


def _key(key: Any) -> str:  # a value of an answer
    return json.dumps(key) if isinstance(key, bool) else str(_json(key))
