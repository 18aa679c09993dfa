"""The seccomp filter: as a program for both architectures, read by an interpreter of classic BPF, and in a process of this machine."""

from __future__ import annotations

import errno
import os

import pytest

from eventlake.query.box.seccomp import Instruction, no_threads, program
from eventlake.query.box.syscalls import CONDITIONAL, FIRST_UNKNOWN, NUMBERS

MACHINES = sorted(NUMBERS)
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED = 0x7FFF0000
REFUSED = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS
OURS = 4_711
THREAD, FORK = 0x3D0F00, 0x1200011
"""The flags with which glibc begins a thread, and forks."""


def decided(instructions: list[Instruction], number: int, *arguments: int, arch: int) -> int:
    """Return what a filter decides of a system call."""
    loaded, at = 0, 0
    data = {0: number, 4: arch, **{16 + 8 * index: value & 0xFFFFFFFF for index, value in enumerate(arguments)}}
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            loaded = data.get(operand, 0)
        else:
            holds = {0x15: loaded == operand, 0x35: loaded >= operand, 0x45: bool(loaded & operand)}[code]
            at += if_true if holds else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_table_names_is_refused(machine: str) -> None:
    """Whatever its arguments are."""
    made = program(machine, OURS)

    for name, number in NUMBERS[machine].items():
        if name not in CONDITIONAL:
            assert decided(made, number, OURS, 0, 0, arch=ARCH[machine]) == REFUSED, name


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("flags", "decision"),
    [
        (os.O_RDONLY, ALLOWED),
        (os.O_RDONLY | os.O_CLOEXEC, ALLOWED),
        (os.O_RDONLY | os.O_DIRECTORY, ALLOWED),
        (os.O_WRONLY, REFUSED),
        (os.O_RDWR, REFUSED),
        (3, REFUSED),
        (os.O_RDONLY | os.O_TRUNC, REFUSED),
        (os.O_RDONLY | os.O_CREAT, REFUSED),
        (os.O_RDONLY | 0o20000000, REFUSED),
    ],
)
def test_files_open_for_reading_only(machine: str, flags: int, decision: int) -> None:
    """By open() where there is one, and by openat(); openat2(), whose flags lie in memory, is as if it were not."""
    made, numbers = program(machine, OURS), NUMBERS[machine]

    assert decided(made, numbers["openat"], 0, 0, flags, arch=ARCH[machine]) == decision
    assert "open" not in numbers or decided(made, numbers["open"], 0, flags, arch=ARCH[machine]) == decision
    assert decided(made, numbers["openat2"], 0, 0, 0, arch=ARCH[machine]) == UNKNOWN


@pytest.mark.parametrize("machine", MACHINES)
def test_a_thread_may_begin_until_all_have_and_a_process_never(machine: str) -> None:
    """clone3(), whose flags lie in memory, is as if it were not, so that libc asks by clone()."""
    made, clone = program(machine, OURS), NUMBERS[machine]["clone"]

    assert decided(made, clone, THREAD, arch=ARCH[machine]) == ALLOWED
    assert decided(made, clone, FORK, arch=ARCH[machine]) == REFUSED
    assert decided(made, NUMBERS[machine]["clone3"], arch=ARCH[machine]) == UNKNOWN
    assert decided(no_threads(machine), clone, THREAD, arch=ARCH[machine]) == REFUSED
    assert decided(no_threads(machine), NUMBERS[machine]["openat"], arch=ARCH[machine]) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["kill", "tgkill"])
def test_a_signal_reaches_the_process_itself_alone(machine: str, name: str) -> None:
    """abort() needs that; every other process, group and all of them are refused."""
    made, number = program(machine, OURS), NUMBERS[machine][name]

    assert decided(made, number, OURS, 6, arch=ARCH[machine]) == ALLOWED
    assert [decided(made, number, other, 9, arch=ARCH[machine]) for other in (1, 0, -1, -OURS)] == [REFUSED] * 4


@pytest.mark.parametrize("machine", MACHINES)
def test_limits_of_others_stay(machine: str) -> None:
    """0 means the process itself."""
    made, number = program(machine, OURS), NUMBERS[machine]["prlimit64"]

    assert decided(made, number, 0, 7, arch=ARCH[machine]) == ALLOWED
    assert decided(made, number, 1, 7, arch=ARCH[machine]) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("number", [FIRST_UNKNOWN, FIRST_UNKNOWN + 40, 520, 0x40000000 | 2, 0xFFFFFFFF])
def test_what_the_kernel_learnt_later_is_unknown(machine: str, number: int) -> None:
    """The calls of x32 are among these."""
    assert decided(program(machine, OURS), number, arch=ARCH[machine]) == UNKNOWN


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("arch", [0x40000003, 0x40000028, *ARCH.values()])
def test_the_numbers_of_another_architecture_are_refused(machine: str, arch: int) -> None:
    """Read as its own they would mean something else."""
    if arch != ARCH[machine]:
        assert decided(program(machine, OURS), 1, arch=arch) == REFUSED
        assert decided(no_threads(machine), 1, arch=arch) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_is_short_enough_for_the_kernel(machine: str) -> None:
    """It takes 4,096 instructions at most, and jumps of 255."""
    made = program(machine, OURS)

    assert len(made) < 4_096
    assert max(max(one[1:3]) for one in made) <= 255
