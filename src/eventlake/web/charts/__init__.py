"""Charts as SVG: rows in, an element out. Colours and lines are classes of the one stylesheet; each mark has a title, and a link if it leads somewhere.

Words: `columns` and `rows` are an answer's; a mark leads where its tile's `link` says, or to its stretch of time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eventlake.web.charts.bars import bars
from eventlake.web.charts.calendar import calendar
from eventlake.web.charts.changes import changes
from eventlake.web.charts.drawing import Drawing
from eventlake.web.charts.heat import heat
from eventlake.web.charts.line import line
from eventlake.web.charts.numbers import numbers
from eventlake.web.charts.outcomes import outcomes
from eventlake.web.charts.pulse import pulse
from eventlake.web.charts.ranked import ranked
from eventlake.web.charts.rows import rows_drawn, telling_drawn
from eventlake.web.charts.sparks import sparks
from eventlake.web.charts.values import values
from eventlake.web.charts.waterfall import waterfall
from eventlake.web.elements import Element

CHARTS: Mapping[str, Callable[[Drawing], Element]] = {
    "bars": bars,
    "calendar": calendar,
    "changes": changes,
    "heat": heat,
    "line": line,
    "numbers": numbers,
    "outcomes": outcomes,
    "pulse": pulse,
    "ranked": ranked,
    "sparks": sparks,
    "table": rows_drawn,
    "telling": telling_drawn,
    "values": values,
    "waterfall": waterfall,
}
"""The kinds of charts, by the name a tile has for them."""
WRITTEN = frozenset({"changes", "pulse", "table", "telling", "values"})
"""Those that are no picture of their own."""

__all__ = ["CHARTS", "WRITTEN", "Drawing"]
