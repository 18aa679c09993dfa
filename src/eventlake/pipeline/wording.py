"""The text of an event as the statement that asks for its row puts it together, which is a fraction of the work of reading columns in Python.

Takes a table, gives what is selected in Athena's SQL, one text for each row, and, of each row of the answer, the bytes of its event: those that
`Restorer` makes of the same row. Where anything is odd about a row there are none, and the row itself is asked for. Called by
`eventlake.pipeline.event_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.model import Table
from eventlake.pipeline.athena_sql import text as literal
from eventlake.pipeline.codec import Codec
from eventlake.pipeline.event_sql import SEAM, EventSql, NoEventSqlError, Sql, chained, joined, name_sql
from eventlake.pipeline.leftovers import EXTRA
from eventlake.pipeline.placement import Placement

_BRACE = ord("{")
_KNOWN, _KNOWN_BYTES = 8_192, 1_000
"""Of how many texts of `extra` it is remembered what becomes of them, and how long one is at most: most events share theirs with others."""

Step = tuple[bytes, int, bytes, int]
"""A part of the fields of `extra`, the place of an object that the columns make, what stands before its fields, and where these begin there."""
Mixed = tuple[tuple[Step, ...], bytes]
"""The fields of `extra` in such parts, and what is left behind the last of them."""
_NOTHING: Mixed = (), b""


class Wording:
    """The texts of a table's events. placed: how its columns find back. codec: reads and writes JSON as whoever wrote the lines did. Raises NoEventSqlError.

    A text is in pieces: what the caller wants in front, what stands before the fields of the table's root, those fields, what stands behind them,
    and `extra` if the row has it. The fields of `extra` come first among those of the root; an object of which both say something is a piece of its
    own, and so is what a column of JSON holds.
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
        self._met: dict[bytes, Mixed | None] = {}
        """What becomes of texts of `extra` that were met of late."""
        self._json: list[int] = []
        """The places of what columns of JSON hold."""
        self._count = 2
        for name, written in fields:
            if name:
                foreign = [codec.encode(key[1]) + b":" for key in keys if key[0] == name]
                self._inner[name] = self._count, len(codec.encode(name)) + 2, foreign
            count = _count(written)
            self._json += range(self._count + 1, self._count + count, 2)
            self._count += count
        self._count += 1
        self._is_deep = len(root) > 1
        self._is_plain = sql.is_plain()
        extra = chained((literal(SEAM), name_sql(EXTRA)))
        self._text: Sql = (*before, *(part for _, written in fields for part in (literal(SEAM), *written)), literal(SEAM), *behind, extra)

    def selected(self, front: Sequence[str]) -> str:
        """Return what is selected of a row: `front`, and of a row that is not odd the pieces of its event behind it. front: texts in SQL."""
        return f"CASE WHEN {self._is_plain} THEN {joined((*front, literal(SEAM), *self._text))} ELSE {joined(front)} END"

    def event(self, pieces: list[bytes]) -> bytes | None:
        """Return the event of a row's text, given as its pieces, which are used up; None if the row is odd."""
        mixed = _NOTHING
        if len(pieces) != self._count:
            known = self._known(pieces.pop()) if len(pieces) == self._count + 1 else None
            if known is None:
                return None
            mixed = known
        check = self._codec.check
        try:
            for place in self._json:
                if pieces[place]:
                    check(pieces[place])
            if mixed != _NOTHING:
                pieces[:2] = _filled(mixed, pieces)
            elif not self._begin(pieces):
                return None
            else:
                pieces[0] = b""
            event = b"".join(pieces)
            check(event)
        except ValueError:
            return None
        return event

    def _begin(self, pieces: list[bytes]) -> bool:
        """Have the fields of the root begin without a comma; False if there are none in a root that is not there then."""
        if pieces[2]:
            pieces[2] = pieces[2][1:]
            return True
        fields = b"".join(pieces[2:-1])
        pieces[2:-1] = [fields[1:]]
        return bool(fields) or not self._is_deep

    def _known(self, extra: bytes) -> Mixed | None:
        """Return the fields of `extra`, parted where those of columns come into its objects; None where they are odd."""
        if extra in self._met:
            return self._met[extra]
        try:
            made = self._parted(extra)
        except ValueError:
            made = None
        if len(extra) <= _KNOWN_BYTES:
            if len(self._met) >= _KNOWN:
                self._met.clear()
            self._met[extra] = made
        return made

    def _parted(self, extra: bytes) -> Mixed | None:
        """Return the fields of `extra` in parts; None where they are odd. What is in them stays as it is written, and is not read. Raises ValueError."""
        members, encode = self._codec.members(extra), self._codec.encode
        if not self._foreign.isdisjoint(members):  # `in` is slow for bytes
            return None
        steps: list[Step] = []
        text = b""
        for name, value in members.items():
            both = encode(value)
            text = b"".join((text, b"," if text else b"", encode(name), b":", both))
            if name in self._inner:
                place, key, foreign = self._inner[name]
                if both[0] != _BRACE:
                    return None
                for odd in foreign:
                    if both.find(odd) >= 0:
                        return None
                steps.append((text[:-1], place, b"," if len(both) > len(b"{}") else b"", key + 1))
                text = b"}"
        return tuple(steps), text


def _filled(mixed: Mixed, pieces: list[bytes]) -> list[bytes]:
    """Return what stands before the fields of the root, and those of `extra` with what columns have in its objects, which is taken out of the pieces."""
    steps, rest = mixed
    made = [pieces[1]]
    for text, place, between, begin in steps:
        made.append(text)
        if own := pieces[place]:
            made += (between, own[begin:-1])
            pieces[place] = b""
    made.append(rest)
    return made


def _count(texts: Sql) -> int:
    """Return how many pieces a text is parted in: it has as many seams wherever columns are NULL."""
    return 1 + sum(text.count(SEAM * 2) for text in texts) * 2
