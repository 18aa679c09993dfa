"""A table of a page, in a frame of its own that is moved where the table is wider or longer than its place; and a value in it, with its ways."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from eventlake.web.cells import cut
from eventlake.web.elements import Child, Element, element
from eventlake.web.leads import Leads


def framed_table(label: str, names: Iterable[str], rows: Iterable[Element], *more: Child, numbers: Collection[int] = ()) -> Element:
    """Return a table of rows, each a `tr`, under the names of its columns.

    label: what the frame is called. more: stands below the table. numbers: the places of the columns that hold numbers, which end at one edge.
    """
    named = [element("th", name, scope="col", class_="number" if place in numbers else None) for place, name in enumerate(names)]
    head = element("thead", element("tr", *named))
    whole = element("table", head, element("tbody", *rows))
    return element("div", whole, *more, class_="rows", tabindex="0", role="region", aria_label=label)


def with_ways(leads: Leads | None, column: str, value: Any, text: Element) -> Child:  # a value of a row
    """Return a value as a filter, and behind it an arrow to the page of what it names; where it is no filter, it leads there itself."""
    if leads is None or isinstance(value, datetime):
        return text
    link, page = leads.value(column, value), leads.page(column, value)
    if not link:
        return element("a", text, href=page) if page else text
    said = f"The page of {cut(str(value), 80)}"
    way = element("a", "→", href=page, class_="way", title=said, aria_label=said) if page else None
    return [element("a", text, href=link, class_="value", data_not=""), way]
