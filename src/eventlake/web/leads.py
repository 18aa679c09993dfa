"""Where what is drawn of a tile leads: a mark to its rows, a value to the same page with a filter, a name to the page of what it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventlake.answers.values import as_text
from eventlake.web import marks
from eventlake.web.filters import Filter, filter_column, filtering
from eventlake.web.scan import Reading
from eventlake.web.window import Window

LONGEST = 80
"""How long a value is at most that filters with a click."""
PAGES_OF: Mapping[str, Mapping[str, str]] = {
    "codepipeline": {"pipeline": "pipeline", "executionid": "execution"},
    "auth0": {"user_name": "user", "ip": "address", "client_name": "application"},
}
"""For each source the columns whose values have a page of their own, and what the address calls them."""


@dataclass(frozen=True, slots=True)
class Leads:
    """The ways from one tile. path: of the page it stands on. columns: what each column of its answer filters by, and its text for NULL.

    kinds: of the columns whose values have a page of their own, which kind of page.
    """

    name: str
    path: str
    window: Window
    narrowing: frozenset[str]
    columns: Mapping[str, tuple[str, str]]
    kinds: Mapping[str, str]
    has_rows: bool

    def rows(
        self,
        row: Mapping[str, Any] | None = None,  # values of an answer
        *,
        series: str = "",
        cell: str = "",
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        """Return where the rows behind a mark are shown: those of its values, or of a stretch of time; nothing if there are none to show."""
        if not self.has_rows:
            return ""
        window = self.window
        said = window.part(begin or window.start, end or window.end)
        kept = {name: value for name, value in (row or {}).items() if name in self.narrowing}
        return marks.address(self.name, said, kept, series, cell)

    def value(self, column: str, value: Any) -> str:  # a value of an answer
        """Return the page with a filter that keeps this value; nothing if it cannot be filtered by."""
        name, for_null = self.columns.get(column, ("", ""))
        text = as_text(value)
        if not name or not 0 < len(text) <= LONGEST or (for_null and text == for_null):
            return ""
        others = [one for one in self.window.filters if one.column != name or one.is_not]
        return self.window.filtered(self.path, *others, Filter(name, text))

    def page(self, column: str, value: Any) -> str:  # a value of an answer
        """Return the page of the user, the pipeline and so on that a value names; nothing if it has none, or this is that page."""
        kind = self.kinds.get(column, "")
        if not kind or not isinstance(value, str) or not value or self.path == f"/{kind}":
            return ""
        return self.window.link(f"/{kind}", **{kind: value})


def kinds_of(sources: Iterable[str]) -> dict[str, str]:
    """Return the columns of some sources whose values have a page of their own, and which kind of page."""
    return {column: kind for source in sources for column, kind in PAGES_OF.get(source, {}).items()}


def leads_of(name: str, path: str, window: Window, reading: Reading) -> Leads:
    """Find where a tile leads from what its statement reads."""
    may = filtering(reading)
    columns = {item: filter_column(expression) for item, expression in reading.items.items()}
    return Leads(
        name,
        path,
        window,
        frozenset(item for item in reading.items if marks.narrows(reading, item)),
        {item: found for item, found in columns.items() if found[0] and may(found[0])},
        kinds_of(scan.table.source for scan in reading.scans),
        marks.has_rows(reading),
    )
