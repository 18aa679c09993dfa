"""Firehose's record format conversion: `convert` turns a batch of JSON records into one Parquet object, or says what does not fit.

As AWS documents it: one record may hold several JSON objects, an array of them is no valid input; keys are matched to the Glue
columns without regard to case unless OpenXJsonSerDe.CaseInsensitive is false, at every depth; keys without a column are dropped, columns
without a key are NULL; ColumnToJsonKeyMappings and ConvertDotsInJsonKeysToUnderscores; SNAPPY unless ParquetSerDe says GZIP or UNCOMPRESSED.
As others found the service to behave where the documentation is silent: an object in a string column becomes JSON text with its keys
in lower case, a scalar in an array column becomes an array of one, text in a number column is parsed.
Not imitated: INT96 timestamps, ORC, HiveJsonSerDe.TimestampFormats, the order of rows, the exact sentences.
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from ministack.services.firehose import _hive_to_duckdb_type

MISFIT = "DataFormatConversion.MalformedData"
UNREADABLE = "DataFormatConversion.ParseError"
BITS = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_IN_MILLISECONDS = 10**12
"""A number of a timestamp column from which on it counts milliseconds, not seconds."""
TIMESTAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?"
    r"|(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z"
)
Column = dict[str, Any]
"""A Glue column, with Name and Type."""


class Unfit(Exception):
    """The record goes to the error prefix, with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def convert(records: list[bytes], conversion: dict[str, Any], columns: list[Column]) -> tuple[bytes | None, list[tuple[int, Unfit]]]:
    """(Parquet or None if nothing fits, [(number of the record, why it does not fit)])."""
    deserializer = (conversion.get("InputFormatConfiguration") or {}).get("Deserializer") or {}
    serializer = ((conversion.get("OutputFormatConfiguration") or {}).get("Serializer") or {}).get("ParquetSerDe") or {}
    rows: list[dict[str, Any]] = []
    unfit = []
    for number, data in enumerate(records):
        try:
            rows += rows_of(data, columns, deserializer.get("OpenXJsonSerDe") or {})
        except Unfit as error:
            unfit.append((number, error))
    return parquet(rows, columns, serializer.get("Compression", "SNAPPY")) if rows else None, unfit


def parquet(rows: list[dict[str, Any]], columns: list[Column], compression: str) -> bytes:
    """The rows as a Parquet object with these columns."""
    types = ", ".join(f"{quoted(column['Name'])}: {quoted(_hive_to_duckdb_type(column['Type']))}" for column in columns)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        source, target = Path(folder, "rows.json"), Path(folder, "rows.parquet")
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        reading = f"read_json('{source}', format='newline_delimited', maximum_object_size=67108864, columns={{{types}}})"
        connection.execute(f"COPY (SELECT * FROM {reading}) TO '{target}' (FORMAT parquet, COMPRESSION {compression.lower()})")
        return target.read_bytes()


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def rows_of(data: bytes, columns: list[Column], openx: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of one record. Raises Unfit."""
    insensitive, mappings = openx.get("CaseInsensitive", True), openx.get("ColumnToJsonKeyMappings") or {}
    for document in documents(data):
        found = lower_keys(document) if insensitive else document
        if openx.get("ConvertDotsInJsonKeysToUnderscores"):
            found = {key.replace(".", "_"): value for key, value in found.items()}
        row = {}
        for column in columns:
            key = str(mappings.get(column["Name"], column["Name"]))
            try:
                row[column["Name"]] = fit(found.get(key.lower() if insensitive else key), column["Type"])
            except (ValueError, ArithmeticError) as error:
                raise Unfit(MISFIT, f"Data does not match the schema. Column {column['Name']}: {error}") from error
        yield row


def documents(data: bytes) -> list[dict[str, Any]]:
    """The JSON objects of one record: one, or several after each other. Raises Unfit."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=no_number)
    try:
        text, found, at = data.decode("utf-8"), [], 0
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            value, at = decoder.raw_decode(text, at)
            found.append(value)
    except (ValueError, RecursionError) as error:
        raise Unfit(UNREADABLE, f"Encountered malformed JSON. {error}") from error
    if not found:
        raise Unfit(UNREADABLE, "The record was empty or contained only whitespace.")
    if not all(isinstance(value, dict) for value in found):
        raise Unfit(MISFIT, "Data does not match the schema. The top level must be an object.")
    return found


def no_number(text: str) -> None:
    """Refuse NaN and Infinity, which Python would read."""
    raise ValueError(f"{text} is not JSON")


def lower_keys(value: Any) -> Any:
    """The value with every key of every object in lower case."""
    if isinstance(value, dict):
        return {key.lower(): lower_keys(inner) for key, inner in value.items()}
    return [lower_keys(inner) for inner in value] if isinstance(value, list) else value


def fit(value: Any, kind: str) -> Any:
    """The value as DuckDB's JSON reader takes it for a column of this Hive type. Raises ValueError where it does not fit."""
    name = kind.strip().partition("<")[0].partition("(")[0].strip().lower()
    if value is None:
        return None
    if name in ("string", "varchar", "char"):
        return text_of(value)
    if name == "array":
        return [fit(inner, arguments(kind)[0]) for inner in (value if isinstance(value, list) else [value])]
    if name in ("map", "struct"):
        return fit_object(value, name, arguments(kind))
    if isinstance(value, (dict, list)) or (isinstance(value, bool) and name != "boolean"):
        raise ValueError(f"not a {name}: {text_of(value)[:100]}")
    return fit_scalar(value, name)


def fit_object(value: Any, name: str, inner_kinds: list[str]) -> dict[str, Any]:
    """An object for a column of type map or struct."""
    if not isinstance(value, dict):
        raise ValueError(f"not an object: {text_of(value)[:100]}")
    if name == "map":
        return {key: fit(inner, inner_kinds[1]) for key, inner in value.items()}
    fields = [(field.strip(), kind) for field, _, kind in (each.partition(":") for each in inner_kinds)]
    return {field: fit(value.get(field.lower(), value.get(field)), kind) for field, kind in fields}


def fit_scalar(value: Any, name: str) -> Any:
    """A text, number or boolean for a column of a scalar type."""
    if name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if name in BITS:
        number = int(value)
        if not -(1 << BITS[name] - 1) <= number < 1 << BITS[name] - 1:
            raise ValueError(f"out of range for {name}: {number}")
        return number
    if name in ("float", "double"):
        return float(value)
    if name == "decimal":
        return str(Decimal(value))
    if name == "timestamp":
        return instant(value)
    if name == "date":
        return date(*map(int, str(value).split("-"))).isoformat()
    raise ValueError(f"type {name} is not supported here")


def text_of(value: Any) -> str:
    """A value as a string column holds it; a lone surrogate becomes "?", as Java writes it."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=float)
    return text.encode("utf-8", "replace").decode()


def arguments(kind: str) -> list[str]:
    """The types inside a type: `map<string,array<int>>` -> ['string', 'array<int>']."""
    parts, depth = [""], 0
    for character in kind[kind.index("<") + 1 : kind.rindex(">")]:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def instant(value: Any) -> str:
    """A time in UTC, from text or a number of seconds or milliseconds."""
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        match = TIMESTAMP.fullmatch(value)
        if not match:
            raise ValueError(f"not a timestamp: {value}")
        *numbers, fraction = match.groups()[:7] if match[1] else match.groups()[7:]
        year, month, day, hour, minute, second = map(int, numbers)
        return datetime(year, month, day, hour, minute, second, int((fraction or "0").ljust(6, "0")[:6])).isoformat(" ")  # noqa: DTZ001  without a zone, as the column
    number = Decimal(value)
    seconds = number / 1000 if number >= FIRST_IN_MILLISECONDS else number
    return (EPOCH + timedelta(seconds=float(seconds))).replace(tzinfo=None).isoformat(" ")
