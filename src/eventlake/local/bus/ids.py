"""Random ids, of requests and of events."""

from __future__ import annotations

import os
import struct

_AT_ONCE = 64
"""How many ids one call to the system gives the digits of: it takes longer than to write an id."""
_PARTS = struct.Struct("8s 4s x3s x3s 12s")
"""The digits of an id between its hyphens, but for those that say its version and variant."""

_unused: list[bytes] = []
"""Ids of this process alone: what is forked from it makes others."""
os.register_at_fork(after_in_child=_unused.clear)


def new_ids(count: int) -> list[bytes]:
    """Return random UUIDs (version 4)."""
    while len(_unused) < count:
        digits = os.urandom(_PARTS.size // 2 * _AT_ONCE).hex().encode()
        _unused.extend([b"%b-%b-4%b-a%b-%b" % parts for parts in _PARTS.iter_unpack(digits)])
    left = len(_unused) - count
    taken = _unused[left:]
    del _unused[left:]
    return taken
