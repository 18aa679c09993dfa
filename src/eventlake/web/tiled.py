"""Pages of tiles: their beginning goes out before any tile is asked, the tiles that are answered soon with the rest, others come by themselves."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import wait
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from eventlake.errors import EventlakeError
from eventlake.web.answered import Asked
from eventlake.web.asking import unfinished_hours
from eventlake.web.elements import Child, element
from eventlake.web.pages import Page
from eventlake.web.shell import page_body, page_head, sentence, tile_frame, tile_to_come
from eventlake.web.shown import Asks, Pairs, Shown
from eventlake.web.tile import Question
from eventlake.web.window import Window

REMEMBERED = 64
"""How many pages of tiles are remembered."""
PATIENCE_S = 0.06
"""How long a page waits for its tiles before it goes out without those that are not here yet."""


class Opened(NamedTuple):
    """A page of tiles of which nothing is asked yet. head: how its document begins."""

    page: Page
    pairs: Pairs
    window: Window
    title: str
    head: bytes


@dataclass(frozen=True)
class Part:
    """A tile of a page that is asked for alone. path: of the page."""

    question: Question
    asked: Asked
    window: Window
    path: str

    @cached_property
    def drawn(self) -> bytes:
        """Return the tile, once it is answered."""
        return str(tile_frame(self.question, self.asked.future.result(), self.window, self.path)).encode()


class Tiled:
    """Makes the pages of tiles of a lake; one thread does so at a time."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._known: OrderedDict[object, bytes] = OrderedDict()
        """Bodies as they were made, by their address, the end of their window and the state of the lake."""

    def opened(self, path: str, pairs: Pairs) -> Opened | None:
        """Return a page of tiles by its address; None if there is none. Raises UsageError."""
        found = self._shown.pages.get(path)
        if found is None:
            return None
        values = dict(pairs)
        window = self._shown.window(pairs, found.default, found.wants)
        named = values.get(found.wants) or values.get("pipeline")
        title = f"{found.title} {named}" if named else found.title
        return Opened(found, pairs, window, title, page_head(title, window))

    def body(self, opened: Opened, *, may_wait: bool) -> bytes:
        """Return the rest of a page. may_wait: whether tiles may come later, to a browser that asks for them. Raises EventlakeError."""
        found, window = opened.page, opened.window
        if found.wants and not dict(opened.pairs).get(found.wants):
            named = sentence(f"Look for one above, or name it in the address: {found.path}?{found.wants}=...")
            return page_body(found.title, found.path, window, named)
        held = self._shown.asking.held()
        key = found.path, tuple(opened.pairs), window.end, tuple((table, holding.mark) for table, holding in held.items())
        if (known := self._known.get(key)) is not None:
            return known
        asked = [self._shown.question(tile, window) for tile in found.tiles]
        waiting = self._shown.asked_all(asked, window, held)
        for one in waiting if not may_wait else ():
            one.want()
        wait([one.future for one in waiting], PATIENCE_S if may_wait else None)
        answers = [one.future.result() if one.future.done() else None for one in waiting]
        drawn: list[Child] = [
            tile_frame(one, answered, window, found.path) if answered else tile_to_come(one, window)
            for one, answered in zip(asked, answers, strict=True)
        ]
        made = page_body(
            opened.title,
            found.path,
            window,
            *self._shown.head(found, window),
            element("div", *drawn, class_="tiles"),
            unfinished=unfinished_hours(held),
            waits=None in answers,
        )
        if all(one and not one.problem for one in answers):
            self._remember(key, made)
        return made

    def body_or_sentence(self, opened: Opened) -> bytes:
        """Return the rest of a page whose beginning is sent already; what goes wrong becomes a sentence in it."""
        try:
            return self.body(opened, may_wait=True)
        except EventlakeError as error:
            return page_body(opened.title, opened.page.path, opened.window, sentence(str(error), is_problem=True))

    def part(self, path: str, pairs: Pairs, asks: Asks | None = None) -> Part | None:
        """Have one tile of a page asked; None if there is no such tile. asks: whom, if not the lake at once. Raises UsageError."""
        on = dict(pairs).get("on", "/")
        tile = self._shown.tiles.get(path.removeprefix("/tiles/").removesuffix(".part"))
        if tile is None:
            return None
        found, said = self._shown.pages.get(on), [pair for pair in pairs if pair[0] != "on"]
        window = self._shown.window(said, found.default, found.wants) if found else self._shown.window(said)
        asked = self._shown.question(tile, window)
        return Part(asked, self._shown.asked(asked, window, asks), window, on)

    def _remember(self, key: object, made: bytes) -> None:
        self._known[key] = made
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
