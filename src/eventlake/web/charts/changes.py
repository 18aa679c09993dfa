"""Changes as a table: who changed what, the lines that went and those that came, and a mark where protection was taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from eventlake.web.cells import cell, cut
from eventlake.web.charts.drawing import Drawing
from eventlake.web.elements import Element, element
from eventlake.web.tables import framed_table, with_ways

COLUMNS = ("who", "ip", "description", "path")
MOST_LINES = 12
"""How many lines of a change are shown; all are in the tile's .json."""
MOST_TEXT = 20_000
"""How much of a body is compared."""


def changes(drawing: Drawing) -> Element:
    """Write the changes of an answer: who, when and where, `body_before`, `body_after` (JSON or NULL), `weakened` (a text or NULL)."""
    rows = [element("tr", *_cells(drawing, row), class_="weakened" if row["weakened"] else None) for row in drawing.rows()]
    weakened = sum(bool(row["weakened"]) for row in drawing.rows())
    count = element("p", f"{weakened:,} of these {len(rows):,} take protection away.", class_="bad-text") if weakened else None
    table = framed_table(drawing.title, ("when", "who", "from", "what", "where", "before and after"), rows)
    return element("div", count, table, class_="changes")


def _cells(drawing: Drawing, row: dict[str, Any]) -> Iterator[Element]:
    weakens = element("strong", f"weakens: {row['weakened']}", class_="bad-text weakens") if row["weakened"] else None
    yield element("td", element("bdi", cell(row["event_time"], drawing.window)), weakens, class_="when")
    for name in COLUMNS:
        text = element("bdi", cell(row[name], drawing.window))
        yield element("td", with_ways(drawing.leads, name, row[name], text))
    yield element("td", *list(difference(row["body_before"], row["body_after"])), class_="difference")


def difference(before: str | None, after: str | None) -> Iterator[Element]:
    """Yield the lines that went and those that came; where nothing is known of the time before, all that was sent."""
    if before is not None and before == after:
        yield element("span", "as before")
        return
    lines = list(_gone_and_come(_lines(before), _lines(after)))
    for name, line in lines[:MOST_LINES]:
        yield element(name, element("bdi", cut(line, 200)))
    if len(lines) > MOST_LINES:
        yield element("span", f"and {len(lines) - MOST_LINES} more lines")


def _gone_and_come(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each line that went or came with the element it is; where lines took the place of others, what went stands first."""
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (("del", f"- {line}") for line in before[start:end])
            yield from (("ins", f"+ {line}") for line in after[new_start:new_end])


def _lines(body: str | None) -> list[str]:
    if body is None:
        return []
    try:
        return json.dumps(json.loads(body[:MOST_TEXT]), indent=1, sort_keys=True, ensure_ascii=False).splitlines()
    except ValueError:  # cut, or no JSON
        return body[:MOST_TEXT].splitlines()
