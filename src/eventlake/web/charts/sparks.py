"""Sparklines, one for each number of an answer, side by side: how each went from stretch to stretch. The answer has the stretch's beginning first.

A stretch without a row, or where the number is NULL, leaves a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from eventlake.web.cells import number
from eventlake.web.charts.drawing import ROW, Drawing, frame, mark
from eventlake.web.elements import Element, element
from eventlake.web.tile import LONG_STRETCH

HIGH, TOP, GAP = 40, 6, 16
Said = tuple[dict[str, Any], Any]
"""A row of the answer, and its number."""


def sparks(drawing: Drawing) -> Element:
    """Draw a line of bars for each column but the first."""
    columns = drawing.result.columns[1:]
    wide = ROW / len(columns)
    drawn = [_spark(drawing, name, place * wide + 4, wide - GAP) for place, name in enumerate(columns)]
    return frame(TOP + HIGH + 34, drawing.title, *drawn, width=ROW)


def _spark(drawing: Drawing, name: str, x: float, wide: float) -> Element:
    first, *_ = drawing.result.columns
    said = [(row, row[name]) for row in drawing.rows()]
    known = [number(value) for _, value in said if value is not None]
    most = max(known, default=0.0)
    said_below = (drawing.heading(name), f"up to {drawing.said(name, most)}" if known else "not known")
    labels = [element("text", text, class_="axis", x=x, y=TOP + HIGH + 14 * line) for line, text in enumerate(said_below, 1)]
    base = element("line", class_="base", x1=x, x2=x + wide, y1=TOP + HIGH, y2=TOP + HIGH)
    return element("g", base, *_bars(drawing, first, name, said, x, wide, most or 1.0), *labels)


def _bars(drawing: Drawing, first: str, name: str, said: Sequence[Said], x: float, wide: float, most: float) -> Iterator[Element]:
    window = drawing.window
    begin, step = window.end - LONG_STRETCH, timedelta(days=7)
    each = wide / (LONG_STRETCH / step)
    for row, value in said:
        start = window.utc(row[first])
        if value is None:
            continue
        high = max(HIGH * number(value) / most, 1.0)
        text = f"{drawing.heading(name)}: {drawing.said(name, value)}, {window.local(start):%d %b} to {window.local(start + step):%d %b}"
        shape = element("rect", class_="c0", x=x + (start - begin) / step * each, y=TOP + HIGH - high, width=each - 1.5, height=high)
        yield mark(text, window.beyond(drawing.path, start, start + step), shape)
