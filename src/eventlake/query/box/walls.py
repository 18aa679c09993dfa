"""What the operating system keeps from a process that answers a query: memory, time, files, processes, signals and rights.

Every wall is put up by the process itself before it sees a statement, and none can be taken down again.
Sources: https://man7.org/linux/man-pages/man2/getrlimit.2.html, https://man7.org/linux/man-pages/man2/prctl.2.html
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass

LAYERS = ("engine", "process", "landlock", "answer")
"""The layers that a process puts up itself; the layer of the statement stands before it."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION = 0x20080522
_DAC_READ_SEARCH = 1 << 2
_CAPSET = {"x86_64": 126, "aarch64": 91}
_FILES = 4_096
"""Descriptors: DuckDB holds one for each object that a thread reads."""
_ROOM_MB = 256
"""Address space beside the query's memory: stacks of threads, fragments of the allocator."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a process may use.

    folder: the only one it may read below, empty for none. seconds: of wall clock for a query. layers: those of LAYERS that are up.
    """

    folder: str
    memory_mb: int
    threads: int
    seconds: float
    layers: tuple[str, ...] = LAYERS


def stand_alone(parent: int) -> None:
    """Die with the parent, gain no rights, keep none but reading, show nothing to others."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    if not sys.platform.startswith("linux"):
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the wish was heard
        os._exit(0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    _drop_capabilities()


def limit(cell: Cell) -> None:
    """Limits that hold from the start: no byte written to a file, no core, a bound on descriptors and on processor time."""
    _at_most(resource.RLIMIT_FSIZE, 0)
    _at_most(resource.RLIMIT_CORE, 0)
    _at_most(resource.RLIMIT_NOFILE, _FILES)
    _at_most(resource.RLIMIT_CPU, int(cell.seconds * cell.threads) + 2)


def limit_memory(cell: Cell) -> None:
    """Bound the address space, counted from what the engine took at its start; and allow no further thread or process."""
    _at_most(resource.RLIMIT_AS, address_space() + (cell.memory_mb + _ROOM_MB) * 1024 * 1024)
    _at_most(resource.RLIMIT_NPROC, 0)


def address_space() -> int:
    """Bytes of address space that this process has; a guess where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # no pathlib in a process that starts for each query
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


def _at_most(kind: int, value: int) -> None:
    """Lower a limit for good; one that is lower already stays. macOS does not have all of them."""
    hard = resource.getrlimit(kind)[1]
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (lowered, lowered))


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def _drop_capabilities() -> None:
    """Of root's rights keep the one to read; Landlock and DuckDB say what."""
    number = _CAPSET.get(os.uname().machine)
    if os.geteuid() != 0 or number is None:
        return
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    kept = (ctypes.c_uint32 * 6)(_DAC_READ_SEARCH, _DAC_READ_SEARCH, 0, 0, 0, 0)  # effective, permitted, inheritable; twice 32 bits
    ctypes.CDLL(None).syscall(ctypes.c_long(number), ctypes.byref(header), ctypes.byref(kept))
