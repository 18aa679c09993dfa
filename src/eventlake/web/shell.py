"""What stands round every page: the head, the ways to other pages, the window and the zone as a form, and a tile's frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from eventlake.query.saved import Unread
from eventlake.web.answered import Answered
from eventlake.web.cells import cut
from eventlake.web.charts import CHARTS, WRITTEN, Drawing
from eventlake.web.elements import Child, Element, element
from eventlake.web.filters import Filter
from eventlake.web.leads import Leads, leads_of
from eventlake.web.shortened import shortened
from eventlake.web.tile import Question, Tile
from eventlake.web.window import DAY, HOUR, QUARTER, ZONES, Window

WAYS = (
    ("/", "Now"),
    ("/deliveries", "Deliveries"),
    ("/logins", "Logins"),
    ("/alerts", "Alerts"),
    ("/changes", "Changes"),
    ("/sources", "Sources"),
    ("/failed", "Failed"),
    ("/lake", "Lake"),
    ("/sql", "SQL"),
)
SPANS = (
    ("-6h", "6 h"),
    ("-1d", "1 day"),
    ("-7d", "7 days"),
    ("-14d", "14 days"),
    ("-30d", "30 days"),
    ("-90d", "90 days"),
    ("-365d", "a year"),
)
STRETCHES = {QUARTER: "a quarter of an hour", HOUR: "an hour", DAY: "a day"}
"""What a window's step is called."""
_WINDOW = frozenset({"from", "to", "tz"})


def document(title: str, *body: Child) -> bytes:
    """Return a whole page of HTML."""
    return _beginning(title) + _rest(*body)


def page(title: str, path: str, window: Window | None, *body: Child) -> bytes:
    """Return a page with the ways to the others. window: None where the address names none."""
    return page_head(title, window) + page_body(title, path, window, *body)


def page_head(title: str, window: Window | None) -> bytes:
    """Return how a page begins: what a browser needs to fetch the rest of what it paints with."""
    return _beginning(title, element("script", src="/static/page.js", defer=True) if window else None)


def page_body(title: str, path: str, window: Window | None, *body: Child, unfinished: int = 0, waits: bool = False) -> bytes:
    """Return the rest of a page, with the ways to the others.

    unfinished: how many hours are open. waits: whether tiles are still to come; a browser without script asks again for them.
    """
    ways = [
        element("a", name, href=window.link(way) if window else way, aria_current="page" if way == path else None) for way, name in WAYS
    ]
    bar = element(
        "header",
        element("a", "eventlake", href="/", class_="name"),
        element("nav", *ways, aria_label="Pages"),
        _state(window, unfinished),
        _search(window),
        _chooser(path, window),
    )
    times = {} if window is None else {"data_start": window.start, "data_end": window.end, "data_now": window.now}
    whole = element(
        "main",
        element("h1", cut(title, 200)),
        _moments(window) if window else None,
        chips(window, path) if window else None,
        *body,
        **{name: moment.timestamp() for name, moment in times.items()},
    )
    again = element("noscript", element("meta", http_equiv="refresh", content="1")) if waits else None
    return _rest(bar, again, whole)


def _beginning(title: str, script: Child = None) -> bytes:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} - eventlake"),
        element("link", rel="icon", href="/static/icon.svg"),
        element("link", rel="stylesheet", href="/static/page.css"),
        script,
    )
    return b'<!doctype html><html lang="en">' + str(head).encode()


def _rest(*body: Child) -> bytes:
    return str(element("body", *body)).encode() + b"</html>"


def _state(window: Window | None, unfinished: int) -> Element | None:
    """Return how many hours are still open, and where a script says that it listens."""
    if window is None:
        return None
    hours = element("a", f"{unfinished:,} open hour{'' if unfinished == 1 else 's'}", href=window.link("/lake")) if unfinished else None
    return element("p", hours, " " if hours else None, element("span", class_="live"), class_="state")


def _moments(window: Window) -> Element:
    """Return which window this is, by the clocks of its zone: of one that moves on paper alone, where no form stands."""
    start, end = (f"{window.local(moment):%Y-%m-%d %H:%M}" for moment in (window.start, window.end))
    return element("p", f"{start} to {end}, {window.zone.key}", class_="meaning" if window.is_fixed else "printed meaning")


def _search(window: Window | None) -> Element | None:
    if window is None:
        return None
    hidden = [element("input", type="hidden", name=name, value=value) for name, value in window.values.items() if name in _WINDOW]
    field = element("input", type="search", name="text", id="search", placeholder="Look for", aria_label="Look for", size=12)
    return element("form", *hidden, field, action="/search", method="get", role="search")


def tile_to_come(asked: Question, window: Window) -> Element:
    """Return the place of a tile whose answer is not here yet."""
    title = element("h2", element("a", asked.tile.query.title, href=f"/tiles/{asked.tile.name}?{urlencode(window.pinned())}"))
    wait = element("p", "Being asked …", class_="empty", role="status")
    kind = "tile wide" if asked.tile.wide else "tile"
    return element("section", title, wait, class_=kind, data_waiting=True, aria_busy="true", **_named(asked))


def _named(asked: Question) -> dict[str, str]:
    return {"id": f"tile-{asked.tile.name}", "data_tables": " ".join(sorted(asked.tables))}


def tile_frame(asked: Question, answered: Answered, window: Window, path: str) -> Element:
    """Return a tile: its title, its chart or the sentence that says why there is none, and its rows and SQL."""
    tile = asked.tile
    leads = leads_of(tile.name, path, window, asked.reading)
    address = urlencode(window.pinned())
    forms = ("json", "csv", "sql") if tile.chart in WRITTEN else ("svg", "json", "csv", "sql")
    links = [element("a", form, href=f"/tiles/{tile.name}.{form}?{address}", data_form=form) for form in forms]
    if leads.has_rows:
        links.insert(0, element("a", "rows", href=leads.rows()))
    meaning = " ".join([*tile.query.doc.split("\n")[1:], *_stretch(tile, answered, window)])
    whole = f"/tiles/{tile.name}"
    result, count = (answered.result, 0) if path == whole else shortened(tile, answered.result)
    more = element("p", element("a", f"Show all {count:,}", href=f"{whole}?{address}"), class_="note") if count else None
    return element(
        "section",
        element("h2", element("a", tile.query.title, href=f"/tiles/{tile.name}?{address}")),
        element("p", meaning, class_="meaning"),
        _unfiltered(asked.left),
        _left_nothing(asked, answered, window) or drawn(tile, replace(answered, result=result), window, path, leads),
        more,
        element("p", *[[" " if place else None, link] for place, link in enumerate(links)], class_="forms"),
        class_=f"tile{' wide' if tile.wide else ''}{' events' if tile.chart == 'telling' else ''}",
        **_named(asked),
    )


def _stretch(tile: Tile, answered: Answered, window: Window) -> Iterator[str]:
    """Yield what a bar over time stands for, where there are any."""
    if tile.chart == "bars" and answered.result.rows and not answered.problem:
        yield f"Each bar is {STRETCHES[window.step]}."


def _left_nothing(asked: Question, answered: Answered, window: Window) -> Element | None:
    """Say that filters leave nothing of a tile: what it says where nothing happened would be wrong."""
    kept = any(one.column not in asked.left for one in window.filters)
    if not kept or answered.problem or answered.result.rows:
        return None
    return sentence("The filters of this page leave nothing here; take one off, or a longer window.")


def _unfiltered(left: Sequence[str]) -> Element | None:
    """Say by what a tile is not filtered; nothing if it keeps to all filters."""
    if not left:
        return None
    text = f"Not filtered by {' and '.join(left)}: what is counted here has no such column, or needs its events whole."
    return element("p", text, class_="unfiltered", role="note")


def chips(window: Window, path: str) -> Element | None:
    """Return the filters of a page, each with the way to take it off; nothing if there are none."""
    if not window.filters:
        return None
    shown = [
        element("li", element("bdi", f"{one.column} {'≠' if one.is_not else '='} {cut(one.value, 60)} "), _off(one, window, path))
        for one in window.filters
    ]
    return element("ul", *shown, class_="chips", aria_label="Filters")


def _off(one: Filter, window: Window, path: str) -> Element:
    rest = [other for other in window.filters if other != one]
    return element("a", "take off", href=window.filtered(path, *rest), aria_label=f"Take off the filter {one.column}")


def drawn(tile: Tile, answered: Answered, window: Window, path: str, leads: Leads | None = None) -> Element:
    """Return a tile's chart, or the sentence that says why there is none."""
    if answered.problem:
        return sentence(answered.problem, is_problem=True)
    if not answered.result.rows:
        return sentence(tile.empty)
    chart = CHARTS[tile.chart](Drawing(tile, answered.result, window, path, leads))
    return element("div", chart, sentence("There are more rows than are drawn here; narrow the window.")) if answered.cut else chart


def sentence(text: str, *, is_problem: bool = False) -> Element:
    """Return a sentence in the place of what cannot be shown."""
    return element("p", cut(text, 1000), class_="problem" if is_problem else "empty", role="status" if is_problem else None)


def left_out(unread: Iterable[Unread]) -> Iterator[Element]:
    """Yield a sentence beside a list for each file that is not in it, because it cannot be read."""
    yield from (sentence(f"{one.sentence} It is left out.", is_problem=True) for one in unread)


def _chooser(path: str, window: Window | None) -> Element | None:
    """Return the form that chooses window and zone."""
    if window is None:
        return None
    values: Mapping[str, str] = window.values
    said = window.said(*window.filters)
    kept = [element("input", type="hidden", name=name, value=value) for name, value in said if name not in _WINDOW]
    zone = window.zone.key
    return element(
        "form",
        *kept,
        _choice("from", "From", values.get("from", ""), [("", _usual(window)), *SPANS]),
        element("label", "to ", element("input", name="to", value=values.get("to", "now"), size=max(12, len(values.get("to", ""))))),
        _choice("tz", "Zone", zone, [(name, name) for name in ZONES]),
        element("button", "Show"),
        action=path,
        method="get",
        class_="window",
    )


def _usual(window: Window) -> str:
    """Return what a page calls the window that it has when nobody chose one, with its length where that is the one shown."""
    days = f"-{round((window.end - window.start) / DAY)}d"
    length = None if window.values.get("from") else dict(SPANS).get(days)
    return f"{length}, as usual" if length else "usual"


def _choice(name: str, label: str, chosen: str, options: list[tuple[str, str]]) -> Element:
    known = options if chosen in {value for value, _ in options} else [(chosen, chosen), *options]
    offered = [element("option", text, value=value, selected=value == chosen) for value, text in known]
    return element("label", f"{label} ", element("select", *offered, name=name))
