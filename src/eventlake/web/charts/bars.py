"""Bars over time, stacked by series: what an answer counts by quarters of an hour in UTC, folded into stretches of the page's zone.

The answer has the quarter first. Then either a text that names the series and a count, or a count for each series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from eventlake.web.cells import cut, heading, number
from eventlake.web.charts.drawing import WIDTH, Drawing, colour, frame, largest, mark, nice
from eventlake.web.charts.ticks import ticks
from eventlake.web.elements import Element, element

HEIGHT, LEFT, TOP, BOTTOM = 170, 40, 8, 24
MOST_SERIES = 8
Counts = Mapping[datetime, Mapping[str, float]]


def bars(drawing: Drawing) -> Element:
    """Draw bars over time, with a legend that names each series and its total."""
    counts = counted(drawing)
    totals: defaultdict[str, float] = defaultdict(float)
    for series in counts.values():
        for name, value in series.items():
            totals[name] += value
    order = sorted(totals, key=lambda name: (-totals[name], name))
    colours = {name: colour(name, min(place, MOST_SERIES - 1)) for place, name in enumerate(order)}
    picture = frame(HEIGHT, drawing.title, *_axes(drawing, counts), *_stacks(drawing, counts, order, colours))
    return element("div", picture, _legend(totals, order, colours), class_="drawn")


def counted(drawing: Drawing) -> Counts:
    """Count the rows of an answer by stretch and series."""
    counts: defaultdict[datetime, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    is_long = drawing.result.types[1].startswith("varchar")
    for row in drawing.result.rows:
        series = counts[drawing.window.bucket(row[0])]
        if is_long:
            series[str(row[1])] += number(row[2])
        else:
            for name, value in zip(drawing.result.columns[1:], row[1:], strict=True):
                series[heading(name)] += number(value)
    return counts


def _most(counts: Counts) -> float:
    return nice(largest([sum(series.values()) for series in counts.values()]))


def _axes(drawing: Drawing, counts: Counts) -> Iterator[Element]:
    most = _most(counts)
    for share in (1.0, 0.5):
        y = _y(most * share, most)
        yield element("line", class_="grid", x1=LEFT, x2=WIDTH, y1=y, y2=y)
        yield element("text", f"{most * share:,g}", class_="axis end", x=LEFT - 5, y=y + 4)
    yield element("line", class_="base", x1=LEFT, x2=WIDTH, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM)
    for share, label in ticks(drawing.window):
        x = LEFT + (WIDTH - LEFT) * share
        yield element("line", class_="tick", x1=x, x2=x, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM + 4)
        yield element("text", label, class_="axis", x=x + 2, y=HEIGHT - 8)


def _stacks(drawing: Drawing, counts: Counts, order: list[str], colours: Mapping[str, str]) -> Iterator[Element]:
    window, most = drawing.window, _most(counts)
    stretches = list(window.buckets())
    first, last = stretches[0][0], stretches[-1][1]
    scale = (WIDTH - LEFT) / (last - first).total_seconds()
    for begin, end in stretches:
        base = 0.0
        x, wide = LEFT + (begin - first).total_seconds() * scale, max((end - begin).total_seconds() * scale - 1, 0.7)
        for name in order:
            value = counts.get(begin, {}).get(name, 0.0)
            if value:
                top = _y(base + value, most)
                shape = element(
                    "rect",
                    class_=colours[name] + (" unfinished" if end > window.now else ""),
                    x=x,
                    y=top,
                    width=wide,
                    height=_y(base, most) - top,
                )
                said = f"{cut(name, 80)}: {value:,g}, {window.local(begin):%a %d %b %H:%M} to {window.local(end):%H:%M}"
                yield mark(said, window.within(drawing.path, begin, end), shape)
            base += value


def _y(value: float, most: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / most)


def _legend(totals: Mapping[str, float], order: list[str], colours: Mapping[str, str]) -> Element:
    named = [
        element("li", element("i", class_=f"key {colours[name]}"), f"{cut(name, 60)} ", element("b", f"{totals[name]:,g}"))
        for name in order[:12]
    ]
    return element("ul", *named, f"and {len(order) - 12} more" if len(order) > 12 else None, class_="legend")
