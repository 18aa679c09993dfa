"""A table of a page, in a frame of its own that is moved where the table is wider or longer than its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from eventlake.web.elements import Child, Element, element


def framed_table(label: str, names: Iterable[str], rows: Iterable[Element], *more: Child, numbers: Collection[int] = ()) -> Element:
    """Return a table of rows, each a `tr`, under the names of its columns.

    label: what the frame is called. more: stands below the table. numbers: the places of the columns that hold numbers, which end at one edge.
    """
    named = [element("th", name, scope="col", class_="number" if place in numbers else None) for place, name in enumerate(names)]
    head = element("thead", element("tr", *named))
    whole = element("table", head, element("tbody", *rows))
    return element("div", whole, *more, class_="rows", tabindex="0", role="region", aria_label=label)
