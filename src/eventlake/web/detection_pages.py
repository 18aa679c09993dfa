"""A page for each detection: when it fired, of whom it told, and what it finds at the window's end. Nothing is asked until it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from eventlake.detections.detection import Detection
from eventlake.detections.header import length_text
from eventlake.query.saved import Parameter, SavedQuery, Unread
from eventlake.web.elements import Element, element
from eventlake.web.pages import Page
from eventlake.web.shell import left_out
from eventlake.web.tile import Tile
from eventlake.web.window import Window

_END = Parameter("end", "timestamp", None, "the window's end, in UTC")
_WINDOW = (
    Parameter("since", "date", None, "the first day of arrival"),
    Parameter("start", "timestamp", None, "the window's beginning, in UTC"),
    _END,
)
_NEVER = "It told of nobody in this window; take a longer one."


def address_of(name: str) -> str:
    """Return where the page of a detection stands."""
    return f"/detection/{name}"


def pages_of(detections: Mapping[str, Detection]) -> Mapping[str, Page]:
    """Return the pages of detections, by address."""
    made = [Page(address_of(one.name), one.title, (_fired(one), _told(one), _found(one)), default="-30d") for one in detections.values()]
    return {page.path: page for page in made}


def ways(detections: Mapping[str, Detection], unread: Sequence[Unread], window: Window) -> Iterator[Element]:
    """Yield the ways to the pages of all detections, for the page of alerts, and which cannot be read."""
    names = [
        element("li", element("a", one.title, href=window.link(address_of(one.name))), f" {one.severity}") for one in detections.values()
    ]
    yield element("details", element("summary", f"{len(names)} detections"), element("ul", *names, class_="names"))
    yield from left_out(unread)


def head(detection: Detection, window: Window) -> Iterator[Element]:
    """Yield what stands above the tiles: what it means, how it runs, what to do, its thresholds, and the way to its SQL."""
    runs = f"Severity {detection.severity}; runs every {length_text(detection.every)} over {length_text(detection.window)}; one row for {detection.key}. "
    ask = element("a", "Ask it about now", href=window.link("/sql", query=f"detections/{detection.name}", show="1"))
    yield element("p", " ".join(detection.doc.split("\n")[1:]), class_="meaning")
    yield element("p", runs, ask, class_="meaning")
    yield element("p", " ".join(detection.advice.splitlines()))
    thresholds = [element("li", f"{one.name} = {one.default}: {one.doc}") for one in detection.parameters]
    if thresholds:
        yield element("ul", *thresholds, class_="names")
    yield element("details", element("summary", "Its SQL"), element("pre", detection.sql))


def _fired(detection: Detection) -> Tile:
    sql = f"""\
select date_add('minute', 15 * (minute(opened) / 15), date_trunc('hour', opened)) as quarter, count(distinct alert_id) as alerts
{_of(detection)} and state = 'opened'
group by 1
order by quarter"""
    doc = "When it fired\nAlerts that opened."
    return Tile(
        f"{detection.name}-fired", "bars", empty=_NEVER, wide=True, own=SavedQuery(detection.name, detection.source, doc, _WINDOW, sql)
    )


def _told(detection: Detection) -> Tile:
    sql = f"""\
select
  key,
  min(opened) as opened,
  max(if(state = 'resolved', event_time)) as resolved,
  max(events) as events,
  min(first_event) as first_event,
  max(last_event) as last_event,
  max_by(context, event_time) as context
{_of(detection)}
group by alert_id, key
order by opened desc, key
limit 100"""
    doc = "Of whom it told\nThe last 100 alerts, as they were told last."
    return Tile(
        f"{detection.name}-told", "table", empty=_NEVER, wide=True, own=SavedQuery(detection.name, detection.source, doc, _WINDOW, sql)
    )


def _found(detection: Detection) -> Tile:
    """Return the tile of what it finds at the window's end; its thresholds may stand in the page's address."""
    minutes = detection.reach // timedelta(minutes=1)
    asked = detection.query({"since": f"date_add('minute', -{minutes}, :end)", "until": ":end"})
    doc = f"What it finds at the window's end\nIn the {length_text(detection.window)} before it, whether or not that was told."
    own = SavedQuery(detection.name, detection.source, doc, (*asked.parameters, _END), asked.sql)
    return Tile(f"{detection.name}-found", "table", empty="It finds nothing at the end of this window.", wide=True, own=own)


def _of(detection: Detection) -> str:
    within = '"date" >= :since and event_time >= :start and event_time < :end'
    return f"from alerts\nwhere {within} and detection = '{detection.name}'"
