"""A page for each source, and one for each of its tables, made from the declaration: how much came, what its columns hold, what came last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eventlake.model import Column, Source, Table
from eventlake.query.saved import Parameter, SavedQuery, Unread
from eventlake.web.elements import Element, element
from eventlake.web.pages import Page
from eventlake.web.shell import left_out
from eventlake.web.tile import Tile
from eventlake.web.window import Window

MOST_TABLES = 4
"""How many tables of a source its page shows whole; of more it shows how much came, and each has its own page."""
MOST_COLUMNS = 40
"""Of how many columns the values are counted."""
MOST_VALUES = 8
"""How many values of a column are shown."""
MOST_EVENTS = 50
"""How many events are shown, the last ones; four times as many are read, so that copies of some do no harm."""
_COUNTED = frozenset({"string", "boolean", "int", "bigint", "date"})
"""The types of columns whose values come again."""
_WINDOW = (
    Parameter("since", "date", None, "the first day of arrival"),
    Parameter("start", "timestamp", None, "the window's beginning, in UTC"),
    Parameter("end", "timestamp", None, "its end"),
)
_WITHIN = '"date" >= :since and event_time >= :start and event_time < :end'
_QUARTER = "date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time))"
_EMPTY = "No such event came in this window; take a longer one, or see on the page Lake what came at all."


def pages_of(sources: Sequence[Source]) -> Mapping[str, Page]:
    """Return the pages of the sources and of their tables, by address."""
    made = [page for source in sources for page in (_page(source), *(_table_page(source, table) for table in source.tables))]
    return {page.path: page for page in made}


def address_of(source: str, table: str = "") -> str:
    """Return where the page of a source stands, or that of one of its tables."""
    return f"/source/{source}/{table}" if table else f"/source/{source}"


def head(source: Source, path: str, window: Window, saved: Mapping[str, SavedQuery], unread: Sequence[Unread]) -> Iterator[Element]:
    """Yield what stands above the tiles: what the source is, the ways to its tables, and its saved queries. unread: what cannot be read."""
    yield element("p", f"{source.title}. {source.doc} ", element("a", "What the provider says", href=source.reference), class_="meaning")
    if len(source.tables) > 1:
        ways = [element("li", _way(address_of(source.name, table.name), path, table.name, window)) for table in source.tables]
        yield element("ul", element("li", _way(address_of(source.name), path, "all tables", window)), *ways, class_="chips")
    asked = [query for query in saved.values() if query.source == source.name]
    if asked:
        names = [element("li", element("a", one.title, href=window.link("/sql", query=one.name, show="1"))) for one in asked]
        yield element("details", element("summary", f"{len(names)} saved queries"), element("ul", *names, class_="names"))
    yield from left_out(one for one in unread if one.source == source.name)


def _way(there: str, here: str, name: str, window: Window) -> Element:
    return element("a", name, href=window.link(there), aria_current="page" if there == here else None)


def _page(source: Source) -> Page:
    if len(source.tables) > MOST_TABLES:
        tiles = tuple(_volume(table) for table in source.tables)
    else:
        tiles = tuple(tile for table in source.tables for tile in _tiles(table))
    return Page(address_of(source.name), source.title, tiles, source=source.name)


def _table_page(source: Source, table: Table) -> Page:
    return Page(address_of(source.name, table.name), table.name, tuple(_tiles(table)), source=source.name)


def _tiles(table: Table) -> Iterator[Tile]:
    yield _volume(table)
    if columns := _counted(table):
        yield _values(table, columns)
    yield _last(table)


def _volume(table: Table) -> Tile:
    sql = f"""\
select {_QUARTER} as quarter, count(distinct {_identity(table)}) as events
from {table.name}
where {_WITHIN}
group by 1
order by quarter"""
    doc = f"Events of {table.name}\n{table.doc} What was delivered twice counts once."
    return Tile(f"{table.name}-volume", "bars", empty=_EMPTY, wide=True, own=_query(table, doc, sql))


def _values(table: Table, columns: Sequence[Column]) -> Tile:
    """Count each value of each column, all in one reading of the table; to tell copies apart would cost a set of ids for each value."""
    names = [_quoted(column) for column in columns]
    events, column_name, place = (_free(name, columns) for name in ("events", "column_name", "place"))
    which = " ".join(f"when grouping({name}) = 0 then '{column.stored_name}'" for name, column in zip(names, columns, strict=True))
    sql = f"""\
select {column_name}, {", ".join(names)}, {events}
from (
  select {column_name}, {", ".join(names)}, {events},
    row_number() over (partition by {column_name} order by {events} desc, {", ".join(names)}) as {place}
  from (
    select case {which} end as {column_name}, {", ".join(names)}, count(*) as {events}
    from {table.name}
    where {_WITHIN}
    group by grouping sets ({", ".join(f"({name})" for name in names)})
  )
)
where {place} <= {MOST_VALUES}
order by {column_name}, {place}"""
    doc = f"Values of {table.name}\nThe most frequent of each column, without JSON. What was delivered twice counts twice until its hour is closed."
    return Tile(f"{table.name}-values", "values", empty=_EMPTY, wide=True, own=_query(table, doc, sql), counts_rows=True)


def _free(name: str, columns: Sequence[Column]) -> str:
    """Return a name for something of ours that none of the columns has."""
    while any(column.stored_name == name for column in columns):
        name += "_"
    return name


def _last(table: Table) -> Tile:
    told = [column for column in table.columns if column.stored_name != "event_time" and column.converter != "json"]
    columns = f"event_time, {', '.join(_quoted(column) for column in told)}"
    order = f"order by event_time desc, {', '.join(dict.fromkeys((_quoted_name(table.key), 'event_id')))}"
    sql = f"""\
select distinct {columns}
from (
  select {columns}
  from {table.name}
  where {_WITHIN}
  {order}
  limit {4 * MOST_EVENTS}
)
{order}
limit {MOST_EVENTS}"""
    doc = f"The last events of {table.name}\nColumns that say nothing are left out; the rows have all."
    return Tile(f"{table.name}-last", "telling", empty=_EMPTY, wide=True, own=_query(table, doc, sql))


def _counted(table: Table) -> list[Column]:
    """Return the columns whose values are counted: no JSON, no moments, and nothing that each event has for itself."""
    own = {table.key, "event_id", "timestamp"}
    counted = (
        column for column in table.columns if column.type in _COUNTED and column.converter != "json" and column.stored_name not in own
    )
    return list(counted)[:MOST_COLUMNS]


def _identity(table: Table) -> str:
    return "event_id" if table.key == "event_id" else f'coalesce("{table.key}", event_id)'


def _quoted(column: Column) -> str:
    return _quoted_name(column.stored_name)


def _quoted_name(name: str) -> str:
    return name if name == "event_id" else f'"{name}"'


def _query(table: Table, doc: str, sql: str) -> SavedQuery:
    return SavedQuery(table.name, table.source, doc, _WINDOW, sql)
