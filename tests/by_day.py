"""Which cases of an exhaustive sweep run every day; the whole of it runs with `-m slow`, as in the continuous integration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(count: int, cases: Iterable[Any]) -> list[Any]:  # what `parametrize` takes
    """Return the cases of one parameter: the first of every `count` runs every day, the others are slow."""
    return [pytest.param(case, marks=pytest.mark.slow if number % count else ()) for number, case in enumerate(cases)]
