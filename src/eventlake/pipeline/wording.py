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
_BRACE = ord("{")


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
        self._inner: dict[str, tuple[int, int, list[bytes]]] = {}
        """The objects of which it may say something too: the place of each among the pieces, how long its key is there, and what is in the object as
        `extra` has it only where something is odd.
        """
        self._json: list[int] = []
        """The places of what columns of JSON hold."""
        self._pieces = 1
        for name, written in fields:
            if name:
                foreign = [codec.encode(key[1]) + b":" for key in keys if key[0] == name]
                self._inner[name] = self._pieces, len(codec.encode(name)) + 2, foreign
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
            mixed = b"" if extra is None else self._mixed(extra.encode(), pieces)
            if mixed:
                pieces.insert(1, mixed)
            elif mixed is None or not self._begin(pieces):
                return None
            event = b"".join(pieces)
            check(event)
        except ValueError:
            return None
        return event

    def _begin(self, pieces: list[bytes]) -> bool:
        """Have the fields of the root begin without a comma; False if there are none in a root that is not there then."""
        if pieces[1]:
            pieces[1] = pieces[1][1:]
            return True
        fields = b"".join(pieces[1:-1])
        pieces[1:-1] = [fields[1:]]
        return bool(fields) or not self._is_deep

    def _mixed(self, extra: bytes, pieces: list[bytes]) -> bytes | None:
        """Return the fields of `extra` for the front of the root's, with those that columns have in one of its objects; None where that is odd.

        What is not mixed stays as it is written, and is not read.
        """
        members, encode, inner = self._codec.members(extra), self._codec.encode, self._inner
        if extra.find(_SEAM) >= 0 or not self._foreign.isdisjoint(members):  # `in` is slow for bytes
            return None
        for name in members:
            if name in inner:
                place, key, foreign = inner[name]
                both = encode(members[name])
                if both[0] != _BRACE:
                    return None
                for odd in foreign:
                    if both.find(odd) >= 0:
                        return None
                if own := pieces[place]:
                    members[name] = self._codec.member(b"%b,%b" % (both[:-1], own[key + 1 :]) if len(both) > 2 else own[key:])
                    pieces[place] = b""
        return encode(members)[1:-1]


def _count(texts: Sql) -> int:
    """Return how many pieces a text is parted in: it has as many seams wherever columns are NULL."""
    return 1 + sum(text.count(SEAM * 2) for text in texts) * 2
