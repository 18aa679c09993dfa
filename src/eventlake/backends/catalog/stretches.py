"""Positions of the spool: which stretches the objects hold, how far each stream is delivered, and how far histories are read."""

from __future__ import annotations

import json

from eventlake.backends.catalog.lake import LakeFile

CURSOR = "cursor/"
"""What the names of settings begin with that say how far a history is read."""


class Stretches(LakeFile):
    """What of the spool is delivered."""

    def covered(self, position: int) -> dict[str, list[tuple[int, int]]]:
        """Return for each stream the stretches of the spool that its objects hold beyond a position, in order; failed records as `error/STREAM`."""
        rows = self._rows(
            "select \"table\", position_from, position_to, stretches from object where position_to > ? and state = 'live' union all "
            "select 'error/' || stream, position_from, position_to, null from failed_object where position_to > ?",
            (position, position),
        )
        found: dict[str, list[tuple[int, int]]] = {}
        for stream, start, end, several in rows:
            found.setdefault(stream, []).extend(stretch for stretch in stretches_in(several) or ((start, end),) if stretch[1] > position)
        return {stream: sorted(stretches) for stream, stretches in found.items()}

    def before_all(self) -> int:
        """Return the position before which no stretch of any object begins, at most 0: where one of what did not come by the spool may end."""
        query = "select min(0, coalesce((select min(position_from) from object), 0), coalesce((select min(position_from) from failed_object), 0))"
        return int(self._rows(query)[0][0])

    def end(self) -> int:
        """Return the position before which no event may be accepted any more: up to here, positions are taken."""
        query = (
            "select max(coalesce((select max(position) from checkpoint), 0), coalesce((select max(position_to) from object), 0), "
            "coalesce((select max(position_to) from failed_object), 0))"
        )
        return int(self._rows(query)[0][0])

    def checkpoints(self) -> dict[str, int]:
        """Return for each stream the position before which everything is delivered."""
        return dict(self._rows("select stream, position from checkpoint"))

    def cursor(self, history: str) -> str:
        """Return how far a history is read, in its own words; empty for one that is new."""
        found = self._rows("select value from setting where name = ?", (CURSOR + history,))
        return str(found[0][0]) if found else ""


def stretches_in(text: str | None) -> tuple[tuple[int, int], ...]:
    """Return the stretches that an object's row names, none where it names none."""
    return tuple((start, end) for start, end in json.loads(text)) if text else ()
