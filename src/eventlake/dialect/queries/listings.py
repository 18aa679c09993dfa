"""What a catalog says of itself: information_schema, a table's partitions, and what SHOW and DESCRIBE list.

A listing is read by a `Scan` as a table is, so that it can be joined, filtered and counted like any relation; its rows are put into the gap by
the engine, which knows the catalog. Beside them stand the columns that an object has of itself, which no `*` shows.
Names and types are those of Trino 476: https://trino.io/docs/476/connector/hive.html#metadata-columns
"""

from __future__ import annotations

from typing import NoReturn

from eventlake.dialect.binding import refused
from eventlake.dialect.text import tree as exp
from eventlake.dialect.types.spelling import parse_type
from eventlake.dialect.types.type import BIGINT, VARCHAR, Type
from eventlake.errors import NameNotFoundError
from eventlake.model import PARTITION_KEYS, Table
from eventlake.naming import nearest

CATALOG = "awsdatacatalog"
"""The name of Athena's catalog, which is the only one of a lake."""
INFORMATION_SCHEMA = "information_schema"
PARTITIONS = "$partitions"
"""What is put behind the name of a table to ask for its partitions."""

WHOLE_CATALOG = Table("", INFORMATION_SCHEMA, "", "", "", {}, "$", "", ())
"""What a listing is of that is of no table alone."""

_TEXTS: dict[str, tuple[str, ...]] = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "views": ("table_catalog", "table_schema", "table_name", "view_definition"),
}
_LINES: dict[str, tuple[str, ...]] = {
    "description": ("col_name", "data_type", "comment"),
    "creation": ("createtab_stmt",),
    "properties": ("prpt_name", "prpt_value"),
}
"""What is told of one table line by line."""

LISTINGS: dict[str, dict[str, Type]] = {
    **{name: dict.fromkeys(columns, VARCHAR) for name, columns in _TEXTS.items()},
    **{name: {"line": BIGINT, **dict.fromkeys(columns, VARCHAR)} for name, columns in _LINES.items()},
    "columns": {
        **dict.fromkeys(("table_catalog", "table_schema", "table_name", "column_name"), VARCHAR),
        "ordinal_position": BIGINT,
        **dict.fromkeys(("column_default", "is_nullable", "data_type", "comment", "extra_info"), VARCHAR),
    },
    "partitions": {name: parse_type(kind) for name, kind in PARTITION_KEYS},
}
"""Listing -> its columns. The first are relations of information_schema; of one table are its partitions, and what SHOW and DESCRIBE tell."""

IN_SCHEMA = ("columns", "schemata", "tables", "views")
"""The relations of information_schema that are answered."""
SCHEMA_WITHOUT_ROWS: dict[str, tuple[str, ...]] = {
    "applicable_roles": ("grantee", "grantee_type", "role_name", "is_grantable"),
    "enabled_roles": ("role_name",),
    "roles": ("role_name",),
    "table_privileges": (
        *("grantor", "grantor_type", "grantee", "grantee_type", "table_catalog", "table_schema", "table_name"),
        *("privilege_type", "is_grantable", "with_hierarchy"),
    ),
}
"""Its other relations with their columns: they are listed in it, and tell of rights, which are not the lake's to know."""

IMPLICIT: dict[str, frozenset[str]] = {"columns": frozenset(("comment", "extra_info"))}
"""Listing -> those of its columns that `*` leaves out."""

OBJECT_COLUMNS: dict[str, Type] = {"$path": VARCHAR, "$partition": VARCHAR, "$file_size": BIGINT}
"""What an object says of itself, a column of every table that `*` leaves out."""
UNKNOWN_OF_OBJECTS = "$file_modified_time"
"""The one that Athena has besides: a lake does not keep it."""


def require_relation(name: str, node: exp.Expr, where: str) -> None:
    """Raise what is to be said of a relation of information_schema that is not answered. where: its place, as a sentence has it."""
    if name in IN_SCHEMA:
        return
    if name in SCHEMA_WITHOUT_ROWS:
        raise refused(f"{INFORMATION_SCHEMA}.{name}", node, "rights are kept by AWS IAM, not by the lake")
    known = [*IN_SCHEMA, *SCHEMA_WITHOUT_ROWS]
    hint = nearest(name, known) or f" It has {', '.join(IN_SCHEMA)}."
    raise NameNotFoundError(f'There is no table "{INFORMATION_SCHEMA}.{name}"{where}.{hint}')


def require_partitions(table: Table, where: str) -> None:
    """Raise NameNotFoundError unless a table has partitions. where: the place of its name, as a sentence has it."""
    if not table.prefix:
        raise NameNotFoundError(f'The table "{table.name}" has no partitions{where}.')


def refuse_modified_time(node: exp.Expr) -> NoReturn:
    """Raise the sentence for the time at which an object was written."""
    raise refused(f'"{UNKNOWN_OF_OBJECTS}"', node, "date and hour say when its log lines arrived")
