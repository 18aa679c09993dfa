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
from typing import IO

LAYERS = ("engine", "process", "landlock", "seccomp", "answer")
"""The layers that a process puts up itself; the layer of the statement stands before it."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION = 0x20080522
_DAC_READ_SEARCH = 1 << 2
_CAPSET = {"x86_64": 126, "aarch64": 91}
_FILES = 4_096
"""Descriptors: DuckDB holds one for each object that a thread reads."""
OWN_MB = 160
"""What the owner, the zygote, Python and DuckDB hold beside a query's data; part of its memory."""

_HEAP_BYTES = 128 << 20
"""The address space that a thread takes for a moment to find 64 MB in it, for its heap: https://sourceware.org/glibc/wiki/MallocInternals"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a process may use.

    folder: the only one it may read below, empty for none. seconds: of wall clock for a query. layers: those of LAYERS that are up.
    niceness: how far it gives way to other processes, 0 to 19.
    """

    folder: str
    memory_mb: int
    threads: int
    seconds: float
    layers: tuple[str, ...] = LAYERS
    niceness: int = 0


def stand_alone(parent: int) -> None:
    """Die with the parent, gain no rights, keep none but reading, show nothing to others."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    if not sys.platform.startswith("linux"):
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the wish was heard
        os._exit(0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123  # as below
        file.write("1000")  # where the whole machine runs out of memory, this goes first and its owner lives
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    _drop_capabilities()


def limit(cell: Cell) -> None:
    """Lower the limits that hold from the start: no byte written to a file, no core, a bound on descriptors and on processor time."""
    os.nice(cell.niceness)
    _at_most(resource.RLIMIT_FSIZE, 0)
    _at_most(resource.RLIMIT_CORE, 0)
    _at_most(resource.RLIMIT_NOFILE, _FILES)
    _at_most(resource.RLIMIT_CPU, int(cell.seconds * cell.threads) + 2)


def memory_gauge() -> IO[str] | None:
    """Open what tells how much memory this process has, while it may still open files; None where there is none."""
    try:
        return open("/proc/self/statm", encoding="ascii")  # noqa: PTH123  # `limit_memory` closes it
    except OSError:
        return None


def query_memory_mb(cell: Cell) -> int:
    """Return what is left for a query's data."""
    return max(cell.memory_mb - OWN_MB, cell.memory_mb // 2)


def limit_memory(cell: Cell, gauge: IO[str] | None) -> None:
    """Bound what the process may have beyond what the engine took at its start; and allow no further thread or process.

    The pages it can write to count, and as a second bound twice as much of address space, beside what its threads set aside for themselves: on
    a busy machine they do so only now, and all at once. DuckDB begins as many again to read ahead.
    """
    _at_most(resource.RLIMIT_NPROC, 0)
    if gauge is None:
        return
    with gauge:
        pages = [int(part) for part in gauge.read().split()]
    space, writable = (pages[index] * resource.getpagesize() for index in (0, 5))
    more = query_memory_mb(cell) << 20
    _at_most(resource.RLIMIT_DATA, writable + more)
    _at_most(resource.RLIMIT_AS, space + 2 * more + 2 * cell.threads * _HEAP_BYTES)


def _at_most(kind: int, value: int) -> None:
    """Lower a limit for good; one that is lower already stays. macOS does not have all of them."""
    hard = resource.getrlimit(kind)[1]
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (lowered, lowered))


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def _drop_capabilities() -> None:
    """Drop root's rights but the one to read; Landlock and DuckDB say what."""
    number = _CAPSET.get(os.uname().machine)
    if os.geteuid() != 0 or number is None:
        return
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    kept = (ctypes.c_uint32 * 6)(_DAC_READ_SEARCH, _DAC_READ_SEARCH, 0, 0, 0, 0)  # effective, permitted, inheritable; twice 32 bits
    ctypes.CDLL(None).syscall(ctypes.c_long(number), ctypes.byref(header), ctypes.byref(kept))
