"""Which events the delivering process ended with: one that did it twice is not tried again.

The position of a large event stands in a small file while it is worked on. The file is never synchronised: a process that is killed leaves
what it wrote, and after a power cut nobody is to blame.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

LARGE_BYTES = 16 << 10
"""How large an event is that may cost the process its life; smaller ones are not noted."""
MOST = 2
"""How often a process may end with an event."""


class Strikes:
    """What the file in the folder of a spool says. position: events before it are delivered."""

    def __init__(self, folder: Path, position: int) -> None:
        self._path = folder / "strikes"
        self._strikes = {where: count for where, count in self._read().items() if where >= position}
        self._file: int | None = None
        self._size = 0

    def is_poison(self, position: int) -> bool:
        """Return True if processes ended with the event at this position, again and again."""
        return self._strikes.get(position, 0) >= MOST

    def is_struck(self, position: int) -> bool:
        """Return True if a process ended with the event at this position."""
        return position in self._strikes

    def begin(self, position: int) -> None:
        """Note the event that is worked on now."""
        self._strikes[position] = self._strikes.get(position, 0) + 1
        self._write()

    def end(self, position: int) -> None:
        """Note that the process outlived it."""
        del self._strikes[position]
        self._write()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self) -> dict[int, int]:
        """Read the strikes of each position; none if there is no file, or a power cut left something else."""
        try:
            return {int(position): int(count) for position, count in json.loads(self._path.read_bytes()).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def _write(self) -> None:
        """Write the file over; a disk that takes nothing keeps no event from being delivered."""
        text = json.dumps(self._strikes).encode()
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            os.pwrite(self._file, text.ljust(self._size), 0)
            self._size = len(text)
