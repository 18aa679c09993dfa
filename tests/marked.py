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
    found = {(item.path, name) for item in items for name in MARKERS if is_marked(item, name)}
    return sorted(f"{path}: {name}" for path, name in found if not is_named(path, name))


def doubled(items: Iterable[pytest.Item]) -> list[str]:
    """List the tests that bear the markers of two suites: each would run them."""
    suites = MARKERS[: MARKERS.index("hypothesis")]
    return sorted(item.nodeid for item in items if sum(is_marked(item, name) for name in suites) > 1)


def is_marked(item: pytest.Item, name: str) -> bool:
    """Tell whether a test bears a marker, or will."""
    if name == "hypothesis":
        return is_hypothesis_test(getattr(item, "obj", None))
    return item.get_closest_marker(name) is not None


@cache
def is_named(path: Path, marker: str) -> bool:
    """Tell whether a file names a marker."""
    return re.search(NAMED_BY.get(marker, rf"\b{marker}\b"), path.read_text()) is not None
