"""Read Java's regular expressions as Joni, Trino's engine, does: a pattern becomes a tree, is invalid, or is refused.

Letters behind a backslash that mean nothing are themselves, `(?i)` holds to the end of its group over all alternatives, and `\\d`, `\\s` and
`\\w` are of ASCII. https://github.com/jruby/joni, with the syntax of Java
"""

from __future__ import annotations

import re

from eventlake.dialect.functions import letters
from eventlake.dialect.functions.regex_classes import behind_backslash, read_class, single
from eventlake.dialect.functions.regex_cursor import Cursor
from eventlake.dialect.functions.regex_tree import (
    Atomic,
    Chars,
    Either,
    Folded,
    Group,
    Look,
    Mark,
    Node,
    Reference,
    Repeat,
    Sequence,
    Tree,
    fixed,
    inner,
    walked,
)
from eventlake.dialect.text import tree as exp

_MOST = 1000
"""How often RE2 repeats a part at most, repetitions in repetitions multiplied."""
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})([?+]?)")
_LOOKS = {"(?=": (False, False), "(?!": (False, True), "(?<=": (True, False), "(?<!": (True, True)}
_ENDS = {"A": "^", "z": "z", "Z": "$", "b": "b", "B": "B"}


def read(written: str, node: exp.Expr) -> Tree:
    """Return the tree of a pattern. Raises InvalidArgumentError if Trino finds it invalid, QueryRefusedError if RE2 cannot say it."""
    reader = Reader(written, node)
    root = reader.either()
    if reader.at < len(written):
        reader.invalid()
    for part in walked(root):
        if isinstance(part, Reference) and part.number > reader.count:
            reader.invalid()
    _require_few(root, 1, reader)
    return Tree(root, reader.count, reader.names)


def _require_few(node: Node, times: int, reader: Reader) -> None:
    if isinstance(node, Repeat):
        times *= max(node.high or node.low, 1)
        if times > _MOST:
            reader.refuse("More than 1,000 repetitions")
    for part in inner(node):
        _require_few(part, times, reader)


class Reader(Cursor):
    """Reads from the front of a pattern, and counts its groups."""

    def __init__(self, written: str, node: exp.Expr) -> None:
        super().__init__(written, node)
        self.count = 0
        self.names: dict[str, int] = {}

    # the tree

    def either(self) -> Node:
        """Read alternatives to the end of their group."""
        before = self.flags
        ways = [self._sequence()]
        while self.take("|"):
            ways.append(self._sequence())
        self.flags = before
        return ways[0] if len(ways) == 1 else Either(tuple(ways))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.written) and self.written[self.at] not in "|)":
            flags = self._switched()
            if flags is not None:
                parts.append(self._under(flags))
                continue
            if self._skipped():
                continue
            if self.take(r"\Q"):
                parts += self._quoted()
            else:
                parts.append(self._atom())
            self._repeated(parts)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _skipped(self) -> bool:
        """Skip a comment, and blanks where the flag x stands."""
        if self.match(r"\(\?#[^)]*\)"):
            return True
        return "x" in self.flags and bool(self.match(r"[ \t\n\r\f\v]+|#[^\n]*"))

    def _switched(self) -> frozenset[str] | None:
        """Return the flags that `(?i)` sets from here to the end of the group."""
        found = self.match(r"\(\?([imsx]*)(?:-([imsx]*))?\)")
        return (self.flags | set(found[1])) - set(found[2] or "") if found else None

    def _under(self, flags: frozenset[str]) -> Node:
        """Read the rest of the group, its alternatives included, under other flags."""
        was_folded, self.flags = self.folded, flags
        return self._as_folded(self.either(), was_folded, "i" in flags)

    def _as_folded(self, body: Node, before: bool, now: bool) -> Node:
        return body if before == now else Folded(body, now)

    def _quoted(self) -> list[Node]:
        end = self.written.find(r"\E", self.at)
        taken = self.written[self.at : end if end >= 0 else None]
        self.at += len(taken) + (2 if end >= 0 else 0)
        return [single(ord(letter), self.folded) for letter in taken]

    def _repeated(self, parts: list[Node]) -> None:
        """Read the quantifiers behind the last part; one behind another repeats the repetition."""
        self._blanks()
        while found := self.match(_QUANTIFIER.pattern):
            if not parts:
                self.invalid()
            if isinstance(parts[-1], Mark | Look):
                self.refuse("A repetition of a place")
            parts[-1] = self._repeat(parts[-1], found)
            self._blanks()

    def _blanks(self) -> None:
        while self._skipped():
            pass

    def _repeat(self, body: Node, found: re.Match[str]) -> Repeat:
        sign, low, comma, high, kind = found.groups()
        if sign:
            return Repeat(body, int(sign == "+"), 1 if sign == "?" else None, kind)
        if high and int(high) < int(low):
            self.invalid()
        return Repeat(body, int(low), int(high) if high else None if comma else int(low), kind)

    def _atom(self) -> Node:
        letter = self.written[self.at]
        if letter == "(":
            return self._group()
        if letter == "[":
            return read_class(self)
        if letter == "\\":
            return self._escaped()
        if letter in "*+?":
            self.invalid()
        self.at += 1
        if letter in "^$":
            return Mark(f"m{letter}" if "m" in self.flags else letter)
        if letter == ".":
            ranges = letters.ANY if "s" in self.flags else letters.others(letters.of("\n"))
            return Chars("(?s:.)" if "s" in self.flags else r"[^\n]", ranges)
        return single(ord(letter), self.folded)

    def _group(self) -> Node:
        if start := self.take(*_LOOKS):
            behind, negative = _LOOKS[start]
            look = Look(self._closed(), behind, negative)
            if behind:
                self._require_fixed(look)
            return look
        if self.take("(?>"):
            return Atomic(self._closed())
        if found := self.match(r"\(\?([imsx]*)(?:-([imsx]*))?:"):
            return self._flagged((self.flags | set(found[1])) - set(found[2] or ""))
        named_group = self.match(r"\(\?<([A-Za-z_]\w*)>")
        if named_group is None and not self.match(r"\((?!\?)"):
            self.invalid()
        self.count += 1
        number = self.count
        if named_group is not None:
            if named_group[1] in self.names:
                self.invalid()
            self.names[named_group[1]] = number
        return Group(self._closed(), number)

    def _flagged(self, flags: frozenset[str]) -> Node:
        before, self.flags = self.flags, flags
        body = self._closed()
        self.flags = before
        made = self._as_folded(body, "i" in before, "i" in flags)
        return Sequence((made,)) if isinstance(made, Either) else made

    def _closed(self) -> Node:
        body = self.either()
        if not self.take(")"):
            self.invalid()
        return body

    def _require_fixed(self, look: Look) -> None:
        ways = look.body.ways if isinstance(look.body, Either) else (look.body,)
        if any(fixed(way) is None and not isinstance(way, Mark) for way in ways):
            if any(isinstance(part, Repeat) and part.low != part.high for part in walked(look.body)):
                self.invalid()
            self.refuse("This look-behind")

    # escapes

    def _escaped(self) -> Node:
        self.at += 1
        if self.at == len(self.written):
            self.invalid()
        letter = self.written[self.at]
        if letter in _ENDS:
            self.at += 1
            return Mark(_ENDS[letter])
        if letter == "G":
            self.refuse(r"\G")
        if letter in "123456789":
            return self._reference()
        if found := self.match(r"k<(\w+)>"):
            return Reference(self.names.get(found[1]) or self.invalid())
        return behind_backslash(self)

    def _reference(self) -> Node:
        found = self.match(r"[1-7][0-7]{1,2}") if self.count < 10 else None
        if found is not None:
            return single(int(found[0], 8), self.folded)
        digits = self.match(r"\d+")
        number = int(digits[0]) if digits else 0
        if number > self.count:
            self.invalid() if not self._comes_later(number) else self.refuse("A back reference to a later group")
        return Reference(number)

    def _comes_later(self, number: int) -> bool:
        return len(re.findall(r"\((?!\?)|\(\?<[A-Za-z_]", self.written)) >= number
