"""What columns hold: for each column its most frequent values as ranked bars, side by side with those of the others.

The answer has a row for each value: the name of its column, the columns themselves, of which all but the named one are NULL, and how many events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eventlake.web.cells import heading
from eventlake.web.charts.drawing import Drawing
from eventlake.web.charts.ranked import ranked
from eventlake.web.elements import Child, Element, element
from eventlake.web.tile import Tile


def values(drawing: Drawing) -> Element:
    """Draw the values of each column, in the order of the columns; columns that are NULL in every event are named at the end."""
    by_column: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    named, *columns, _ = drawing.result.columns
    for row in drawing.rows():
        by_column[row[named]].append(row)
    told = [name for name in columns if any(row[name] is not None for row in by_column.get(name, ()))]
    silent = [heading(name) for name in columns if name in by_column and name not in told]
    nothing = element("p", f"NULL in every event: {', '.join(silent)}.", class_="note") if silent else None
    return element("div", *[_column(drawing, name, by_column[name]) for name in told], nothing, class_="values")


def _column(drawing: Drawing, name: str, rows: Sequence[dict[str, Any]]) -> Element:
    events = drawing.result.columns[-1]
    result = replace(drawing.result, columns=(name, events), types=("", ""), rows=tuple((row[name], row[events]) for row in rows))
    tile = Tile(drawing.tile.name, "ranked", title=f"Values of {name}")
    return element(
        "div", element("h3", heading(name)), _each_once([row[events] for row in rows]), ranked(replace(drawing, tile=tile, result=result))
    )


def _each_once(counts: Sequence[int]) -> Child:
    """Say so where no value comes a second time, so that nobody looks for an order in them."""
    return element("p", "Each value comes once.", class_="note") if len(counts) > 1 and counts[0] == 1 else None
