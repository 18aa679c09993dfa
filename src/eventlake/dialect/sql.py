"""SQL of DuckDB in pieces: what is ours, a user's literal, a user's name, a gap. It is put together as a tree and written out once.

`emit` makes a piece out of a template of ours and the pieces in its places. Only pieces and whole numbers fit into a place, never a text, so
that a user's text is always a `text` or a `quoted` name, which nobody reads again. What is asked of a piece (the macros and names that stand in
it, whether it is worth computing once) it knows from its making; nothing looks into what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from eventlake.errors import QueryRefusedError

_PLACE = re.compile(r"\{(\w*)\}|\{\{|\}\}")
_MACRO = re.compile(r"\bel_[a-z0-9_]+(?=\()")
_NAMED = re.compile(r"\bel_[a-z0-9_]+")
_NOTHING: frozenset[str] = frozenset()


class Sql:
    """A piece of SQL: our own words, and other pieces between them.

    macros: names of the macros that it calls. simple: whether computing it twice costs nothing. Two pieces are equal if they are made alike.
    """

    __slots__ = ("_hash", "macros", "parts", "simple", "words")

    macros: frozenset[str]
    simple: bool

    def __init__(
        self, words: tuple[str, ...], parts: tuple[Sql, ...] = (), macros: frozenset[str] = _NOTHING, *, simple: bool = True
    ) -> None:
        self.words = words
        self.parts = parts
        for part in parts:
            if part.macros and not part.macros <= macros:
                macros = macros | part.macros
            simple = simple and part.simple
        self.macros = macros
        self.simple = simple
        self._hash = hash((words, parts))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is type(self) and self._hash == other._hash and self.words == other.words and self.parts == other.parts
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {written(self)}>"

    def __str__(self) -> str:
        raise TypeError("A piece of SQL is put into a template with emit(), never into a text.")

    def __format__(self, spec: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        """Tell whether there is anything to write."""
        return bool(self.parts) or self.words != ("",)

    def reversed(self) -> list[str | Sql]:
        """Return its words and parts from right to left, as a stack takes them."""
        made: list[str | Sql] = [self.words[-1]]
        for index in range(len(self.parts) - 1, -1, -1):
            made.append(self.parts[index])
            if word := self.words[index]:
                made.append(word)
        return made


class Understood(Protocol):
    """Whatever has SQL of its own, such as a value."""

    @property
    def sql(self) -> Sql:
        """The piece that it is written as."""
        ...


Part = Sql | Understood | int
"""What fits into a place of a template."""


class _Literal(Sql):
    """A user's text."""

    __slots__ = ()


class _Name(Sql):
    """A name that a user gave, or that we made."""

    __slots__ = ()


class _Gap(Sql):
    """A place that is filled when the whole is written."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        super().__init__((f"<{number}>",))
        self.number = number


@dataclass(frozen=True, slots=True)
class _Template:
    words: tuple[str, ...]
    places: tuple[int | str, ...]
    macros: frozenset[str]
    simple: bool


def emit(template: str, *parts: Part, **named: Part) -> Sql:
    """Make a piece: a template of ours with pieces in its places, `{}` in turn, `{0}` by number, `{type}` by name; `{{` is a brace.

    Raises TypeError for a part that is no piece and no whole number, IndexError or KeyError for a place without one.
    """
    made = _parsed(template)
    chosen = tuple([_piece(parts[place] if type(place) is int else named[place]) for place in made.places])  # type: ignore[index]
    return Sql(made.words, chosen, made.macros, simple=made.simple)


def text(value: str) -> Sql:
    """Make a string literal of a text. Raises QueryRefusedError for U+0000, which DuckDB does not take."""
    return _Literal((quoted_text(value),))


@lru_cache(maxsize=4096)
def quoted(value: str) -> Sql:
    """Make a quoted name. Raises QueryRefusedError for U+0000."""
    return _Name((quoted_name(value),))


def ours(words: str) -> Sql:
    """Make a piece of our own words, such as an operator or the name of a macro that was chosen; no text of a user."""
    return Sql((words,), macros=frozenset(_NAMED.findall(words)), simple="(" not in words)


def gap(number: int) -> Sql:
    """Make a place for what is known only when the whole is written, such as the objects of a table."""
    return _Gap(number)


def joined(separator: str, parts: Iterable[Part]) -> Sql:
    """Put pieces behind one another with our own separator between them."""
    pieces = tuple([_piece(part) for part in parts])
    if len(pieces) == 1:
        return pieces[0]
    return Sql(("", *[separator] * (len(pieces) - 1), "") if pieces else ("",), pieces, simple=not pieces or separator.isspace())


NOTHING = Sql(("",))
"""A piece without a word."""


def written(whole: Sql) -> str:
    """Write a piece without gaps out."""
    return "".join(str(part) for part in written_out(whole).parts)


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """A piece written out: texts, between them the numbers of its gaps, and every quoted name that stands in it."""

    parts: tuple[str | int, ...]
    names: frozenset[str]


def written_out(whole: Sql) -> WrittenOut:
    """Write a piece out, in one pass from left to right; without recursion, because chains may be long."""
    parts: list[str | int] = []
    texts: list[str] = []
    names = set()
    todo: list[str | Sql] = [whole]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            texts.append(item)
        elif item.parts:
            todo += item.reversed()
        elif isinstance(item, _Gap):
            parts += ("".join(texts), item.number)
            texts = []
        else:
            texts.append(item.words[0])
            if isinstance(item, _Name):
                names.add(item.words[0])
    return WrittenOut((*parts, "".join(texts)), frozenset(names))


def quoted_text(value: str) -> str:
    """Return a text as a string literal. Raises QueryRefusedError for U+0000."""
    _require_no_zero(value)
    return "'" + value.replace("'", "''") + "'"


def quoted_name(value: str) -> str:
    """Return a name in double quotes. Raises QueryRefusedError for U+0000."""
    _require_no_zero(value)
    return '"' + value.replace('"', '""') + '"'


def _require_no_zero(value: str) -> None:
    if "\0" in value:
        raise QueryRefusedError("The character U+0000 in a text or a name cannot be answered here as Athena does: write chr(0).")


def _piece(part: Part) -> Sql:
    if isinstance(part, Sql):
        return part
    if type(part) is int:
        return Sql((str(part),))
    made = getattr(part, "sql", None)
    if isinstance(made, Sql):
        return made
    raise TypeError(f"{part!r} is no piece of SQL: make it a literal, a name, or a template of ours.")


@lru_cache(maxsize=4096)
def _parsed(template: str) -> _Template:
    words, places, at, word = [], list[int | str](), 0, ""
    for match in _PLACE.finditer(template):
        word += template[at : match.start()]
        at = match.end()
        if match[1] is None:
            word += match[0][0]
            continue
        places.append(int(match[1]) if match[1].isdigit() else match[1] or len(places))
        words.append(word)
        word = ""
    words.append(word + template[at:])
    whole = "\0".join(words)
    return _Template(tuple(words), tuple(places), frozenset(_MACRO.findall(whole)), "(" not in whole)
