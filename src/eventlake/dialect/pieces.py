"""The pieces that emitted SQL is put together from, as a tree: our words with other pieces between them, a user's literal or name, a gap.

They are made by `sql.emit` and its like, and written out by `sql.written_out`; nobody looks into a piece for what it knows from its making.
"""

from __future__ import annotations

from operator import attrgetter
from typing import ClassVar

_NOTHING: frozenset[str] = frozenset()
_HASH = attrgetter("_hash")


class Sql:
    """A piece of SQL: our own words, and other pieces between them.

    macros: names of the macros that it calls. simple: whether computing it twice costs nothing. asks: whether a SELECT stands in it.
    size: characters once the bodies of macros are in place. bound: how deep values are bound to names in it. is_shut: whether nothing may be
    taken out of it. Two pieces are equal if they are made alike.
    """

    __slots__ = ("_hash", "_is_plain", "asks", "bound", "is_shut", "macros", "parts", "simple", "size", "words")

    is_open: ClassVar[bool] = False
    """Whether what is written in its place is known at the end alone."""
    macros: frozenset[str]
    simple: bool
    asks: bool
    bound: int
    size: int
    _is_plain: bool
    """Whether nothing is asked of it: it calls no macro, costs nothing, has no SELECT and no name of its own."""

    def __init__(
        self,
        words: tuple[str, ...],
        parts: tuple[Sql, ...] = (),
        macros: frozenset[str] = _NOTHING,
        simple: bool = True,  # by name it takes longer, and pieces are made by the hundred
        asks: bool = False,
        size: int = 0,
    ) -> None:
        self.words = words
        self.parts = parts
        self.is_shut = False
        total, bound = len(words[0]), 0
        for part in parts:
            total += part.size
            if part._is_plain:
                continue
            if part.macros and not part.macros <= macros:
                macros = macros | part.macros
            if not part.simple:
                simple = False
            if part.asks:
                asks = True
            if part.bound > bound:
                bound = part.bound
        self.bound = bound
        self.asks = asks
        self.size = size or total
        self.macros = macros
        self.simple = simple
        self._is_plain = simple and not asks and not macros and not bound
        self._hash: int | None = None

    def __hash__(self) -> int:
        """Compute it when it is asked for, which it is of few pieces; without recursion, because chains may be long."""
        if self._hash is None:
            waiting = [self]
            while waiting:
                missing = [part for part in waiting[-1].parts if part._hash is None]
                waiting += missing
                if not missing:
                    piece = waiting.pop()
                    piece._hash = hash((piece.words, *map(_HASH, piece.parts)))
        return hash(self._hash)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            type(other) is type(self) and hash(self) == hash(other) and self.words == other.words and self.parts == other.parts
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.words} {self.parts}>"

    def __str__(self) -> str:
        raise TypeError("A piece of SQL is put into a template with emit(), never into a text.")

    def __format__(self, spec: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        """Tell whether there is anything to write."""
        return bool(self.parts) or self.words != ("",)

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing may be taken out of it, because names are bound in it or it is shut."""
        return self.is_shut or any("lambda " in word or "SELECT" in word for word in self.words)

    @property
    def is_query(self) -> bool:
        """Tell whether it is a subquery that stands for a value."""
        return self.asks and not self.is_shut and any("SELECT" in word for word in self.words)

    @property
    def is_list(self) -> bool:
        """Tell whether it is pieces behind one another, such as arguments, which are not one value."""
        return len(self.words) > 2 and not self.words[0] and self.words[1] in {", ", " "}

    @property
    def open_parts(self) -> tuple[Sql, ...]:
        """Return the parts that mean the same outside of it."""
        return () if self.is_closed else self.parts

    def with_parts(self, parts: tuple[Sql, ...]) -> Sql:
        """Return the same words between other parts, the first of which take the places of the open ones."""
        before, after = sum(part.size for part in self.parts), sum(part.size for part in parts)
        return Sql(self.words, parts, self.macros, simple=False, asks=self.asks, size=self.size * after // max(before, 1))

    def settled(self) -> Sql:
        """Return what is written in its place, once everything has been asked of it."""
        return self


class Literal(Sql):
    """A user's text."""

    __slots__ = ()


class Name(Sql):
    """A name that a user gave, or that we made."""

    __slots__ = ()


class Bound(Sql):
    """An expression over a name to which a value is bound, so that the value is computed once: `level` tells the names apart."""

    __slots__ = ()

    def __init__(self, value: Sql, inner: Sql, level: int) -> None:
        super().__init__(("list_transform([", f"], lambda {bound_name(level)}: ", ")[1]"), (value, inner), simple=False)
        self.bound = level
        self._is_plain = False

    @property
    def open_parts(self) -> tuple[Sql, ...]:
        """Return the value alone, which knows nothing of its name."""
        return self.parts[:1]

    def with_parts(self, parts: tuple[Sql, ...]) -> Sql:
        """Return the same expression over another value."""
        return Bound(parts[0], self.parts[1], self.bound)


def bound_name(level: int) -> str:
    """Return the name of a value that is bound at this level."""
    return f"el_v{level}"


class Choice(Sql):
    """A piece that reads JSON texts, and what stands for it where those are known to be as we write them.

    origins: the columns, each with its gap, that the texts are of.
    """

    __slots__ = ("origins", "sound")
    is_open = True

    def __init__(self, doubtful: Sql, sound: Sql, origins: frozenset[tuple[int, str]]) -> None:
        super().__init__(
            doubtful.words, doubtful.parts, doubtful.macros | sound.macros, simple=False, asks=doubtful.asks, size=doubtful.size
        )
        self.is_shut = True
        self.bound = max(doubtful.bound, sound.bound)
        self.sound = sound
        self.origins = origins


class Gap(Sql):
    """A place that is filled when the whole is written."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        super().__init__((f"<{number}>",))
        self.number = number
