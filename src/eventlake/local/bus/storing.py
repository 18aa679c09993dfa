"""What a request stores, made durable: with who must hear of it, and the moments that are not on disk yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from eventlake.errors import LakeTakenError, StorageError, StorageFullError
from eventlake.local.bus.answer import HttpError
from eventlake.local.bus.body import refused
from eventlake.local.bus.group_commit import GroupCommit
from eventlake.local.bus.health import Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.sender import Sender
from eventlake.local.spool.writer import SpoolWriter

Part = tuple[Sender, bytes]
"""Who sent something, and its frames."""


class Storing:
    """The spool as requests see it. durable: is told the end of the spool after each write."""

    def __init__(self, spool: SpoolWriter, pressure: Pressure, health: Health, durable: Callable[[int], None]) -> None:
        self._commit = GroupCommit(spool)
        self._pressure = pressure
        self._health = health
        self._durable = durable
        self._arriving: dict[object, datetime] = {}

    def arriving(self, now: datetime) -> _Arriving:
        """Have a moment known as one at which something arrived that is stored within the `with`."""
        return _Arriving(self._arriving, now)

    def oldest_arrival(self) -> datetime | None:
        """Return the moment of the oldest request that is being written, None if there is none."""
        return min(self._arriving.values(), default=None)

    async def keep(self, frames: bytes) -> None:
        """Return when what the lake tells of itself is durable. Raises StorageError, LakeTakenError."""
        self._durable(await self._commit.store(frames))

    async def store(self, frames: bytes, sender: Sender) -> None:
        """Return when the frames of a request are durable. Raises HttpError."""
        if not frames:
            return
        try:
            end = await self._commit.store(frames)
        except (StorageError, LakeTakenError) as error:
            raise self._failed(error) from None
        self._succeeded(end)
        self._pressure.stored(sender, end, len(frames))

    def hand_in(self, now: datetime, parts: list[Part], told: Callable[[HttpError | None], None]) -> None:
        """Store what several senders sent; `told` hears once it is durable, or what they are answered if none of it is.

        now: the moment of its arrival.
        """
        arriving = _Arriving(self._arriving, now)
        self._commit.hand_in([frames for _, frames in parts], partial(self._told, arriving, parts, told))

    def _told(self, arriving: _Arriving, parts: list[Part], told: Callable[[HttpError | None], None], end: int | Exception) -> None:
        arriving.end()
        if isinstance(end, Exception):
            told(self._failed(end))
            return
        self._succeeded(end)
        for sender, frames in parts:
            self._pressure.stored(sender, end, len(frames))
        told(None)

    def _succeeded(self, end: int) -> None:
        self._health.can_write = True
        self._durable(end)

    def _failed(self, error: Exception) -> HttpError:
        """Return what senders are answered whose requests are not stored."""
        if isinstance(error, StorageFullError):
            return refused(self._pressure.full())
        self._health.can_write = False
        return HttpError(503, str(error), [(b"retry-after", b"10")])


class _Arriving:
    """A moment that is known until what arrived then is written, or fails."""

    __slots__ = ("_known",)

    def __init__(self, known: dict[object, datetime], now: datetime) -> None:
        self._known = known
        known[self] = now

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Forget it."""
        del self._known[self]


def microseconds(moment: datetime) -> int:
    """Return a moment as frames have it: in microseconds since 1970, UTC."""
    return int(moment.timestamp() * 1_000_000)
