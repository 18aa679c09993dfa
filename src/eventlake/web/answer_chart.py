"""The chart that an answer's shape asks for: a line for moments and numbers, ranked bars for a name and a number, none for anything else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from eventlake.interfaces import Result
from eventlake.web.cells import number
from eventlake.web.charts import CHARTS, Drawing
from eventlake.web.charts.line import is_drawable, moment
from eventlake.web.elements import Element, element
from eventlake.web.tile import Tile
from eventlake.web.window import Window

MOST_BARS = 40
"""How many rows are drawn as bars."""
_NUMBERS = ("bigint", "integer", "double", "smallint", "tinyint", "real", "decimal")


def answer_chart(result: Result, window: Window, *, is_cut: bool = False) -> Element | None:
    """Draw an answer, if its shape asks for a chart. is_cut: whether there are more rows than these."""
    kind, drawn = chart_of(result), result
    if not kind:
        return None
    if kind == "ranked":
        drawn = replace(result, rows=result.rows[:MOST_BARS])
    is_whole = len(drawn.rows) == len(result.rows)
    more = "more than " if is_cut else ""
    title = "The answer as a picture" if is_whole else f"The first {len(drawn.rows)} of {more}{len(result.rows):,} rows as bars"
    chart = CHARTS[kind](Drawing(Tile("answer", kind, title=title, wide=kind == "line"), drawn, window, "/sql"))
    return chart if is_whole else element("div", element("p", f"{title}.", class_="note"), chart)


def chart_of(result: Result) -> str:
    """Return the kind of chart that an answer's shape asks for; nothing if none.

    Moments or days, and numbers, or a name and a number: a line. A name and numbers: bars by the first number.
    """
    kinds = "".join(map(_kind, result.types))
    if len(result.rows) < 2 or not _is_finite(result, kinds):
        return ""
    if kinds[:1] == "t" and (set(kinds[1:]) == {"n"} or kinds[1:] == "sn"):
        moments = [moment(row[0]) for row in result.rows if isinstance(row[0], date)]
        return "line" if is_drawable(moments) else ""
    return "ranked" if kinds[:1] == "s" and set(kinds[1:]) == {"n"} else ""


def _kind(name: str) -> str:
    """Return the kind of a type as a letter: t of time, n of numbers, s of texts, x of anything else."""
    if name == "date" or name.startswith("timestamp"):
        return "t"
    return "n" if name.startswith(_NUMBERS) else "s" if name.startswith("varchar") else "x"


def _is_finite(result: Result, kinds: Sequence[str]) -> bool:
    """Return True if every number has a place in a picture."""
    places = [place for place, kind in enumerate(kinds) if kind == "n"]
    return all(math.isfinite(number(row[place])) and abs(number(row[place])) < 1e300 for row in result.rows for place in places)
