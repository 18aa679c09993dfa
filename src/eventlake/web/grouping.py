"""Which statements of a page one process answers: those that read the same tables, so that each table is read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_One = TypeVar("_One")


def grouped(asked: Sequence[tuple[_One, Sequence[str]]], places: int) -> list[list[_One]]:
    """Return the statements of each process, at most so many; where one would be idle, it takes the last. asked: each with its tables."""
    by_table: dict[str, list[_One]] = {}
    for one, tables in asked:
        by_table.setdefault(min(tables, default=""), []).append(one)
    found: list[list[_One]] = [[] for _ in range(places)]
    for group in sorted(by_table.values(), key=len, reverse=True):
        min(found, key=len).extend(group)
    if len(by_table) == 1 and len(asked) > 2 and places > 1:
        found[1].append(found[0].pop())
    return [group for group in found if group]
