"""What stands in the gap of a listing: rows that the catalog says of itself, of its tables, or of one of them.

The columns of each listing are those of `dialect.queries.listings`; the forms of DESCRIBE, SHOW CREATE TABLE and SHOW TBLPROPERTIES are those of
Athena's DDL, without the blanks that fill its columns up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from eventlake.dialect.queries.listings import CATALOG, IMPLICIT, IN_SCHEMA, INFORMATION_SCHEMA, LISTINGS, SCHEMA_WITHOUT_ROWS
from eventlake.dialect.queries.scan import Scan
from eventlake.dialect.sql import quoted_name as quoted
from eventlake.dialect.sql import quoted_text as text
from eventlake.dialect.sql import written
from eventlake.dialect.types.hive import hive_type
from eventlake.dialect.types.spelling import parse_type
from eventlake.model import PARTITION_KEYS, STORAGE_FORMATS, Table

Row = Sequence[Any]
"""Values in the order of the listing's columns: texts, whole numbers, None."""
Docs = Mapping[str, str]
"""What is said of each partition key."""


def listed(scan: Scan, rows: Iterable[Row]) -> str:
    """Return the subquery of DuckDB's that gives a listing's columns and these rows: one literal, however many they are."""
    names = [quoted(name) for name in scan.columns]
    kind = ", ".join(f"{name} {written(column.duckdb)}" for name, column in zip(names, scan.columns.values(), strict=True))
    values = json.dumps([dict(zip(scan.columns, row, strict=True)) for row in rows])
    shown = ", ".join(f"r.{name} AS {name}" for name in names)
    return f"(SELECT {shown} FROM (SELECT unnest(CAST({text(values)}::JSON AS STRUCT({kind})[])) AS r))"


# of the whole catalog


def rows_of_catalog(listing: str, tables: Sequence[Table], docs: Docs) -> list[Row]:
    """Return the rows of a relation of information_schema."""
    return list(_OF_CATALOG[listing](tables, docs))


def _schemata(tables: Sequence[Table], _docs: Docs) -> Iterator[Row]:
    for database in sorted({*(table.database for table in tables), INFORMATION_SCHEMA}):
        yield CATALOG, database


def _tables(tables: Sequence[Table], _docs: Docs) -> Iterator[Row]:
    names = [(table.database, table.name) for table in tables]
    names += [(INFORMATION_SCHEMA, name) for name in (*IN_SCHEMA, *SCHEMA_WITHOUT_ROWS)]
    for database, name in sorted(names):
        yield CATALOG, database, name, "BASE TABLE"


def _columns(tables: Sequence[Table], docs: Docs) -> Iterator[Row]:
    for table in tables:
        for place, (name, kind, doc, is_key) in enumerate(_columns_of(table, docs), 1):
            yield _column(table.database, table.name, name, place, kind, doc or None, "partition key" if is_key else None)
    for relation, columns in _own_relations():
        for place, (name, kind) in enumerate(columns, 1):
            yield _column(INFORMATION_SCHEMA, relation, name, place, kind, None, None)


def _column(database: str, table: str, name: str, place: int, kind: str, doc: str | None, extra: str | None) -> Row:
    return (CATALOG, database, table, name, place, None, "YES", str(parse_type(kind)), doc, extra)


def _own_relations() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the relations of information_schema with the columns that they show."""
    for relation in IN_SCHEMA:
        hidden = IMPLICIT.get(relation, frozenset())
        yield relation, [(name, str(kind)) for name, kind in LISTINGS[relation].items() if name not in hidden]
    for relation, names in SCHEMA_WITHOUT_ROWS.items():
        yield relation, [(name, "varchar") for name in names]


def _no_views(_tables: Sequence[Table], _docs: Docs) -> Iterator[Row]:
    return iter(())


_OF_CATALOG: dict[str, Callable[[Sequence[Table], Docs], Iterator[Row]]] = {
    "schemata": _schemata,
    "tables": _tables,
    "columns": _columns,
    "views": _no_views,
}


# of one table


def _columns_of(table: Table, docs: Docs) -> Iterator[tuple[str, str, str, bool]]:
    """Yield name, type, comment of each column, and whether it is a partition key."""
    for column in table.columns:
        yield column.stored_name, column.type, column.doc, False
    if table.prefix:  # a table without one has no partitions
        for name, kind in PARTITION_KEYS:
            yield name, kind, docs.get(name, ""), True


def description(table: Table, docs: Docs) -> Iterator[Row]:
    """Return the lines of DESCRIBE: the columns, and the partition keys once more below a heading."""
    columns = [(name, hive_type(parse_type(kind)), doc) for name, kind, doc, _ in _columns_of(table, docs)]
    keys = columns[len(table.columns) :]
    return _numbered([*columns, *(_KEYS_FOLLOW if keys else ()), *keys])


_KEYS_FOLLOW = (("", "", ""), ("# Partition Information", "", ""), ("# col_name", "data_type", "comment"), ("", "", ""))


def _numbered(lines: Iterable[Row]) -> Iterator[Row]:
    """Yield lines with their numbers, so that they stay in their order."""
    for number, line in enumerate(lines):
        yield number, *line


def creation(table: Table, docs: Docs, log_format: str, location: str) -> Iterator[Row]:
    """Return the lines of SHOW CREATE TABLE. log_format: `parquet` or `json`. location: where the lake's objects begin."""
    reads, writes, serde = STORAGE_FORMATS[log_format]
    columns = list(_columns_of(table, docs))
    lines = [f"CREATE EXTERNAL TABLE `{table.name}`(", *_declared(column for column in columns if not column[3])]
    lines += ["PARTITIONED BY (", *_declared(column for column in columns if column[3])]
    lines += ["ROW FORMAT SERDE", f"  '{serde}'", "STORED AS INPUTFORMAT", f"  '{reads}'", "OUTPUTFORMAT", f"  '{writes}'"]
    lines += ["LOCATION", f"  '{location}/{table.prefix}/'", "TBLPROPERTIES (", f"  'classification'='{log_format}')"]
    return _numbered((line,) for line in lines)


def _declared(columns: Iterable[tuple[str, str, str, bool]]) -> list[str]:
    """Return columns as CREATE TABLE declares them, a line each, the bracket closed behind the last."""
    lines = []
    for name, kind, doc, _ in columns:
        comment = doc.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"  `{name}` {hive_type(parse_type(kind))}" + (f" COMMENT '{comment}'" if doc else ""))
    return [*(f"{line}," for line in lines[:-1]), f"{lines[-1]})"]


def properties(log_format: str) -> Iterator[Row]:
    """Return the lines of SHOW TBLPROPERTIES: what the lake's templates give a table."""
    return _numbered((("EXTERNAL", "TRUE"), ("classification", log_format)))
