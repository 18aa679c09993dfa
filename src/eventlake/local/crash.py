"""Crash points, so that a test can look at a lake after every durable step, or end the process there.

They do nothing until a test calls `at_each` or `end_at`.
"""

from __future__ import annotations

import os
from collections.abc import Callable

CRASHED = 137


def _nothing(_name: str) -> None:
    """Pass a point by."""


_then: Callable[[str], None] = _nothing


def at_each(then: Callable[[str], None] = _nothing) -> None:
    """Call a function with the name of each point that is passed from here on; without one, nothing happens there any more."""
    global _then
    _then = then


def end_at(number: int) -> None:
    """Let the n-th point that is passed from here end the process at once, as a power cut would; 0 lets none."""
    left = number

    def end(_name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(CRASHED)

    at_each(end)


def crash_point(name: str) -> None:
    """Mark that a step has become durable. The name says which, to the reader of the code."""
    _then(name)
