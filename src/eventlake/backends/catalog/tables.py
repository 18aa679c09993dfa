"""Tables of a lake and the format of their objects, as the catalog keeps them: declarations, to which columns are only ever added."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from eventlake.backends.catalog.lake import LakeFile
from eventlake.errors import ConfigurationError
from eventlake.model import Column, Personal, Table


class Tables(LakeFile):
    """The tables of a catalog."""

    def log_format(self) -> str | None:
        """Return the format of the lake's objects, `parquet` or `json`; None before the first tables."""
        found = self._rows("select value from setting where name = 'log_format'")
        return found[0][0] if found else None

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Make sure the tables exist with these columns; a new column is appended, none is ever dropped.

        Raises ConfigurationError if the lake has another format: it is one choice for a lake.
        """
        known = self.log_format()
        if known not in {None, log_format}:
            raise ConfigurationError(
                f'This lake holds {known} objects; the format is one choice for a lake, so "{log_format}" needs another folder.'
            )
        earlier = {table.name: table for table in self.tables()}
        wanted = [_merged(earlier.get(table.name), table) for table in tables]
        changed = [table for table in wanted if earlier.get(table.name) != table]
        if known is not None and not changed:
            return  # so that a lake on a full disk can be opened
        with self._transaction() as run:
            run("insert or ignore into setting values ('log_format', ?)", (log_format,))
            for table in changed:
                run('insert or replace into "table" values (?, ?, ?)', (table.name, table.database, _declaration(table)))

    def tables(self) -> Sequence[Table]:
        """Return every table, by database and name."""
        rows = self._rows('select declaration from "table" order by "database", name')
        try:
            return [_table(row[0]) for row in rows]
        except (ValueError, TypeError, LookupError, AttributeError) as error:  # a bit of it flipped
            raise self._file.damaged(error) from None


def _merged(earlier: Table | None, table: Table) -> Table:
    """Merge two declarations of a table: the columns it had come first, ours are as declared now."""
    if earlier is None:
        return table
    before = {column.stored_name: column for column in earlier.columns}
    columns = tuple(_remembering(before.pop(column.stored_name, None), column) for column in table.columns)
    return replace(table, columns=(*columns, *before.values()))


def _remembering(before: Column | None, column: Column) -> Column:
    """Return a column with every other type that it was declared with: objects of those times keep it so."""
    known = [*before.earlier, before.type] if before is not None else []
    types = tuple(kind for kind in dict.fromkeys([*known, *column.earlier]) if kind != column.type)
    return column if types == column.earlier else replace(column, earlier=types)


def _declaration(table: Table) -> str:
    return json.dumps(table, default=_fields)


def _fields(value: Table | Column | Personal) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _table(declaration: str) -> Table:
    fields = json.loads(declaration)
    columns = tuple(
        Column(**{**column, "paths": tuple(column["paths"]), "earlier": tuple(column.get("earlier", ()))}) for column in fields["columns"]
    )
    personal = tuple(Personal(**one) for one in fields.get("personal", ()))
    return Table(**{**fields, "columns": columns, "personal": personal, "sort": tuple(fields.get("sort", ()))})
