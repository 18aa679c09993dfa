"""A bus makes room for who wishes it: what it accepted is delivered, nothing that comes meanwhile is, and then delivery goes on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventlake.errors import LakeLockedError
from eventlake.local import room
from eventlake.local.delivery.courier import Courier
from eventlake.local.lock import AddingLock, LakeLock, read_holder
from eventlake.local.room import RoomMaker, await_room

sys.path.insert(0, str(Path(__file__).parent.parent))
from couriers import DELIVERS, script, until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LOOK_S", 0.01)
    monkeypatch.setattr(room, "_PAUSE_S", 0.01)


class Bus:
    """What makes room in a bus: its lock, its delivery, and where its spool ends."""

    def __init__(self, folder: Path, lock: LakeLock, boundary: Callable[[], int]) -> None:
        self.lock = lock
        self.told: list[str] = []
        self.ended: list[bool] = []
        self.courier = Courier(script(sys.executable, "-c", DELIVERS), (), self.told.append)
        self._boundary = boundary
        self._maker = RoomMaker(
            folder, lock.name, self.courier, self._begin, self._end, lambda wish: lock.tell(room_for=wish), self.told.append
        )

    async def __aenter__(self) -> Bus:
        """Begin to deliver what is durable, and to make room."""
        self._tasks = [asyncio.create_task(self.courier.run()), asyncio.create_task(self._maker.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; a room that somebody has is left to them."""
        self._tasks[1].cancel()
        await self._maker.end()
        self.ended_well = await self.courier.stop()
        await self._tasks[0]

    async def _begin(self) -> int:
        return self._boundary()

    async def _end(self) -> None:
        self.ended.append(self.courier.is_paused)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[LakeLock]:
    """The lock of a bus."""
    lock = LakeLock(tmp_path, shares=True)
    yield lock
    lock.release()


def test_what_is_accepted_is_delivered_before_and_what_comes_meanwhile_afterwards(tmp_path: Path, lock: LakeLock) -> None:
    """Whatever else may write has ended when the bus says that there is room."""

    async def scenario() -> None:
        async with Bus(tmp_path, lock, lambda: 7) as bus:
            bus.courier.durable(5)
            wished = AddingLock(tmp_path, wish=f"{lock.name}:1")
            await asyncio.to_thread(await_room, tmp_path, f"{lock.name}:1")
            assert (bus.courier.delivered, bus.courier.is_paused, bus.ended) == (7, True, [True])

            bus.courier.durable(9)
            await asyncio.sleep(0.05)
            assert (bus.courier.delivered, bus.courier.stuck_s) == (7, 0.0)
            wished.release()
            await until(lambda: bus.courier.delivered == 9)
            assert read_holder(tmp_path).get("room_for") is None
            assert bus.told == []

    asyncio.run(scenario())


def test_a_bus_that_ends_meanwhile_leaves_the_room_and_what_came_to_the_next(tmp_path: Path, lock: LakeLock) -> None:
    """The next delivers nothing, and makes no room for a wish that was meant for another, until that is gone."""

    async def scenario() -> None:
        async with Bus(tmp_path, lock, lambda: 7) as bus:
            wished = AddingLock(tmp_path, wish=f"{lock.name}:1")
            await asyncio.to_thread(await_room, tmp_path, f"{lock.name}:1")
            bus.courier.durable(9)
            assert not await bus.courier.stop()
        lock.name = "the next"
        lock.tell()
        async with Bus(tmp_path, lock, lambda: 9) as following:
            following.courier.durable(9)
            await asyncio.sleep(0.05)
            assert (following.courier.delivered, following.ended) == (0, [])
            wished.release()
            await until(lambda: following.courier.delivered == 9)

    asyncio.run(scenario())


def test_a_bus_that_ends_as_soon_as_the_room_is_free_delivers_what_came(
    tmp_path: Path, lock: LakeLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had not looked since."""

    async def scenario() -> None:
        async with Bus(tmp_path, lock, lambda: 7) as bus:
            wished = AddingLock(tmp_path, wish=f"{lock.name}:1")
            await asyncio.to_thread(await_room, tmp_path, f"{lock.name}:1")
            bus.courier.durable(9)
            monkeypatch.setattr(room, "_LOOK_S", 3600.0)
            await asyncio.sleep(0.05)
            wished.release()
        assert (bus.courier.delivered, bus.ended_well) == (9, True)

    asyncio.run(scenario())


def test_where_no_room_can_be_made_it_is_told_and_delivery_goes_on(tmp_path: Path, lock: LakeLock) -> None:
    """Then it is tried again, as long as somebody wishes it."""
    errors = [OSError("full")]

    def boundary() -> int:
        if errors:
            raise errors.pop()
        return 7

    async def scenario() -> None:
        async with Bus(tmp_path, lock, boundary) as bus:
            AddingLock(tmp_path, wish=f"{lock.name}:1")
            await asyncio.to_thread(await_room, tmp_path, f"{lock.name}:1")
            assert bus.told == ["There is no room for who is to erase somebody; it is tried again: full"]

    asyncio.run(scenario())


def test_a_wish_is_meant_for_one_bus(tmp_path: Path, lock: LakeLock) -> None:
    """Another that has taken its place meanwhile was not asked, and who wished is told."""
    wished = AddingLock(tmp_path, wish="another:1")
    with pytest.raises(LakeLockedError, match="has ended or was started again meanwhile, and nothing is changed"):
        await_room(tmp_path, "another:1")
    wished.release()


def test_a_bus_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    """The text of its lock stays, and the lock is free."""
    script = "import sys; from pathlib import Path; from eventlake.local.lock import LakeLock; print(LakeLock(Path(sys.argv[1]), shares=True).name)"
    name = subprocess.run([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    with pytest.raises(LakeLockedError, match="has ended or was started again meanwhile"):
        await_room(tmp_path, f"{name}:1")
