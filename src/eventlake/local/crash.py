"""Numbered crash points, so that a test can end the process after every durable step and look at what is left.

They do nothing until a test calls `end_at`.
"""

from __future__ import annotations

import os

CRASHED = 137

_left = 0


def end_at(number: int) -> None:
    """Let the n-th point that is passed from here end the process at once, as a power cut would; 0 lets none."""
    global _left
    _left = number


def crash_point(_name: str) -> None:
    """Mark that a step has become durable. The name says which, to the reader of the code."""
    global _left
    if _left:
        _left -= 1
        if _left == 0:
            os._exit(CRASHED)
