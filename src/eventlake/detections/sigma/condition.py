"""The condition of a rule, `selection and not 1 of filter_*` -> a tree of selections, and what is counted, if anything.

https://sigmahq.io/docs/basics/conditions.html; the form with `| count() by` is of the Sigma before correlations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

_WORD = re.compile(r"\s*(\(|\)|[\w*.-]+)")
_COUNT = re.compile(r"count\((?P<field>[\w.-]*)\)(?:\s+by\s+(?P<by>[\w.-]+))?\s*(?P<operator>>=|>)\s*(?P<number>\d{1,9})", re.IGNORECASE)
_MOST_NESTED = 30


@dataclass(frozen=True, slots=True)
class Named:
    """A selection, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Several trees: `and`, `or`, or `not`, which has one."""

    word: str
    parts: tuple[Tree, ...]


Tree = Named | Joined


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted and how many there must be at least: events, or values of a field. by: the fields whose values are counted apart."""

    field: str
    by: tuple[str, ...]
    least: int


def read_condition(text: str, selections: Sequence[str], wrong: Callable[[str], Exception]) -> tuple[Tree, Count | None]:
    """Read a condition. selections: the names of the rule's. wrong: makes the error of a sentence."""
    searched, bar, counted = text.partition("|")
    tree = _Reader(searched, selections, wrong).whole()
    return tree, _count(counted.strip(), wrong) if bar else None


def _count(text: str, wrong: Callable[[str], Exception]) -> Count:
    match = _COUNT.fullmatch(text)
    if match is None:
        raise wrong(f'"| {text[:80]}" is not read: only count() or count(field), with "by field" if there is one, and > or >= a number')
    return Count(match["field"], (match["by"],) if match["by"] else (), int(match["number"]) + (match["operator"] == ">"))


class _Reader:
    """Reads the part of a condition that says which events: `or` binds least, then `and`, then `not`."""

    def __init__(self, text: str, selections: Sequence[str], wrong: Callable[[str], Exception]) -> None:
        self._words = _words(text, wrong)
        self._selections = selections
        self._wrong = wrong
        self._nested = 0

    def whole(self) -> Tree:
        tree = self._joined("or")
        if self._words:
            raise self._wrong(f'the condition goes on with "{self._words[0]}" where it should end')
        return tree

    def _joined(self, word: str) -> Tree:
        parts = [self._part_of(word)]
        while self._takes(word):
            parts.append(self._part_of(word))
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _part_of(self, word: str) -> Tree:
        return self._joined("and") if word == "or" else self._one()

    def _one(self) -> Tree:
        self._nested += 1
        if self._nested > _MOST_NESTED:
            raise self._wrong("the condition is nested too deeply")
        try:
            if self._takes("not"):
                return Joined("not", (self._one(),))
            if self._takes("("):
                tree = self._joined("or")
                if not self._takes(")"):
                    raise self._wrong('a ")" is missing in the condition')
                return tree
            return self._named()
        finally:
            self._nested -= 1

    def _named(self) -> Tree:
        if not self._words:
            raise self._wrong("the condition ends where a selection should be named")
        word = self._words.pop(0)
        if word.lower() in {"1", "any", "all"} and self._takes("of"):
            return self._several("and" if word.lower() == "all" else "or")
        if word not in self._selections:
            raise self._wrong(f'the condition names "{word}", which is no selection: there is {", ".join(self._selections)}')
        return Named(word)

    def _several(self, word: str) -> Tree:
        """Read which of the selections `1 of` and `all of` mean; those whose names begin with "_" are not of `them`."""
        if not self._words:
            raise self._wrong('"of" wants "them" or the beginning of names, as selection_*')
        pattern = self._words.pop(0)
        of_them = [name for name in self._selections if not name.startswith("_")]
        meant = of_them if pattern.lower() == "them" else [name for name in self._selections if fnmatchcase(name, pattern)]
        if not meant or "[" in pattern:
            raise self._wrong(f'no selection is named "{pattern}": there is {", ".join(self._selections)}')
        return Named(meant[0]) if len(meant) == 1 else Joined(word, tuple(map(Named, meant)))

    def _takes(self, word: str) -> bool:
        if self._words and self._words[0].lower() == word:
            self._words.pop(0)
            return True
        return False


def _words(text: str, wrong: Callable[[str], Exception]) -> list[str]:
    words, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise wrong(f'the condition cannot be read from "{text[at : at + 40].strip()}" on')
        words.append(match[1])
        at = match.end()
    return words
