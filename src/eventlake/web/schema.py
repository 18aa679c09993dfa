"""What a statement can name: the tables with their columns as a page has them, and the names that complete a beginning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from eventlake.dialect.text.words import RESERVED
from eventlake.model import PARTITION_DOCS, PARTITION_KEYS, Table
from eventlake.query.saved import SavedQuery
from eventlake.web.elements import Element, element
from eventlake.web.tables import framed_table

MOST_NAMES = 50
"""How many names complete a beginning at most."""


def schema(tables: Sequence[Table]) -> Iterator[Element]:
    """Yield each table with its columns, their types and what they hold."""
    for table in tables:
        columns = [
            element("tr", element("td", element("code", name)), element("td", kind), element("td", doc))
            for name, kind, doc in _columns(table)
        ]
        named = f"Columns of {table.name}"
        yield element("details", element("summary", named), framed_table(named, ("column", "type", "meaning"), columns))


def completions(beginning: str, tables: Sequence[Table], saved: Iterable[SavedQuery], read: Iterable[str] = ()) -> list[dict[str, str]]:
    """Return the names that begin like this, in any case of letters, as a statement writes them.

    Columns of the tables that it reads come first, then tables, then other columns with their tables, then saved queries.
    """
    begun, of_statement = beginning.lower().strip('"'), {name.lower() for name in read}
    columns: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for table in tables:
        for name, kind, _ in _columns(table):
            columns[name, kind].append(table.name)
    known = [
        *({"name": table.name, "kind": "table", "of": table.source} for table in tables),
        *({"name": name, "kind": kind, "of": " ".join(of)} for (name, kind), of in sorted(columns.items())),
        *({"name": query.name, "kind": "saved query", "of": query.title} for query in saved),
    ]
    found = [one for one in known if one["name"].strip('"').startswith(begun)]
    return sorted(found, key=lambda one: not of_statement & set(one["of"].split()))[:MOST_NAMES]


def _columns(table: Table) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and meaning of each column, as a statement names it."""
    yield from ((_written(column.stored_name), column.type, column.doc) for column in table.columns)
    yield from ((f'"{name}"' if name == "date" else name, kind, PARTITION_DOCS[name]) for name, kind in PARTITION_KEYS)


def _written(name: str) -> str:
    """Return the name of a column as a statement has it: in quotes where it is a word of SQL."""
    return f'"{name}"' if name.upper() in RESERVED else name
