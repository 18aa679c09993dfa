"""Calendars of hours: for each table a row for each day and a cell for each hour of arrival in UTC, coloured by its state.

The answer has `hour`, `source`, `table_name`, `state`, `objects`, `rows_held`, `bytes` and `problem`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, timedelta
from itertools import groupby
from typing import Any

from eventlake.web.cells import counted
from eventlake.web.charts.drawing import Drawing, frame, mark
from eventlake.web.elements import Element, element
from eventlake.web.window import HOUR

CELL, LEFT, TOP = 18, 84, 42
MOST_CELLS = 2000
"""How many hours are drawn in all; of each table the last days."""
MOST_DAYS = 60
STATES = ("open", "closed", "re-opened", "missing")
Rows = Sequence[dict[str, Any]]


def calendar(drawing: Drawing) -> Element:
    """Draw a calendar for each table, under a legend of the states."""
    tables = [(name, list(rows)) for name, rows in groupby(drawing.rows(), key=lambda row: row["table_name"])]
    most = max(min(MOST_CELLS // (24 * len(tables)), MOST_DAYS), 2)
    drawn = [element("div", *_of_table(drawing, name, rows, most)) for name, rows in tables]
    return element("div", _legend([row for _, rows in tables for row in rows]), element("div", *drawn, class_="values"))


def _legend(rows: Rows) -> Element:
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    named = [
        element("li", element("i", class_=f"key hour {state}"), state, " ", element("b", f"{count:,}")) for state, count in counts.items()
    ]
    return element("ul", *named, class_="legend states")


def _of_table(drawing: Drawing, name: str, rows: Rows, most: int) -> Iterator[Element]:
    """Yield the calendar of a table, the last day first, and a sentence if not every day is drawn."""
    last, first = (bound(row["hour"].date() for row in rows) for bound in (max, min))
    shown = [last - timedelta(days=back) for back in range(min((last - first).days + 1, most))]
    labels = [element("text", f"{day:%d %b}", class_="axis end", x=LEFT - 6, y=TOP + place * CELL + 13) for place, day in enumerate(shown)]
    heads = [element("text", f"{hour:02}", class_="axis", x=LEFT + hour * CELL, y=TOP - 5) for hour in range(0, 24, 3)]
    cells = [_cell(drawing, row, shown) for row in rows if row["hour"].date() >= shown[-1]]
    high = TOP + len(shown) * CELL + 2
    yield frame(
        high,
        f"Hours of {name}",
        element("text", name, class_="label", x=0, y=16),
        *heads,
        *labels,
        *cells,
        width=LEFT + 24 * CELL,
        kind="chart calendar",
    )
    if first < shown[-1]:
        yield element("p", f"The last {len(shown)} days; narrow the window for others.", class_="note")


def _cell(drawing: Drawing, row: dict[str, Any], shown: Sequence[date]) -> Element:
    at = row["hour"]
    said = f"{at:%d %b %H:%M} UTC, {row['state']}"
    said += f": {counted(row['objects'], 'object')}, {row['bytes']:,} bytes" if row["objects"] else ""
    said += f", {row['rows_held']:,} rows" if row["objects"] and row["rows_held"] is not None else ""
    place = shown[0].toordinal() - at.date().toordinal()
    shape = element("rect", class_=f"hour {row['state']}", x=LEFT + at.hour * CELL, y=TOP + place * CELL, width=CELL - 2, height=CELL - 2)
    return mark(f"{said}. {row['problem']}" if row["problem"] else said, _link(drawing, row), shape)


def _link(drawing: Drawing, row: dict[str, Any]) -> str:
    """Return the page of the table in this hour; nothing where nothing arrived."""
    begin = row["hour"].replace(tzinfo=UTC)
    times = {"from": f"{begin:%Y-%m-%dT%HZ}", "to": f"{begin + HOUR:%Y-%m-%dT%HZ}"}
    return drawing.window.link(f"/source/{row['source']}/{row['table_name']}", **times) if row["objects"] else ""
