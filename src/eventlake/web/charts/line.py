"""Lines over time: what an answer says at each of its moments, a line for each of its numbers, or for each name that it gives.

The answer has a moment or a day first. Then numbers, or a name and a number. NULL ends a line; the next number begins it again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from eventlake.web.cells import cut, heading, named, number
from eventlake.web.charts.drawing import Drawing, colour, figure, frame, mark, nice, short
from eventlake.web.charts.ticks import ticks
from eventlake.web.elements import Element, element
from eventlake.web.window import Window

WIDE, HEIGHT, LEFT, TOP, BOTTOM = 1000, 190, 56, 8, 24
MOST_LINES = 8
"""How many lines are drawn, those with the largest sums; the table has all."""
MOST_MARKS = 400
"""Up to how many points each has a mark that says what it is."""
LONGEST = timedelta(days=4000)
"""How much time a picture shows at most: its axis is told by days."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Points = Mapping[str, Sequence[tuple[datetime, float | None]]]
"""What each line says at each moment, in order of time."""


def moment(value: date) -> datetime:
    """Return a moment or a day of an answer as a moment in UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def is_drawable(moments: Sequence[datetime]) -> bool:
    """Return True if there are two moments at least, and an axis can hold them all."""
    first, last = min(moments, default=EARLIEST), max(moments, default=EARLIEST)
    return EARLIEST <= first < last <= LATEST and last - first <= LONGEST


def line(drawing: Drawing) -> Element:
    """Draw the lines, with a legend that names each."""
    points = told(drawing)
    moments = [at for line in points.values() for at, _ in line]
    window = replace(_zoned(drawing), start=min(moments), end=max(moments))
    values = [value for line in points.values() for _, value in line if value is not None]
    scale = _Scale(window, -_round(-min(values, default=0.0)), _round(max(values, default=0.0)))
    lines = [_line(scale, window, name, colour(name, place), line) for place, (name, line) in enumerate(points.items())]
    picture = frame(HEIGHT, drawing.title, *_axes(scale, window), *lines, width=WIDE, kind="chart broad")
    return element("div", element("div", picture, class_="latest"), _legend(points), class_="drawn")


def told(drawing: Drawing) -> Points:
    """Return the lines of an answer, those with the largest sums first."""
    found: defaultdict[str, list[tuple[datetime, float | None]]] = defaultdict(list)
    is_named = len(drawing.result.types) == 3 and drawing.result.types[1].startswith("varchar")
    for row in drawing.result.rows:
        if row[0] is None:
            continue
        said = [(named(row[1]), row[2])] if is_named else list(zip(drawing.result.columns[1:], row[1:], strict=True))
        for name, value in said:
            found[name if is_named else heading(name)].append((moment(row[0]), None if value is None else number(value)))
    order = sorted(found, key=lambda name: (-sum(value or 0.0 for _, value in found[name]), name))
    return {name: sorted(found[name], key=lambda point: point[0]) for name in order[:MOST_LINES]}


class _Scale:
    """Where a moment and a number stand in the picture."""

    def __init__(self, window: Window, low: float, high: float) -> None:
        stretches = list(window.buckets())
        self.low, self.high = low, high if high > low else low + 1
        self._first = min(stretches[0][0], window.start)
        self._wide = (WIDE - LEFT) / (max(stretches[-1][1], window.end) - self._first).total_seconds()

    def x(self, at: datetime) -> float:
        """Return where a moment stands."""
        return LEFT + (at - self._first).total_seconds() * self._wide

    def y(self, value: float) -> float:
        """Return where a number stands."""
        return TOP + (HEIGHT - BOTTOM - TOP) * (self.high - value) / (self.high - self.low)


def _round(most: float) -> float:
    """Return a round number that is at least as large; 0 for what is not above."""
    if most <= 0:
        return 0.0
    size = 10.0 ** math.floor(math.log10(most))
    return nice(most / size) * size


def _zoned(drawing: Drawing) -> Window:
    """Return the page's window; where the answer says days, they are those of UTC."""
    first = next(row[0] for row in drawing.result.rows if row[0] is not None)
    return drawing.window if isinstance(first, datetime) else replace(drawing.window, zone=ZoneInfo("UTC"))


def _axes(scale: _Scale, window: Window) -> Iterator[Element]:
    for share in (0.0, 0.5, 1.0):
        value = scale.low + (scale.high - scale.low) * share
        y = scale.y(value)
        yield element("line", class_="grid" if share else "base", x1=LEFT, x2=WIDE, y1=y, y2=y)
        yield element("text", short(value), class_="axis end", x=LEFT - 5, y=y + 4)
    for share, label in ticks(window):
        x = LEFT + (WIDE - LEFT) * share
        yield element("text", label, class_="axis end" if WIDE - x < 42 else "axis", x=min(x + 2, WIDE), y=HEIGHT - 8)


def _line(scale: _Scale, window: Window, name: str, kind: str, points: Sequence[tuple[datetime, float | None]]) -> Element:
    """Return a line in as many pieces as NULL leaves of it, and its marks if they are not too many."""
    pieces = [list(group) for is_there, group in groupby(points, key=lambda point: point[1] is not None) if is_there]
    drawn = [
        element("polyline", class_=f"line {kind}", points=" ".join(f"{scale.x(at):.1f},{scale.y(value or 0.0):.1f}" for at, value in piece))
        for piece in pieces
    ]
    marks = (_mark(scale, window, name, kind, at, value) for piece in pieces for at, value in piece if value is not None)
    return element("g", *drawn, *(marks if len(points) <= MOST_MARKS else ()))


def _mark(scale: _Scale, window: Window, name: str, kind: str, at: datetime, value: float) -> Element:
    said = f"{cut(name, 80)}: {figure(value)}, {window.local(at):%a %d %b %Y %H:%M}"
    return mark(said, "", element("circle", class_=kind, cx=scale.x(at), cy=scale.y(value), r=2.5))


def _legend(points: Points) -> Element | None:
    named = [element("li", element("i", class_=f"key {colour(name, place)}"), cut(name, 60)) for place, name in enumerate(points)]
    return element("ul", *named, class_="legend")
