"""Which stretches of a history are stored already, as the text that is kept for its cursor.

A history's entries have positions that grow, as texts of one form do. Whoever asks for March first and for February later then reads what
lies between, and nothing twice; so it does not matter how often, or from when, a history is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable


class Stretches:
    """Stretches of positions; each begins behind its first and ends with its last. Written `first-last,first-last`."""

    def __init__(self, stretches: Iterable[tuple[str, str]] = ()) -> None:
        self._stretches = sorted(stretches)

    @classmethod
    def read(cls, cursor: str) -> Stretches:
        """Return what a cursor says; nothing is stored where it is empty."""
        pairs = (one.partition("-") for one in cursor.split(",") if one)
        return cls((first, last) for first, _, last in pairs)

    @property
    def cursor(self) -> str:
        """Return them as the text that is kept."""
        return ",".join(f"{first}-{last}" for first, last in self._stretches)

    def behind(self, position: str) -> str:
        """Return the position from which nothing is stored: the end of the stretch that this one lies in, or itself."""
        return next((last for first, last in self._stretches if first <= position < last), position)

    def next(self, position: str) -> str | None:
        """Return the position up to which nothing is stored behind this one; None if there is no end to it."""
        return next((first for first, _ in self._stretches if first > position), None)

    def add(self, first: str, last: str) -> None:
        """Note that what lies behind `first`, up to `last`, is stored now."""
        merged: list[tuple[str, str]] = []
        for begin, end in sorted([*self._stretches, (first, last)]):
            if merged and begin <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((begin, end))
        self._stretches = merged
