"""The page of all sources, from declarations and catalog alone: what each tells of, and what of it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from eventlake.lake import Lake
from eventlake.model import Source
from eventlake.web.declared_pages import address_of
from eventlake.web.elements import Child, Element, element
from eventlake.web.tables import framed_table
from eventlake.web.window import Window

_NAMES = ("source", "what it tells of", "table", "rows", "last hour (UTC)")
_NUMBERS = {_NAMES.index("rows")}


def sources_page(lake: Lake, window: Window) -> Iterator[Element]:
    """Yield a table of the sources, each leading to its page, and each table to its own."""
    rows = [element("tr", *map(_cell, count(), cells)) for source in lake.sources for cells in _lines(source, lake, window)]
    yield element("section", framed_table("Sources", _NAMES, rows, numbers=_NUMBERS), class_="tile wide")


def _cell(place: int, shown: Child) -> Element:
    return element("td", shown, class_="number" if place in _NUMBERS else None)


def _lines(source: Source, lake: Lake, window: Window) -> Iterator[list[Child]]:
    """Yield a line for each table of a source; the first says what the source is."""
    not_seen: Mapping[str, str] = getattr(lake.catalog, "not_seen", {})  # on AWS a user may be kept from some
    for place, table in enumerate(source.tables):
        hours = lake.catalog.contents(table.name).hours
        title: Child = element("a", source.title, href=window.link(address_of(source.name))) if place == 0 else ""
        way = element("a", table.name, href=window.link(address_of(source.name, table.name)))
        counted, is_all = sum(one.rows or 0 for one in hours), all(one.rows is not None for one in hours)
        rows = f"{counted:,}{'' if is_all else ', and those of open hours'}" if hours else not_seen.get(table.name, "none yet")
        yield [title, source.doc if place == 0 else "", way, rows, str(max(one.hour for one in hours)) if hours else ""]
