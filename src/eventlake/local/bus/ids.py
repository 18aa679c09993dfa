"""Random ids, of requests and of events."""

from __future__ import annotations

import os

_ID_BYTES = 16
_AT_ONCE = 64
"""How many ids one call to the system gives the digits of: it takes longer than to write an id."""

_unused: list[str] = []
"""Digits of which no id was made, of this process alone: what is forked from it asks for others."""
os.register_at_fork(after_in_child=_unused.clear)


def new_ids(count: int) -> list[str]:
    """Return random UUIDs (version 4)."""
    while len(_unused) < count:
        digits = os.urandom(_ID_BYTES * _AT_ONCE).hex()
        _unused.extend([digits[at : at + 2 * _ID_BYTES] for at in range(0, len(digits), 2 * _ID_BYTES)])
    taken = [_unused.pop() for _ in range(count)]
    return [f"{d[:8]}-{d[8:12]}-4{d[13:16]}-a{d[17:20]}-{d[20:]}" for d in taken]
