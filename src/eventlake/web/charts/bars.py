"""Bars over time, stacked by series: what an answer counts by quarters of an hour in UTC, folded into stretches of the page's zone.

The answer has the quarter first. Then either a text that names the series and a count, or a count for each series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from eventlake.web.cells import cut, heading, named, number
from eventlake.web.charts.drawing import BAD, GOOD, WIDE, WIDTH, Drawing, colour, figure, frame, largest, mark, nice, short
from eventlake.web.charts.ticks import ticks
from eventlake.web.elements import Child, Element, element

HEIGHT, LEFT, TOP, BOTTOM = 170, 40, 8, 24
LABEL = 52
"""How wide what a mark of the time axis says is at most."""
MOST_SERIES = 8
"""How many series have a colour of their own; where there are more, the smallest are one."""
OTHERS = "others"
MOST_NAMED = 12
"""How many of the series that are drawn as one are named."""
NO_NAME = "none"
"""What a series without a name is called."""
Counts = Mapping[datetime, Mapping[str, float]]


def bars(drawing: Drawing) -> Element:
    """Draw bars over time, with a legend that names each series and its total."""
    counts, merged = few(counted(drawing))
    totals: defaultdict[str, float] = defaultdict(float)
    for series in counts.values():
        for name, value in series.items():
            totals[name] += value
    order = sorted(totals, key=lambda name: (name == OTHERS, *_judged(name), -totals[name], name))
    colours = {name: "other" if name == OTHERS else colour(name, place) for place, name in enumerate(order)}
    marks = [_hatching(drawing), *_axes(drawing, counts), *_stacks(drawing, counts, order, colours)]
    picture = frame(HEIGHT, drawing.title, *marks, width=_right(drawing), kind=_kind(drawing), more=_times(drawing))
    return element("div", element("div", picture, class_="latest"), _legend(drawing, totals, order, colours, merged), class_="drawn")


def _judged(name: str) -> tuple[bool, bool]:
    """Return what puts what went well at the bottom and what went ill upon it, whichever is more: in every window they stand alike."""
    return name.lower() not in GOOD, name.lower() not in BAD


def counted(drawing: Drawing) -> Counts:
    """Count the rows of an answer by stretch and series."""
    counts: defaultdict[datetime, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    bucket = cache(drawing.window.bucket)  # each series has rows of the same quarters
    for row in drawing.result.rows:
        series = counts[bucket(row[0])]
        if is_long(drawing):
            series[NO_NAME if row[1] is None else str(row[1])] += number(row[2])
        else:
            for name, value in zip(drawing.result.columns[1:], row[1:], strict=True):
                series[heading(name)] += number(value)
    return counts


def few(counts: Counts) -> tuple[Counts, list[str]]:
    """Return the counts with the smallest series as one where there are too many, and the names of those."""
    totals: defaultdict[str, float] = defaultdict(float)
    for series in counts.values():
        for name, value in series.items():
            totals[name] += value
    merged = sorted(totals, key=lambda name: (-totals[name], name))[MOST_SERIES - 1 :]
    if len(totals) <= MOST_SERIES:
        return counts, []
    return {at: _merged(series, frozenset(merged)) for at, series in counts.items()}, merged


def _merged(series: Mapping[str, float], small: frozenset[str]) -> Mapping[str, float]:
    rest = sum(value for name, value in series.items() if name in small)
    return {name: value for name, value in series.items() if name not in small} | ({OTHERS: rest} if rest else {})


def _right(drawing: Drawing) -> int:
    """Return how wide the picture is: more where its tile takes the page's width."""
    return WIDE if drawing.tile.wide else WIDTH


def _kind(drawing: Drawing) -> str:
    return "chart broad" if drawing.tile.wide else "chart"


def _hatching(drawing: Drawing) -> Element:
    """Return the pattern that marks what is not over yet."""
    line = element("path", d="M0 6L6 0", class_="hatch")
    return element("pattern", line, id=f"hatch-{drawing.tile.name}", width=6, height=6, patternUnits="userSpaceOnUse")


def _times(drawing: Drawing) -> dict[str, float]:
    """Return what a script needs in order to tell a place of the picture as a time: its beginning and end, and where they stand."""
    stretches = list(drawing.window.buckets())
    return {
        "data_from": stretches[0][0].timestamp(),
        "data_to": stretches[-1][1].timestamp(),
        "data_left": LEFT,
        "data_right": _right(drawing),
    }


def _most(counts: Counts) -> float:
    return nice(largest([sum(series.values()) for series in counts.values()]))


def _axes(drawing: Drawing, counts: Counts) -> Iterator[Element]:
    most, right = _most(counts), _right(drawing)
    for share in (1.0, 0.5) if most % 2 == 0 else (1.0,):  # half an event is none
        y = _y(most * share, most)
        yield element("line", class_="grid", x1=LEFT, x2=right, y1=y, y2=y)
        yield element("text", short(most * share), class_="axis end", x=LEFT - 5, y=y + 4)
        yield element("text", short(most * share), class_="axis end near", x=right - 2, y=y + 14, aria_hidden="true")
    yield element("line", class_="base", x1=LEFT, x2=right, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM)
    for share, label in ticks(drawing.window):
        x = LEFT + (right - LEFT) * share
        yield element("line", class_="tick", x1=x, x2=x, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM + 4)
        is_last = right - x < LABEL  # it would be cut off at the picture's edge
        yield element("text", label, class_="axis end" if is_last else "axis", x=right if is_last else x + 2, y=HEIGHT - 8)


def _stacks(drawing: Drawing, counts: Counts, order: list[str], colours: Mapping[str, str]) -> Iterator[Element]:
    most = _most(counts)
    stretches = list(drawing.window.buckets())
    first, last = stretches[0][0], stretches[-1][1]
    scale = (_right(drawing) - LEFT) / (last - first).total_seconds()
    for begin, end in stretches:
        base = 0.0
        x, wide = LEFT + (begin - first).total_seconds() * scale, max((end - begin).total_seconds() * scale - 1, 0.7)
        for name in order:
            value = counts.get(begin, {}).get(name, 0.0)
            if value:
                top = _y(base + value, most)
                yield _bar(drawing, name, value, begin, end, colours[name], x=x, y=top, width=wide, height=_y(base, most) - top)
            base += value


def _bar(drawing: Drawing, name: str, value: float, begin: datetime, end: datetime, kind: str, **place: float) -> Element:
    """Return what a series counts in a stretch; it leads to its rows."""
    window, leads = drawing.window, drawing.leads
    said = f"{cut(named(name), 80)}: {figure(value)}, {window.local(begin):%a %d %b %H:%M} to {window.local(end):%H:%M}"
    link = window.within(drawing.path, begin, end)
    if leads and leads.has_rows and name != OTHERS:
        row, column = behind(drawing, name)
        link = leads.rows(row, series=column, begin=begin, end=end)
    if end <= window.now:
        return mark(said, link, element("rect", class_=kind, **place))
    over = element("rect", fill=f"url(#hatch-{drawing.tile.name})", **place)
    return mark(f"{said}, which is not over yet", link, element("rect", class_=f"{kind} unfinished", **place), over)


def _y(value: float, most: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / most)


def is_long(drawing: Drawing) -> bool:
    """Return True if a text names the series in each row, not the columns of the answer."""
    return drawing.result.types[1].startswith("varchar")


def behind(drawing: Drawing, series: str) -> tuple[dict[str, Any], str]:
    """Return what chooses the rows of a series: a value of the answer, or the column that counts."""
    columns = drawing.result.columns[1:]
    if is_long(drawing):
        return {columns[0]: None if series == NO_NAME else series}, ""
    return {}, next(name for name in columns if heading(name) == series)


def _legend(drawing: Drawing, totals: Mapping[str, float], order: list[str], colours: Mapping[str, str], merged: Sequence[str]) -> Element:
    series = [
        element("li", element("i", class_=f"key {colours[name]}"), _name(drawing, name), " ", element("b", figure(totals[name])))
        for name in order
    ]
    return element("ul", *series, element("li", f"{OTHERS}: {_listed(merged)}") if merged else None, class_="legend")


def _listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(cut(name, 40) for name in names[:MOST_NAMED]) + more


def _name(drawing: Drawing, series: str) -> Child:
    """Return the name of a series: a filter where it is a value, else the way to its rows."""
    shown = cut(named(series), 60)
    if drawing.leads is None or series == OTHERS:
        return shown
    values, column = behind(drawing, series)
    if column:
        link = drawing.leads.rows(series=column)
        return element("a", shown, href=link) if link else shown
    return drawing.value(drawing.result.columns[1], values[drawing.result.columns[1]], shown) or shown
