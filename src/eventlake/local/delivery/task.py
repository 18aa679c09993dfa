"""What the bus and the process that delivers know of each other: how it is started, and what its exit codes mean.

Apart from the process itself, so that the bus starts it and reads nothing of what it is made of.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

UNDELIVERED = 4
"""The exit code of a process that was told to stop and could not deliver; the spool keeps the rest for the next start."""

TAKEN = 5
"""The exit code of a process whose lake another has taken."""

AGAIN = 6
"""The exit code of a process that is to be started again: a stream goes on of which it left records out while that could not be delivered."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the process delivers: the lake's folder, the user's folders of declarations, the hints, the format, the epoch of the bus."""

    folder: str
    sources: tuple[str, ...]
    seconds: float
    size_bytes: int
    log_format: str | None
    epoch: int | None = None

    def arguments(self) -> list[str]:
        """Return the command line that starts the process."""
        return [sys.executable, "-P", "-m", "eventlake.local.delivery", json.dumps(asdict(self))]
