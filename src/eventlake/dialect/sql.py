"""SQL of DuckDB in pieces: what is ours, a user's literal, a user's name, a gap. It is put together as a tree and written out once.

`emit` makes a piece out of a template of ours and the pieces in its places. Only pieces and whole numbers fit into a place, never a text, so
that a user's text is always a `text` or a `quoted` name, which nobody reads again. What is asked of a piece (the macros and names that stand in
it, whether it is worth computing once) it knows from its making; nothing looks into what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeAlias

from eventlake.dialect.expansion import LARGE, expanded
from eventlake.dialect.pieces import Choice, Gap, Literal, Name, Sql
from eventlake.dialect.repetition import bound_once
from eventlake.errors import QueryRefusedError

__all__ = [
    "NOTHING",
    "Either",
    "Part",
    "Sql",
    "Understood",
    "WrittenOut",
    "emit",
    "gap",
    "joined",
    "ours",
    "quoted",
    "quoted_name",
    "quoted_text",
    "shut",
    "text",
    "written",
    "written_out",
]

_PLACE = re.compile(r"\{(\w*)\}|\{\{|\}\}")
_MACRO = re.compile(r"\bel_[a-z0-9_]+(?=\()")
_OUTSIDE = re.compile(r"'(?:[^']|'')*'|[(),\[\]{}]| AS ")
_NAMED = re.compile(r"\bel_[a-z0-9_]+")


class Understood(Protocol):
    """Whatever has SQL of its own, such as a value."""

    @property
    def sql(self) -> Sql:
        """Return the piece that it is written as."""
        ...


Part = Sql | Understood | int
"""What fits into a place of a template."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A template read.

    is_list: whether it is several expressions, one with its name, or a branch of a CASE. uses: how often the piece in each place stands in the
    expanded text, whose own words have `size` characters. in_turn: whether its places are 0, 1, 2 and so on.
    """

    words: tuple[str, ...]
    places: tuple[int | str, ...]
    macros: frozenset[str]
    simple: bool
    asks: bool
    is_list: bool
    uses: tuple[int, ...]
    size: int
    grows: bool
    in_turn: bool


def emit(template: str, *parts: Part, **named: Part) -> Sql:
    """Make a piece: a template of ours with pieces in its places, `{}` in turn, `{0}` by number, `{type}` by name; `{{` is a brace.

    Raises TypeError for a part that is no piece and no whole number, IndexError or KeyError for a place without one.
    """
    made = _parsed(template)
    given: Sequence[Part] = parts
    if not made.in_turn or len(parts) != len(made.places):
        given = [parts[place] if type(place) is int else named[place] for place in made.places]  # type: ignore[index]
    chosen = tuple([part if isinstance(part, Sql) else _piece(part) for part in given])
    size = made.size + sum([use * part.size for use, part in zip(made.uses, chosen, strict=True)]) if made.grows else 0
    whole = Sql(made.words, chosen, made.macros, made.simple, made.asks, size)
    is_costly = made.macros if whole.asks else whole.size > LARGE  # with a SELECT in it, it may be a clause of a query and no expression
    if is_costly and chosen and not made.is_list and not whole.is_closed:
        return bound_once(whole, made.uses)
    return whole


def shut(template: str, *parts: Part) -> Sql:
    """Make a piece out of which nothing is taken to be computed once before it.

    The arguments of an aggregate or a window belong to each of its rows, and so do the conditions of a join; a WITH or a UNION is no expression.
    """
    made = _parsed(template)
    whole = Sql(made.words, tuple([_piece(parts[place]) for place in made.places if type(place) is int]), made.macros, asks=made.asks)
    whole.is_shut = True
    return whole


def text(value: str) -> Sql:
    """Make a string literal of a text. Raises QueryRefusedError for U+0000, which DuckDB does not take."""
    return Literal((quoted_text(value),))


@lru_cache(maxsize=4096)
def quoted(value: str) -> Sql:
    """Make a quoted name. Raises QueryRefusedError for U+0000."""
    return Name((quoted_name(value),))


@lru_cache(maxsize=4096)
def ours(words: str) -> Sql:
    """Make a piece of our own words, such as an operator or the name of a macro that was chosen; no text of a user."""
    return Sql((words,), macros=frozenset(_NAMED.findall(words)), simple="(" not in words)


def gap(number: int) -> Sql:
    """Make a place for what is known only when the whole is written, such as the objects of a table."""
    return Gap(number)


def joined(separator: str, parts: Iterable[Part]) -> Sql:
    """Put pieces behind one another with our own separator between them."""
    pieces = tuple([part if isinstance(part, Sql) else _piece(part) for part in parts])
    if len(pieces) == 1:
        return pieces[0]
    if not pieces:
        return NOTHING
    return Sql(("", *[separator] * (len(pieces) - 1), ""), pieces, simple=separator.isspace())


NOTHING = Sql(("",))
"""A piece without a word."""


def written(whole: Sql) -> str:
    """Write a piece without gaps out."""
    return "".join(str(part) for part in written_out(whole).parts)


@dataclass(frozen=True, slots=True)
class Either:
    """A `Choice` written out: what stands there, and what if all texts of these columns of gaps are known to be JSON as we write it."""

    doubtful: str
    sound: str
    origins: frozenset[tuple[int, str]]


Written: TypeAlias = str | int | Either
"""A part of what is written out: a text, the number of a gap, or two texts of which what will stand in one decides."""


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """A piece written out: texts, between them the numbers of its gaps and what those decide, and every quoted name that stands in it."""

    parts: tuple[Written, ...]
    names: frozenset[str]


def written_out(whole: Sql, *, is_doubtful: bool = False) -> WrittenOut:
    """Write a piece out, in one pass from left to right; without recursion, because chains may be long.

    is_doubtful: whether nothing is known of any text, so that no choice is left.
    """
    parts: list[Written] = []
    texts: list[str] = []
    names = set()
    pairs: Iterator[tuple[str, Sql]] = iter([("", whole)])  # words and the piece behind them
    last = ""  # the words behind all of them
    around: list[tuple[Iterator[tuple[str, Sql]], str]] = []  # the innermost one last
    while True:
        for word, piece in pairs:
            texts.append(word)
            if piece.is_open:
                piece = piece.settled()
                if not is_doubtful and isinstance(piece, Choice):
                    parts += ("".join(texts), _either(piece))
                    texts.clear()
                    continue
            if piece.parts:
                around.append((pairs, last))
                pairs, last = zip(piece.words, piece.parts, strict=False), piece.words[-1]
                break
            kind = type(piece)
            if kind is Name:
                names.add(piece.words[0])
            elif kind is Gap and isinstance(piece, Gap):
                parts += ("".join(texts), piece.number)
                texts.clear()
                continue
            texts.append(piece.words[0])
        else:
            texts.append(last)
            if not around:
                break
            pairs, last = around.pop()
    return WrittenOut((*parts, "".join(texts)), frozenset(names))


def _either(piece: Choice) -> Either:
    """Write both sides of a choice; it stands in a choice of its own column alone, which decides for both."""
    doubtful, sound = ("".join(map(str, written_out(side, is_doubtful=True).parts)) for side in (piece, piece.sound))
    return Either(doubtful, sound, piece.origins)


def quoted_text(value: str) -> str:
    """Return a text as a string literal. Raises QueryRefusedError for U+0000."""
    _require_no_zero(value)
    return "'" + value.replace("'", "''") + "'"


@lru_cache(maxsize=4096)
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
    names = [f"place{index}" for index in range(len(places))]
    grown = expanded("".join(part for pair in zip(words, [*names, ""], strict=True) for part in pair), frozenset(names))
    uses = tuple(grown.uses.get(name, 1) for name in names)
    return _Template(
        words=tuple(words),
        places=tuple(places),
        macros=frozenset(_MACRO.findall(whole)),
        simple="(" not in whole,
        asks="SELECT" in whole,
        is_list=_is_list(whole),
        uses=uses,
        size=grown.size,
        grows=grown.size > 400 or any(use > 1 for use in uses),
        in_turn=places == list(range(len(places))),
    )


def _is_list(words: str) -> bool:
    """Tell whether a comma or an AS stands outside of all brackets and texts, or it is one branch of a CASE."""
    if words.lstrip().startswith("WHEN "):
        return True
    depth = 0
    for token in _OUTSIDE.finditer(words):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if not depth and token[0] in {",", " AS "}:
            return True
    return False
