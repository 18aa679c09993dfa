"""The text of an event as the statement that asks for its row puts it together, which is a fraction of the work of reading columns in Python.

Takes a table, gives what is selected in Athena's SQL and, of each row of the answer, the bytes of its event: those that `Restorer` makes of the
same row. Where anything is odd about a row there are none, and the row itself is asked for. Called by `eventlake.pipeline.event_rows`.
"""

from __future__ import annotations

from eventlake.model import Table
from eventlake.pipeline.athena_sql import text as literal
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.event_sql import SEAM, EventSql, NoEventSqlError, Sql, joined, name_sql
from eventlake.pipeline.leftovers import EXTRA
from eventlake.pipeline.placement import Placement

_SEAM = SEAM.encode()


class Wording:
    """The texts of a table's events. placed: how its columns find back. codec: reads and writes JSON as whoever wrote the lines did. Raises NoEventSqlError.

    A text is in pieces: what stands before the fields of the table's root, those fields, what stands behind them. The fields of `extra` come first
    among those of the root; an object of which both say something is a piece of its own, and so is what a column of JSON holds.
    """

    def __init__(self, table: Table, placed: Placement, codec: Codec) -> None:
        self._codec = codec
        root = tuple(map(str, placed.root))
        if placed.chosen or root[0] != "detail" or any(again or not said for _, again, said in placed.difficult):
            raise NoEventSqlError
        sql = EventSql(table, placed, codec.dumps)
        before, behind = sql.around(root)
        fields = sql.parts(root)
        keys = {path[len(root) :] for path in (*sql.places, *placed.taken) if path[: len(root)] == root}
        names = {name for name, _ in fields if name}
        if any(not key or (len(key) == 1 and key[0] in names) for key in keys):
            raise NoEventSqlError
        self._foreign = placed.ambiguous | {str(key[0]) for key in keys} - names
        """The keys that `extra` has only where something is odd."""
        self._inner: dict[str, tuple[int, frozenset[str]]] = {}
        """The objects of which it may say something too: the place of each among the pieces, and the keys that it has there only then."""
        self._json: list[int] = []
        """The places of what columns of JSON hold."""
        self._pieces = 1
        for name, written in fields:
            if name:
                self._inner[name] = self._pieces, frozenset(str(key[1]) for key in keys if key[0] == name)
            count = _count(written)
            self._json += range(self._pieces + 1, self._pieces + count, 2)
            self._pieces += count
        self._pieces += 1
        self._is_deep = len(root) > 1
        text = joined((*before, *(part for _, written in fields for part in (literal(SEAM), *written)), literal(SEAM), *behind))
        self.columns = f"CASE WHEN {sql.is_plain()} THEN {text} END, {name_sql(EXTRA)}"

    def event(self, text: str | None, extra: str | None) -> bytes | None:
        """Return the event of what was selected of a row, None if the row is odd."""
        pieces = text.encode().split(_SEAM) if text is not None else []
        if len(pieces) != self._pieces:
            return None
        check = self._codec.check
        try:
            for place in self._json:
                if pieces[place]:
                    check(pieces[place])
            if extra is not None and not self._mix(extra, pieces):
                return None
            fields = b"".join(pieces[1:-1])
            event = b"".join((pieces[0], fields[1:], pieces[-1]))
            check(event)
        except ValueError:
            return None
        return event if fields or not self._is_deep else None

    def _mix(self, written: str, pieces: list[bytes]) -> bool:
        """Put the fields of `extra` in front of a root's, those of columns that are in one of its objects into that; False where that is odd."""
        extra = self._codec.loads(written.encode())
        if extra.__class__ is not dict or not self._foreign.isdisjoint(extra):
            return False
        for name, both in extra.items():
            if name in self._inner:
                place, foreign = self._inner[name]
                if both.__class__ is not dict or not foreign.isdisjoint(both):
                    return False
                if pieces[place]:
                    both.update(self._codec.loads(b"{%b}" % pieces[place][1:])[name])
                    pieces[place] = b""
        pieces[1] = b",%b%b" % (self._codec.encode(extra)[1:-1], pieces[1])
        return True


def _count(texts: Sql) -> int:
    """Return how many pieces a text is parted in: it has as many seams wherever columns are NULL."""
    return 1 + sum(text.count(SEAM * 2) for text in texts) * 2
