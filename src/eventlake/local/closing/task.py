"""How the process that closes hours is started; apart from it, so that the bus reads nothing of what it is made of."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """The lake's folder, the epoch of the bus, and the hour before which everything is delivered, `YYYY-MM-DDTHH`.

    now: the moment of the bus, ISO 8601, from which the process goes on. removes: whether what is over by it may go.
    """

    folder: str
    epoch: int
    before: str
    now: str
    removes: bool

    def arguments(self) -> list[str]:
        """Return the command line that starts the process."""
        return [sys.executable, "-P", "-m", "eventlake.local.closing.process", json.dumps(asdict(self))]
