"""What every node of a statement's tree is: named parts, and a place in the statement."""

from __future__ import annotations

import typing
from collections import deque
from collections.abc import Iterator

from eventlake.dialect.text.lexicon import Token

_Node = typing.TypeVar("_Node", bound="Expr")


class Expr:
    """A node. token: where it stands in the statement, if it has a place of its own. Which node it is a part of, `parents` says."""

    __slots__ = ("args", "token")

    def __init__(self, token: Token | None = None, **args: typing.Any) -> None:  # parts are nodes, lists of them, words and flags
        self.token = token
        self.args = args

    @property
    def this(self) -> typing.Any:  # a node, or the text of a leaf
        """Return the first part."""
        return self.args.get("this")

    @property
    def expression(self) -> typing.Any:  # a node
        """Return the second part."""
        return self.args.get("expression")

    @property
    def expressions(self) -> list[typing.Any]:
        """Return the parts of which there may be any number."""
        return self.args.get("expressions") or []

    @property
    def name(self) -> str:
        """Return the name it says, or nothing."""
        this = self.args.get("this")
        return this if isinstance(this, str) else this.name if isinstance(this, Leaf) else ""

    @property
    def alias(self) -> str:
        """Return the name it is given, or nothing."""
        given = self.args.get("alias")
        return given.name if isinstance(given, Expr) else ""

    @property
    def is_string(self) -> bool:
        """Tell whether it is a text in quotes."""
        return False

    def set(self, key: str, part: typing.Any) -> None:
        """Put a part in the place of another."""
        self.args[key] = part

    def children(self) -> Iterator[Expr]:
        """Yield the nodes that it is made of itself."""
        for part in self.args.values():
            if isinstance(part, Expr):
                yield part
            elif isinstance(part, list):
                yield from part

    def walk(self) -> Iterator[Expr]:
        """Yield the node and all its parts, the nearer before the deeper."""
        waiting: deque[Expr] = deque([self])
        while waiting:
            node = waiting.popleft()
            yield node
            waiting.extend(node.children())

    def parents(self) -> dict[Expr, Expr]:
        """Return the node that each part in it is a part of."""
        return {part: node for node in self.walk() for part in node.children()}

    def find_all(self, kind: type[_Node]) -> Iterator[_Node]:
        """Yield every part of that kind, itself among them."""
        return (node for node in self.walk() if isinstance(node, kind))


class Leaf(Expr):
    """A node that is what its text says."""

    __slots__ = ()


class Query(Expr):
    """What gives rows: it may stand in FROM, in brackets as a value, and alone."""

    __slots__ = ()


class Func(Expr):
    """What is written like a call of a function."""

    __slots__ = ()


class Binary(Expr):
    """An operator between `this` and `expression`."""

    __slots__ = ()
