"""Classes of letters in regular expressions: `[a-z&&[^b]]`, `[[:alpha:]]`, `\\p{Lu}`, `\\w`.

Trino's named classes are Unicode's, RE2's of ASCII only: where they differ the set is marked, so that other texts are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from eventlake.dialect.functions import letters
from eventlake.dialect.functions.regex_cursor import Cursor
from eventlake.dialect.functions.regex_tree import Chars

_PROPERTY = r"([pP])(?:\{([^}]*)\}|([A-Za-z]))"
_POSIX = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "punct": "!-#%-*,-/:;?@[-]_{}",
    "space": "\t-\r ",
    "blank": "\t ",
    "cntrl": "\0-\x1f\x7f",
    "xdigit": "0-9A-Fa-f",
    "graph": "!-~",
    "print": " -~",
    "word": "0-9A-Z_a-z",
    "ascii": "\0-\x7f",
}
_CATEGORY = re.compile(r"L[ulmot]?|N[dlo]?|P[cdeifos]?|S[ckmo]?|Z[lps]?|M[nce]?")
_SCRIPT = re.compile(r"Latin|Greek|Cyrillic|Han|Hiragana|Katakana|Hangul|Arabic|Hebrew|Thai")
_SHORT = {"d": "0-9", "s": "\t-\r ", "w": "0-9A-Z_a-z"}


def single(code: int, folded: bool) -> Chars:
    """Return the set of one letter."""
    return Chars(letters.spelt(code), ((code, code),), folded)


def _shorthand(letter: str, folded: bool) -> Chars:
    """Return the set that `\\d`, `\\s`, `\\w` or one of their opposites means."""
    ranges = letters.of(_SHORT[letter.lower()])
    written = f"[{'' if letter.islower() else '^'}{letters.written(ranges)}]"
    # RE2 would add the long s and the sign of kelvin, whose small letters are of ASCII
    return Chars(f"(?-i:{written})" if folded else written, ranges if letter.islower() else letters.others(ranges))


def _named(cursor: Cursor, found: re.Match[str]) -> Chars:
    """Return the set of a property: a category, a script, or a class of POSIX."""
    name = found[2] if found[2] is not None else found[3]
    sign = "^" if found[1] == "P" else ""
    if _CATEGORY.fullmatch(name) or _SCRIPT.fullmatch(name):
        return Chars(f"\\{found[1]}{{{name}}}", None)
    plain = re.sub(r"[ _-]", "", name).lower()
    if plain in _POSIX:
        return _posix(plain, bool(sign))
    if name.startswith(("java", "In")) or (found[3] and name in "C"):
        cursor.refuse(f"The class {found[0]}")
    return cursor.invalid()


def _posix(name: str, negative: bool) -> Chars:
    ranges = letters.of(_POSIX[name])
    sign = "^" if negative else ""
    return Chars(f"[{sign}{letters.written(ranges)}]", letters.others(ranges) if negative else ranges, only_ascii=name != "ascii")


@dataclass(slots=True)
class _Parts:
    """What stands between the brackets so far: ranges, and sets whose letters are not known, as RE2 spells them."""

    ranges: list[tuple[int, int]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    only_ascii: bool = False
    nested: bool = False
    short: bool = False

    def add(self, chars: Chars) -> None:
        self.only_ascii = self.only_ascii or chars.only_ascii
        if chars.ranges is None:
            self.named.append(chars.written)
        else:
            self.ranges += chars.ranges


def read_class(cursor: Cursor) -> Chars:
    """Read a class from its bracket to the one that closes it."""
    cursor.take("[")
    negative = bool(cursor.take("^"))
    parts = _union(cursor, first=True)
    while cursor.take("&&"):
        parts = _intersection(cursor, parts, _union(cursor, first=False))
    if not cursor.take("]"):
        cursor.invalid()
    return _made(cursor, parts, negative)


def _made(cursor: Cursor, parts: _Parts, negative: bool) -> Chars:
    ranges = letters.listed(parts.ranges)
    if cursor.folded and parts.nested:
        cursor.refuse("A class in a class without regard to case")
    inside = letters.written(ranges) + "".join(parts.named)
    if not inside:  # an intersection that holds no letter
        inside, negative = letters.written(letters.ANY), not negative
    only_ascii = parts.only_ascii or (cursor.folded and parts.short)
    known = None if parts.named else letters.others(ranges) if negative else ranges
    return Chars(f"[{'^' if negative else ''}{inside}]", known, cursor.folded, only_ascii)


def _intersection(cursor: Cursor, left: _Parts, right: _Parts) -> _Parts:
    if left.named or right.named:
        cursor.refuse("An intersection of classes by name")
    ranges = letters.both(letters.listed(left.ranges), letters.listed(right.ranges))
    return _Parts(list(ranges), [], left.only_ascii or right.only_ascii, nested=True)


def _union(cursor: Cursor, *, first: bool) -> _Parts:
    """Read what stands up to the bracket that closes the class, or to `&&`."""
    parts = _Parts()
    while cursor.at < len(cursor.written):
        if not first and (cursor.written[cursor.at] == "]" or cursor.written.startswith("&&", cursor.at)):
            break
        parts_before = cursor.at
        _item(cursor, parts)
        first = first and cursor.at == parts_before
    return parts


def _item(cursor: Cursor, parts: _Parts) -> None:
    if found := cursor.match(r"\[:(\^?)(\w+):\]"):
        name = found[2].lower()
        parts.add(_posix(name, bool(found[1])) if name in _POSIX else cursor.invalid())
        return
    if cursor.written[cursor.at] == "[":
        parts.nested = True
        parts.add(read_class(cursor))
        return
    low = _letter(cursor)
    is_range = cursor.written.startswith("-", cursor.at) and cursor.written[cursor.at + 1 : cursor.at + 2] not in {"]", ""}
    if _code(low) is None:
        parts.short = True
        if is_range:
            cursor.refuse("A hyphen behind a set of letters")
    if not is_range:
        parts.add(low)
        return
    cursor.at += 1
    if cursor.written[cursor.at] == "[":
        cursor.refuse("A class behind a hyphen")
    high = _letter(cursor)
    start, end = _code(low), _code(high)
    if start is None or end is None or end < start:
        cursor.invalid()
    parts.ranges.append((start, end))


def _letter(cursor: Cursor) -> Chars:
    """Read a letter, or a set behind a backslash."""
    if cursor.take("\\b"):
        return single(8, False)
    if cursor.take("\\"):
        return behind_backslash(cursor) if cursor.at < len(cursor.written) else cursor.invalid()
    cursor.at += 1
    return single(ord(cursor.written[cursor.at - 1]), False)


def _code(chars: Chars) -> int | None:
    """Return the number of the one letter of a set; None if there are more."""
    ranges = chars.ranges
    return ranges[0][0] if ranges is not None and len(ranges) == 1 and ranges[0][0] == ranges[0][1] else None


# what a backslash makes of letters


def behind_backslash(cursor: Cursor) -> Chars:
    """Read what a backslash makes of the letters behind it: a set, a letter by its number, or the letter itcursor."""
    for pattern, made in _ESCAPES:
        if found := cursor.match(pattern):
            return made(cursor, found)
    letter = cursor.written[cursor.at]
    cursor.at += 1
    if letter in "pP" or (letter == "c" and cursor.at == len(cursor.written)):
        cursor.invalid()
    if letter in "xuc":
        cursor.refuse("An incomplete escape")
    return single(ord(letter), cursor.folded)


def _numbered(cursor: Cursor, code: int) -> Chars:
    """Return the letter with this number."""
    return single(code, cursor.folded) if code <= letters.LAST and not 0xD800 <= code < 0xE000 else cursor.refuse("The number of no letter")


def _byte(cursor: Cursor, found: re.Match[str]) -> Chars:
    code = int(found[1], 16)
    return _numbered(cursor, code) if code < 128 else cursor.refuse("A byte above 7F")


_SIMPLE = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "a": 7, "e": 27}
_ESCAPES: tuple[tuple[str, Callable[[Cursor, re.Match[str]], Chars]], ...] = (
    (r"[dDsSwW]", lambda cursor, found: _shorthand(found[0], cursor.folded)),
    (r"[tnvfrae]", lambda cursor, found: single(_SIMPLE[found[0]], False)),
    (r"0([0-7]{0,2})", lambda cursor, found: _numbered(cursor, int(found[1] or "0", 8))),
    (r"x\{([0-9a-fA-F]{1,6})\}", lambda cursor, found: _numbered(cursor, int(found[1], 16))),
    (r"x([0-9a-fA-F]{1,2})", _byte),
    (r"u([0-9a-fA-F]{4})", lambda cursor, found: _numbered(cursor, int(found[1], 16))),
    (r"c([A-Za-z])", lambda cursor, found: single(ord(found[1]) & 0x1F, False)),
    (_PROPERTY, lambda cursor, found: _named(cursor, found)),
)
"""What a backslash makes of what stands behind it, the first that matches."""
