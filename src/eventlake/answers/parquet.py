"""An answer as a Parquet file, written by DuckDB, with the types that its columns have in Athena.

JSON, UUIDs, addresses and intervals are text; a timestamp with time zone is an instant in UTC; timestamps are in microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from eventlake.answers.file import replacing
from eventlake.dialect.sql import Sql, ours, written
from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.dialect.types.spelling import TypeSyntaxError, parse_type
from eventlake.dialect.types.type import Type
from eventlake.errors import QueryRefusedError, StorageFullError
from eventlake.interfaces import Result
from eventlake.naming import repeated

MEMORY_MB = 512
"""Where the writer stops."""
_USUAL_LINE = 1 << 20
"""Bytes that DuckDB has room for anyway."""


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
            longest = _write_lines(result.rows, types, lines)
            with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": f"{MEMORY_MB}MB"}) as connection:
                connection.execute(_copy(result.columns, types, lines, longest, unfinished))
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise StorageFullError(f'"{path}" cannot be written: the disk is full.') from None
            raise QueryRefusedError(
                f'The answer cannot be written to "{path}" as Parquet: a value has no place in its type there. Cast it.'
            ) from None
        finally:
            lines.unlink(missing_ok=True)


def _require_different(names: Sequence[str]) -> None:
    twice = repeated(names, ignore_case=True)
    if twice is not None:
        raise QueryRefusedError(f'Two columns are called "{twice}", which Parquet cannot hold: tell them apart with AS.')


def _held(result: Result, index: int) -> Type:
    """Return the type of a column's values: text where an engine gave text for an array, a map, a row, or a day that Python does not have."""
    try:
        kind = parse_type(result.types[index])
    except TypeSyntaxError:
        return Type("varchar")
    texts = kind.name in {"array", "map", "row", "date", "time", "timestamp", "timestamptz"}
    return Type("varchar") if texts and any(isinstance(row[index], str) for row in result.rows) else kind


def _write_lines(rows: Sequence[Sequence[Any]], types: Sequence[Type], path: Path) -> int:
    """Write the rows as JSON lines; return the bytes of the longest."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    names = [f"c{index}" for index in range(len(types))]
    makers = [(name, make) for name, make in zip(names, map(_maker, types), strict=True) if make is not None]
    longest = _USUAL_LINE
    with path.open("wb") as file:
        for row in rows:
            line = dict(zip(names, row, strict=True))
            for name, make in makers:
                line[name] = None if line[name] is None else make(line[name])
            written = encode(line)
            longest = max(longest, len(written))
            file.write(written + b"\n")
    return longest


def _copy(names: Sequence[str], types: Sequence[Type], lines: Path, longest: int, target: Path) -> str:
    """Write the statement that turns the JSON lines into Parquet; for the longest of them DuckDB wants to be told."""
    columns = ", ".join(f"c{index}: {text(written(kind.in_duckdb(_read_as)))}" for index, kind in enumerate(types))
    stored = [written(kind.in_duckdb(_stored_as)) for kind in types]
    shown = ", ".join(f"CAST(c{index} AS {kind}) AS {quoted(name)}" for index, (name, kind) in enumerate(zip(names, stored, strict=True)))
    options = f"format = 'newline_delimited', records = true, maximum_object_size = {longest + 1}, hive_partitioning = false"
    reading = f"read_json({text(str(lines))}, columns = {{{columns}}}, {options})"
    return f"COPY (SELECT {shown} FROM {reading}) TO {text(str(target))} (FORMAT parquet, COMPRESSION zstd)"


def _stored_as(kind: Type) -> Sql:
    """Return DuckDB's type for one without parts, which decides Parquet's."""
    if kind.name == "timestamptz":
        return ours("TIMESTAMPTZ")
    return ours("VARCHAR") if kind.name in _TEXTS else kind.duckdb


def _read_as(kind: Type) -> Sql:
    """Return the type as which the JSON lines are read; the escapes of binary are text there."""
    return ours("VARCHAR") if kind.name == "varbinary" else _stored_as(kind)


_TEXTS = frozenset(("varchar", "char", "json", "uuid", "ipaddress", "interval day", "interval month", "unknown"))


# values


def _maker(kind: Type) -> Callable[[Any], Any] | None:
    """Return what turns a value into what JSON can say of it and DuckDB reads back; None where that is the value itself."""
    if kind.name in {"double", "real"}:
        return lambda value: value if isfinite(value) else str(value)
    if kind.name == "varbinary":
        return lambda value: "".join(f"\\x{byte:02X}" for byte in value)
    inner: list[Callable[[Any], Any]] = [_maker(part) or _same for part in kind.args]
    if kind.name == "array":
        return lambda value: [None if one is None else inner[0](one) for one in value]
    if kind.name == "map":
        return lambda value: {str(inner[0](key)): None if one is None else inner[1](one) for key, one in value.items()}
    if kind.name == "row":
        return lambda value: {name: None if one is None else make(one) for (name, one), make in zip(value.items(), inner, strict=True)}
    return None


def _same(value: Any) -> Any:
    return value
