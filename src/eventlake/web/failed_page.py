"""The page of what could not be stored: grouped by why, the newest first, each with its original text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from eventlake.backends.catalog.entries import FailedEntry
from eventlake.errors import NameNotFoundError
from eventlake.web.cells import cell, cut
from eventlake.web.elements import Child, Element, element
from eventlake.web.redrive_form import RedriveForm
from eventlake.web.shell import sentence
from eventlake.web.tables import framed_table
from eventlake.web.told import FailedRecords
from eventlake.web.window import Window

MOST = 500
"""How many records are shown, the newest."""
MOST_TEXT = 20_000
"""How much of an original is shown; `eventlake failed show` gives all."""


def failed_page(records: FailedRecords, window: Window, buttons: RedriveForm) -> Iterator[Element]:
    """Yield the groups and the records, or the one record that the address names, before and now. Raises NameNotFoundError."""
    wanted = window.values.get("id", "")
    if wanted:
        yield from _one(records, wanted, window, buttons)
        return
    entries, more = records.newest(MOST)
    if not entries:
        yield sentence("Nothing failed: every event that a table wants is stored.")
        return
    yield _table("Why", ("code", "table", "records", "last", "the newest, before and now"), _groups(entries, window))
    listed = ([_link(one, window), *_told(one, window)] for one in entries)
    yield _table("The newest", ("id", "arrived", "table", "code", "reason", "bytes"), listed)
    if more:
        yield sentence(f"These are the newest {MOST}; eventlake failed --limit lists more.")
    yield sentence("Choose one to see what it would become now, and to store what is right by now; eventlake failed redrive does the same.")


def _groups(entries: Sequence[FailedEntry], window: Window) -> Iterator[list[Child]]:
    """Yield a row for each code and table, the most frequent first; entries come newest first."""
    groups: defaultdict[tuple[str, str], list[FailedEntry]] = defaultdict(list)
    for one in entries:
        groups[one.code, one.stream].append(one)
    for (code, table), found in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        yield [code, table, f"{len(found):,}", cell(found[0].arrival, window), _link(found[0], window, cut(found[0].message, 300))]


def _one(records: FailedRecords, wanted: str, window: Window, buttons: RedriveForm) -> Iterator[Element]:
    found = records.find(wanted)
    if len(found) != 1:
        raise NameNotFoundError(f'"{wanted[:60]}" is the beginning of {len(found)} failed records, not of one; choose one of the list.')
    text = records.original(found[0]).decode("utf-8", "backslashreplace")
    yield _table("Why", ("arrived", "table", "code", "reason", "bytes"), [_told(found[0], window)])
    yield element("section", element("h2", "What came"), element("pre", cut(text, MOST_TEXT)), class_="tile wide")
    yield from buttons.shown(found[0])


def _told(one: FailedEntry, window: Window) -> list[Child]:
    return [cell(one.arrival, window), one.stream, one.code, cut(one.message, 300), f"{one.size_bytes:,}"]


def _link(one: FailedEntry, window: Window, text: str = "") -> Element:
    return element("a", text or one.id[:10], href=window.link("/failed", id=one.id))


def _table(title: str, names: Sequence[str], rows: Iterable[Sequence[Child]]) -> Element:
    held = framed_table(title, names, [element("tr", *[element("td", element("bdi", value)) for value in row]) for row in rows])
    return element("section", element("h2", title), held, class_="tile wide")
