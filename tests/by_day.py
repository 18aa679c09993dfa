"""How much of a sweep runs every day; the whole of it runs in the continuous integration: `-m slow`, `--hypothesis-profile thorough`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings


def one_in(count: int, cases: Iterable[Any]) -> list[Any]:  # what `parametrize` takes
    """Return the cases: the first of every `count` runs every day, the others are slow. A case of several parameters is a tuple."""
    several = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case, marks=pytest.mark.slow if number % count else ()) for number, case in enumerate(several)]


def times(count: int) -> settings:
    """Have a property tried with so many times the examples of the profile."""
    return settings(max_examples=count * settings().max_examples)
