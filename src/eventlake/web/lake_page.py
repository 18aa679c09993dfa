"""The page of the lake itself, from its catalog alone: what each table holds, and a calendar with a cell for each hour of arrival in UTC."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from eventlake.interfaces import HourContents
from eventlake.lake import Lake
from eventlake.web.charts.drawing import frame, mark
from eventlake.web.elements import Element, element
from eventlake.web.shell import sentence
from eventlake.web.tables import framed_table

CELL, LEFT, TOP = 18, 84, 16
MOST_DAYS = 60
"""How many days of a calendar are drawn: the last ones."""


def lake_page(lake: Lake) -> Iterator[Element]:
    """Yield what each table holds, then its calendar."""
    held = [(table.name, table.source, lake.catalog.contents(table.name).hours) for table in lake.tables]
    filled = [one for one in held if one[2]]
    if not filled:
        yield sentence(
            "The lake is empty. Send it events: eventlake send FILE --bus with this page's address, or eventlake demo for invented ones."
        )
        return
    yield _summary(filled)
    for name, _, hours in filled:
        yield element("section", element("h2", f"Hours of {name}"), calendar(name, hours), class_="tile wide")


def _summary(held: Sequence[tuple[str, str, Sequence[HourContents]]]) -> Element:
    names = ("table", "source", "rows", "objects", "megabytes", "hours", "open", "re-opened", "duplicates left out", "last hour (UTC)")
    rows = [
        element("tr", *[element("td", text, class_="number" if 1 < place < 9 else None) for place, text in enumerate(_figures(*one))])
        for one in held
    ]
    problems = sorted({hour.problem for _, _, hours in held for hour in hours if hour.problem})
    return element(
        "section",
        element("h2", "What lies in it"),
        framed_table("What lies in the lake", names, rows),
        *[sentence(problem, is_problem=True) for problem in problems],
        class_="tile wide",
    )


def _figures(name: str, source: str, hours: Sequence[HourContents]) -> Iterator[str]:
    yield from (name, source)
    yield f"{sum(one.rows or 0 for one in hours):,}"
    yield f"{sum(one.objects for one in hours):,}"
    yield f"{sum(one.size_bytes for one in hours) / 1_000_000:,.1f}"
    yield f"{len(hours):,}"
    for state in ("open", "dirty"):
        yield f"{sum(one.state == state for one in hours):,}"
    yield f"{sum(one.duplicates for one in hours):,}"
    yield str(max(one.hour for one in hours))


def calendar(name: str, hours: Sequence[HourContents]) -> Element:
    """Draw a row for each day and a cell for each hour that holds something."""
    by_day: defaultdict[date, list[HourContents]] = defaultdict(list)
    for one in hours:
        by_day[date.fromisoformat(one.hour.date)].append(one)
    last = max(by_day)
    days = [day for day in (last - timedelta(days=back) for back in range(MOST_DAYS)) if day >= min(by_day)]
    labels = [element("text", f"{day:%d %b %Y}", class_="axis end", x=LEFT - 6, y=TOP + row * CELL + 13) for row, day in enumerate(days)]
    heads = [element("text", f"{hour:02}", class_="axis", x=LEFT + hour * CELL, y=11) for hour in range(0, 24, 3)]
    cells = [_cell(one, row) for row, day in enumerate(days) for one in by_day.get(day, ())]
    return frame(
        TOP + len(days) * CELL + 2,
        f"Hours of {name} that hold something",
        *heads,
        *labels,
        *cells,
        width=LEFT + 24 * CELL,
        kind="chart calendar",
    )


def _cell(one: HourContents, row: int) -> Element:
    said = f"{one.hour.date} {one.hour.hour}:00 UTC, {one.state}: {one.objects:,} objects, {one.size_bytes:,} bytes"
    said += f", {one.rows:,} rows" if one.rows is not None else ""
    begin = datetime.fromisoformat(f"{one.hour.date}T{one.hour.hour}:00").replace(tzinfo=UTC)
    shape = element(
        "rect", class_=f"hour {one.state}", x=LEFT + begin.hour * CELL, y=TOP + row * CELL, width=CELL - 2, height=CELL - 2, rx=2
    )
    return mark(f"{said}. {one.problem}" if one.problem else said, "", shape)
