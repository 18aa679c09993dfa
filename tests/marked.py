"""Says which files can hold tests with a marker, so that `-m java` reads the few that do and not three hundred.

Takes for granted that a file with a marked test names the marker; `unnamed` finds one that does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

MARKERS = ("slow", "aws", "java", "browser", "hypothesis")
"""What `-m` selects alone. The last is Hypothesis's own, which it sets after a test was collected."""

NAMED_BY = {"slow": r"\b(slow|by_day)\b"}
"""How a file names a marker, where that is not by its name alone: `by_day` marks some of a test's cases."""


def can_hold(path: Path, expression: str) -> bool:
    """Tell whether a file can hold tests that `-m` selects; an expression of more than one marker may select any."""
    return expression not in MARKERS or is_named(path, expression)


def unnamed(items: Iterable[pytest.Item]) -> list[str]:
    """List the markers of tests that are not named in the files of the tests, each with its file."""
    found = {(item.path, name) for item in items for name in markers_of(item)}
    return sorted(f"{path}: {name}" for path, name in found if not is_named(path, name))


def doubled(items: Iterable[pytest.Item]) -> list[str]:
    """List the tests that bear the markers of two suites: each would run them."""
    return sorted(item.nodeid for item in items if len(markers_of(item) - {"hypothesis"}) > 1)


def markers_of(item: pytest.Item) -> set[str]:
    """Return those that a test bears, or will."""
    borne = {mark.name for mark in item.iter_markers()}
    return borne.intersection(MARKERS) | ({"hypothesis"} if is_hypothesis_test(getattr(item, "obj", None)) else set())


@cache
def is_named(path: Path, marker: str) -> bool:
    """Tell whether a file names a marker."""
    return re.search(NAMED_BY.get(marker, rf"\b{marker}\b"), path.read_text()) is not None
