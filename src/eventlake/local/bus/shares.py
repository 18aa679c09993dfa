"""What each sender has of a room that all share: none takes more than twice of what it leaves free, so there is always room for another.

The rule is that of switches whose ports share a buffer, dynamic thresholds: one sender alone gets two thirds, each of two gets two fifths.
https://doi.org/10.1109/90.664262
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from eventlake.local.bus.sender import Sender

_STRETCH_BITS = 24
"""In stretches of how many bytes, as a power of two, it is known whose what waits in the spool is."""
_MOST_SENDERS = 1_000
"""How many senders of a stretch are remembered, those that have the most of it: each of the others has less than a thousandth."""


def is_fair(own: int, total: int, limit: int) -> bool:
    """Return True if a sender has no more than its share of a room of which so much is taken."""
    return own <= 2 * (limit - total)


class Waiting:
    """Whose the bytes are that wait in the spool, by stretches of it: so it takes little, however many requests and senders there were."""

    def __init__(self) -> None:
        self._stretches: dict[int, Counter[Sender]] = {}

    def add(self, sender: Sender, end: int, size_bytes: int, delivered: Callable[[], int]) -> None:
        """Note bytes of a sender that were written, and forget what is delivered. end, delivered: positions of the spool."""
        stretch = end >> _STRETCH_BITS
        if stretch not in self._stretches:
            self._forget(delivered())
            self._stretches[stretch] = Counter()
        senders = self._stretches[stretch]
        senders[sender] += size_bytes
        if len(senders) > 2 * _MOST_SENDERS:
            self._stretches[stretch] = Counter(dict(senders.most_common(_MOST_SENDERS)))

    def of(self, sender: Sender, delivered: int) -> int:
        """Count the bytes of a sender that wait, up to a stretch too many."""
        self._forget(delivered)
        return sum(found[sender] for found in self._stretches.values())

    def _forget(self, delivered: int) -> None:
        for stretch in [one for one in self._stretches if one < delivered >> _STRETCH_BITS]:
            del self._stretches[stretch]
