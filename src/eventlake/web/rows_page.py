"""The rows behind a mark, as the table has them: its columns that say anything, each value a filter, and the SQL that gives them all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from eventlake.answers.values import as_text
from eventlake.interfaces import Result
from eventlake.model import Table
from eventlake.web.answered import Answered
from eventlake.web.cells import cell, counted, cut, heading
from eventlake.web.charts.rows import telling
from eventlake.web.elements import Element, element
from eventlake.web.filters import KINDS
from eventlake.web.leads import Leads, kinds_of
from eventlake.web.marks import MOST
from eventlake.web.shell import sentence
from eventlake.web.tables import framed_table, with_ways
from eventlake.web.window import Window

MOST_DIFFERENT = 0.8
"""Of how many rows a column's values differ at most where they are filters."""
_NAMES = re.compile(r"\w+")
MOST_TEXT = 80
"""How many characters of a value are shown; the files have all."""


def rows_page(
    answered: Answered, table: Table, window: Window, path: str, sql: str, left: Sequence[str], tile_sql: str = ""
) -> Iterator[Element]:
    """Yield the rows of an answer, and how they were chosen.

    left: what of the mark does not narrow them. tile_sql: the statement of the tile; the columns that it names stand first.
    """
    if left:
        yield sentence(f"Not narrowed by {', '.join(map(heading, left))}: that is made of many rows.")
    if answered.problem:
        yield sentence(answered.problem, is_problem=True)
    elif not answered.result.rows:
        yield sentence("No rows: take a filter off, or a longer window.")
    else:
        named = frozenset(_NAMES.findall(tile_sql)) - {table.key, "event_id", "date", "hour"}
        yield _table(_telling(answered.result, named), table, window, path)
    forms = [element("a", form, href=f"{path}.{form}?{urlencode(window.said(*window.filters))}") for form in ("json", "csv", "sql")]
    yield element("p", *[[" " if place else None, link] for place, link in enumerate(forms)], class_="forms")
    yield element("section", element("h2", "The statement"), element("pre", sql), class_="tile wide")


def _telling(result: Result, named: frozenset[str]) -> Result:
    """Leave out the columns that are NULL in every row; the moment of the event comes first, then what the tile is about."""
    kept = [result.columns.index(name) for name in telling(result)]
    kept.sort(key=lambda place: (result.columns[place] != "event_time", result.columns[place] not in named))
    return replace(
        result,
        columns=tuple(result.columns[place] for place in kept),
        types=tuple(result.types[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in result.rows),
    )


def _table(result: Result, table: Table, window: Window, path: str) -> Element:
    filtering = {name: (name, "") for name in result.columns if (column := table.column(name)) and column.type in KINDS}
    for place, name in enumerate(result.columns):
        if len({as_text(row[place]) for row in result.rows}) > MOST_DIFFERENT * len(result.rows):
            filtering.pop(name, None)  # about a row each: a filter would show nothing more
    leads = Leads("", path, window, frozenset(), filtering, kinds_of([table.source]), has_rows=False)
    shown = [
        element("tr", *[_cell(name, value, leads) for name, value in zip(result.columns, row, strict=True)]) for row in result.rows[:MOST]
    ]
    note = f"The newest {MOST}; the files below have more." if len(result.rows) >= MOST else f"{counted(len(result.rows), 'row')}."
    return element(
        "section",
        framed_table(f"Rows of {table.name}", result.columns, shown, element("p", note, class_="note")),
        class_="tile wide events",
    )


def _cell(name: str, value: Any, leads: Leads) -> Element:  # a value of a row
    text = element("bdi", cut(cell(value, leads.window), MOST_TEXT))
    return element("td", with_ways(leads, name, value, text))
