"""A row of numbers, each under its name."""

from __future__ import annotations

from eventlake.web.cells import cell, heading
from eventlake.web.charts.drawing import ROW, Drawing, frame, mark
from eventlake.web.elements import Element, element


def numbers(drawing: Drawing) -> Element:
    """Draw the first row of an answer: a number for each column."""
    row, columns = drawing.result.rows[0], drawing.result.columns
    wide = ROW / len(columns)
    link = drawing.leads.rows() if drawing.leads else ""
    drawn = [
        (
            mark(heading(name), link, element("text", cell(value, drawing.window) or "-", class_="figure", x=place * wide + 4, y=34)),
            element("text", heading(name), class_="axis", x=place * wide + 4, y=56),
        )
        for place, (name, value) in enumerate(zip(columns, row, strict=True))
    ]
    return frame(66, drawing.title, *drawn, width=ROW)
