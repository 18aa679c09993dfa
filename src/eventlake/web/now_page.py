"""The page Now: how each source beats, before what is broken, which alerts are open, what runs and what failed.

It is made of the lake's sources, the user's own among them.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.model import Source, Table
from eventlake.query.saved import SavedQuery
from eventlake.web.lake_tiles import FAILED, WINDOW
from eventlake.web.pages import BY_PATH, Page
from eventlake.web.tile import Tile

PARTS, PART_MINUTES = 12, 5
"""How many bars show the last hour, and how many minutes each counts."""
_DOC = """How each source beats
The last event, the hour before the window's end in bars of five minutes, and how long nothing came: now, at most in this window, and usually:
99 of 100 gaps are shorter. Events with fields that no column keeps are in extra. What was delivered twice counts twice."""


def now_page(sources: Sequence[Source]) -> Page:
    """Return the page of a lake with these sources."""
    page = BY_PATH["/"]
    return Page(page.path, page.title, (_pulse(sources), *page.tiles, FAILED), default=page.default)


def _pulse(sources: Sequence[Source]) -> Tile:
    came = "\n  union all\n".join(_events(source.name, table) for source in sources for table in source.tables)
    parts = ", ".join(f"count(case when part = {place} then 1 end)" for place in reversed(range(PARTS)))
    sql = f"""\
with came as (
{came}
),
told as (
  select source, event_time, has_extra, date_diff('minute', event_time, :end) / {PART_MINUTES} as part,
    date_diff('second', lag(event_time) over (partition by source order by event_time), event_time) as gap
  from came
)
select source, max(event_time) as last_event, count(*) as events, array[{parts}] as last_hour,
  date_diff('second', max(event_time), :end) as silent_seconds, max(gap) as longest_gap_seconds,
  approx_percentile(gap, 0.99) as usual_gap_seconds, sum(has_extra) as with_extra
from told
group by source
order by source"""
    empty = (
        "Nothing came in this window; take a longer one, or see on the page Lake what came at all. "
        "An empty lake waits for events: eventlake send FILE --bus with this page's address, or eventlake demo for invented ones."
    )
    return Tile("pulse", "pulse", "/source/{source}", empty, wide=True, own=SavedQuery("pulse", "lake", _DOC, WINDOW, sql))


def _events(source: str, table: Table) -> str:
    return f"""\
  select '{source}' as source, event_time, case when extra is null then 0 else 1 end as has_extra
  from {table.name}
  where "date" >= :since and event_time >= :start and event_time < :end"""
