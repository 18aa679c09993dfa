"""The zygote as its owner sees it: a process started once, with an empty environment, that forks a worker for each query."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

from eventlake.errors import ConfigurationError

if TYPE_CHECKING:
    from eventlake.query.box.worker import Worker

_PROGRAM = "import sys; sys.path += sys.argv[2:]; from eventlake.query.box.forking import main; main(int(sys.argv[1]))"

_AHEAD_BYTES = 1 << 20
"""How far a process may be ahead of who reads its rows, so that neither waits for the other."""


class Zygote:
    """Starts its process at the first need, and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._end: finalize[..., Zygote] | None = None

    def start(self) -> None:
        """Begin the process, so that the first query need not wait for it; returns at once."""
        with self._lock:
            self._started()

    def fork(self) -> Worker:
        """Fork a process for one query, which may still be on its way. Raises ConfigurationError."""
        from eventlake.query.box.worker import Worker  # which needs the translation: whoever only starts the process need not wait for it

        data, theirs = socket.socketpair()
        with suppress(OSError):  # a system may give less
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD_BYTES)
        leash, its_leash = socket.socketpair()
        try:
            self._ask([theirs.fileno(), its_leash.fileno()])
        except OSError as error:
            data.close()
            leash.close()
            raise ConfigurationError(
                f'The process that answers queries cannot be started ({error.strerror or error}): run "eventlake doctor".'
            ) from None
        finally:
            theirs.close()
            its_leash.close()
        return Worker(data, leash)

    def close(self) -> None:
        """End the process and every worker."""
        with self._lock:
            if self._end is not None:
                self._end()
            self._control = self._end = None

    def _ask(self, descriptors: list[int]) -> None:
        with self._lock:
            try:
                socket.send_fds(self._started(), [b"f"], descriptors)
            except BrokenPipeError:  # somebody ended the process; a new one does as well
                if self._end is not None:
                    self._end()
                self._control = self._end = None
                socket.send_fds(self._started(), [b"f"], descriptors)

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                process = _process(theirs.fileno())
            reaper = threading.Thread(target=process.wait, name="eventlake-zygote", daemon=True)
            reaper.start()  # so that one that was killed is no zombie until the next query
            self._end = finalize(self, _ended, process, reaper, self._control)
        return self._control


@cache
def _of_process(number: int) -> Zygote:
    return Zygote()


def shared() -> Zygote:
    """Return the one zygote of this process; a process that was forked has its own."""
    return _of_process(os.getpid())


def _process(control: int) -> subprocess.Popen[bytes]:
    """Start Python without site, user or environment, in a group of its own so that no Ctrl-C reaches it.

    Its session is that of its owner: where Linux shares the processor out by session, niceness counts within one only.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(control), *_import_path()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        pass_fds=(control,),
        process_group=0,
    )


def _import_path() -> list[str]:
    """Return the folders that hold eventlake and the two packages it needs there, found without importing them."""
    found = [find_spec(name) for name in ("eventlake", "duckdb", "msgspec")]
    return list(dict.fromkeys(str(Path(spec.origin).parent.parent.resolve()) for spec in found if spec is not None and spec.origin))


def _ended(process: subprocess.Popen[bytes], reaper: threading.Thread, control: socket.socket) -> None:
    """Let the process end, which sees its socket closed; kill it if it does not."""
    control.close()
    reaper.join(timeout=5)
    if reaper.is_alive():
        process.kill()
        reaper.join(timeout=5)
