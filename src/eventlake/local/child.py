"""A process beside that of the service, which leads a process group: begun again and again, and ended at any moment with all that it has begun.

It stays in the service's session: where Linux shares the processor out by session, how far a process gives way counts within one only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

_LOOK_S = 0.01


class Child:
    """One such process at a time.

    inherited: descriptors that it holds, the lake's lock among them. line_bytes: how long a line of it may be. niceness: how far it gives way,
    from its first moment on: what it loads takes more of the processor than what it does at first.
    """

    def __init__(self, inherited: tuple[int, ...], line_bytes: int, niceness: int = 0) -> None:
        self._inherited = inherited
        self._line_bytes = line_bytes
        self._niceness = niceness
        self._process: asyncio.subprocess.Process | None = None
        self._is_starting = False

    async def start(self, arguments: Sequence[str]) -> asyncio.subprocess.Process:
        """Begin it, with pipes to its stdin and stdout. Raises OSError."""
        self._is_starting = True
        try:
            self._process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=self._inherited,
                preexec_fn=self._stand_apart,  # uvloop does not know `process_group`
                limit=self._line_bytes,
            )
            return self._process
        finally:
            self._is_starting = False

    def _stand_apart(self) -> None:
        os.setpgrp()
        os.nice(self._niceness)

    async def end(self, patience_s: float = 0.0, *, asks: bool = False) -> None:
        """End it, if it runs, and all of its group: at once, or when it has not ended by itself in so long.

        asks: it is told so, by the end of its stdin, and by SIGTERM, which ends one that does not listen yet.
        """
        while self._is_starting:  # a process that is half begun could not be ended
            await asyncio.sleep(_LOOK_S)
        process = self._process
        if process is not None and asks:
            _ask(process)
        if process is not None and patience_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience_s)
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _ask(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
