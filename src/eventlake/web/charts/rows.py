"""Rows as a table; the cell that names what a row leads to is its link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from eventlake.interfaces import Result
from eventlake.web.cells import cut
from eventlake.web.charts.drawing import Drawing
from eventlake.web.elements import Child, Element, element
from eventlake.web.tables import framed_table, with_ways
from eventlake.web.tile import linked_column

MOST = 200
"""How many rows a page shows; all are in the tile's .csv and .json."""

_SOLID = re.compile(r"\S{60}")
"""A word that would take the width of several columns."""
SHORT = 9
"""How much of an execution's id is shown, as of a commit's: the column is its link, and its title says all of it."""


def rows_drawn(drawing: Drawing) -> Element:
    """Write the rows of an answer as a table, the first of them if there are many."""
    return _written(drawing, drawing.result.columns)


def telling_drawn(drawing: Drawing) -> Element:
    """Write the same without the columns that are NULL in every row."""
    return _written(drawing, telling(drawing.result))


def telling(result: Result) -> tuple[str, ...]:
    """Return the columns of an answer that say something in one of its rows."""
    return tuple(name for place, name in enumerate(result.columns) if any(row[place] is not None for row in result.rows))


def _written(drawing: Drawing, columns: Sequence[str]) -> Element:
    rows = list(drawing.rows())
    more = element("p", f"The first {MOST} of {len(rows):,} rows.", class_="note") if len(rows) > MOST else None
    names = [*map(drawing.heading, columns), *([""] if _has_rows(drawing) else [])]
    numbers = [place for place, name in enumerate(columns) if any(_class(row[name]) == "number" for row in rows[:MOST])]
    written = [element("tr", *_cells(drawing, row, columns)) for row in rows[:MOST]]
    return framed_table(drawing.title, names, written, more, numbers=numbers)


def _cells(drawing: Drawing, row: dict[str, Any], columns: Sequence[str]) -> list[Element]:
    link, linked = drawing.link(row), linked_column(drawing.tile.link, columns)
    cells = [element("td", _cell(drawing, name, row[name], link if name == linked else ""), class_=_class(row[name])) for name in columns]
    return [*cells, *([element("td", element("a", "rows", href=drawing.leads.rows(row)))] if drawing.leads and _has_rows(drawing) else [])]


def _cell(drawing: Drawing, name: str, value: Any, link: str) -> Child:  # a value of a row
    said = drawing.said(name, value)
    text = element("bdi", cut(said, SHORT), title=said) if name == "executionid" else element("bdi", said)
    return element("a", text, href=link) if link else with_ways(drawing.leads, name, value, text)


def _has_rows(drawing: Drawing) -> bool:
    return drawing.leads is not None and drawing.leads.has_rows


def _class(value: Any) -> str | None:  # a value of a row
    if isinstance(value, datetime):
        return "when"
    if value == "FAILED":
        return "bad-text"
    if isinstance(value, str) and _SOLID.search(value):
        return "solid"
    return "number" if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
