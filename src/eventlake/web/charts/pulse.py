"""How sources beat: a row for each, with the last hour as bars. The answer has `source`, moments, numbers, and `last_hour`, an array of counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count as places
from typing import Any

from eventlake.web.cells import cell, lasting, number
from eventlake.web.charts.drawing import Drawing, frame, largest, mark
from eventlake.web.elements import Child, Element, element
from eventlake.web.tables import framed_table

WIDE, HIGH = 168, 26
ENOUGH = 20
"""Of how many events the gaps tell what is usual."""
_NAMES = ("source", "last event", "the last hour", "events", "nothing for", "longest gap", "usual gap", "with fields in extra")
_NUMBERS = {_NAMES.index("events"), _NAMES.index("with fields in extra")}


def pulse(drawing: Drawing) -> Element:
    """Draw a table of the sources; each leads to its page."""
    rows = [element("tr", *map(_cell, places(), _cells(drawing, row))) for row in drawing.rows()]
    return framed_table(drawing.title, _NAMES, rows, numbers=_NUMBERS)


def _cell(place: int, shown: Child) -> Element:
    return element("td", shown, class_="number" if place in _NUMBERS else "when")


def _cells(drawing: Drawing, row: dict[str, Any]) -> Iterator[Child]:
    window = drawing.window
    yield element("a", row["source"], href=drawing.link(row))
    yield cell(row["last_event"], window)
    yield frame(HIGH, f"The last hour of {row['source']}", *_bars(drawing, row), width=WIDE, kind="beat")
    yield cell(row["events"], window)
    silent, usual = row["silent_seconds"], row["usual_gap_seconds"]
    is_longer = row["events"] >= ENOUGH and silent > max(row["longest_gap_seconds"], usual)
    yield element("span", _time(silent), class_="bad-text" if is_longer else None)
    yield _time(row["longest_gap_seconds"])
    yield _time(usual)
    yield cell(row["with_extra"], window)


def _time(seconds: int | None) -> str:
    return "" if seconds is None else lasting(timedelta(seconds=seconds))


def _bars(drawing: Drawing, row: dict[str, Any]) -> Iterator[Element]:
    """Yield a bar for each part of the last hour, the oldest first."""
    counts, window = row["last_hour"], drawing.window
    most, step, wide = largest([number(count) for count in counts]), timedelta(hours=1) / len(counts), WIDE / len(counts)
    yield element("line", class_="base", x1=0, x2=WIDE, y1=HIGH - 1, y2=HIGH - 1)
    for place, count in enumerate(counts):
        if count:
            begin, high = window.end - (len(counts) - place) * step, max((HIGH - 2) * number(count) / most, 1.0)
            shape = element("rect", class_="c0", x=place * wide, y=HIGH - 1 - high, width=wide - 2, height=high)
            said = f"{row['source']}: {count:,} from {window.local(begin):%H:%M} to {window.local(begin + step):%H:%M}"
            yield mark(said, window.beyond(f"/source/{row['source']}", begin, begin + step), shape)
