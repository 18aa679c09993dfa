"""Texts in which identifiers stand that were erased -> where they stand, and the same texts without them.

Only the HMACs of the identifiers are known, so candidates are cut out around the places of their rare characters, and each is hashed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any

from eventlake.pipeline.folding import Folded, fold
from eventlake.pipeline.tombstones import Tombstones

MARK = "[erased]"
"""Stands for an identifier of who was erased. It has no sign that JSON or a URL would escape."""

_REMEMBERED = 20_000
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}")
_STANDARD = str.maketrans("-_", "+/")
_BEGINNINGS = re.compile(r"(?<![0-9a-z])(?=[0-9a-z])")


class Search:
    """Finds identifiers that were erased, in any spelling."""

    def __init__(self, stones: Tombstones) -> None:
        self._stones = stones
        self._shapes: dict[str, list[tuple[int, int]]] = {}
        for anchor, offset, length in sorted({(one.anchor, one.offset, one.length) for one in stones.stones}):
            self._shapes.setdefault(anchor, []).append((offset, length))
        self._known: dict[str, bool] = {}

    @property
    def anchors(self) -> tuple[str, ...]:
        """Return the rare characters that identifiers have, the empty text for those that have none."""
        return tuple(self._shapes)

    def lengths(self, anchor: str) -> frozenset[int]:
        """Return how long the identifiers are that have an anchor."""
        return frozenset(length for _, length in self._shapes.get(anchor, ()))

    def is_identifier(self, value: Any) -> bool:  # any JSON value
        """Return True if a value is an identifier that was erased, and nothing else."""
        if value.__class__ is not str and value.__class__ is not int:
            return False
        return self._is_erased(fold(str(value).strip()).text)

    def without(self, value: Any) -> Any:  # any JSON value in and out
        """Return a value without identifiers in its texts, keys and numbers; the very value if there is none."""
        if value.__class__ is str:
            return self.redacted(value)
        if value.__class__ is dict:
            return self._object(value)
        if value.__class__ is list:
            kept = [self.without(inner) for inner in value]
            return kept if any(new is not old for new, old in zip(kept, value, strict=True)) else value
        if value.__class__ is int or value.__class__ is float:
            return MARK if self.names(repr(value)) else value
        return value

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        kept = {self.redacted(key): self.without(inner) for key, inner in value.items()}
        is_same = len(kept) == len(value) and all(kept.get(key, kept) is inner for key, inner in value.items())
        return value if is_same else kept

    def redacted(self, text: str) -> str:
        """Return a text with each identifier marked as erased; the very text if there is none."""
        unpacked = self._unpacked(text)
        said = fold(unpacked)
        found = sorted(said.stretch(start, end) for start, end in self._found(said, words=True))
        return _marked(said.whole, found) if found else unpacked

    def names(self, text: str) -> bool:
        """Return True if an identifier stands in a text."""
        return self.redacted(text) is not text

    def identifiers(self, text: str) -> set[str]:
        """Return the identifiers that stand in a text, folded, also those that it packs in base64."""
        packed = [fold(inner) for match in _BASE64.finditer(text) for inner in _decoded(match[0])]
        wholes = [(fold(text), True), *((inner, False) for inner in packed)]
        return {said.text[start:end] for said, words in wholes for start, end in self._found(said, words=words)}

    def _found(self, said: Folded, *, words: bool) -> Iterator[tuple[int, int]]:
        """Yield where identifiers stand in a text. words: whether only as whole words."""
        text = said.text
        for anchor, shapes in self._shapes.items():
            for at in _places(text, anchor):
                for offset, length in shapes:
                    start, end = at - offset, at - offset + length
                    if start >= 0 and end <= len(text) and (not words or said.is_word(start, end)) and self._is_erased(text[start:end]):
                        yield start, end

    def _is_erased(self, folded: str) -> bool:
        known = self._known.get(folded)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[folded] = self._stones.knows(folded)
        return known

    def _unpacked(self, text: str) -> str:
        """Return a text with what packs an identifier in base64 marked; the very text if nothing does."""
        if not any(self._is_packed(match[0]) for match in _BASE64.finditer(text)):
            return text
        return _BASE64.sub(lambda match: MARK if self._is_packed(match[0]) else match[0], text)

    def _is_packed(self, text: str) -> bool:
        return any(next(self._found(fold(inner), words=False), None) for inner in _decoded(text))


def _places(text: str, anchor: str) -> Iterator[int]:
    """Yield where an anchor stands; where there is none, each place where a word begins."""
    if not anchor:
        yield from (match.start() for match in _BEGINNINGS.finditer(text))
        return
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + 1)


def _decoded(packed: str) -> Iterator[str]:
    """Yield what a stretch of base64 may stand for, beginning at each of the four places of a group."""
    standard = packed.translate(_STANDARD)
    for skipped in range(4):
        rest = standard[skipped:]
        whole = len(rest) // 4 * 4
        padded = f"{rest[whole:]}{'=' * (whole + 4 - len(rest))}" if len(rest) - whole > 1 else ""
        yield base64.b64decode(rest[:whole] + padded).decode("utf-8", "replace")


def _marked(whole: str, found: Iterable[tuple[int, int]]) -> str:
    """Return a text with stretches of it marked, which are in order and may overlap."""
    parts: list[str] = []
    at = 0
    for start, end in found:
        if start >= at:
            parts += [whole[at:start], MARK]
        at = max(at, end)
    return "".join([*parts, whole[at:]])
