"""A disk whose power can be cut: it remembers every call, and rebuilds what could be left if the power failed during any of them.

What was synchronised is kept as it was. Of the rest, each sector may have reached the disk or not, a file may have any of its sizes, a bit may
be flipped; a name that its folder did not synchronise may be missing, or still there after it was removed. So do ext4, XFS and others, see
"All File Systems Are Not Created Equal": https://www.usenix.org/conference/osdi14/technical-sessions/presentation/pillai
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlake.local.spool.files import FileSystem

SECTOR_BYTES = 512

Versions = tuple[bytes, ...]
"""All contents that a file had or may have had since it was last synchronised; the last is what the system shows."""


@dataclass(frozen=True)
class Moment:
    """What the disk may hold during a call, and how much had been acknowledged before."""

    files: dict[Path, Versions]
    certain_names: frozenset[Path]
    possible_names: frozenset[Path]
    acknowledged: int

    def left(self, choice: random.Random) -> dict[str, bytes]:
        """Names and contents of the files that a power cut leaves."""
        kept = [path for path in sorted(self.possible_names) if path in self.certain_names or choice.random() < 0.5]
        return {path.name: _left(self.files[path], choice) for path in kept}


def _left(versions: Versions, choice: random.Random) -> bytes:
    sizes = [len(version) for version in versions]
    size = choice.choice([*sizes, choice.randint(min(sizes), max(sizes))])
    left = bytearray(size)
    for at in range(0, size, SECTOR_BYTES):
        sector = choice.choice(versions)[at : min(at + SECTOR_BYTES, size)]
        left[at : at + len(sector)] = sector
    certain = _alike(versions)
    left[:certain] = versions[0][:certain]
    if size > certain and choice.random() < 0.3:
        left[choice.randrange(certain, size)] ^= 1 << choice.randrange(8)
    return bytes(left)


def _alike(versions: Versions) -> int:
    """How many bytes at the beginning are the same in all versions."""
    columns = enumerate(zip(*versions, strict=False))
    return next((at for at, column in columns if len(set(column)) > 1), min(map(len, versions)))


class Disk(FileSystem):
    """A file system that remembers.

    fails: the number of a call that raises an OSError with the code `error`; a write has then written half. dies: the number of the call from
    which on all of them do, as if the process had been killed there.
    """

    def __init__(self, fails: int = 0, dies: int = 0, error: int = 5) -> None:
        self.fails = fails
        self.dies = dies
        self.error = error
        self.calls: list[str] = []
        self.acknowledged = 0
        self.moments: list[Moment] = []
        self._files: dict[Path, Versions] = {}
        self._names: frozenset[Path] = frozenset()
        self._certain_names: frozenset[Path] = frozenset()
        self._opened: dict[int, Path] = {}

    def open_for_append(self, path: Path) -> int:
        """Open; a new name is certain when its folder was synchronised."""
        self._names |= {path}
        self._files.setdefault(path, (b"",))
        self._call(f"open {path.name}")
        descriptor = super().open_for_append(path)
        self._opened[descriptor] = path
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        """Write."""
        before = self._shown(descriptor)
        self._may_be(descriptor, before + data)
        self._call("write", failing=lambda: self._write_half(descriptor, before, data))
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """The file's data are certain."""
        self._call("sync")
        super().sync(descriptor)
        self._files[self._opened[descriptor]] = (self._shown(descriptor),)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut; what was there stays possible until the file is synchronised."""
        before = self._shown(descriptor)
        self._may_be(descriptor, before[:size])
        self._call("truncate", failing=lambda: self._may_be(descriptor, before))
        super().truncate(descriptor, size)

    def sync_folder(self, folder: Path) -> None:
        """The names in the folder are certain."""
        self._call(f"sync_folder {folder}")
        super().sync_folder(folder)
        here = {path for path in self._names | self._certain_names if path.parent == folder}
        self._certain_names = (self._certain_names - here) | (here & self._names)

    def unlink(self, path: Path) -> None:
        """Remove; the name stays possible until its folder is synchronised."""
        self._names -= {path}
        self._call("unlink")
        super().unlink(path)
        self._files[path] += (b"",)  # as a file that takes the name begins

    def _call(self, name: str, failing: Callable[[], object] = lambda: None) -> None:
        self.calls.append(name)
        self.moments.append(
            Moment(dict(self._files), self._certain_names & self._names, self._certain_names | self._names, self.acknowledged)
        )
        if len(self.calls) == self.fails or 0 < self.dies <= len(self.calls):
            if len(self.calls) in {self.fails, self.dies}:
                failing()
            raise OSError(self.error, os.strerror(self.error))

    def _write_half(self, descriptor: int, before: bytes, data: bytes) -> None:
        half = data[: len(data) // 2]
        super().write(descriptor, half)
        self._may_be(descriptor, before + half)

    def _shown(self, descriptor: int) -> bytes:
        return self._files[self._opened[descriptor]][-1]

    def _may_be(self, descriptor: int, shown: bytes) -> None:
        self._files[self._opened[descriptor]] += (shown,)
