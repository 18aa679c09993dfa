"""What a chart is drawn from, and the pieces that charts share: the frame, a mark with its title and link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventlake.interfaces import Result
from eventlake.web.cells import cell, duration, heading
from eventlake.web.elements import Child, Element, element
from eventlake.web.leads import Leads
from eventlake.web.tile import Tile, link_of
from eventlake.web.window import Window

WIDTH, EACH, WIDE = 600, 152, 1000
"""How wide pictures are: of a tile beside others, which is 500 to 750 pixels wide, of one of several things in a row, and of a page's width."""
GOOD, BAD = frozenset({"succeeded", "logins", "entered"}), frozenset({"failed", "rejected"})
_COLOURS = 8
_SHARE = "_percent"
"""How the names of columns end that hold a share."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A tile's answer, to be drawn. path: of the page it stands on. leads: where its marks and values lead, if anywhere."""

    tile: Tile
    result: Result
    window: Window
    path: str = "/"
    leads: Leads | None = None

    @property
    def title(self) -> str:
        """Return what the picture shows, for those who do not see it."""
        return self.tile.title or self.tile.query.title

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows by column."""
        return (dict(zip(self.result.columns, row, strict=True)) for row in self.result.rows)

    def said(self, column: str, value: Any) -> str:  # a value of a row
        """Write a value of a column for a page."""
        if value is not None and column in self.tile.lasting:
            return duration(value, column.rpartition("_")[2])
        return f"{cell(value, self.window)} %" if value is not None and column.endswith(_SHARE) else cell(value, self.window)

    def heading(self, column: str) -> str:
        """Return the name of a column as words, without the unit where each value says its own."""
        return heading(column.rpartition("_")[0] if column in self.tile.lasting or column.endswith(_SHARE) else column)

    def link(self, row: dict[str, Any]) -> str:
        """Return where the mark of a row leads."""
        return link_of(self.tile.link, row, self.window)

    def link_or_rows(self, row: dict[str, Any]) -> str:
        """Return where the mark of a row leads: to a page of its own, else to its rows."""
        return self.link(row) or (self.leads.rows(row) if self.leads else "")

    def value(self, column: str, value: Any, shown: Child, **attributes: str) -> Element | None:  # a value of a row
        """Return a value as a link that filters the page by it; None if it cannot."""
        link = self.leads.value(column, value) if self.leads else ""
        return element("a", shown, href=link, data_not="", **attributes) if link else None


def frame(
    height: float, label: str, *children: Child, width: float = WIDTH, kind: str = "chart", more: Mapping[str, float] | None = None
) -> Element:
    """Return a picture. label: what it shows, for those who do not see it. kind: its class. more: what a script needs."""
    return element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        class_=kind,
        role="group",
        aria_label=label,
        **(more or {}),
    )


def one_below_another(pictures: Sequence[Element], label: str) -> Element:
    """Return one picture of several, as wide as the widest; of one, that one. label: what they show.

    Those that say where they begin, by an `x`, stand beside the one before.
    """
    if len(pictures) == 1:
        return pictures[0]
    placed, top, bottom, right = [], 0.0, 0.0, 0.0
    for one in pictures:
        attributes = dict(one.attributes)
        x, (wide, high) = float(attributes.get("x", 0)), _size(attributes)
        top = top if x else bottom
        bottom, right = max(bottom, top + high), max(right, x + wide, WIDTH if x else 0)  # a bar's number stands behind its picture
        placed.append(
            element("svg", one.children, x=x, y=top, width=wide, height=high, viewBox=f"0 0 {wide:g} {high:g}", overflow="visible")
        )
    return frame(bottom, label, *placed, width=right)


def _size(attributes: Mapping[str, str]) -> tuple[float, float]:
    """Return the width and height of a picture: of what it shows, or of its place where its letters keep their size."""
    *_, wide, high = attributes["viewBox"].split() if "viewBox" in attributes else (attributes["width"], attributes["height"])
    return float(wide), float(high)


def beside(label: str, pictures: Iterable[Element]) -> Element:
    """Return small pictures side by side, as many in a row as have room. label: what they show."""
    return element("div", *pictures, class_="beside", role="group", aria_label=label)


def mark(title: str, link: str, *children: Child) -> Element:
    """Return a mark that says what it is when it is pointed at or read out, and leads where its link says."""
    named = element("title", title)
    return element("a", named, *children, href=link) if link else element("g", named, *children)


def colour(series: str, place: int) -> str:
    """Return the class that colours a series: good and bad ones their own, others by their place."""
    name = series.lower()
    return "good" if name in GOOD else "bad" if name in BAD else f"c{place % _COLOURS}"


def nice(most: float) -> float:
    """Return a round number that is at least as large: 1, 2, 2.5 or 5 times a power of ten."""
    size = 1.0
    while size < most:
        for factor in (2.0, 2.5, 5.0, 10.0):
            if most <= size * factor:
                return size * factor
        size *= 10
    return size


def short(value: float) -> str:
    """Write a round number for an axis: 500, 20 k, 2.5 M, 1 G."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= size:
            return f"{value / (1e3 if unit == ' k' else size):g}{unit}"
    return f"{value:,g}"


def figure(value: float) -> str:
    """Write a number in full, as what a mark or a legend says: 1,234,567 or 0.5."""
    return f"{value:,.12g}"


def largest(values: Sequence[float]) -> float:
    """Return the largest of the values, 1 if there is none above."""
    return max([1.0, *values])
