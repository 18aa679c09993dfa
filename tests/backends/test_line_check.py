"""What the flow makes of any value is written by both writers and read by DuckDB; what is no line of a table is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.backends.json_lines import JsonLinesWriter
from eventlake.backends.line_check import LineCheck, UnwritableLinesError
from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.parquet import ParquetWriter, duckdb_type
from eventlake.description import LINES, Description
from eventlake.errors import EventError
from eventlake.layout import Hour
from eventlake.model import Column, Table
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.path import Holding, parse_path
from eventlake.pipeline.transform import Transform
from eventlake.sources import load

NASTY: list[Any] = [
    *("2026-11-20T10:00:00Z", "2026-11-20T10:00:00,123Z", "2026-W47-5T10:00:00Z", "2026-11-20T100000.1Z", "20261120T100000.000Z"),
    *("2026-11-20T24:00:00Z", "2026-02-30T10:00:00Z", "2026-11-20T10:00:60Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2026-11-20", "2026-11-20T10:00", "2026-324"),
    *(
        "2026-11-20t10:00:00z",
        "2026-11-20T10:00:00.123456789Z",
        "-2026-11-20T10:00:00Z",
        "12026-11-20T10:00:00Z",
        "now",
        "infinity",
        "epoch",
    ),
    *(
        "Sep 1, 2017 4:12:29 PM",
        "Feb 30, 2017 4:12:29 PM",
        "2026-11-20 10:00:00.000",
        "2026-11-20T10:00:00+14:00",
        "2026-11-20T10:00:00+24:00",
    ),
    *(0, -1, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 63, (1 << 63) - 1, -(1 << 63), -(1 << 63) - 1, 1 << 64, 10**30, -(10**400)),
    *(0.0, -0.0, 1.0, 1.5, 1e15, 1e22, 1e30, 1e300, 5e-324, 1.7976931348623157e308, 9.2e18, 9.3e18, 9007199254740993.0, 1e-7),
    *("0", "-0", "007", "+1", "1e5", "1e400", "-1.5E-7", "9223372036854775807", "9223372036854775808", "0x10", " 1", "1_000", "NaN"),
    *(True, False, "true", "TRUE", "yes", None, "", " ", "\u0000", "\u2028", "\ufeff", "é", "\U0001f600", "\\", '"', "\n", "x" * 70_000),
    *([], [None], [1, "a"], ["a", None], [[1]], {}, {"a": None}, {"a": 1}, {"": ""}, {"name": "n", "value": "v"}, [{"a": 1}], [{}, None]),
]
"""Values that some reader of numbers, moments or texts takes for something else, or for nothing."""

TABLES = [table for source in load() for table in source.tables]
NESTED = Table(
    name="nested",
    database="default",
    source="test",
    doc="",
    prefix="nested",
    pattern={"source": ["test"]},
    root="$.detail",
    key="i",
    columns=tuple(
        Column(name, kind, (f"$.detail.{name}",), converter, "")
        for name, kind, converter in [
            ("i", "int", "integer"),
            ("b", "bigint", "integer"),
            ("d", "double", "number"),
            ("t", "timestamp", "timestamp"),
            ("day", "date", "date"),
            ("yes", "boolean", "boolean"),
            ("moments", "array<timestamp>", "array"),
            ("numbers", "map<string,double>", "map"),
            ("both", "struct<a:bigint,b:array<string>,c:struct<t:timestamp>>", "struct"),
            ("text", "string", "text"),
        ]
    ),
)
"""A table with every type."""


def changed(path: str, value: Any) -> bytes:
    """An event with a value at a path."""
    event: dict[str, Any] = {"id": "e", "source": "s", "detail-type": "d", "time": "2026-11-20T10:00:00Z", "detail": {}}
    inner: Any = event
    *outer, last = parse_path(path)
    for segment in outer:
        inner = inner.setdefault(segment, {}) if isinstance(segment, str) and isinstance(inner, dict) else {}
    if isinstance(last, str):
        inner[last] = value
    elif outer:
        event[str(outer[-1])] = [last.text if isinstance(last, Holding) else "", value]
    return json.dumps(event).encode()


def lines_of(table: Table) -> list[bytes]:
    """What both codecs make of every nasty value in every column, also within an array, a map and a struct."""
    found = set()
    for codec in (STANDARD, FAST):
        transform = Transform(table, codec)
        for column in table.columns:
            for value in NASTY:
                for held in (value,) if column.type == "string" else (value, [value], {"a": value, "c": {"t": value}, "b": [value]}):
                    for path in column.paths if column.paths != ("$",) else ():
                        try:
                            found.add(transform(changed(path, held)))
                        except EventError:
                            continue
    return sorted(found)


def description(lines: list[bytes]) -> Description:
    """What an object of these lines says of itself."""
    return Description("lake", "s", LINES, Hour("2026-11-20", "10"), 0, 1, len(lines), 0)


def read(table: Table, path: Path, log_format: str) -> list[tuple[Any, ...]]:
    """The values of every column, as DuckDB reads them."""
    columns = ", ".join(f"'{column.name}': '{duckdb_type(column.type)}'" for column in table.columns)
    source = (
        f"read_parquet('{path}')"
        if log_format == "parquet"
        else f"read_json('{path}', columns = {{{columns}}}, format = 'newline_delimited')"
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.execute(f"select * from {source}").fetchall()


@pytest.mark.parametrize(
    "table", [TABLES[0], NESTED, *(pytest.param(table, marks=pytest.mark.slow) for table in TABLES[1:])], ids=lambda table: table.name
)
def test_whatever_an_event_holds_both_writers_write_and_duckdb_reads(table: Table, tmp_path: Path) -> None:
    """The same values from both formats."""
    lines = lines_of(table)
    parquet, compressed = tmp_path / "lines.parquet", tmp_path / "lines.gz"

    ParquetWriter().write(table, lines, parquet, description(lines))
    JsonLinesWriter().write(table, lines, compressed, description(lines))

    assert len(lines) > len(NASTY) / 2
    assert list(map(repr, read(table, parquet, "parquet"))) == list(map(repr, read(table, compressed, "json")))


REFUSED = [
    ("i", "1.5"),
    ("i", "2147483648"),
    ("i", '"one"'),
    ("i", "true"),
    ("b", "9223372036854775808"),
    ("b", "[]"),
    ("d", "1e400"),
    ("d", '"x"'),
    ("t", '"2026-11-20 10:00:00,123"'),
    ("t", '"2026-W47-5 10:00:00.000"'),
    ("t", '"2026-02-30 10:00:00.000"'),
    ("t", '"2026-11-20"'),
    ("t", "1"),
    ("day", '"2026-02-30"'),
    ("day", '"2026-W47-5"'),
    ("yes", '"no"'),
    ("moments", '["2026-11-20 10:00:00.000", "2026-11-20 100000.0"]'),
    ("moments", "{}"),
    ("numbers", '{"a": "x"}'),
    ("both", '{"a": "x"}'),
    ("both", '{"c": {"t": "yesterday"}}'),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_value_of_another_type_is_found(name: str, value: str, tmp_path: Path) -> None:
    """With its place, before an object of it is visible; the lines around it are in order."""
    lines = [
        b'{"i": 1}\n',
        f'{{"i": 2, "{name}": {value}}}\n'.encode() if name != "i" else f'{{"i": {value}}}\n'.encode(),
        b'{"text": 5}\n',
    ]

    refused = LineCheck(NESTED).refused(lines)

    assert list(refused) == [1]
    assert f"$.{name}" in refused[1] or "out of range" in refused[1]
    with pytest.raises(UnwritableLinesError):
        JsonLinesWriter().write(NESTED, lines, tmp_path / "lines.gz", description(lines))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"[]\n", b"{\n", b'{"i": 1} {"i": 2}\n', b"null\n", b'{"both": ' + b"[" * 5000 + b"]" * 5000 + b"}\n"]
)
def test_what_is_no_object_is_found(line: bytes) -> None:
    """As what has another type."""
    assert list(LineCheck(NESTED).refused([b"{}\n", line])) == [1]


def test_a_refused_line_is_told_without_the_file_it_stood_in(tmp_path: Path) -> None:
    """The file is gone when somebody reads it."""
    lines = [b'{"i": "one"}\n']
    with pytest.raises(UnwritableLinesError) as raised:
        ParquetWriter().write(NESTED, lines, tmp_path / "lines.parquet", description(lines))

    assert str(tmp_path) not in str(raised.value)
    assert "one" in str(raised.value)
