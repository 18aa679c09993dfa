"""Room in a lake that a bus writes: the bus delivers what it accepted, and then writes nothing but its spool, until who wished it has done.

The two never speak. Who wishes it holds the lock of who adds, with a wish in its text; the bus looks for one, and answers in the text of its own
lock. What the bus accepts meanwhile stands in a segment of its own, and is delivered by a process that begins afterwards, which reads the lake's
tombstones anew. Where who wished it is killed, the bus goes on; where the bus is, the next one delivers nothing until who has the room has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from eventlake.errors import EventlakeError, LakeLockedError
from eventlake.local.crash import crash_point
from eventlake.local.delivery.courier import Courier
from eventlake.local.lock import is_left, read_holder, wish_of

PATIENCE_S = 120.0
"""How long a bus may take to deliver what it accepted, before who waits for room gives up."""
_LOOK_S = 0.25
_PAUSE_S = 5.0


class RoomMaker:
    """The bus's side.

    name: of the bus's lock, with which wishes begin that are meant for it. courier: delivers. boundary: begins a segment of the spool, and gives
    where. ends: ends what else may write. tells: writes into the lock for which wish there is room, None for none. told: is given each sentence
    of trouble.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        courier: Courier,
        boundary: Callable[[], Awaitable[int]],
        ends: Callable[[], Awaitable[None]],
        tells: Callable[[str | None], None],
        told: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._name = name
        self._courier = courier
        self._boundary = boundary
        self._ends = ends
        self._tells = tells
        self._told = told
        wish = wish_of(folder)
        self._others = None if wish is None or self._is_meant(wish) else wish
        """The wish of who may have the room that a bus made which was killed."""
        if self._others is not None:
            courier.begin_paused()

    async def run(self) -> None:
        """Make room whenever somebody wishes it; who cancels this leaves the room to whoever has it."""
        if self._others is not None:
            await self._gone(self._others)
            self._courier.resume()
        over = None
        while True:
            wish = wish_of(self._folder, over)
            if wish is not None and self._is_meant(wish):
                await self._make_room(wish)
                over = None if wish_of(self._folder) == wish else wish
            await asyncio.sleep(_LOOK_S)

    async def end(self) -> None:
        """Have delivery begun again before the bus ends, if nobody has the room any more. Call it when `run` is cancelled."""
        if self._courier.is_paused and wish_of(self._folder) is None:
            self._courier.resume()
            while self._courier.is_paused:
                await asyncio.sleep(0)

    async def _make_room(self, wish: str) -> None:
        """Make room, and keep it until the wish is gone."""
        try:
            await self._courier.pause(self._boundary)
            crash_point("segment begun for what comes meanwhile")
            while wish_of(self._folder) == wish and not self._courier.is_paused:
                await asyncio.sleep(_LOOK_S)
            if self._courier.is_paused:
                await self._ends()
                self._tells(wish)
                crash_point("room made")
            await self._gone(wish)
            self._tells(None)
        except (EventlakeError, OSError) as error:
            self._told(f"There is no room for who is to erase somebody; it is tried again: {error}")
            await asyncio.sleep(_PAUSE_S)
        self._courier.resume()

    async def _gone(self, wish: str) -> None:
        """Return when a wish is gone."""
        while wish_of(self._folder) == wish:
            await asyncio.sleep(_LOOK_S)

    def _is_meant(self, wish: str) -> bool:
        return wish.startswith(self._name)


def await_room(folder: Path, wish: str) -> None:
    """Return when the bus has made room. Raises LakeLockedError if it does not in time, or is no more the one that the wish is meant for."""
    until = time.monotonic() + PATIENCE_S
    while (holder := read_holder(folder)).get("room_for") != wish:
        if (holder and not wish.startswith(str(holder.get("name")))) or is_left(folder):
            raise LakeLockedError(
                f'The bus over the lake in "{folder}" has ended or was started again meanwhile, and nothing is changed: run the command once more.'
            )
        if time.monotonic() >= until:
            raise LakeLockedError(
                f"The bus (process {holder.get('pid')}) has not delivered what it accepted within {PATIENCE_S:g} seconds, and nothing is changed: "
                "`eventlake doctor` says why. Where it is of an older version, start it again; then run the command once more."
            )
        time.sleep(_LOOK_S)
