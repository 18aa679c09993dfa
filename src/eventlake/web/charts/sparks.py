"""Sparklines, one for each number of an answer, side by side: how each went from stretch to stretch. The answer has the stretch's beginning first.

A stretch without a row, or where the number is NULL, leaves a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from eventlake.web.cells import number
from eventlake.web.charts.drawing import EACH, Drawing, beside, frame, mark
from eventlake.web.elements import Element, element
from eventlake.web.tile import LONG_STRETCH

HIGH, TOP, LEFT = 40, 6, 4
BROAD = EACH - 16
Said = tuple[dict[str, Any], Any]
"""A row of the answer, and its number."""


def sparks(drawing: Drawing) -> Element:
    """Draw a line of bars for each column but the first."""
    columns = drawing.result.columns[1:]
    return beside(drawing.title, [_spark(drawing, name, place) for place, name in enumerate(columns)])


def _spark(drawing: Drawing, name: str, place: int) -> Element:
    first, *_ = drawing.result.columns
    said = [(row, row[name]) for row in drawing.rows()]
    known = [number(value) for _, value in said if value is not None]
    most = max(known, default=0.0)
    said_below = (drawing.heading(name), f"up to {drawing.said(name, most)}" if known else "not known")
    labels = [element("text", text, class_="axis", x=LEFT, y=TOP + HIGH + 14 * line) for line, text in enumerate(said_below, 1)]
    base = element("line", class_="base", x1=LEFT, x2=LEFT + BROAD, y1=TOP + HIGH, y2=TOP + HIGH)
    bars = _bars(drawing, first, name, said, most or 1.0)
    return frame(TOP + HIGH + 34, drawing.heading(name), base, *bars, *labels, width=EACH, more={"x": place * EACH})


def _bars(drawing: Drawing, first: str, name: str, said: Sequence[Said], most: float) -> Iterator[Element]:
    window = drawing.window
    begin, step = window.end - LONG_STRETCH, timedelta(days=7)
    each = BROAD / (LONG_STRETCH / step)
    for row, value in said:
        start = window.utc(row[first])
        if value is None:
            continue
        high = max(HIGH * number(value) / most, 1.0)
        text = f"{drawing.heading(name)}: {drawing.said(name, value)}, {window.local(start):%d %b} to {window.local(start + step):%d %b}"
        shape = element("rect", class_="c0", x=LEFT + (start - begin) / step * each, y=TOP + HIGH - high, width=each - 1.5, height=high)
        yield mark(text, window.beyond(drawing.path, start, start + step), shape)
