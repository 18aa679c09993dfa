"""Patterns of dates, read into pieces: MySQL's letters and Joda's.

https://trino.io/docs/current/functions/datetime.html#mysql-date-functions, https://www.joda.org/joda-time/key_format.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventlake.dialect.binding import Value, mistyped, refused
from eventlake.dialect.text import tree as exp


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a pattern. part: what it stands for, `text` for itself. strftime: how DuckDB writes it, empty if it cannot."""

    part: str
    strftime: str = ""
    size: int = 1


def strftime_of(piece: Piece) -> str:
    """Return how DuckDB's strftime and strptime write a piece."""
    return piece.strftime.replace("%", "%%") if piece.part == "text" else piece.strftime


def pattern_of(value: Value, name: str, node: exp.Expr) -> str:
    """Return the pattern that a literal holds. name: of the function that takes it."""
    if not isinstance(value.literal, str):
        raise refused(f"{name}() with a pattern that is not a literal", node)
    return value.literal


# MySQL's letters

_MYSQL = {
    "a": ("weekday", "%a"),
    "b": ("month name", "%b"),
    "c": ("month", "%-m"),
    "d": ("day", "%d"),
    "e": ("day", "%-d"),
    "f": ("fraction", "%g000"),
    "H": ("hour", "%H"),
    "h": ("clock hour", "%I"),
    "I": ("clock hour", "%I"),
    "i": ("minute", "%M"),
    "j": ("day of year", "%j"),
    "k": ("hour", "%-H"),
    "l": ("clock hour", "%-I"),
    "M": ("month name", "%B"),
    "m": ("month", "%m"),
    "p": ("half", "%p"),
    "S": ("second", "%S"),
    "s": ("second", "%S"),
    "v": ("week", "%V"),
    "W": ("weekday", "%A"),
    "x": ("week year", "%G"),
    "Y": ("year", "%Y"),
    "y": ("year of century", "%y"),
}
_MYSQL_SHORT = {"r": "%h:%i:%s %p", "T": "%H:%i:%s"}


def mysql_pieces(pattern: str, node: exp.Expr) -> list[Piece]:
    """Read a pattern with % into pieces. Raises QuerySyntaxError for letters that Athena refuses."""
    for letter, meaning in _MYSQL_SHORT.items():
        pattern = re.sub(rf"(?<!%)((?:%%)*)%{letter}", lambda match, meaning=meaning: match[1] + meaning, pattern)  # type: ignore[misc]
    pieces = []
    for match in re.finditer(r"%(.)|[^%]+|%$", pattern, re.DOTALL):
        letter = match[1]
        if match[0] == "%":
            raise refused("A date pattern that ends with %", node)
        if letter is None or letter not in _MYSQL:
            if letter is not None and letter in "DUuVwX":
                raise mistyped(f"%{letter} is not in Athena's date patterns", node)
            pieces.append(Piece("text", letter or match[0]))
        else:
            pieces.append(Piece(*_MYSQL[letter]))
    return pieces


# Joda's letters

_JODA = {
    "y": ("year", {1: "%Y", 2: "%y", 4: "%Y"}),
    "Y": ("year", {1: "%Y", 2: "%y", 4: "%Y"}),
    "M": ("month", {1: "%-m", 2: "%m", 3: "%b", 4: "%B"}),
    "d": ("day", {1: "%-d", 2: "%d"}),
    "H": ("hour", {1: "%-H", 2: "%H"}),
    "h": ("clock hour", {1: "%-I", 2: "%I"}),
    "m": ("minute", {1: "%-M", 2: "%M"}),
    "s": ("second", {1: "%-S", 2: "%S"}),
    "a": ("half", {1: "%p", 2: "%p"}),
    "E": ("weekday", {1: "%a", 2: "%a", 3: "%a", 4: "%A"}),
    "D": ("day of year", {1: "%-j", 3: "%j"}),
    "e": ("day of week", {1: "%u"}),
    "w": ("week", {1: "", 2: "%V"}),
    "x": ("week year", {4: "%G"}),
    "S": ("fraction", dict.fromkeys(range(1, 10), "")),
    "K": ("hour of half", {1: "", 2: ""}),
    "k": ("late hour", {1: "", 2: ""}),
    "C": ("century", {1: "", 2: ""}),
    "G": ("era", {1: "", 2: "", 3: ""}),
    "Z": ("offset", {1: "", 2: "", 3: ""}),
    "z": ("zone", {1: "", 2: "", 3: ""}),
}
_JODA_PART = re.compile(r"'(?:[^']|'')*(?:'|$)|([A-Za-z])\1*|[^A-Za-z']+")


def joda_pieces(pattern: str, node: exp.Expr) -> list[Piece]:
    """Read a pattern of repeated letters into pieces."""
    pieces = []
    for match in _JODA_PART.finditer(pattern):
        piece, letter = match[0], match[1]
        if not letter:
            shown = "'" if piece == "''" else re.sub(r"^'|'$", "", piece).replace("''", "'") if piece[0] == "'" else piece
            pieces.append(Piece("text", shown))
            continue
        part, known = _JODA.get(letter, ("", {}))
        if len(piece) not in known:
            raise refused(f"{piece} in a date pattern", node)
        part = {"%y": "year of century", "%b": "month name", "%B": "month name"}.get(known[len(piece)], part)
        pieces.append(Piece(part, known[len(piece)], len(piece)))
    return pieces
