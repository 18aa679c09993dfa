"""Ranked bars: a name, then how much; the largest first."""

from __future__ import annotations

from typing import Any

from eventlake.web.cells import cut, fitted, heading, named, number
from eventlake.web.charts.drawing import WIDTH, Drawing, colour, frame, largest, mark
from eventlake.web.elements import Element, element

HIGH, LABEL, VALUE = 20, 232, 84


def ranked(drawing: Drawing) -> Element:
    """Draw a bar for each row of an answer: its first column is the name, its second the length."""
    rows = list(drawing.rows())
    most = largest([number(row[drawing.result.columns[1]]) for row in rows])
    return frame(len(rows) * HIGH + 4, drawing.title, *[_bar(drawing, place, row, most) for place, row in enumerate(rows)])


def _bar(drawing: Drawing, place: int, row: dict[str, Any], most: float) -> Element:
    name, measure = drawing.result.columns[:2]
    label, value = named(row[name]), row[measure]
    wide = (WIDTH - LABEL - VALUE) * number(value) / most
    y = place * HIGH + 2
    text = element("text", fitted(label, LABEL - 8), class_="label end", x=LABEL - 8, y=y + 13)
    length = "not known" if value is None else drawing.said(measure, value)
    said = f"{cut(label, 200)}: {length} {drawing.heading(measure)}"
    bar = mark(
        said,
        drawing.leads.rows(row) if drawing.leads else "",
        element("rect", class_=colour(heading(measure), 0), x=LABEL, y=y, width=max(wide, 1.0), height=HIGH - 5),
        element("text", length, class_="label", x=LABEL + wide + 6, y=y + 13),
    )
    own = drawing.link(row)
    name_of = mark(cut(label, 200), own, text) if own else drawing.value(name, row[name], [element("title", cut(label, 200)), text])
    return element("g", name_of or mark(cut(label, 200), "", text), bar)
