"""The tree of a regular expression in Java's syntax, as Trino's engine reads it; `regex_reader` makes it of a pattern.

Flags are resolved: where letters are matched without regard to case a `Folded` stands around them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from eventlake.dialect.functions import letters
from eventlake.dialect.functions.letters import Ranges


@dataclass(frozen=True, slots=True)
class Chars:
    """One letter out of a set.

    written: the set in RE2's spelling. ranges: its letters, None if they are not known. folded: whether their case does not matter.
    only_ascii: whether RE2 takes other letters than Trino outside of ASCII.
    """

    written: str
    ranges: Ranges | None
    folded: bool = False
    only_ascii: bool = False

    @property
    def known(self) -> Ranges | None:
        """Return the letters it may match in either case; None if they are not known."""
        if self.ranges is None or not self.folded:
            return self.ranges
        if letters.both(self.ranges, ((128, letters.LAST),)) not in {(), ((128, letters.LAST),)}:
            return None
        cased = [(low, high) for low, high in letters.both(self.ranges, letters.of("A-Za-z"))]
        swapped = [(ord(chr(low).swapcase()), ord(chr(high).swapcase())) for low, high in cased]
        doubles = [(0x17F, 0x17F), (0x212A, 0x212A)] if cased else []
        return letters.listed((*self.ranges, *swapped, *doubles))


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts behind one another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """The first of several ways that leads to a match."""

    ways: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A part whose match is kept under its number."""

    body: Node
    number: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A part in which the case of letters matters or does not."""

    body: Node
    on: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part several times; high: None for any number. kind: `?` for as few as lead to a match, `+` for as many as there are at all costs."""

    body: Node
    low: int
    high: int | None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place rather than a letter: `^`, `$` of the whole text, `m^`, `m$` of a line, `z` the very end, `b`, `B` of words, `n$` see writing."""

    kind: str


@dataclass(frozen=True, slots=True)
class Look:
    """What must stand, or must not, before or behind a place."""

    body: Node
    behind: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class Atomic:
    """A part that keeps its first match."""

    body: Node


@dataclass(frozen=True, slots=True)
class Reference:
    """The text again that a group matched."""

    number: int


Node = Chars | Sequence | Either | Group | Folded | Repeat | Mark | Look | Atomic | Reference


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole pattern, the number of its groups, and the names of those that have one."""

    root: Node
    count: int
    names: dict[str, int]


def inner(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below a node."""
    if isinstance(node, Sequence):
        return node.parts
    if isinstance(node, Either):
        return node.ways
    return (node.body,) if isinstance(node, Group | Folded | Repeat | Look | Atomic) else ()


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a node of which the nodes right below are what `change` makes of them."""
    if isinstance(node, Sequence):
        return Sequence(tuple(map(change, node.parts)))
    if isinstance(node, Either):
        return Either(tuple(map(change, node.ways)))
    return replace(node, body=change(node.body)) if isinstance(node, Group | Folded | Repeat | Look | Atomic) else node


def walked(node: Node) -> Iterator[Node]:
    """Give a node and all below it, in their order."""
    yield node
    for part in inner(node):
        yield from walked(part)


def may_be_empty(node: Node) -> bool:
    """Tell whether a part may match without taking a letter."""
    if isinstance(node, Chars):
        return False
    if isinstance(node, Sequence):
        return all(may_be_empty(part) for part in node.parts)
    if isinstance(node, Either):
        return any(may_be_empty(way) for way in node.ways)
    if isinstance(node, Repeat):
        return not node.low or may_be_empty(node.body)
    return may_be_empty(node.body) if isinstance(node, Group | Folded | Atomic) else True


def used(node: Node) -> Ranges | None:
    """Return all letters that a match of the part may hold; None if they are not known."""
    found: list[tuple[int, int]] = []
    for part in walked(node):
        if isinstance(part, Reference):
            return None
        if isinstance(part, Chars):
            if part.known is None:
                return None
            found += part.known
    return letters.listed(found)


def first(node: Node) -> Ranges | None:
    """Return the letters that a match of the part may begin with, all if it may be empty; None if they are not known."""
    if isinstance(node, Chars):
        return node.known
    if may_be_empty(node):
        return letters.ANY
    if isinstance(node, Sequence):
        return _together([first(part) for part in _leading(node)])
    if isinstance(node, Either):
        return _together([first(way) for way in node.ways])
    return first(node.body) if isinstance(node, Group | Folded | Atomic | Repeat) else None


def _leading(node: Sequence) -> list[Node]:
    """Return the parts whose first letters may be the first of the sequence."""
    made: list[Node] = []
    for part in node.parts:
        if isinstance(part, Mark | Look):
            continue
        made.append(part.body if isinstance(part, Repeat) and not may_be_empty(part.body) else part)
        if not may_be_empty(part):
            break
    return made


def _together(sets: list[Ranges | None]) -> Ranges | None:
    known = [ranges for ranges in sets if ranges is not None]
    return letters.listed(pair for ranges in known for pair in ranges) if len(known) == len(sets) else None


def fixed(node: Node) -> list[Chars] | None:
    """Return the letters of a part that always takes as many, one set for each; None if it does not."""
    if isinstance(node, Chars):
        return [node]
    if isinstance(node, Sequence):
        found = [fixed(part) for part in node.parts]
        return None if None in found else [letter for part in found for letter in part or []]
    if isinstance(node, Repeat) and node.low == node.high:
        once = fixed(node.body)
        return None if once is None else once * node.low
    return fixed(node.body) if isinstance(node, Group | Folded | Atomic) else None
