"""A waterfall: what one execution did, a row for each action, from left to right as time went; where nothing ran, the gap is named.

Several runs of an action, as after a retry, are bars in its one row. Behind them stands the outline of what is usual. Above the picture stand
the way to the pipeline and, as text that can be read to its end and copied, why runs failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from eventlake.web.cells import cell, cut, fitted, lasting
from eventlake.web.charts.drawing import WIDE, Drawing, frame, mark
from eventlake.web.elements import Element, element

HIGH, LABEL, VALUE = 22, 250, 70
SHORTEST_GAP = timedelta(seconds=60)
LONGEST = 2_000
"""How much of what a failed run said is shown; all of it is in the tile's .json."""
_CLASSES = {"SUCCEEDED": "good", "FAILED": "bad", "STARTED": "c0"}
_HATCH = element(
    "defs",
    element(
        "pattern",
        element("path", d="M0 0V6", class_="waited"),
        id="waited",
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    ),
)
"""What approvals are filled with: people, not machines, took that time."""
Run = dict[str, Any]  # a row


def waterfall(drawing: Drawing) -> Element:
    """Draw the runs of an answer, under why they failed: stage, action, category, began, ended, state, attempt, summary, pipeline.

    `ended` is NULL while it runs.
    """
    until = drawing.window.end.replace(tzinfo=None)
    runs = [row | {"until": max(row["ended"] or until, row["began"])} for row in drawing.rows()]
    first = min(run["began"] for run in runs)
    ended = max(run["until"] for run in runs)
    last = max(ended, *(end for _, end in usual(runs, first).values()), first)
    scale = (WIDE - LABEL - VALUE) / max((last - first).total_seconds(), 1.0)
    names = list(dict.fromkeys((run["stage"], run["action"]) for run in runs))
    marks = [_run(drawing, run, names.index((run["stage"], run["action"])), first, scale) for run in runs]
    labels = [_label(place, *name) for place, name in enumerate(names)]
    high = len(names) * HIGH
    between = [_gap(begin, end, first, scale, high) for begin, end in gaps(runs)]
    whole = element("text", f"{lasting(ended - first)} in all", class_="axis", x=LABEL, y=high + 16)
    ghosts = [_ghost(begin, end, names.index(name), first, scale) for name, (begin, end) in usual(runs, first).items()]
    picture = frame(high + 24, drawing.title, _HATCH, *between, *labels, *ghosts, *marks, whole, width=WIDE, kind="chart broad")
    return element("div", _of(drawing, runs[0]), *[_reason(run) for run in runs if run["state"] == "FAILED"], picture)


def usual(runs: list[Run], first: datetime) -> dict[tuple[str, str], tuple[datetime, datetime]]:
    """Return when each action usually begins and ends, counted from the first one; those of which it is known."""
    return {
        (run["stage"], run["action"]): (
            begin := first + timedelta(seconds=run["usual_start"]),
            begin + timedelta(seconds=run["usual_seconds"]),
        )
        for run in runs
        if run.get("usual_start") is not None and run.get("usual_seconds") is not None
    }


def gaps(runs: list[Run]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches in which no action ran."""
    reached = None
    for run in sorted(runs, key=lambda run: run["began"]):
        if reached is not None and run["began"] - reached >= SHORTEST_GAP:
            yield reached, run["began"]
        reached = max(reached or run["until"], run["until"])


def _run(drawing: Drawing, run: Run, place: int, first: datetime, scale: float) -> Element:
    x = LABEL + (run["began"] - first).total_seconds() * scale
    wide = max((run["until"] - run["began"]).total_seconds() * scale, 2.0)
    took = lasting(run["until"] - run["began"])
    kind = "approval " if run["category"] == "Approval" else ""
    said = f"{run['stage']} / {run['action']}: {run['state']}, {took}, from {cell(run['began'], drawing.window)}. {cut(run['summary'] or '', 300)}"
    shape = element("rect", class_=kind + _CLASSES.get(run["state"], "other"), x=x, y=place * HIGH + 3, width=wide, height=HIGH - 7, rx=2)
    hatched = element("rect", fill="url(#waited)", x=x, y=place * HIGH + 3, width=wide, height=HIGH - 7) if kind else None
    return mark(
        said,
        run.get("externalurl") or drawing.link_or_rows(run),
        shape,
        hatched,
        element("text", took, class_="axis", x=x + wide + 4, y=place * HIGH + 15),
    )


def _of(drawing: Drawing, run: Run) -> Element | None:
    """Say what was executed, with the way to its page, and when."""
    pipeline = run.get("pipeline")
    if not pipeline:
        return None
    way = element("a", element("bdi", cut(pipeline, 200)), href=drawing.window.link("/pipeline", pipeline=pipeline))
    return element("p", way, f", from {cell(run['began'], drawing.window)}", class_="reason")


def _reason(run: Run) -> Element:
    """Say why a run failed, with the way to its log where the event says where that is."""
    name = element("strong", element("bdi", f"{run['stage'] or 'none'} / {run['action'] or 'none'}"))
    said = element("bdi", cut(run["summary"] or "Failed, without a word why.", LONGEST), class_="bad-text")
    log = element("a", "its log", href=run["externalurl"]) if run.get("externalurl") else None
    return element("p", name, " ", said, " ", log, class_="reason")


def _label(place: int, stage: str | None, action: str | None) -> Element:
    name = f"{stage or 'none'} / {action or 'none'}"
    return mark(name, "", element("text", fitted(name, LABEL - 8), class_="label end", x=LABEL - 8, y=place * HIGH + 15))


def _gap(begin: datetime, end: datetime, first: datetime, scale: float, high: int) -> Element:
    x, wide = LABEL + (begin - first).total_seconds() * scale, (end - begin).total_seconds() * scale
    said = f"nothing for {lasting(end - begin)}"
    name = element("text", said, class_="axis", x=x + 3, y=high - 4) if wide > 6 * len(said) else None
    return mark(f"Nothing ran for {lasting(end - begin)}.", "", element("rect", class_="gap", x=x, y=0, width=wide, height=high), name)


def _ghost(begin: datetime, end: datetime, place: int, first: datetime, scale: float) -> Element:
    x, wide = LABEL + (begin - first).total_seconds() * scale, max((end - begin).total_seconds() * scale, 2.0)
    said = f"Usually {lasting(end - begin)}, {lasting(begin - first)} after the beginning."
    return mark(said, "", element("rect", class_="ghost", x=x, y=place * HIGH + 1, width=wide, height=HIGH - 3, rx=2))
