"""The bus and its delivery, as `serve` runs them: accept in this process, deliver in another, one lock for both."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import uvloop

from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import ConfigurationError, LakeLeftError, LakeTakenError, StorageError
from eventlake.local.belonging import require_catalog, require_current
from eventlake.local.bus.address import Address
from eventlake.local.bus.answer import Application
from eventlake.local.bus.bus import Bus
from eventlake.local.bus.connections import Connections, Limits
from eventlake.local.bus.guard import Guard, usable_token
from eventlake.local.bus.health import LEAST_PATIENCE_S, Health
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.server import Server, listening, room_for_connections, stopped_by_signals
from eventlake.local.bus.visitors import Beside
from eventlake.local.bus.webhooks import Webhooks
from eventlake.local.closing.keeper import Complete, Keeper
from eventlake.local.delivery.courier import Courier
from eventlake.local.delivery.task import UNDELIVERED, Task
from eventlake.local.detecting.sinks import read_sinks, require_known
from eventlake.local.detecting.task import Task as Detecting
from eventlake.local.detecting.watcher import Watcher
from eventlake.local.folder import CATALOG, SPOOL
from eventlake.local.keys import require_keys
from eventlake.local.lock import LakeLock
from eventlake.local.room import RoomMaker
from eventlake.local.spool.header import Origin
from eventlake.local.spool.writer import SpoolWriter
from eventlake.local.webhook_tokens import TokensOfLake
from eventlake.model import Source
from eventlake.pipeline.delivery import Hints
from eventlake.pipeline.envelope import Intake

_SWITCH_S = 0.0005
"""How long the thread that wrote a group waits for the interpreter at most; Python's 5 ms would be longer than the write."""

_WATCH_S = 1.0
_LOOK_S = 0.05
_LOOKS = 1200
"""How often a start looks whether the delivering process of a killed bus has ended: for a minute."""


class Service:
    """A bus over the lake in a folder.

    sources: those of `source_folders` and the built-in ones. log_format: of a new lake. token: what senders must show; it is demanded where
    the address is not this machine's own. names: what senders call the bus beside its address, as behind a proxy. told: is given sentences
    for the person who runs it. beside, sign_in: the page, and what lets a browser in, as the bus takes them. closes: whether hours that are
    over are closed. detects: whether detections run, and alerts are told. environment: of the process, where tokens of webhooks may stand.
    """

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        *,
        source_folders: Sequence[Path] = (),
        host: str = "127.0.0.1",
        port: int = 8787,
        hints: Hints,
        log_format: str | None = None,
        token: str | None = None,
        names: Sequence[str] = (),
        told: Callable[[str], None] = lambda _sentence: None,
        beside: Beside | None = None,
        sign_in: Callable[[Guard], Application] | None = None,
        closes: bool = True,
        detects: bool = True,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._closes = closes
        self._detects = detects
        self._sources = sources
        self._address = Address(host)
        self._port = port
        self._task = Task(str(folder), tuple(map(str, source_folders)), hints.seconds, hints.size_bytes, log_format)
        self._token = usable_token(token)
        self._webhook_tokens = TokensOfLake(folder, environment)
        self._webhook_tokens.now()  # what is wrong with them is said before anything begins
        self._names = self._address.names(names)
        self._told = told
        self._beside = beside
        self._sign_in = sign_in
        self._server: Server | None = None
        self._stopped = False
        self._pending: Callable[[], int] = lambda: 0
        self._hurry: Callable[[], None] = lambda: None
        if self._token is None and not self._address.is_own:
            raise ConfigurationError(
                f'At "{host}" others could send events: set EVENTLAKE_TOKEN, or leave --host out to listen on this machine only.'
            )

    def run(self, ready: Callable[[str], None]) -> int:
        """Serve until SIGTERM or Ctrl-C, then deliver what is buffered. `ready` is given the URL once events are taken.

        Gives 0, or UNDELIVERED if something that was accepted is left to the next start.
        Raises LakeLockedError, ConfigurationError for a port in use or a key of pseudonyms that is not there, StorageError.
        """
        require_keys(self._folder, self._sources)
        sys.setswitchinterval(_SWITCH_S)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self.serve(ready))

    async def serve(self, ready: Callable[[str], None]) -> int:
        """Run within a loop that runs already; gives what `run` gives."""
        if not self._folder.exists():
            with listening(self._address.host, self._port):
                pass  # where the port is in use, no lake is begun
        lock = await self._locked()
        if lock is None:
            return 0
        try:
            with listening(self._address.host, self._port) as listener:
                url = self._address.url(listener.getsockname()[1])
                lock.tell(url)
                return await self._serve(listener, lock, url, lambda: ready(url))
        finally:
            lock.release()

    @property
    def pending_bytes(self) -> int:
        """Count the bytes in the spool that are not delivered yet."""
        return self._pending()

    def close_now(self) -> None:
        """Close the running hour too, as soon as nothing is on its way; what comes later opens it again."""
        self._hurry()

    def stop(self) -> None:
        """End `serve` from within, also before it listens."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True

    async def _locked(self) -> LakeLock | None:
        """Take the lock of the lake; wait for what a killed bus left behind. None if this one is to stop before. Raises LakeLockedError."""
        waited = 0
        while not self._stopped:
            try:
                return LakeLock(self._folder, shares=True)
            except LakeLeftError as error:
                if waited == _LOOKS:
                    raise
                if waited == 0:
                    self._told(str(error).replace("try again in a moment", "waiting for it"))
            waited += 1
            await asyncio.sleep(_LOOK_S)
        return None

    async def _serve(self, listener: socket.socket, lock: LakeLock, url: str, ready: Callable[[], None]) -> int:
        spool, epoch = self._open_spool(lock)
        inherited = (lock.descriptor,)
        courier = Courier(replace(self._task, epoch=epoch), inherited, self._told, lambda pid: lock.tell(url, pid), lambda: keeper.end())
        courier.delivered = self._delivered
        pressure = Pressure(self._folder, time.monotonic)
        self._pending = pressure.pending = lambda: max(spool.end - courier.delivered, 0)
        health = Health(pressure, max(LEAST_PATIENCE_S, 3 * self._task.seconds))
        health.is_in_trouble, health.stuck_s = lambda: courier.is_in_trouble, lambda: courier.stuck_s
        intake = Intake(self._sources, FAST)
        bus = Bus(
            spool,
            intake,
            pressure,
            lambda: datetime.now(UTC),
            courier.durable,
            self._token,
            self._names,
            self._beside,
            health,
            self._sign_in,
            Webhooks(self._sources, self._webhook_tokens.now),
        )
        complete = Complete(bus.oldest_arrival, lambda: spool.end, lambda: courier.delivered)
        keeper = Keeper(self._folder, epoch, complete, inherited, lambda: courier.is_delivering, self._told)
        self._hurry = keeper.hurry
        health.not_closed = lambda: keeper.problems
        watcher = Watcher(
            Detecting(self._task.folder, self._task.sources),
            bus.accept,
            lambda: spool.end,
            lambda: courier.delivered,
            lambda: courier.is_delivering,
            inherited,
            self._told,
        )
        room = RoomMaker(
            self._folder,
            lock.name,
            courier,
            lambda: asyncio.wrap_future(spool.begin_anew()),
            watcher.end,
            lambda wish: lock.tell(url, room_for=wish),
            self._told,
        )
        health.not_detecting, health.makes_room = lambda: watcher.problems, lambda: courier.is_paused
        limits = Limits(connections=room_for_connections(Limits().connections))
        self._server = Server(bus, Connections(limits, pressure.is_crowded, self._told, bus.at_once.way_of), ready, self._end_beside)
        self._server.should_exit = self._stopped
        running = asyncio.create_task(courier.run())
        watching = asyncio.create_task(_watch(lock))
        closing = asyncio.create_task(keeper.run() if self._closes else asyncio.Event().wait())
        detecting = asyncio.create_task(watcher.run() if self._detects else asyncio.Event().wait())
        showing = asyncio.create_task(self._beside.run() if self._beside is not None else asyncio.Event().wait())
        making_room = asyncio.create_task(room.run())
        for task in (running, watching, making_room):
            task.add_done_callback(lambda _done: self.stop())  # whatever ended it: a bus that cannot deliver ends, and says why
        courier.durable(spool.end)
        try:
            with stopped_by_signals(self.stop):
                await self._server.serve(sockets=[listener])
                making_room.cancel()
                was_delivering = not courier.is_paused
                await room.end()
                await self._stop_beside()
                await watcher.stop()
                spool.close()
                await keeper.stop()
                lock.require_held()
                if was_delivering:  # else what a closing left is in the hands of who has room, or was put aside by them
                    keeper.tidy()
                courier.durable(spool.end)
                if await courier.stop():
                    return 0
                self._told("Not everything could be delivered; it is kept in the spool, and the next start delivers it.")
                return UNDELIVERED
        finally:
            watching.cancel()
            making_room.cancel()
            running.cancel()
            await self._stop_beside()
            showing.cancel()
            await watcher.stop()
            await keeper.stop()
            detecting.cancel()
            closing.cancel()
            courier.kill()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    def _end_beside(self) -> None:
        if self._beside is not None:
            self._beside.end()

    async def _stop_beside(self) -> None:
        if self._beside is not None:
            await self._beside.stop()

    def _require_detections(self) -> None:
        """Say what is wrong with sinks before anything begins. Raises ConfigurationError."""
        sinks = read_sinks(self._folder)
        if any(sink.detections for sink in sinks):
            from eventlake.detections.detection import readable_detections  # reading them all takes as long as a tenth of the start

            detections, unread = readable_detections(self._sources)
            require_known(sinks, [*detections, *(one.name for one in unread)])

    def _open_spool(self, lock: LakeLock) -> tuple[SpoolWriter, int]:
        """Take the lake and prepare its catalog, then open the spool where it goes on; the epoch of this process."""
        require_catalog(self._folder)
        if self._detects:
            self._require_detections()
        catalog = SqliteCatalog(self._folder / CATALOG)
        try:
            chosen = self._task.log_format or catalog.log_format() or "parquet"
            catalog.register_tables([table for source in self._sources for table in source.tables], chosen)
            require_current(self._folder, catalog)
            self._delivered, end = catalog.checkpoints().get("", 0), catalog.end()
        finally:
            catalog.close()
        origin = Origin(catalog.lake_id, catalog.epoch)
        spool = SpoolWriter(self._folder / SPOOL, at_least=end, origin=origin, require_held=lock.require_held)
        if spool.cut_bytes:
            self._told(
                f"The last write before a crash was incomplete: {spool.cut_bytes} bytes that nobody was told to be stored were cut off."
            )
        return spool, origin.epoch


async def _watch(lock: LakeLock) -> None:
    """Return when the lake is no longer this process's."""
    while True:
        try:
            lock.require_held()
        except LakeTakenError:
            return
        except StorageError:  # it cannot be looked at now: whoever writes is told
            pass
        await asyncio.sleep(_WATCH_S)
