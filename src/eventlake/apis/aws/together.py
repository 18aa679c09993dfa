"""Several histories as one, that go back in time side by side: what happened in the same hour comes together, and makes one object.

Its cursor holds those of all of them, by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from eventlake.interfaces import History, Page


class Together:
    """Histories that are brought in side by side; each tells how far it is. name: what their cursor is kept by. histories: by their names."""

    def __init__(self, name: str, histories: Mapping[str, History]) -> None:
        self._name = name
        self._histories = histories

    @property
    def name(self) -> str:
        """Return what their cursor is kept by."""
        return self._name

    def pages(self, cursor: str) -> Iterator[Page]:
        """Yield the pages of all; the next is always of the history that is behind. Raises what they raise."""
        cursors: dict[str, str] = json.loads(cursor or "{}")
        running = {name: history.pages(cursors.get(name, "")) for name, history in self._histories.items()}
        done = dict.fromkeys(running, 0.0)
        while running:
            name = min(running, key=lambda one: done[one])
            page = next(running[name], None)
            if page is None:
                del running[name]
                done[name] = 1.0
                continue
            cursors[name], done[name] = page.cursor, page.done or 0.0
            yield Page(page.events, json.dumps(cursors), sum(done.values()) / len(done))
