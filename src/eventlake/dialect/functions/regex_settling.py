"""Back references, atomic groups and possessive repetitions said in words that RE2 has, where that is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from eventlake.dialect.binding import refused
from eventlake.dialect.functions import letters
from eventlake.dialect.functions.letters import Ranges
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
    first,
    fixed,
    may_be_empty,
    rebuilt,
    walked,
)
from eventlake.dialect.text import tree as exp

_NEVER = Chars(f"[^{letters.written(letters.ANY)}]", ())
"""A set without letters, which matches nowhere."""
_MOST_WAYS = {"whether": 64, "first": 16, "all": 16}
"""How many letters a group may have that is asked for again: there is one way for each."""


def settled(tree: Tree, asked: str, written: str, node: exp.Expr) -> Node:
    """Return the root of a pattern without references and what keeps its first match. Raises QueryRefusedError where it cannot be said."""
    settler = _Settler(tree, _MOST_WAYS[asked], written, node)
    return settler.settle(settler.referred(tree.root), ())


class _Settler:
    """Settles one pattern."""

    def __init__(self, tree: Tree, most: int, written: str, node: exp.Expr) -> None:
        self.tree, self.most, self.written, self.node = tree, most, written, node

    def refuse(self, what: str) -> NoReturn:
        raise refused(f"{what} in the pattern '{self.written}'", self.node)

    # back references

    def referred(self, root: Node) -> Node:
        """Return the pattern with what its references mean in their place: the letters of the group, one way for each if there are several."""
        numbers = {part.number for part in walked(root) if isinstance(part, Reference)}
        for number in sorted(numbers):
            root = self._replaced(root, number)
        return root

    def _replaced(self, root: Node, number: int) -> Node:
        if isinstance(root, Either) and any(isinstance(part, Group) and part.number == number for part in walked(root)):
            made = [self._replaced(way, number) if _mentions(way, number) else way for way in root.ways]
            several: tuple[Node, ...] = tuple(way for part in made for way in (part.ways if isinstance(part, Either) else (part,)))
            return Either(several) if len(several) <= self.most else self.refuse("A back reference to a group of many letters")
        parts = list(root.parts) if isinstance(root, Sequence) else [root]
        place = next((at for at, part in enumerate(parts) if isinstance(part, Group) and part.number == number), None)
        if place is None or _mentions(parts[place], number) or any(_mentions(part, number) for part in parts[:place]):
            self.refuse("A back reference")
        found = fixed(parts[place])
        if not found or any(chars.known is None or chars.folded for chars in found):
            self.refuse("A back reference")
        texts = _texts(found, self.most)
        if texts is None:
            self.refuse("A back reference to a group of many letters")
        ways = [Sequence(tuple(_with(part, number, text) for part in parts)) for text in texts]
        return ways[0] if len(ways) == 1 else Either(tuple(ways))

    # what keeps its first match

    def settle(self, node: Node, rest: tuple[Node, ...]) -> Node:
        """Return a part without atomic groups and possessive repetitions. rest: what comes behind it in the whole pattern."""
        if isinstance(node, Sequence):
            return Sequence(tuple(self.settle(part, (*node.parts[at + 1 :], *rest)) for at, part in enumerate(node.parts)))
        if isinstance(node, Either):
            return Either(tuple(self.settle(way, rest) for way in node.ways))
        if isinstance(node, Atomic):
            return self.settle(self._free(node.body, rest), rest)
        if isinstance(node, Repeat):
            again = (node.body,) if node.high != 1 else ()
            made = replace(node, body=self.settle(node.body, (*again, *rest)))
            return self._free(made, rest) if node.kind == "+" else made
        if isinstance(node, Look):
            return replace(node, body=self.settle(node.body, ()))
        return replace(node, body=self.settle(node.body, rest)) if isinstance(node, Group | Folded) else node

    def _free(self, node: Node, rest: tuple[Node, ...]) -> Node:
        """Return a part that need not keep its first match, because another would not lead to a match either."""
        if fixed(node) is not None:
            return replace(node, kind="") if isinstance(node, Repeat) else node
        if not isinstance(node, Repeat) or fixed(node.body) is None or node.kind == "?":
            self.refuse("An atomic group or a possessive quantifier")
        own, follows = first(node.body), _begins(rest)
        if own is None or follows is None:
            self.refuse("An atomic group or a possessive quantifier")
        if not letters.both(own, follows):
            return replace(node, kind="")
        always = bool(rest) and isinstance(rest[0], Chars) and not letters.both(follows, letters.others(own))
        if always and isinstance(node.body, Chars):  # it takes all that are there, and leaves none to what follows
            return _NEVER if node.high is None else replace(node, low=node.high, kind="")
        return self.refuse("An atomic group or a possessive quantifier")


def _begins(rest: tuple[Node, ...]) -> Ranges | None:
    """Return the letters that what follows may begin with; None if they are not known, or a place is asked for that letters decide."""
    found: list[tuple[int, int]] = []
    for part in rest:
        if isinstance(part, Mark):
            if part.kind == "z":
                break
            return letters.listed((*found, (10, 10))) if part.kind == "$" else None
        starts = first(part.body if isinstance(part, Repeat) else part)
        if starts is None or isinstance(part, Look):
            return None
        found += starts
        if not may_be_empty(part):
            break
    return letters.listed(found)


def _mentions(node: Node, number: int) -> bool:
    return any(isinstance(part, Reference) and part.number == number for part in walked(node))


def _texts(found: list[Chars], most: int) -> list[tuple[int, ...]] | None:
    """Return every text that a group of so many letters may match; None if there are too many."""
    texts: list[tuple[int, ...]] = [()]
    for chars in found:
        codes = [code for low, high in chars.known or () for code in range(low, min(high, low + most) + 1)]
        texts = [(*text, code) for text in texts for code in codes]
        if len(texts) > most:
            return None
    return texts


def _with(node: Node, number: int, text: tuple[int, ...]) -> Node:
    """Return a part in which the group and all that refer to it are this text."""
    said = Sequence(tuple(Chars(letters.spelt(code), ((code, code),)) for code in text))
    if isinstance(node, Reference) and node.number == number:
        return said
    if isinstance(node, Group) and node.number == number:
        return Group(said, number)
    return rebuilt(node, lambda part: _with(part, number, text))
