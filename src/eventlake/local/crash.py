"""Numbered crash points, so that a test can end the process after every durable step and look at what is left.

They do nothing unless EVENTLAKE_CRASH_AT is set to a number n: then the n-th point ends the process at once, as a power cut would.
"""

from __future__ import annotations

import os

CRASHED = 137

_left = int(os.environ.get("EVENTLAKE_CRASH_AT", "0"))


def crash_point(_name: str) -> None:
    """Mark that a step has become durable. The name says which, to the reader of the code."""
    global _left
    if _left:
        _left -= 1
        if _left == 0:
            os._exit(CRASHED)
