"""Strips of outcomes: for each pipeline its last executions side by side, the newest beside its name, each leading to its own page."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from eventlake.web.cells import cell, cut, fitted, named
from eventlake.web.charts.drawing import Drawing, frame, mark
from eventlake.web.elements import Element, element

HIGH, LABEL, STEP = 20, 232, 14
MOST = 30
"""How many outcomes a strip has at most."""
_CLASSES = {"SUCCEEDED": "good", "FAILED": "bad"}
_MEANINGS = {"good": "succeeded", "bad": "failed", "other": "ended otherwise"}


def outcomes(drawing: Drawing) -> Element:
    """Draw the strips of an answer: pipeline, executionid, state, ended."""
    groups = [(name, list(group)) for name, group in groupby(drawing.rows(), key=lambda row: row["pipeline"])]
    strips = [_strip(drawing, *group) for group in groups]
    whole = element("div", *strips, role="list", aria_label=drawing.title)
    return element("div", whole, _legend([_class(row["state"]) for _, group in groups for row in group]))


def _legend(classes: list[str]) -> Element:
    """Say what the colours mean, and how many there are of each."""
    counted = [(kind, name, classes.count(kind)) for kind, name in _MEANINGS.items()]
    series = [element("li", element("i", class_=f"key {kind}"), f"{name} ", element("b", count)) for kind, name, count in counted if count]
    return element("ul", *series, class_="legend states")


def _class(state: str) -> str:
    return _CLASSES.get(state, "other")


def _strip(drawing: Drawing, pipeline: str | None, rows: list[dict[str, Any]]) -> Element:
    name = named(pipeline)
    label = element("text", fitted(name, LABEL - 8), class_="label end", x=LABEL - 8, y=14)
    failed = sum(row["state"] == "FAILED" for row in rows)
    said = mark(f"{cut(name, 200)}: {failed} of the last {len(rows)} failed", drawing.window.link("/pipeline", pipeline=name), label)
    ended = [_outcome(drawing, place * STEP, row) for place, row in enumerate(rows)]
    strip = frame(HIGH, f"The last executions of {cut(name, 200)}", *ended, width=MOST * STEP, kind="chart strip", more={"x": LABEL})
    return element("div", element("svg", said, class_="chart name", width=LABEL, height=HIGH), strip, class_="rank", role="listitem")


def _outcome(drawing: Drawing, x: int, row: dict[str, Any]) -> Element:
    said = f"{row['state']}, {cell(row['ended'], drawing.window)}"
    return mark(
        said,
        drawing.link(row),
        element("rect", class_=_class(row["state"]), x=x, y=2, width=STEP - 3, height=HIGH - 4, rx=2),
    )
