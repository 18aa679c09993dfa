"""A tile: a title, a query over the page's window, how its rows are drawn, and where its marks lead.

The queries are saved queries beside this module, `tiles/NAME.sql`. Of their parameters, `since` is the first day of arrival that can hold
what the window asks for, `start` and `end` are the window itself in UTC, `long_since` and `long_start` those of a longer stretch with the same
end, and others stand in the page's address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

from eventlake.interfaces import Result
from eventlake.model import Table
from eventlake.query.saved import SavedQuery, read_saved, render
from eventlake.web.filters import filtered, plain
from eventlake.web.scan import Reading, reading_of
from eventlake.web.told import Known
from eventlake.web.window import Window

LONG_STRETCH = timedelta(days=91)
"""What is compared with how it used to be: 13 weeks up to the window's end."""
_PLACE = re.compile(r"\{(\w+)\}")
FOLDER = Path(__file__).parent / "tiles"


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile. name: of its query. chart: one of `charts.CHARTS`. link: where a row's mark leads; `{column}` is a value of the row.

    empty: why there may be nothing, and what to do. wide: whether it takes a page's whole width. title: if not that of its query.
    own: its query, if none of `tiles/`. counts_rows: whether it counts each row by itself, so that fewer rows are counted as right.
    told: what tells its rows, where no table holds them; then its query is a title alone.
    lasting: the columns that say how long something took; their names end in the unit, `_minutes` or `_seconds`.
    """

    name: str
    chart: str
    link: str = ""
    empty: str = "Nothing happened in this window; take a longer one."
    wide: bool = False
    title: str = ""
    own: SavedQuery | None = None
    counts_rows: bool = False
    told: Callable[[Known, Window], Result] | None = None
    lasting: tuple[str, ...] = ()

    @property
    def query(self) -> SavedQuery:
        """Return its saved query."""
        return self.own or queries()[self.name]


@cache
def queries() -> Mapping[str, SavedQuery]:
    """Return the queries of the tiles by name, read once."""
    return {
        path.stem: read_saved(path.read_text("utf-8"), path.stem, "page", where=f"tiles/{path.name}")
        for path in sorted(FOLDER.glob("*.sql"))
    }


@dataclass(frozen=True, slots=True)
class Question:
    """What a tile asks through a window. left: the filters of the window that it cannot keep to. tables: the names of those it reads."""

    tile: Tile
    sql: str
    reading: Reading
    left: tuple[str, ...]
    tables: frozenset[str]


def question(tile: Tile, window: Window, tables: Sequence[Table]) -> Question:
    """Return what a tile asks of these tables, with the window's filters. Raises UsageError."""
    if tile.told is not None:
        return Question(tile, "", reading_of("", ()), tuple(one.column for one in window.filters), frozenset(one.name for one in tables))
    reading = _reading(tile, statement(tile.query, window), tables)
    sql, left = filtered(reading, window.filters, (one.name for one in tile.query.parameters))
    asked = _reading(tile, sql, tables) if window.filters else reading
    return Question(tile, sql, asked, tuple(left), frozenset(scan.table.name for scan in asked.scans))


def _reading(tile: Tile, sql: str, tables: Sequence[Table]) -> Reading:
    return replace(reading_of(sql, tables), counts_rows=tile.counts_rows)


def statement(query: SavedQuery, window: Window) -> str:
    """Return a tile's SQL for a window, as Athena takes it. Raises UsageError."""
    long_start = window.end - LONG_STRETCH
    own = {
        "since": f"{(window.start - timedelta(days=1)).date()}",  # a sender's clock may be ahead of the arrival
        "start": f"{window.start:%Y-%m-%d %H:%M:%S}",
        "end": f"{window.end:%Y-%m-%d %H:%M:%S}",
        "long_since": f"{(long_start - timedelta(days=1)).date()}",
        "long_start": f"{long_start.date()} {long_start:%H:%M:%S}",
    }
    known = {parameter.name for parameter in query.parameters}
    filters = {one.column for one in window.filters}
    values = {name: value for name, value in window.values.items() if name not in filters} | dict(plain(window.filters))
    return render(query, {name: value for name, value in (values | own).items() if name in known})


def linked_column(template: str, columns: Sequence[str]) -> str:
    """Return the column of an answer whose value a link names, on which the link stands: the last of them, else the first column."""
    return next((name for name in reversed(_PLACE.findall(template)) if name in columns), columns[0])


def link_of(template: str, row: Mapping[str, object], window: Window) -> str:
    """Return where the mark of a row leads, through the same window; nothing where the row has no value for it."""
    path, _, query = template.partition("?")
    if not path or None in [row.get(name) for name in _PLACE.findall(template)]:
        return ""
    names = [part.partition("=") for part in query.split("&") if part]
    there = _PLACE.sub(lambda found: quote(str(row[found[1]]), safe=""), path)
    return window.link(there, **{name: _PLACE.sub(lambda found: str(row[found[1]]), place) for name, _, place in names})
