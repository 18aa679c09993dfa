"""SHOW and DESCRIBE as queries over listings: what Athena's DDL answers, a column of text each.

Athena fills names up with blanks to twenty characters; here they end where they end.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from eventlake.dialect.binding import refused
from eventlake.dialect.parts import Statement
from eventlake.dialect.queries.listings import INFORMATION_SCHEMA, require_partitions
from eventlake.dialect.queries.relation import Column, Relation
from eventlake.dialect.sql import NOTHING, Sql, emit, joined, ours, quoted, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position
from eventlake.dialect.types.type import VARCHAR
from eventlake.errors import NameNotFoundError
from eventlake.model import Table
from eventlake.naming import nearest_or_all

_PATTERN = re.compile(r"[\w *|-]*", re.ASCII)
"""What stands in a pattern once `.*` is `*`: names, `*` for anything, `|` between choices."""


def show(queries: Statement, node: exp.Show) -> Relation:
    """Read a SHOW or a DESCRIBE. Raises NameNotFoundError for a name that is not there, QueryRefusedError."""
    return _SHOWN[node.args["what"]](queries, node)


def _tables(queries: Statement, node: exp.Show) -> Relation:
    return _names(queries, node, "tables", "tab_name")


def _views(queries: Statement, node: exp.Show) -> Relation:
    return _names(queries, node, "views", "views")


def _names(queries: Statement, node: exp.Show, listing: str, title: str) -> Relation:
    database = node.args.get("database")
    if database is None:
        condition = emit("table_schema <> {}", text(INFORMATION_SCHEMA))
    else:
        condition = emit("table_schema = {}", text(_known_database(queries, database)))
    return _texts(queries, listing, {title: ours("table_name")}, [condition, _like(node, ours("table_name"))], ours("1"))


def _databases(queries: Statement, node: exp.Show) -> Relation:
    condition = emit("schema_name <> {}", text(INFORMATION_SCHEMA))
    return _texts(queries, "schemata", {"database_name": ours("schema_name")}, [condition, _like(node, ours("schema_name"))], ours("1"))


def _columns(queries: Statement, node: exp.Show) -> Relation:
    table = _table(queries, node)
    conditions = [emit("table_schema = {}", text(table.database)), emit("table_name = {}", text(table.name))]
    return _texts(queries, "columns", {"field": ours("column_name")}, conditions, ours("ordinal_position"))


def _partitions(queries: Statement, node: exp.Show) -> Relation:
    table = _table(queries, node)
    require_partitions(table, position(node.args["table"]))
    name = ours("concat('date=', CAST(date AS VARCHAR), '/hour=', hour)")
    return _texts(queries, "partitions", {"partition": name}, [], ours("1"), table)


def _lines(listing: str, *titles: str) -> Callable[[Statement, exp.Show], Relation]:
    """Return what reads a listing of one table line by line."""
    columns = {title: quoted(title) for title in titles}
    return lambda queries, node: _texts(queries, listing, dict(columns), [], ours("line"), _table(queries, node))


def _view(queries: Statement, node: exp.Show) -> Relation:
    name = node.args["table"].name
    raise NameNotFoundError(f'There is no view "{name}"{position(node)}: the catalog of a lake has tables, see SHOW CREATE TABLE.')


_SHOWN: dict[str, Callable[[Statement, exp.Show], Relation]] = {
    "TABLES": _tables,
    "VIEWS": _views,
    "DATABASES": _databases,
    "COLUMNS": _columns,
    "PARTITIONS": _partitions,
    "TBLPROPERTIES": _lines("properties", "prpt_name", "prpt_value"),
    "CREATE TABLE": _lines("creation", "createtab_stmt"),
    "CREATE VIEW": _view,
    "DESCRIBE": _lines("description", "col_name", "data_type", "comment"),
}


def _texts(
    queries: Statement, listing: str, columns: dict[str, Sql], conditions: list[Sql], order: Sql, table: Table | None = None
) -> Relation:
    """Make the query that reads texts of a listing, of the whole catalog or of a table."""
    source, _ = queries.listing(listing) if table is None else queries.listing(listing, table)
    shown = joined(", ", [emit("{} AS {}", sql, quoted(name)) for name, sql in columns.items()])
    kept = [condition for condition in conditions if condition]
    where = emit(" WHERE {}", joined(" AND ", kept)) if kept else NOTHING
    fields = tuple(Column(name, name, VARCHAR) for name in columns)
    return Relation(emit("SELECT {} FROM {} AS el_l{} ORDER BY {}", shown, source, where, order), fields)


def _table(queries: Statement, node: exp.Show) -> Table:
    table = node.args["table"]
    return queries.catalog_table(table.names, table)


def _known_database(queries: Statement, name: exp.Identifier) -> str:
    known = sorted({table.database for table in queries.tables})
    if name.name.lower() not in known:
        raise NameNotFoundError(f'There is no database "{name.name}"{position(name)}.{nearest_or_all(name.name, known)}')
    return name.name.lower()


def _like(node: exp.Show, name: Sql) -> Sql:
    """Make the condition that a name fits the pattern, if there is one. Raises QueryRefusedError for one that Athena may read in two ways."""
    pattern = node.args.get("pattern")
    if pattern is None:
        return NOTHING
    shape = str(pattern.this).replace(".*", "*")
    if not _PATTERN.fullmatch(shape):
        raise refused(f"The pattern '{pattern.this}'", pattern, "in SHOW * is for any characters and | between choices")
    return emit("regexp_full_match({}, {})", name, text(shape.lower().replace("*", ".*")))
