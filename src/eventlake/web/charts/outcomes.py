"""Strips of outcomes: for each pipeline its last executions side by side, the newest beside its name, each leading to its own page."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from eventlake.web.cells import cell, cut, fitted, named
from eventlake.web.charts.drawing import Drawing, frame, mark
from eventlake.web.elements import Element, element

HIGH, LABEL, STEP = 22, 220, 14
MOST = 30
"""How many outcomes a strip has at most."""
_CLASSES = {"SUCCEEDED": "good", "FAILED": "bad"}


def outcomes(drawing: Drawing) -> Element:
    """Draw the strips of an answer: pipeline, executionid, state, ended."""
    groups = [(name, list(group)) for name, group in groupby(drawing.rows(), key=lambda row: row["pipeline"])]
    strips = [_strip(drawing, place, *group) for place, group in enumerate(groups)]
    return frame(len(groups) * HIGH + 4, drawing.title, *strips, width=LABEL + MOST * STEP, kind="chart strips")


def _strip(drawing: Drawing, place: int, pipeline: str | None, rows: list[dict[str, Any]]) -> Element:
    y = place * HIGH + 3
    name = named(pipeline)
    label = element("text", fitted(name, LABEL - 8), class_="label end", x=LABEL - 8, y=y + 13)
    failed = sum(row["state"] == "FAILED" for row in rows)
    return element(
        "g",
        mark(f"{cut(name, 200)}: {failed} of the last {len(rows)} failed", drawing.window.link("/pipeline", pipeline=name), label),
        *[_outcome(drawing, LABEL + at * STEP, y, row) for at, row in enumerate(rows)],
    )


def _outcome(drawing: Drawing, x: int, y: int, row: dict[str, Any]) -> Element:
    said = f"{row['state']}, {cell(row['ended'], drawing.window)}"
    return mark(
        said,
        drawing.link(row),
        element("rect", class_=_CLASSES.get(row["state"], "other"), x=x, y=y, width=STEP - 3, height=HIGH - 6, rx=2),
    )
