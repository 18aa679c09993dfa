"""A seccomp filter: which system calls the kernel takes from this process, decided by their numbers and what stands in registers.

Beside Landlock it refuses whole kinds: to open for writing, to empty a file, to begin a process or a program, to make a socket, to look into
another process. It needs no rights, holds for root too, cannot be taken off again, and holds for every thread begun later.
Format: https://docs.kernel.org/userspace-api/seccomp_filter.html, https://man7.org/linux/man-pages/man2/seccomp.2.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator

from eventlake.query.box.syscalls import CONDITIONAL, FIRST_UNKNOWN, NUMBERS

_CALL_NUMBER = {"x86_64": 317, "aarch64": 277}
"""Of seccomp() itself."""
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_TSYNC = 1
_SPEC_ALLOW = 1 << 2
"""Without it kernels before 5.16 slow all of the process down against Spectre, of which a process with one owner has no use."""
_PR_SET_NO_NEW_PRIVS = 38

_WRITING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | (getattr(os, "O_TMPFILE", 0) & ~getattr(os, "O_DIRECTORY", 0))
"""Flags of open() with which a file may change, or come to be."""
_CLONE_THREAD = 0x10000

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
"""Where they stand in `struct seccomp_data`."""

Instruction = tuple[int, int, int, int]
"""Of classic BPF: code, steps over if true, steps over if false, operand."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def is_available() -> bool:
    """Return True if this kernel takes filters and this architecture's numbers are known."""
    number = _CALL_NUMBER.get(os.uname().machine)
    if not sys.platform.startswith("linux") or number is None or sys.maxsize < 1 << 32:
        return False
    action = ctypes.c_uint32(_ERRNO)
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), _GET_ACTION_AVAIL, 0, ctypes.byref(action))) == 0


def restrict() -> bool:
    """Put the filter on this process, with one thread only; return False where there is none. Raises OSError if the kernel refuses."""
    return _install(lambda machine: program(machine, os.getpid()))


def forbid_threads() -> bool:
    """Let no thread of this process begin another, or a process; return False where there is no filter."""
    return _install(no_threads)


def program(machine: str, process: int) -> list[Instruction]:
    """Return the filter for an architecture. process: the number of the only process that may be sent a signal."""
    numbers = NUMBERS[machine]
    body = [*_no_other_machine(machine), (_JUMP_AT_LEAST, 0, 1, FIRST_UNKNOWN), _refused(errno.ENOSYS)]
    for name, number in numbers.items():
        if name not in CONDITIONAL:
            body += _if_called(number, [_refused(errno.EPERM)])
    for name, argument in (("open", 1), ("openat", 2)):
        if name in numbers:
            body += _if_called(numbers[name], [*_unless_set(argument, _WRITING, errno.EPERM, wanted=False), _allowed()])
    for name in ("openat2", "clone3"):  # what is asked of them lies in memory; libc asks again by the older calls
        body += _if_called(numbers[name], [_refused(errno.ENOSYS)])
    body += _if_called(numbers["clone"], [*_unless_set(0, _CLONE_THREAD, errno.EPERM, wanted=True), _allowed()])
    for name in ("kill", "tgkill"):
        body += _if_called(numbers[name], _only_with(0, process))
    body += _if_called(numbers["prlimit64"], _only_with(0, 0))
    return [*body, _allowed()]


def no_threads(machine: str) -> list[Instruction]:
    """Return the filter that is added when every thread has begun."""
    return [*_no_other_machine(machine), *_if_called(NUMBERS[machine]["clone"], [_refused(errno.EPERM)]), _allowed()]


def _no_other_machine(machine: str) -> list[Instruction]:
    """Refuse calls by the numbers of another architecture, and leave the number of this one's to look at."""
    return [(_LOAD, 0, 0, _MACHINE_AT), (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]), _refused(errno.EPERM), (_LOAD, 0, 0, _NUMBER_AT)]


def _if_called(number: int, then: list[Instruction]) -> list[Instruction]:
    """Return what is done for one call, which must end in a decision; step over it for others."""
    return [(_JUMP_EQUAL, 0, len(then), number), *then]


def _unless_set(argument: int, bits: int, error: int, *, wanted: bool) -> Iterator[Instruction]:
    """Refuse if any of the bits stands in the argument and none is wanted, or the other way round. Flags are in its lower half."""
    yield (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument)
    yield (_JUMP_SET, *((1, 0) if wanted else (0, 1)), bits)
    yield _refused(error)


def _only_with(argument: int, value: int) -> list[Instruction]:
    """Allow the call with this value in the argument, which is a process; refuse it with any other."""
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument), (_JUMP_EQUAL, 0, 1, value), _allowed(), _refused(errno.EPERM)]


def _allowed() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)


def _refused(error: int) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | error)


def _install(made: Callable[[str], Iterable[Instruction]]) -> bool:
    """Add a filter to every thread of this process."""
    if not is_available():
        return False
    machine = os.uname().machine
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in made(machine))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    body = ctypes.create_string_buffer(packed, len(packed))
    filter_ = _Program(len(packed) // 8, ctypes.cast(body, ctypes.c_void_p))
    number = ctypes.c_long(_CALL_NUMBER[machine])
    if libc.syscall(number, ctypes.c_long(_SET_MODE_FILTER), ctypes.c_long(_TSYNC | _SPEC_ALLOW), ctypes.byref(filter_)):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return True
