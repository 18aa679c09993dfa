"""Wildcards of event patterns: their regular expression, and how much work they make.

Called by `operators` for one wildcard, by `rule` for all that are compared with one field. EventBridge refuses rules whose wildcards could be
in too many places at once: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

COMPLEXITY_LIMIT = 10
"""Places at which the wildcards of one field may be at once; EventBridge does not document it: a pattern of 11 was refused (October 2025)."""

_LOOKS_LIMIT = 20_000
"""Sets of places that are looked at; what has more is let pass, EventBridge decides."""

_ANY = -1
"""A `*` among the bytes of a wildcard."""

Place = tuple[int, int, int]
"""A wildcard's test, its number within the test (0 before its first `*`), and how many of its bytes were met."""


def wildcard_regex(text: str) -> re.Pattern[str]:
    """Compile a wildcard: `*` is any characters, also none and line breaks; `\\*` and `\\\\` are the characters themselves.

    What stands between two `*` is looked for once, where it comes first, so that no text takes long. Raises ValueError.
    """
    parts = [""]
    for character in _characters(text):
        if character is None:
            parts.append("")
        else:
            parts[-1] += re.escape(character)
    if len(parts) == 1:
        return re.compile(parts[0], re.DOTALL)
    first, *between, last = parts
    return re.compile("".join([first, *(f"(?>.*?{part})" for part in between), f".*{last}"]), re.DOTALL)


def _characters(text: str) -> Iterable[str | None]:
    """Yield the characters of a wildcard, None for `*`. Raises ValueError."""
    at = 0
    while at < len(text):
        character = text[at]
        if text[at : at + 2] == "**":
            raise ValueError(f'"wildcard" has {_shown(text)}; two wildcards in a row are not allowed')
        if character == "\\":
            at += 1
            character = text[at : at + 1]
            if character not in {"*", "\\"}:
                raise ValueError(f'"wildcard" has {_shown(text)}; a backslash stands before * or \\ only')
            yield character
        else:
            yield None if character == "*" else character
        at += 1


def _shown(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return written if len(written) <= 120 else written[:117] + "..."


def complexity(tests: Sequence[Sequence[str]]) -> int:
    """Return at how many places the wildcards of one field can be at once, for the worst of all texts; counted to just above the limit.

    tests: the wildcards of each test. A place is a byte that was just met, or a `*` that may go on.
    """
    texts = {(test, number): _bytes(text) for test, some in enumerate(tests) for number, text in enumerate(sorted(set(some)), 1)}
    alphabet = {byte for text in texts.values() for byte in text if byte != _ANY} | {_ANY}
    start = frozenset((test, number, 0) for test, number in texts)
    seen, pending, most = {start}, [start], 0
    while pending and most <= COMPLEXITY_LIMIT and len(seen) <= _LOOKS_LIMIT:
        places = pending.pop()
        for byte in alphabet:
            reached = frozenset(after for place in places for after in _after(place, texts, byte))
            if reached not in seen:
                seen.add(reached)
                pending.append(reached)
                most = max(most, len({_shared(place, texts) for place in reached}))
    return most


def _bytes(text: str) -> list[int]:
    """Return the bytes between quotation marks that a wildcard is compared with."""
    inner = [
        byte for character in _characters(text) for byte in ([_ANY] if character is None else character.encode("utf-8", "surrogatepass"))
    ]
    return [0x22, *inner, 0x22]


def _after(place: Place, texts: dict[tuple[int, int], list[int]], byte: int) -> Iterable[Place]:
    """Yield the places that follow a place by a byte: on a `*` it stays, and where a `*` follows, both are reached.

    A place just before a `*` and the place on it are told apart by the number of bytes met: on it, one more.
    """
    test, number, met = place
    text = texts[test, number]
    if met and text[met - 1] == _ANY:
        yield place
    if met < len(text) and text[met] == byte != _ANY:
        yield (test, number, met + 1)
        if met + 1 < len(text) and text[met + 1] == _ANY:
            yield (test, number, met + 2)


def _shared(place: Place, texts: dict[tuple[int, int], list[int]]) -> tuple[object, ...]:
    """Return what tells a place apart: wildcards of one test share what stands before their first `*`."""
    test, number, met = place
    text = texts[test, number]
    return (test, tuple(text[:met])) if _ANY not in text[: max(met - 1, 0)] else place
