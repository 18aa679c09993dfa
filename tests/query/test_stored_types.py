"""A column whose declared type was changed: what its objects keep is read faithfully, or the query names it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.cli import run
from eventlake.description import LINES, Description
from eventlake.errors import CorruptObjectError
from eventlake.layout import Hour
from eventlake.local.closing.closer import Closer
from eventlake.local.delivery.checked import writer_of
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, OBJECTS, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.model import Column, Table
from eventlake.query.stored_types import Asked, TypeCheck, misfits
from eventlake.sources import load

VALUES: dict[str, Any] = {
    "string": "12.5",
    "boolean": True,
    "int": 12,
    "bigint": 1 << 40,
    "double": 12.5,
    "timestamp": "2026-11-20 10:00:00.000",
    "date": "2026-11-20",
    "array<string>": ["1"],
    "array<double>": [1.5],
    "struct<a:string>": {"a": "1"},
    "struct<a:string,b:int>": {"a": "1", "b": 2},
    "struct<a:double>": {"a": 1.5},
    "map<string,string>": {"a": "1"},
    "map<string,double>": {"a": 1.5},
    "array<struct<a:string>>": [{"a": "1"}],
    "array<struct<a:bigint>>": [{"a": 1}],
}
READ = {
    "parquet": {("int", "bigint"), ("struct<a:string>", "struct<a:string,b:int>"), ("struct<a:string,b:int>", "struct<a:string>")},
    "json": {
        *(("int", "bigint"), ("int", "double"), ("bigint", "double"), ("timestamp", "string"), ("date", "string")),
        *(("struct<a:string>", "struct<a:string,b:int>"), ("struct<a:string,b:int>", "struct<a:string>")),
        *(("struct<a:string>", "map<string,string>"), ("map<string,string>", "struct<a:string>")),
        *(("map<string,string>", "struct<a:string,b:int>"), ("struct<a:double>", "map<string,double>")),
        ("map<string,double>", "struct<a:double>"),
    },
}
"""Which types are read as which without a change of a value."""

SOURCE = """\
name = "shop"
title = "Shop"
doc = "What a shop sold."
reference = "https://example.com"
database = "shop_event_logs"
[[table]]
name = "sold"
doc = "One line for each sale."
pattern = {{ source = ["my.shop"] }}
columns = [
  {{ name = "item", type = "string", from = "$.detail.item", doc = "Name." }},
  {columns}
]
"""


def table_of(kind: str, *earlier: str) -> Table:
    """A table with one column of a type."""
    column = Column("Amount", kind, ("$.detail.amount",), "text", "", earlier)
    return Table("sold", "d", "s", "", "sold", {"source": ["x"]}, "$.detail", "amount", (column,))


def found(path: Path, kind: str, log_format: str) -> list[tuple[str, str]]:
    """What does not fit in an object, as stored and declared."""
    check = TypeCheck((str(path),), Asked.of(table_of(kind, "other").columns), "gzip" if log_format == "json" else "")
    with duckdb.connect() as connection:
        return [(one.stored, one.declared) for one in misfits(connection, check)]


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["parquet", "json"])
def test_every_type_is_read_as_another_faithfully_or_named(log_format: str, tmp_path: Path) -> None:
    """All pairs: what the writer of one type wrote, declared as any other."""
    writer = writer_of(log_format)
    said = Description("lake", "sold", LINES, Hour("2026-11-20", "10"), 0, 1, 1, 0)
    paths = {}
    for number, (kind, value) in enumerate(VALUES.items()):
        paths[kind] = tmp_path / f"{number}{writer.extension}"
        writer.write(table_of(kind), [json.dumps({"Amount": value}).encode() + b"\n", b'{"Amount":null}\n'], paths[kind], said)

    read = {(was, now) for was, now in permutations(VALUES, 2) if not found(paths[was], now, log_format)}

    assert all(not found(path, kind, log_format) for kind, path in paths.items())
    assert read == READ[log_format]


@pytest.mark.parametrize(
    ("was", "value", "now"),
    [
        ("string", "2026-11-20T10:00:00Z", "timestamp"),
        ("string", "20 November", "date"),
        ("bigint", 1 << 31, "int"),
        ("double", 1e300, "bigint"),
    ],
)
def test_a_value_of_json_lines_that_is_none_of_the_type_is_found(was: str, value: Any, now: str, tmp_path: Path) -> None:
    """Also where its form in JSON is the same."""
    path = tmp_path / "a.gz"
    said = Description("lake", "sold", LINES, Hour("2026-11-20", "10"), 0, 1, 1, 0)
    writer_of("json").write(table_of(was), [json.dumps({"Amount": value}).encode() + b"\n"], path, said)

    assert len(found(path, now, "json")) == 1


def store(folder: Path, columns: dict[str, str], log_format: str, *details: dict[str, Any]) -> None:
    """Store events with a declaration that has these columns."""
    declared = folder.parent / "declared" / "shop"
    declared.mkdir(parents=True, exist_ok=True)
    lines = [f'{{ name = "{name}", type = "{kind}", from = "$.detail.{name}", doc = "It." }},' for name, kind in columns.items()]
    (declared / "source.toml").write_text(SOURCE.format(columns="\n  ".join(lines)))
    moment = datetime(2026, 11, 20, 10, tzinfo=UTC)
    with Importer(folder, load([declared.parent]), log_format=log_format, now=lambda: moment) as importer:
        for number, detail in enumerate(details):
            event = {"id": f"{moment:%f}{number}{detail}", "detail-type": "Sold", "source": "my.shop", "time": "2026-11-20T10:00:00Z"}
            importer.accept([Item(1, json.dumps({**event, "detail": detail}).encode())])
        importer.deliver()


def asked(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return list(open_lake(folder, load()).engine.query(sql).rows)


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["parquet", "json"])
@pytest.mark.parametrize(
    ("was", "old", "now", "new"), [("string", "2.50", "double", 3.5), ("double", 3.5, "string", "2.50"), ("string", "7", "int", 8)]
)
def test_a_query_names_the_column_and_both_types(was: str, old: Any, now: str, new: Any, log_format: str, tmp_path: Path) -> None:
    """Though every text looks like a number; what does not read the column is answered, and doctor and close tell it."""
    folder = tmp_path / "lake"
    store(folder, {"amount": was}, log_format, {"item": "a", "amount": old})
    store(folder, {"amount": now}, log_format, {"item": "b", "amount": new})
    told = rf'keeps the column "amount" as \w+, and it is declared as {now.replace("string", "varchar").replace("int", "integer")} now'

    with pytest.raises(CorruptObjectError, match=told):
        asked(folder, "select sum(try_cast(amount as double)) from sold")

    assert asked(folder, "select item from sold order by item") == [("a",), ("b",)]
    assert asked(folder, "select count(*) from sold") == [(2,)]
    assert [one.severity for one in check_lake(folder) if '"amount"' in one.sentence] == ["error"]
    if log_format == "parquet":
        assert told.split("\\w")[0] in closing_says(folder)


def closing_says(folder: Path) -> str:
    """What keeps the one hour of a lake from being closed."""
    catalog = SqliteCatalog(folder / CATALOG)
    try:
        (table,) = [one for one in catalog.tables() if one.name == "sold"]
        with Closer(catalog, folder / OBJECTS, now=lambda: datetime(2026, 12, 1, tzinfo=UTC)) as closer:
            return closer.close(table, closer.waiting(table, Hour.of(closer.now()))[0]).problem
    finally:
        catalog.close()


@pytest.mark.parametrize("log_format", ["parquet", "json"])
def test_a_wider_type_and_the_first_type_again_are_read(log_format: str, tmp_path: Path) -> None:
    """A number that is declared wider; a column that was another type meanwhile, and got no value."""
    folder = tmp_path / "lake"
    store(folder, {"amount": "int", "note": "string"}, log_format, {"item": "a", "amount": 1, "note": "1"})
    store(folder, {"amount": "bigint", "note": "double"}, log_format)
    store(folder, {"amount": "bigint", "note": "string"}, log_format, {"item": "b", "amount": 1 << 40, "note": "2"})

    assert asked(folder, "select amount, note from sold order by item") == [(1, "1"), (1 << 40, "2")]
    assert not [one for one in check_lake(folder) if "declared as" in one.sentence]


def test_a_column_that_was_left_out_meanwhile_is_remembered(tmp_path: Path) -> None:
    """It comes back with another type."""
    folder = tmp_path / "lake"
    store(folder, {"amount": "string"}, "parquet", {"item": "a", "amount": "1"})
    store(folder, {}, "parquet", {"item": "b"})
    store(folder, {"amount": "double"}, "parquet", {"item": "c", "amount": 3.0})

    with pytest.raises(CorruptObjectError, match='"amount" as varchar'):
        asked(folder, "select amount from sold")


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_catalog_that_is_made_anew_remembers_too(is_readable: bool, tmp_path: Path) -> None:
    """By the old one, or by what stands in the objects."""
    folder = tmp_path / "lake"
    store(folder, {"amount": "string"}, "parquet", {"item": "a", "amount": "1"})
    store(folder, {"amount": "double"}, "parquet", {"item": "b", "amount": 2.0})
    if not is_readable:
        for path in folder.glob("catalog.db*"):
            path.unlink()

    assert run(["doctor", "--rebuild", "--lake", str(folder), "--sources", str(tmp_path / "declared")]) == 0

    with pytest.raises(CorruptObjectError, match='"amount" as varchar'):
        asked(folder, "select amount from sold")
