"""A week as a map: days down, hours across, in the page's zone; the darker a cell, the more happened in that hour of that day."""

from __future__ import annotations

from calendar import day_abbr
from collections import defaultdict
from collections.abc import Iterator

from eventlake.web.cells import number
from eventlake.web.charts.drawing import WIDTH, Drawing, figure, frame, largest, mark
from eventlake.web.elements import Element, element

LEFT, CELL_HIGH, TOP = 52, 18, 4
LEVELS = 6


def heat(drawing: Drawing) -> Element:
    """Draw the map of an answer: a quarter of an hour, then a count."""
    counts: defaultdict[tuple[int, int], float] = defaultdict(float)
    for row in drawing.result.rows:
        here = drawing.window.local(row[0])
        counts[here.weekday(), here.hour] += number(row[1])
    most = largest(list(counts.values()))
    cells = (_cell(drawing, day, hour, counts[day, hour], most) for day in range(7) for hour in range(24))
    return frame(TOP + 7 * CELL_HIGH + 20, drawing.title, *_labels(), *cells, kind="chart heat")


def _cell(drawing: Drawing, day: int, hour: int, value: float, most: float) -> Element:
    wide = (WIDTH - LEFT) / 24
    level = -(-value * LEVELS // most)
    shape = element("rect", class_=f"l{level:g}", x=LEFT + hour * wide, y=TOP + day * CELL_HIGH, width=wide - 1.5, height=CELL_HIGH - 1.5)
    link = drawing.leads.rows(cell=f"{day + 1}-{hour}") if drawing.leads and value else ""
    return mark(f"{day_abbr[day]} {hour:02}:00: {figure(value)}", link, shape)


def _labels() -> Iterator[Element]:
    wide = (WIDTH - LEFT) / 24
    for day in range(7):
        yield element("text", day_abbr[day], class_="axis end", x=LEFT - 6, y=TOP + day * CELL_HIGH + 13)
    for hour in range(0, 24, 3):
        yield element("text", f"{hour:02}", class_="axis", x=LEFT + hour * wide, y=TOP + 7 * CELL_HIGH + 14)
