"""The bus's side of the delivering process: starts it, tells it how far the spool is durable, hears how far it delivered, starts it again.

Whatever keeps the process from starting or running is told, and tried again after a pause: delivery goes on when the cause is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from eventlake.errors import LakeTakenError
from eventlake.local.delivery.task import AGAIN, TAKEN, Task

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_LOOK_S = 0.02
_TOGETHER_S = 0.05
"""For how long new ends of the spool become one: each costs the process what it takes to look, however little there is, and lines wait for seconds."""
_LINE_BYTES = 1 << 20
"""How long a line of the process may be."""


class Courier:
    """Keeps one delivering process running.

    inherited: descriptors the process holds with the bus, the lake's lock among them. told: is given each sentence of trouble, once.
    begun: is given the id of each process. ended: is awaited after one has ended, before the next begins and recovers.
    """

    def __init__(
        self,
        task: Task,
        inherited: tuple[int, ...],
        told: Callable[[str], None],
        begun: Callable[[int], None] = lambda _pid: None,
        ended: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._task = task
        self._inherited = inherited
        self._told = told
        self._begun = begun
        self._ended = ended
        self.is_delivering = False
        """Whether the process has begun: what a crash left is recovered, and nothing else of the lake is in its hands but what it delivers."""
        self._trouble: str | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._durable = self._told_end = 0
        self._news = asyncio.Event()
        self._stopping = False
        self._limit: int | None = None
        """The position of the spool behind which nothing is delivered before a pause is over; none if there is no pause."""
        self._is_pausing = False
        self.is_paused = False
        """Whether nothing is delivered because `pause` wants it so."""
        self._resumed = asyncio.Event()
        self._ending = asyncio.Event()
        self._starting = False
        self._moved = time.monotonic()
        self.delivered = 0
        """Everything before this position of the spool is delivered."""

    @property
    def is_in_trouble(self) -> bool:
        """Return True if the process ended or failed, and delivered nothing since."""
        return self._trouble is not None

    @property
    def stuck_s(self) -> float:
        """Return for how many seconds something waits and nothing was delivered, unless that is wanted."""
        return time.monotonic() - self._moved if self.delivered < self._durable and not self.is_paused else 0.0

    def durable(self, end: int) -> None:
        """Let the spool be read up to here."""
        if end > self._durable:
            if self.delivered >= self._durable:
                self._moved = time.monotonic()
            self._durable = end
            self._news.set()

    async def run(self) -> None:
        """Keep the process running until `stop`. Raises LakeTakenError if another process has taken the lake."""
        pause = _FIRST_PAUSE_S
        while not self._stopping:
            if self._is_at_limit():
                await self._paused()
                continue
            before = self.delivered
            ended = await self._life()
            self.is_delivering = False
            if self._ended is not None:
                await self._ended()
            if self._is_stopping():
                return
            if self._is_at_limit():
                continue
            pause = _FIRST_PAUSE_S if self.delivered > before else min(pause * 2, _LONGEST_PAUSE_S)
            if ended:
                self._tell(self._trouble or ended)
            await asyncio.sleep(pause)

    def begin_paused(self) -> None:
        """Let `run` begin with a pause, until `resume`."""
        self._limit, self._is_pausing = self.delivered, True

    async def pause(self, boundary: Callable[[], Awaitable[int]]) -> None:
        """Have everything before a position delivered, nothing behind it, and the process ended; `is_paused` once that is so, until `resume`.

        boundary: gives the position, behind everything that was durable before it is asked. Raises what that raises.
        """
        self._limit = self._durable
        try:
            self._limit = await boundary()
        except BaseException:
            self.resume()
            raise
        self._durable = max(self._durable, self._limit)
        self._is_pausing = True
        self._news.set()

    def resume(self) -> None:
        """Deliver again, whether the process has ended already or not."""
        self._limit, self._is_pausing = None, False
        self._moved = time.monotonic()
        self._resumed.set()

    def _is_at_limit(self) -> bool:
        """Return True if a pause is wanted, and all is delivered that is to be before it."""
        return self._is_pausing and self._limit is not None and self.delivered >= self._limit

    async def _paused(self) -> None:
        """Return when the pause is over, or `stop` was called."""
        self._resumed.clear()
        self.is_paused = True
        await self._resumed.wait()
        self.is_paused = False

    async def stop(self, patience_s: float = 60.0) -> bool:
        """Have everything delivered and the process ended; whether everything was: not what lies behind a pause."""
        self._stopping = True
        self._resumed.set()
        self._ending.set()
        self._news.set()
        while self._starting:  # a process that is half begun could neither be told to end nor be left alone
            await asyncio.sleep(_LOOK_S)
        process = self._process
        if process is None:
            return self.delivered >= self._durable
        try:
            return await asyncio.wait_for(process.wait(), patience_s) == 0 and self._told_end >= self._durable
        except TimeoutError:
            process.kill()
            return False

    def kill(self) -> None:
        """End the process if it still runs; what it has not delivered is kept."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _is_stopping(self) -> bool:
        """Return True if `stop` was called, also meanwhile."""
        return self._stopping

    async def _life(self) -> str:
        """Run one life of the process, and say how it ended; nothing if it is to be started again. Raises LakeTakenError."""
        try:
            code = await self._once()
            if code == TAKEN:
                raise LakeTakenError(self._trouble or "Another process has taken the lake to write; this one writes nothing more.")
            return "" if code in {0, AGAIN} else f"The delivering process ended ({code}); it is started again."
        except OSError as error:  # no more processes, files or memory: over when the cause is
            return f"The delivering process cannot be started: {error.strerror or error}. It is tried again; what is accepted is kept."

    async def _once(self) -> int:
        """Run the process and return its exit code. Raises OSError if it cannot be started."""
        self._starting = True
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *self._task.arguments(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=self._inherited,
                limit=_LINE_BYTES,
            )
        finally:
            self._starting = False
        self._begun(process.pid)
        self._news.set()
        writing = asyncio.create_task(self._write(process))
        try:
            await self._listen(process)
            return await process.wait()
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing

    async def _write(self, process: asyncio.subprocess.Process) -> None:
        """Tell the process the end of the spool: a new one at once, and those that follow soon after it together."""
        pipe = process.stdin
        if pipe is None:
            return
        told_to_stop = False
        with contextlib.suppress(ConnectionError):
            while not told_to_stop:
                await self._news.wait()
                self._news.clear()
                told_to_stop = self._stopping or self._is_pausing
                until = self._durable if self._limit is None else self._limit
                self._told_end = until
                pipe.write(b"durable %d\n" % until + (b"stop\n" if told_to_stop else b""))
                await pipe.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), _TOGETHER_S)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        stream = process.stdout
        while stream is not None and (line := await stream.readline()):
            word, _, value = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
            if word == "delivered":
                self.delivered = max(self.delivered, int(value))
                self._moved = time.monotonic()
                self._trouble = None
                self.is_delivering = True
            elif word == "trouble":
                self._tell(value)
            elif word == "told":
                self._told(value)

    def _tell(self, sentence: str) -> None:
        if sentence != self._trouble:
            self._trouble = sentence
            self._told(sentence)
