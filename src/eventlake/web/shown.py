"""What the page shows of a lake: its pages, tiles and saved queries, and the rows of a tile through a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Protocol

from eventlake.detections.detection import Detection, as_queries, readable_detections
from eventlake.interfaces import Result
from eventlake.query.saved import SavedQuery, Unread, readable_saved
from eventlake.web.answered import Asked
from eventlake.web.asking import Asking, Held
from eventlake.web.declared_pages import head, pages_of
from eventlake.web.detection_pages import address_of, ways
from eventlake.web.detection_pages import head as detection_head
from eventlake.web.detection_pages import pages_of as detection_pages
from eventlake.web.elements import Element
from eventlake.web.filters import filters_of
from eventlake.web.lake_tiles import lake_page
from eventlake.web.now_page import now_page
from eventlake.web.pages import BY_PATH, Page
from eventlake.web.tile import Question, Tile, question
from eventlake.web.told import FailedRecords, Known
from eventlake.web.window import Window, window_of


class Asks(Protocol):
    """Whom a tile's rows are asked of: `Asking`, or `Following`."""

    def ask(self, sql: str) -> Asked:
        """Have a statement answered."""

    def told(self, tell: Callable[[], Result]) -> Asked:
        """Have rows told that no statement has."""


Pairs = list[tuple[str, str]]
"""What an address says, in order; a name may stand again."""


class Shown:
    """A lake that is looked at. open_failed: opens what failed in it. now: the time, in UTC."""

    def __init__(self, asking: Asking, open_failed: Callable[[], FailedRecords], now: Callable[[], datetime]) -> None:
        self.asking = asking
        self.open_failed = open_failed
        self.now = now

    @cached_property
    def pages(self) -> Mapping[str, Page]:
        """Return every page of tiles by its address: those of this package's data, and those of the declarations."""
        lake = self.asking.lake
        own = {"/": now_page(lake.sources), "/lake": lake_page(lake.tables)}
        return {**BY_PATH, **own, **pages_of(lake.sources), **detection_pages(self.detections)}

    @cached_property
    def detections(self) -> Mapping[str, Detection]:
        """Return the detections of the lake's sources that can be read, by name."""
        return self._read_detections[0]

    @cached_property
    def _read_detections(self) -> tuple[Mapping[str, Detection], Sequence[Unread]]:
        return readable_detections(self.asking.lake.sources)

    @cached_property
    def tiles(self) -> Mapping[str, Tile]:
        """Return every tile by its name."""
        return {tile.name: tile for found in self.pages.values() for tile in found.tiles}

    @property
    def saved(self) -> Mapping[str, SavedQuery]:
        """Return the saved queries of the lake's sources that can be read."""
        return readable_saved(self.asking.lake.sources)[0]

    def askable(self) -> tuple[Mapping[str, SavedQuery], Sequence[Unread]]:
        """Return the saved queries, and the detections as such, about the window that ends now; and what cannot be asked, since it cannot be read."""
        saved, unread = readable_saved(self.asking.lake.sources)
        detections, others = self._read_detections
        return {**saved, **{one.name: one for one in as_queries(detections)}}, [*unread, *others]

    def head(self, found: Page, window: Window) -> Iterable[Element]:
        """Return what stands above the tiles of the page of a source, of alerts, or of a detection."""
        if found.path == "/alerts":
            return ways(self.detections, self._read_detections[1], window)
        if (detection := next((one for one in self.detections.values() if address_of(one.name) == found.path), None)) is not None:
            return detection_head(detection, window)
        source = next((one for one in self.asking.lake.sources if one.name == found.source), None)
        return () if source is None else head(source, found.path, window, *readable_saved(self.asking.lake.sources))

    def window(self, pairs: Pairs, default: str = "-7d", wants: str = "") -> Window:
        """Return the window of an address, with its filters. Raises UsageError."""
        return window_of(dict(pairs), self.now(), default, filters_of(pairs, self.asking.lake.tables, wants))

    def question(self, tile: Tile, window: Window) -> Question:
        """Return what a tile asks of the lake. Raises UsageError."""
        return question(tile, window, self.asking.lake.tables)

    def asked_all(self, questions: Sequence[Question], window: Window, held: Held) -> list[Asked]:
        """Have the rows of a page's tiles asked, those that tables hold together. held: what the tables hold."""
        told = [self.asked(one, window) if one.tile.told else None for one in questions]  # first, since they take a moment
        of_tables = iter(self.asking.ask_all([one.sql for one in questions if one.tile.told is None], held))
        return [one or next(of_tables) for one in told]

    def asked(self, one: Question, window: Window, asks: Asks | None = None) -> Asked:
        """Have a tile's rows asked of the tables, or told by what knows them."""
        asks, tell = asks or self.asking, one.tile.told
        if tell is None:
            return asks.ask(one.sql)
        return asks.told(lambda: tell(Known(self.asking.lake, self.open_failed), window))
