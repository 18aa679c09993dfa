"""`Beside`: a relation in FROM with what is computed once for each of its rows, beside its columns: parts of JSON texts.

A text is parsed once for all paths that a query reads of it, and a part may be named as often as its meaning needs, without a lambda around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Protocol

from eventlake.dialect.pieces import Choice, Sql
from eventlake.dialect.sql import emit, joined, ours, quoted

_LIST = "CASE WHEN random() < 2 THEN TRY({}(CASE WHEN {} THEN {} END, [{}])) END AS {}"
"""The parts of a text that may be an object or an array, in the order of their paths; NULL for others, and where it cannot be parsed.

Others are passed by, because DuckDB's TRY is slow where it fails. It stands beside random(), because DuckDB copies what does not change from
call to call into every condition that it moves nearer to the objects, as often as it is named there.
"""


_OPENED = r"CASE WHEN starts_with({0}, '{{') THEN true ELSE regexp_matches({0}, '^\s*[{{\[]') END"
_STRICT = r"CASE WHEN {1} THEN false WHEN starts_with({0}, '{{') THEN true ELSE regexp_matches({0}, '^\s*[{{\[]') END"
"""Whether a text may be an object or an array; and is certainly not loose."""


class Stored(Protocol):
    """A column of a relation."""

    @property
    def stored(self) -> str:
        """Return its name in emitted SQL."""
        ...

    @property
    def origins(self) -> frozenset[tuple[int, str]]:
        """Return the columns of scans whose texts stand in it, if no others do."""
        ...


class Beside(Sql):
    """A relation with its alias, which becomes a subquery where parts are read of it. They may be asked for until it is written out.

    scan: the number of its scan, where the relation is a table of the catalog.
    """

    __slots__ = ("_alias", "_columns", "_lists", "_scan")
    is_open = True

    def __init__(self, relation: Sql, alias: Sql, columns: Iterable[Stored], scan: int | None) -> None:
        super().__init__(("", ""), (relation,))
        self.is_shut = True
        self._alias = alias
        self._columns = columns
        self._scan = scan
        self._lists: dict[tuple[str, Sql], _Parts] = {}

    def either(self, text: Sql, doubtful: Sql, sound: Sql) -> Sql:
        """Make a choice: what reads a text of which nothing is known, or what suffices where objects say that it is JSON as we write it."""
        column = next(column for column in self._columns if emit("{}.{}", self._alias, quoted(column.stored)) == text)
        origins = column.origins if self._scan is None else frozenset(((self._scan, column.stored),))
        return Choice(doubtful, sound, origins) if origins else doubtful

    def part(self, function: str, text: Sql, path: Sql) -> tuple[Sql, Sql, Sql]:
        """Ask for a part of a text.

        function: json_extract or json_extract_string. Returns the list it stands in, the part, and whether its text may be loose JSON, which
        DuckDB takes and Trino does not.
        """
        if (function, text) not in self._lists:
            doubt = self.either(text, emit("el_json_maybe_loose({})", text), ours("false"))
            self._lists[function, text] = _Parts(function, text, doubt, self._name(), self._alias)
        found = self._lists[function, text]
        place = found.paths.setdefault(path, len(found.paths) + 1)
        return found.sql, emit("{}[{}]", found.sql, place), _Looseness(found)

    def settled(self) -> Sql:
        """Return the relation, in a subquery if there is something beside it."""
        (relation,) = self.parts
        if not self._lists:
            return relation
        lists = joined(", ", [found.written() for found in self._lists.values()])
        return emit("(SELECT *, {} FROM {}) AS {}", lists, relation, self._alias)

    def _name(self) -> str:
        taken = {column.stored.lower() for column in self._columns} | {found.called for found in self._lists.values()}
        return next(name for name in (f"el_parts{number}" for number in count(1)) if name not in taken)


class _Parts:
    """The parts that are read of one text by one function."""

    def __init__(self, function: str, text: Sql, doubt: Sql, name: str, alias: Sql) -> None:
        self.function = ours(function)
        self.text = text
        self.doubt = doubt
        self.called = name
        self.name = quoted(name)
        self.sql = emit("{}.{}", alias, self.name)
        self.paths: dict[Sql, int] = {}

    @property
    def is_strict(self) -> bool:
        """Tell whether no list is made of a text that may be loose: for several paths that is asked once, for one only where it finds something."""
        return len(self.paths) > 1

    def written(self) -> Sql:
        """Make the column of the list."""
        is_taken = emit(_STRICT, self.text, self.doubt) if self.is_strict else emit(_OPENED, self.text)
        return emit(_LIST, self.function, is_taken, self.text, joined(", ", self.paths), self.name)


class _Looseness(Sql):
    """Whether a text may be loose JSON, where a part was found in it."""

    __slots__ = ("_found",)
    is_open = True

    def __init__(self, found: _Parts) -> None:
        made = found.doubt
        super().__init__(made.words, made.parts, made.macros, simple=False, size=made.size)
        self.is_shut = True
        self._found = found

    def settled(self) -> Sql:
        """Return the question, or the answer if texts that may be loose have no list."""
        return ours("false") if self._found.is_strict else self._found.doubt
