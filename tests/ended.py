"""Calls functions of a file in processes that end at their n-th crash point: `python tests/ended.py FILE` reads the calls from its input.

Each process is forked from this one, which has loaded everything, so that a test that ends hundreds pays for their work alone. This one runs
nothing of it, so that no thread is lost in a fork. A call is a pickle of the function's name, its arguments and n, 0 for one that may end by itself;
a line of the output says how it ended.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, Protocol

import duckdb

from eventlake.backends import duckdb_rewriter
from eventlake.local import crash
from eventlake.pipeline import mapping

LOADED = (duckdb, duckdb_rewriter, mapping)
"""What is imported when it is needed: imported here, it is there in every process that is forked."""


class Ended(Protocol):
    """Calls a function of a file, in a process that ends at its n-th crash point; its exit code."""

    def __call__(self, function: Callable[..., object], *arguments: object, crash_at: int = 0) -> int:
        """Return `CRASHED` if it ended there, 0 if the function came to its end before, 1 if it failed."""


@contextmanager
def ended_in(file: str) -> Iterator[Ended]:
    """Call functions of a file by their names. Arguments are what can be pickled without it."""
    command = [sys.executable, __file__, file]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told, answered = process.stdin, process.stdout

        def call(function: Callable[..., object], *arguments: object, crash_at: int = 0) -> int:
            pickle.dump((function.__name__, arguments, crash_at), told)
            told.flush()
            return int(answered.readline())

        yield call
        told.close()


def forked(function: Callable[..., object], arguments: tuple[object, ...], crash_at: int) -> int:
    """Call a function in a process of its own; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.dup2(2, 1)  # the output is for the codes
        crash.end_at(crash_at)
        function(*arguments)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


def loaded(file: Path) -> ModuleType:
    """Load a file as a module."""
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def told(calls: BinaryIO) -> tuple[str, tuple[object, ...], int] | None:
    """Read the next call; None at the end."""
    try:
        call: tuple[str, tuple[object, ...], int] = pickle.load(calls)
    except EOFError:
        return None
    return call


def main() -> None:
    """Make the calls of the input."""
    module = loaded(Path(sys.argv[1]))
    while call := told(sys.stdin.buffer):
        name, arguments, crash_at = call
        sys.stdout.write(f"{forked(getattr(module, name), arguments, crash_at)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
