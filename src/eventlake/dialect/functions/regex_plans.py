"""How RE2 answers what a pattern of Java's asks, where it has no words for it: look-ahead, look-behind, atomic groups, back references.

What stands before or behind a match is matched with it and left out again. That is the same only where nothing else may match in it, which is
looked at here; else the pattern is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NoReturn

from eventlake.dialect.binding import refused
from eventlake.dialect.functions import letters
from eventlake.dialect.functions.letters import Ranges
from eventlake.dialect.functions.regex_settling import settled
from eventlake.dialect.functions.regex_tree import (
    Chars,
    Either,
    Folded,
    Group,
    Look,
    Mark,
    Node,
    Repeat,
    Sequence,
    Tree,
    first,
    fixed,
    may_be_empty,
    rebuilt,
    used,
    walked,
)
from eventlake.dialect.text import tree as exp

Asked = Literal["whether", "first", "all"]
"""Whether a pattern matches, what its first match is, or what all its matches are."""

WHOLE, BEFORE, AFTER = 0, -1, -2
"""Numbers of the groups that are put around a match, and around what is matched before and behind it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A pattern without what RE2 does not have. conditions: patterns of the whole text, and whether they must match or must not."""

    root: Node
    conditions: tuple[tuple[Node, bool], ...] = ()
    spots: tuple[Look, ...] = ()
    """What is looked for before and behind a place, of a pattern that takes no letter."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return the pattern and what else is looked for."""
        return (self.root, *(node for node, _ in self.conditions), *(look.body for look in self.spots))


def plan(tree: Tree, asked: Asked, written: str, node: exp.Expr) -> Plan:
    """Return how RE2 answers. Raises QueryRefusedError where it would answer something else."""
    return _Planner(asked, written, node).plan(settled(tree, asked, written, node))


class _Planner:
    """Takes the looks of a pattern apart."""

    def __init__(self, asked: Asked, written: str, node: exp.Expr) -> None:
        self.asked, self.written, self.node = asked, written, node

    def refuse(self, what: str = "This look-ahead or look-behind") -> NoReturn:
        raise refused(f"{what} in the pattern '{self.written}'", self.node)

    def plan(self, root: Node) -> Plan:
        if isinstance(root, Folded) and not isinstance(root.body, Either):
            inside = self.plan(root.body)
            conditions = tuple[tuple[Node, bool], ...]((Folded(part, root.on), wanted) for part, wanted in inside.conditions)
            spots = tuple(replace(look, body=Folded(look.body, root.on)) for look in inside.spots)
            return Plan(Folded(inside.root, root.on), conditions, spots)
        if not any(isinstance(part, Look) for part in walked(root)):
            return Plan(_ending(root) if self.asked == "whether" else root)
        if self.asked == "whether" and isinstance(root, Either):
            return Plan(Either(tuple(self._without_looks(_parts(way)) for way in root.ways)))
        if self.asked == "all" and all(isinstance(part, Look) for part in _parts(root)):
            return Plan(Sequence(()), spots=self._spots(_parts(root)))
        if self.asked == "whether" and (without := _never_within(root)) is not None:
            return without
        anchor, looks, rest = _split(_parts(root))
        before_end, rest = _split_end(rest)
        looks_behind = tuple((_sequence([look.body, Mark("z")]), not look.negative) for look in before_end)
        conditions = tuple((_ending(_sequence([anchor, look.body])), not look.negative) for look in looks if anchor is not None)
        whole = [anchor, *rest] if anchor is not None else rest
        made = _sequence(whole) if before_end else self._without_looks(whole)
        return Plan(made, (*conditions, *looks_behind))

    def _without_looks(self, parts: list[Node]) -> Node:
        behind = parts[0] if parts and isinstance(parts[0], Look) and parts[0].behind else None
        ahead = parts[-1] if parts and isinstance(parts[-1], Look) and not parts[-1].behind else None
        middle = parts[1 if behind else 0 : len(parts) - (1 if ahead else 0)]
        if any(isinstance(inner, Look) for part in middle for inner in walked(part)):
            self.refuse()
        if not behind and not ahead:
            return _ending(_sequence(middle)) if self.asked == "whether" else _sequence(middle)
        before = self._before(behind) if behind else None
        after = self._after(ahead) if ahead else None
        if self.asked == "whether":
            return _sequence([part for part in (before, *middle, after) if part is not None])
        match = _sequence(middle)
        if self.asked == "all":
            self._require_apart(behind, match, ahead)
        return _around(before, match, after)

    def _spots(self, parts: list[Node]) -> tuple[Look, ...]:
        """Return looks by themselves; what is looked for behind must not ask what stands around it."""
        spots = tuple(replace(part, body=_plain(part.body)) for part in parts if isinstance(part, Look))
        for part in [inner for look in spots for inner in walked(look.body)]:
            if isinstance(part, Look) or (isinstance(part, Mark) and part.kind not in {"$", "z"}):
                self.refuse()
        return spots

    # what is looked for

    def _before(self, look: Look) -> Node:
        ways = [self._letters(way) for way in (look.body.ways if isinstance(look.body, Either) else (look.body,))]
        if not look.negative:
            if len({len(way) for way in ways}) > 1 and self.asked != "whether":
                self.refuse()
            return _plain(look.body)
        if len(ways) > 1 or (len(ways[0]) > 1 and self.asked != "whether"):
            self.refuse()
        return _not_behind(ways[0], self)

    def _after(self, look: Look) -> Node:
        if not look.negative:
            return _plain(look.body)
        if isinstance(look.body, Mark) and look.body.kind in {"$", "z"}:
            return Chars("(?s:.)", letters.ANY) if look.body.kind == "z" else self.refuse()
        ways = [self._letters(way) for way in (look.body.ways if isinstance(look.body, Either) else (look.body,))]
        if len(ways) > 1:
            self.refuse()
        return _not_ahead(ways[0], self)

    def _letters(self, body: Node) -> list[Chars]:
        found = fixed(body)
        return found or self.refuse()

    def _require_apart(self, behind: Look | None, match: Node, ahead: Look | None) -> None:
        """Refuse where a match might begin in what another match has looked at."""
        own, start = used(match), first(match)
        if may_be_empty(match) or own is None or start is None:
            self.refuse()
        seen = self._seen(ahead)
        if ahead is not None and (ahead.negative or letters.both(start if behind is None else letters.ANY, seen)):
            self.refuse()
        if behind is not None and not _is_apart(behind, own):
            self.refuse()

    def _seen(self, look: Look | None) -> Ranges:
        found = used(look.body) if look is not None else ()
        return self.refuse() if found is None else found

    def other(self, chars: Chars) -> Chars:
        """Return the set of all letters but these."""
        if chars.ranges is not None:
            inside = letters.written(chars.ranges)
            return replace(chars, written=f"[^{inside}]", ranges=letters.others(chars.ranges))
        return replace(chars, written=f"[^{chars.written}]") if chars.written.startswith("\\p") else self.refuse()


def _is_apart(behind: Look, own: Ranges) -> bool:
    """Tell whether what is looked for behind can never end in a match before; if it must not stand there, whether it always does."""
    found = used(behind.body)
    if found is None:
        return False
    return not letters.both(own, letters.others(found)) if behind.negative else not letters.both(own, found)


def _split(parts: list[Node]) -> tuple[Mark | None, list[Look], list[Node]]:
    """Return the `^` that a pattern begins with, the looks ahead right behind it, and the rest."""
    if not parts or not isinstance(parts[0], Mark) or parts[0].kind != "^":
        return None, [], parts
    looks: list[Look] = []
    for part in parts[1:]:
        if not isinstance(part, Look) or part.behind:
            break
        looks.append(part)
    return parts[0], looks, parts[1 + len(looks) :]


def _split_end(parts: list[Node]) -> tuple[list[Look], list[Node]]:
    """Return the looks behind right before the `$` that a pattern ends with, and the pattern without them."""
    at = len(parts) - 1
    if at < 0 or not isinstance(parts[at], Mark) or parts[at] != Mark("$"):
        return [], parts
    looks: list[Look] = []
    while at and isinstance(look := parts[at - 1], Look) and look.behind:
        looks.append(look)
        at -= 1
    rest = [*parts[:at], parts[-1]]
    has_more = any(isinstance(inner, Look) for part in rest for inner in walked(part))
    return ([], parts) if has_more else (looks, rest)


def _never_within(root: Node) -> Plan | None:
    """Return the plan of `^((?!text).)*$`, which matches a line that nowhere holds the text; None for another pattern."""
    parts = _parts(root)
    if len(parts) != 3 or parts[0] != Mark("^") or parts[2] != Mark("$") or not isinstance(parts[1], Repeat):
        return None
    body = parts[1].body.body if isinstance(parts[1].body, Group) else parts[1].body
    step = _parts(body)
    if (parts[1].low, parts[1].high, len(step)) not in {(0, None, 2), (1, None, 2)} or not isinstance(step[1], Chars):
        return None
    look = step[0]
    if not isinstance(look, Look) or look.behind or not look.negative or may_be_empty(look.body) or step[1].written != r"[^\n]":
        return None
    if any(isinstance(part, Look | Mark) for part in walked(look.body)):
        return None
    return Plan(Sequence((parts[0], replace(parts[1], body=step[1]), parts[2])), ((look.body, False),))


def _parts(node: Node) -> list[Node]:
    return list(node.parts) if isinstance(node, Sequence) else [node]


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _around(before: Node | None, match: Node, after: Node | None) -> Node:
    kept = [Group(before, BEFORE)] if before is not None else []
    return _sequence([*kept, Group(match, WHOLE), *([Group(after, AFTER)] if after is not None else [])])


def _plain(node: Node) -> Node:
    """Return a part without its groups, whose numbers no one can ask for."""
    return Sequence((_plain(node.body),)) if isinstance(node, Group) else rebuilt(node, _plain)


def _not_ahead(found: list[Chars], planner: _Planner) -> Node:
    """Return what stands where a text does not: the end, another letter, or its first letter and not the others."""
    ways: list[Node] = [Mark("z"), planner.other(found[0])]
    if len(found) > 1:
        ways.append(Sequence((found[0], _not_ahead(found[1:], planner))))
    return Sequence((Either(tuple(ways)),))


def _not_behind(found: list[Chars], planner: _Planner) -> Node:
    """Return what stands before a place where a text does not."""
    ways: list[Node] = []
    for at in range(len(found) - 1, -1, -1):
        ways.append(Sequence((Either((Mark("^"), planner.other(found[at]))), *found[at + 1 :])))
    return Sequence((Either(tuple(ways)),))


def _ending(node: Node) -> Node:
    """Return a pattern of which only is asked whether it matches, its last `$` spelt out: the end, or a line feed there."""
    if isinstance(node, Mark) and node.kind == "$":
        return Mark("n$")
    if isinstance(node, Sequence) and node.parts:
        return Sequence((*node.parts[:-1], _ending(node.parts[-1])))
    if isinstance(node, Either):
        return Either(tuple(_ending(way) for way in node.ways))
    return replace(node, body=_ending(node.body)) if isinstance(node, Group | Folded) else node
