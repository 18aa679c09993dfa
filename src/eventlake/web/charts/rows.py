"""Rows as a table; the first cell of a row leads where the row leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from eventlake.interfaces import Result
from eventlake.web.charts.drawing import Drawing
from eventlake.web.elements import Element, element
from eventlake.web.tables import framed_table

MOST = 200
"""How many rows a page shows; all are in the tile's .csv and .json."""


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
    link = drawing.link(row)
    written = [(name, row[name], element("bdi", drawing.said(name, row[name]))) for name in columns]
    cells = [
        element("td", element("a", text, href=link) if link and place == 0 else _value(drawing, name, value, text), class_=_class(value))
        for place, (name, value, text) in enumerate(written)
    ]
    return [*cells, *([element("td", element("a", "rows", href=drawing.leads.rows(row)))] if drawing.leads and _has_rows(drawing) else [])]


def _has_rows(drawing: Drawing) -> bool:
    return drawing.leads is not None and drawing.leads.has_rows


def _value(drawing: Drawing, name: str, value: Any, text: Element) -> Element:  # a value of a row
    return text if isinstance(value, datetime) else drawing.value(name, value, text, class_="value") or text


def _class(value: Any) -> str | None:  # a value of a row
    if isinstance(value, datetime):
        return "when"
    return "number" if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
