"""A row of numbers, each above its name in a picture of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eventlake.web.charts.drawing import EACH, Drawing, beside, frame, mark
from eventlake.web.elements import Child, Element, element

_UNIT = re.compile(r"( [a-z%]+ ?)")


def numbers(drawing: Drawing) -> Element:
    """Draw the first row of an answer: a number for each column."""
    row, columns = drawing.result.rows[0], drawing.result.columns
    link = drawing.leads.rows() if drawing.leads else ""
    drawn = [
        frame(
            66,
            drawing.heading(name),
            mark(drawing.heading(name), link, element("text", *_figure(drawing.said(name, value) or "-"), class_="figure", x=4, y=34)),
            element("text", drawing.heading(name), class_="axis", x=4, y=56),
            width=EACH,
            more={"x": place * EACH},
        )
        for place, (name, value) in enumerate(zip(columns, row, strict=True))
    ]
    return beside(drawing.title, drawn)


def _figure(text: str) -> Iterator[Child]:
    """Yield the words of a number, its units smaller than its digits: `15 h 10 min` has to stand beside others."""
    for place, part in enumerate(_UNIT.split(text)):
        yield element("tspan", part, class_="unit") if place % 2 else part
