"""A process beside the one that reads a history and stores it: documents -> the log lines of what they hold, on another processor.

It is a fork, so that it knows all tables without reading a declaration again. It holds nothing open but its socket, and ends with that. What it
does not give, because it was ended or never began, is mapped where it was asked for: nothing depends on it but the time.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import NoReturn

import msgspec

from eventlake.errors import StorageError
from eventlake.local.stretch import Stretch
from eventlake.pipeline.backfill import Run

WORTH_STRETCHES = 16
"""So many stretches are mapped here first: what is not longer is done before a process has begun."""
_AHEAD = 16
"""How many stretches of documents may be mapped, or wait for it, before the first of them is wanted."""
_ON_THE_WAY_BYTES = 1 << 19
"""What may be on its way to either side, as far as the system allows it: a side that waits for the other does nothing meanwhile."""
_MOST_BYTES = 8 << 20
"""Of a larger stretch nothing is handed on; its few documents are mapped where they are."""
_PATIENCE_S = 60.0
"""How long the process may give no sign; a stretch takes some milliseconds."""
_RECEIVED_BYTES = 1 << 18
_SIZE = struct.Struct("<Q")
_encode = msgspec.msgpack.encode
_documents = msgspec.msgpack.Decoder(list[bytes]).decode
_runs = msgspec.msgpack.Decoder(list[Run]).decode


class Mapper:
    """Maps ahead: `with mapper: mapper.mapped(...)`. runs: maps documents, each within its time."""

    def __init__(self, runs: Callable[[Sequence[bytes]], list[Run]]) -> None:
        self._runs = runs
        self._socket: socket.socket | None = None
        self._process = 0
        self._received = bytearray()

    def mapped(self, stretches: Iterable[Stretch]) -> Iterator[tuple[Stretch, list[Run]]]:
        """Yield each of the stretches with the runs of its documents; those behind it are read, and being mapped, meanwhile.

        Raises StorageError once all that was read before it is told.
        """
        waiting: deque[tuple[Stretch, bool]] = deque()
        failure: StorageError | None = None
        try:
            for number, stretch in enumerate(stretches, 1):
                if number == WORTH_STRETCHES and _processors() > 1:
                    self._begin()
                waiting.append((stretch, self._handed_in(stretch.documents)))
                if len(waiting) > _AHEAD:
                    yield self._first(waiting)
        except StorageError as error:
            failure = error
        while waiting:
            yield self._first(waiting)
        if failure is not None:
            raise failure

    def __enter__(self) -> Mapper:
        """Map what comes until the end of the `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, if there is one; what was handed in and not asked for is not wanted any more."""
        if self._socket is not None:
            self._socket.close()
            os.waitpid(self._process, 0)
            self._socket = None
            self._received.clear()

    def _first(self, waiting: deque[tuple[Stretch, bool]]) -> tuple[Stretch, list[Run]]:
        stretch, is_beside = waiting.popleft()
        told = self._answer() if is_beside else None
        return stretch, self._runs(stretch.documents) if told is None else told

    def _handed_in(self, documents: Sequence[bytes]) -> bool:
        """Hand documents to the process; return False if there is none."""
        if self._socket is None or sum(map(len, documents)) > _MOST_BYTES:
            return False
        data = _encode(documents)
        unsent = memoryview(_SIZE.pack(len(data)) + data)
        try:
            while unsent:
                readable, writable, _ = select.select([self._socket], [self._socket], [], _PATIENCE_S)
                if writable:
                    unsent = unsent[self._socket.send(unsent) :]
                elif readable:  # it waits for somebody to take its answers
                    self._receive(self._socket)
                else:
                    self._give_up()
        except (OSError, EOFError):
            self.__exit__()
            return False
        return True

    def _answer(self) -> list[Run] | None:
        """Return the next answer of the process; None if it gives no more."""
        if self._socket is None:
            return None
        received = self._received
        try:
            while len(received) < _SIZE.size or len(received) < _SIZE.size + _SIZE.unpack_from(received)[0]:
                if not select.select([self._socket], [], [], _PATIENCE_S)[0]:
                    self._give_up()
                self._receive(self._socket)
        except (OSError, EOFError):
            self.__exit__()
            return None
        end = _SIZE.size + _SIZE.unpack_from(received)[0]
        told: list[Run] = _runs(memoryview(received)[_SIZE.size : end])
        del received[:end]
        return told

    def _give_up(self) -> NoReturn:
        """End a process that gives no sign. Raises EOFError."""
        os.kill(self._process, signal.SIGKILL)
        raise EOFError

    def _receive(self, wire: socket.socket) -> None:
        """Take what has come. Raises OSError, EOFError."""
        part = wire.recv(_RECEIVED_BYTES)
        if not part:
            raise EOFError
        self._received += part

    def _begin(self) -> None:
        """Begin the process; where there are no more processes or files to be had, all is mapped here."""
        with contextlib.suppress(OSError), ExitStack() as stack, warnings.catch_warnings():
            ours, its = map(stack.enter_context, socket.socketpair())
            for end in (ours, its):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY_BYTES)
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # Python warns where there are threads: the fork has none, and asks for none
            self._process = os.fork()
            if not self._process:
                self._be(its)
            self._socket = ours.dup()
            self._socket.setblocking(False)

    def _be(self, wire: socket.socket) -> NoReturn:
        """Answer until nobody asks any more."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks
            own = os.dup2(wire.fileno(), 0)
            os.closerange(own + 1, os.sysconf("SC_OPEN_MAX"))  # the lake's lock among them
            self._serve(own)
        finally:
            os._exit(0)

    def _serve(self, descriptor: int) -> None:
        while head := _read(descriptor, _SIZE.size):
            data = _encode(self._runs(_documents(_read(descriptor, _SIZE.unpack(head)[0]))))
            _write(descriptor, _SIZE.pack(len(data)) + data)


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read(descriptor: int, size: int) -> bytes:
    """Read so many bytes; none where nothing comes any more."""
    parts: list[bytes] = []
    while size:
        part = os.read(descriptor, size)
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    unsent = memoryview(data)
    while unsent:
        unsent = unsent[os.write(descriptor, unsent) :]
