"""Ranked bars: a name, then how much; the largest first.

Letters keep their size, and the bar takes what the name and the number leave of the row's width; where that is little the stylesheet puts
the name above its bar. So each row is two pictures, which stand side by side in a file.
"""

from __future__ import annotations

from typing import Any

from eventlake.web.cells import cut, fitted, heading, named, number
from eventlake.web.charts.drawing import WIDTH, Drawing, colour, largest, mark
from eventlake.web.elements import Element, element

HIGH, LABEL = 20, 232
VALUE, LONG_VALUE, SHORT_VALUE = 84, 140, 11
"""How wide the place of the numbers is, and how wide where one of them has more letters than those of a short one."""


def ranked(drawing: Drawing) -> Element:
    """Draw a bar for each row of an answer: its first column is the name, its second the length."""
    name, measure = drawing.result.columns[:2]
    rows = list(drawing.rows())
    most = largest([number(row[measure]) for row in rows])
    is_long = any(len(_length(drawing, row[measure])) > SHORT_VALUE for row in rows)
    drawn = [_row(_label(drawing, name, row), _bar(drawing, row, most, is_long=is_long)) for row in rows]
    return element("div", *drawn, class_="ranking", role="list", aria_label=drawing.title)


def _row(name: Element, bar: Element) -> Element:
    return element("div", name, bar, class_="rank", role="listitem")


def _label(drawing: Drawing, column: str, row: dict[str, Any]) -> Element:
    """Return the name of a row: it leads to a page of its own, or is a filter."""
    label = named(row[column])
    said, text = cut(label, 200), element("text", fitted(label, LABEL - 8), class_="label end", x=LABEL - 8, y=14)
    own = drawing.link(row)
    name = None if own else drawing.value(column, row[column], [element("title", said), text])
    return element("svg", name or mark(said, own, text), class_="chart name", width=LABEL, height=HIGH)


def _bar(drawing: Drawing, row: dict[str, Any], most: float, *, is_long: bool) -> Element:
    """Return the bar of a row and its number; it leads to the rows that it counts."""
    name, measure = drawing.result.columns[:2]
    length = _length(drawing, row[measure])
    wide = f"{max(100 * number(row[measure]) / most, 0.3):.1f}%"
    bar = mark(
        f"{cut(named(row[name]), 200)}: {length} {drawing.heading(measure)}",
        drawing.leads.rows(row) if drawing.leads else "",
        element("rect", class_=colour(heading(measure), 0), y=2, width=wide, height=HIGH - 5),
        element("text", length, class_="label", x=wide, dx=6, y=14),
    )
    value = LONG_VALUE if is_long else VALUE
    return element("svg", bar, class_="chart bar long" if is_long else "chart bar", x=LABEL, width=WIDTH - LABEL - value, height=HIGH)


def _length(drawing: Drawing, value: Any) -> str:  # a value of a row
    return "not known" if value is None else drawing.said(drawing.result.columns[1], value)
