"""Says which files can hold the tests that are asked for: `-m java` reads a few and not three hundred, and no day reads what is all of AWS.

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


WHOLE_FILE = re.compile(r"^pytestmark = \[?pytest\.mark\.(\w+)", re.MULTILINE)
"""The marker that each test of a file bears."""
ONLY_NOT = re.compile(r"not \w+( and not \w+)*")
"""An expression of every day: it leaves out, and asks for nothing."""


def can_hold(path: Path, expression: str) -> bool:
    """Tell whether a file can hold tests that `-m` selects; of an expression that is neither one marker nor leaves some out, any file can."""
    if expression in MARKERS:
        return is_named(path, expression)
    return not (ONLY_NOT.fullmatch(expression) and of_all(path) & set(expression.split()))


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
def of_all(path: Path) -> set[str]:
    """Return the marker of a whole file, if it has one."""
    return set(WHOLE_FILE.findall(path.read_text()))


@cache
def is_named(path: Path, marker: str) -> bool:
    """Tell whether a file names a marker."""
    return re.search(NAMED_BY.get(marker, rf"\b{marker}\b"), path.read_text()) is not None
