"""What is said where an address leads nowhere: what is not there, what is like it, and where all of its kind stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eventlake.naming import alike
from eventlake.web.cells import cut
from eventlake.web.elements import Child, Element, element
from eventlake.web.pages import Page
from eventlake.web.window import Window

_MOST = 3
"""How many addresses that are like the one asked for are named."""
_LISTS = {"detection": ("/alerts", "Alerts"), "source": ("/sources", "Sources")}
"""Where everything of a kind is listed that has pages of its own below `/KIND/`."""


def missing_page(path: str, window: Window, pages: Mapping[str, Page]) -> Iterator[Element]:
    """Yield the sentence about an address, with links to what may have been meant."""
    kind, _, name = path.strip("/").partition("/")
    one = pages.get(f"/{kind}")
    if name and one is not None and one.wants:
        there = window.link(one.path, **{one.wants: name})
        yield _said(
            f'There is no page "{cut(path, 80)}": what it shows is named behind a question mark. Look at ',
            _way(there, f"{kind} {cut(name, 60)}"),
            ".",
        )
        return
    below = f"/{kind}/"
    if name and kind in _LISTS:
        what, known = _of_kind(kind, name), {known.removeprefix(below): known for known in pages if known.startswith(below)}
        near = [(known[like], like) for like in alike(name, known, _MOST)]
        listed, title = _LISTS[kind]
        yield _said(f"There is no {what}.", *_near(near, window), " All of them are on the page ", _way(window.link(listed), title), ".")
        return
    known = {page.path: page.title for page in pages.values() if not page.wants}
    near = [(like, known[like]) for like in alike(path.rstrip("/"), known, _MOST)]
    yield _said(f'There is no page "{cut(path, 80)}".', *_near(near, window), " Choose one above; events go to POST /events.")


def _of_kind(kind: str, name: str) -> str:
    source, _, table = name.partition("/")
    return f'table "{cut(table, 60)}" of a source "{cut(source, 60)}"' if kind == "source" and table else f'{kind} "{cut(name, 60)}"'


def _near(near: list[tuple[str, str]], window: Window) -> Iterator[Child]:
    for place, (path, title) in enumerate(near):
        yield " Did you mean " if place == 0 else " or " if place == len(near) - 1 else ", "
        yield _way(window.link(path), title)
    if near:
        yield "?"


def _way(address: str, title: str) -> Element:
    return element("a", element("bdi", title), href=address)


def _said(*parts: Child) -> Element:
    return element("p", *parts, class_="empty")
