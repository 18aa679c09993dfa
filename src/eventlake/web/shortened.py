"""What people look at of a long list: its first entries, and a link to all of it, which works without a script."""

from __future__ import annotations

from dataclasses import replace

from eventlake.interfaces import Result
from eventlake.web.tile import Tile

MOST = {"outcomes": 16, "ranked": 20, "table": 50}
"""How many entries of a chart stand on a page of several tiles: strips, bars, rows."""


def shortened(tile: Tile, result: Result) -> tuple[Result, int]:
    """Return the rows that are drawn among other tiles, and how many entries there are in all; 0 where nothing is left out."""
    most = MOST.get(tile.chart, 0)
    if tile.chart == "outcomes" and result.rows:
        return _of_groups(result, most)
    return (replace(result, rows=result.rows[:most]), len(result.rows)) if 0 < most < len(result.rows) else (result, 0)


def _of_groups(result: Result, most: int) -> tuple[Result, int]:
    """Return the rows of so many pipelines: first of those whose last execution failed, else in their order."""
    columns = dict(zip(result.columns, range(len(result.columns)), strict=True))
    name, state = columns["pipeline"], columns["state"]
    last: dict[object, object] = {}
    for row in result.rows:
        last.setdefault(row[name], row[state])  # the newest of each stands first
    if len(last) <= most:
        return result, 0
    kept = set(sorted(last, key=lambda one: last[one] != "FAILED")[:most])
    return replace(result, rows=[row for row in result.rows if row[name] in kept]), len(last)
