"""When the bus must not take more: delivery is behind, too much is under way, or the disk is nearly full.

The reserve on the disk is for delivery: it lets what was accepted become objects, after which the spool shrinks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlake.backends.disk import Disk
from eventlake.local.bus.sender import Sender
from eventlake.local.bus.shares import Waiting, is_fair

PENDING_BYTES = 2 << 30
"""How much may wait in the spool."""
FLYING_BYTES = 128 << 20
"""How much may be in requests that are not answered, if there is more than one; each takes about four times its size in memory."""
_SMALL_BYTES = 1 << 20
_SMALL_FLYING_BYTES = 32 << 20
"""How much more may be in small requests, so that large ones that come slowly do not keep them out."""
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not taken: the HTTP status, the sentence, and after how many seconds to try again."""

    status: int
    sentence: str
    retry_after_s: int


class Pressure:
    """Watches what a bus may still take.

    seconds: a clock that only goes forward. reserve_bytes: as `Disk.of` has it.
    """

    def __init__(
        self, folder: Path, seconds: Callable[[], float], pending_limit: int = PENDING_BYTES, reserve_bytes: int | None = None
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._pending_limit = pending_limit
        self._reserve = reserve_bytes
        self._looked = -_LOOK_EVERY_S
        self._room_bytes = 0
        self.flying = 0
        """Bytes in requests that are not answered yet."""
        self._flying_of: dict[Sender, int] = {}
        self._waiting = Waiting()
        self._end = 0
        self.pending: Callable[[], int] = lambda: 0
        """Bytes in the spool that are not delivered yet."""

    def refusal(self, size_bytes: int = 0) -> Refusal | None:
        """Say why a request of a size cannot be taken now; return None if it can."""
        if not self.is_roomy() and self.is_crowded(size_bytes):
            return self.crowded()
        if self.pending() > self._pending_limit:
            return Refusal(503, "Delivery is behind; send it again in some seconds.", 5)
        return None if self._room() > 0 else self.full()

    def refusal_of(self, sender: Sender) -> Refusal | None:
        """Say why nothing more can be taken of a sender: delivery is behind, and most of what waits is its own; return None if it can."""
        pending = self.pending()
        if 2 * pending <= self._pending_limit or is_fair(self._waiting.of(sender, self._end - pending), pending, self._pending_limit):
            return None
        return Refusal(503, "Delivery is behind, and most of what waits for it is from here; send it again in some seconds.", 5)

    def hold(self, size_bytes: int, sender: Sender = None) -> None:
        """Count bytes of a request that come; they are on the disk before they are answered, and before the disk is looked at again."""
        self.flying += size_bytes
        self._flying_of[sender] = self._flying_of.get(sender, 0) + size_bytes
        self._room_bytes -= size_bytes

    def release(self, size_bytes: int, sender: Sender) -> None:
        """Give back what a request held: it is answered."""
        self.flying -= size_bytes
        left = self._flying_of.pop(sender, 0) - size_bytes
        if left:
            self._flying_of[sender] = left

    def stored(self, sender: Sender, end: int, size_bytes: int) -> None:
        """Note what of a sender is on the disk now, and where the spool ends."""
        if end > self._end:
            self._end = end
        self._waiting.add(sender, end, size_bytes, self._delivered)

    def is_roomy(self) -> bool:
        """Return True if requests hold so little that it is no sender's more than its share, and no request's too much."""
        return 3 * self.flying <= 2 * FLYING_BYTES

    def is_crowded(self, size_bytes: int = 1 << 30) -> bool:
        """Return True if requests that are under way hold as much as they may beside one of a size."""
        return self.flying > _most_beside(size_bytes)

    def is_greedy(self, sender: Sender, size_bytes: int, held: int) -> bool:
        """Return True if a sender's requests hold more than its share beside this one; its only one is none too many. held: what this one does."""
        own = self._flying_of.get(sender, 0)
        return held < own and not is_fair(own, self.flying, _most_beside(size_bytes))

    def crowded(self) -> Refusal:
        """Return the refusal while they do."""
        return Refusal(429, "Too much is being sent at once; send it again in a second.", 1)

    def greedy(self) -> Refusal:
        """Return the refusal for a sender that has more than its share."""
        return Refusal(429, "Too much is being sent from here at once; send it again in a second.", 1)

    def full(self) -> Refusal:
        """Return the refusal of a full disk."""
        self._looked = -_LOOK_EVERY_S
        return Refusal(507, "The disk of the lake is full, or its reserve is reached; make room, then send it again.", 10)

    def _delivered(self) -> int:
        return self._end - self.pending()

    def _room(self) -> int:
        """Return how many bytes may still be taken: what is free, without the reserve and what is under way."""
        now = self._seconds()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            disk = Disk.of(self._folder, self._reserve)
            self._room_bytes = disk.free_bytes - disk.reserve_bytes - self.flying
        return self._room_bytes


def _most_beside(size_bytes: int) -> int:
    """Return how much requests may hold together, beside one of a size."""
    return FLYING_BYTES + (_SMALL_FLYING_BYTES if size_bytes <= _SMALL_BYTES else 0)
