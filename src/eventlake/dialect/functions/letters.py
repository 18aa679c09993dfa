"""Sets of letters as ranges of code points, sorted and apart: `((48, 57), (65, 90))`."""

from __future__ import annotations

from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
ANY: Ranges = ((0, LAST),)


def listed(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges in order, those that touch made one."""
    made: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], high))
        else:
            made.append((low, high))
    return tuple(made)


def of(letters: str) -> Ranges:
    """Return the set of these letters; `a-z` stands for all between, a hyphen at the end for itself."""
    made, at = [], 0
    while at < len(letters):
        size = 3 if letters[at + 1 : at + 2] == "-" and at + 2 < len(letters) else 1
        made.append((ord(letters[at]), ord(letters[at + size - 1])))
        at += size
    return listed(made)


def others(ranges: Ranges) -> Ranges:
    """Return all letters but these."""
    made, after = [], 0
    for low, high in ranges:
        if low > after:
            made.append((after, low - 1))
        after = high + 1
    return (*made, (after, LAST)) if after <= LAST else tuple(made)


def both(left: Ranges, right: Ranges) -> Ranges:
    """Return the letters in both sets."""
    return tuple((max(a, c), min(b, d)) for a, b in left for c, d in right if max(a, c) <= min(b, d))


def written(ranges: Ranges) -> str:
    """Return the ranges as they stand in a class of RE2, between its brackets."""
    return "".join(spelt(low) if low == high else f"{spelt(low)}-{spelt(high)}" for low, high in ranges)


def spelt(code: int) -> str:
    """Return a letter as RE2 reads it anywhere: itself, behind a backslash, or as its number."""
    letter = chr(code)
    if letter.isalnum() and code < 128:
        return letter
    return f"\\{letter}" if 32 < code < 127 else f"\\x{{{code:x}}}"
