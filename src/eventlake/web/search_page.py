"""What a text that somebody looks for may be: one execution, user, address or pipeline, a tile, or a saved query."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from eventlake.query.saved import SavedQuery
from eventlake.web.elements import Element, element
from eventlake.web.pages import Page
from eventlake.web.shell import sentence
from eventlake.web.window import Window

_EXECUTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def found(window: Window, saved: Mapping[str, SavedQuery], pages: Iterable[Page]) -> Iterator[Element]:
    """Yield where the text leads that the address looks for, the likeliest first. pages: those whose titles and tiles are looked through."""
    text = window.values.get("text", "").strip()
    if not text:
        yield sentence("Write an execution's id, a user, an address, a pipeline, or a word of a title.")
        return
    ways = [*_things(text, window), *_titles(text.lower(), window, saved, pages)]
    yield element("ul", *[element("li", element("a", said, href=link)) for said, link in ways], class_="found")


def _things(text: str, window: Window) -> Iterator[tuple[str, str]]:
    """Yield the things that a text may name; what looks like one of them is that alone."""
    things = {name: (f"{name} {text}", window.link(f"/{name}", **{name: text})) for name in ("execution", "address", "user")}
    things["pipeline"] = f"pipeline {text}", window.link("/deliveries", pipeline=text)
    only = "execution" if _EXECUTION.fullmatch(text) else "address" if _is_address(text) else "user" if "@" in text or "|" in text else ""
    yield from [things[only]] if only else [things["pipeline"], things["user"], things["execution"]]


def _titles(text: str, window: Window, saved: Mapping[str, SavedQuery], pages: Iterable[Page]) -> Iterator[tuple[str, str]]:
    for page in pages:
        if text in page.title.lower() and not page.wants:
            yield f"page {page.title}", window.link(page.path)
        if not page.wants:
            for tile in page.tiles:
                if text in tile.query.doc.lower():
                    yield f"{page.title}: {tile.query.title}", f"{window.link(page.path)}#tile-{tile.name}"
    for query in saved.values():
        if text in f"{query.name} {query.doc}".lower():
            yield f"saved query {query.name}: {query.title}", window.link("/sql", query=query.name, show="1")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
