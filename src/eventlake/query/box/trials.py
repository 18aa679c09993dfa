"""What a process is kept from, found out by trying: the walls are asked, not what they are said to be.

Each trial is harmless where nothing holds: it opens files of a folder made for it, forks a process that ends at once, names a program that
does not exist, sends the signal 0.
"""

from __future__ import annotations

import errno
import mmap
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

KEPT = "kept"
"""Name of the file in the ground that is read and opened for writing; it must not change."""
_REFUSED = frozenset({errno.EPERM, errno.EACCES})


@dataclass(frozen=True, slots=True)
class Ground:
    """Where trials are made. folder: an absolute one outside the cell's, which holds the file KEPT. memory_mb: more than the cell may have."""

    folder: str
    memory_mb: int


def refused(ground: Ground) -> list[str]:
    """Return the names of TRIALS that this process is kept from."""
    return [name for name, attempt in TRIALS.items() if _is_refused(attempt, ground)]


def _is_refused(attempt: Callable[[Ground], None], ground: Ground) -> bool:
    try:
        attempt(ground)
    except OSError:
        return True
    return False


def _read(ground: Ground) -> None:
    os.close(os.open(f"{ground.folder}/{KEPT}", os.O_RDONLY))


def _empty(ground: Ground) -> None:
    os.close(os.open(f"{ground.folder}/{KEPT}", os.O_WRONLY | os.O_TRUNC))


def _write(ground: Ground) -> None:
    made = os.open(f"{ground.folder}/made", os.O_WRONLY | os.O_CREAT)
    try:
        os.write(made, b"x")
    finally:
        os.close(made)


def _fork(ground: Ground) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _begin_program(ground: Ground) -> None:
    _where_refused(lambda: os.execv(f"{ground.folder}/none", ["none"]))


def _make_socket(ground: Ground) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _connect(ground: Ground) -> None:
    with socket.socket() as sock:
        _where_refused(lambda: sock.connect(("127.0.0.1", 1)))


def _signal(ground: Ground) -> None:
    os.kill(os.getppid(), 0)


def _take_memory(ground: Ground) -> None:
    mmap.mmap(-1, ground.memory_mb << 20).close()


def _where_refused(attempt: Callable[[], None]) -> None:
    """Let an error pass on if it is a refusal: nobody listens there, and nothing is there to run."""
    try:
        attempt()
    except OSError as error:
        if error.errno in _REFUSED:
            raise


TRIALS: dict[str, Callable[[Ground], None]] = {
    "reading": _read,
    "emptying": _empty,
    "writing": _write,
    "processes": _fork,
    "programs": _begin_program,
    "sockets": _make_socket,
    "TCP": _connect,
    "signals": _signal,
    "memory": _take_memory,
}
"""What is tried, by what is refused where it fails."""
