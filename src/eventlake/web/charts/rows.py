"""Rows as a table; the first cell of a row leads where the row leads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eventlake.web.cells import cell, heading
from eventlake.web.charts.drawing import Drawing
from eventlake.web.elements import Child, Element, element
from eventlake.web.tables import framed_table

MOST = 500
"""How many rows a page shows; all are in the tile's .csv and .json."""


def rows_drawn(drawing: Drawing) -> Element:
    """Write the rows of an answer as a table, the first of them if there are many."""
    columns, rows = drawing.result.columns, list(drawing.rows())
    more = element("p", f"The first {MOST} of {len(rows):,} rows.", class_="note") if len(rows) > MOST else None
    return framed_table(drawing.title, map(heading, columns), [element("tr", *_cells(drawing, row)) for row in rows[:MOST]], more)


def _cells(drawing: Drawing, row: dict[str, Any]) -> list[Element]:
    link = drawing.link(row)
    written = [(value, element("bdi", cell(value, drawing.window))) for value in row.values()]
    first: Child = element("a", written[0][1], href=link) if link else written[0][1]
    return [element("td", first if place == 0 else text, class_=_class(value)) for place, (value, text) in enumerate(written)]


def _class(value: Any) -> str | None:  # a value of a row
    if isinstance(value, datetime):
        return "when"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else None
