"""How the process of detections is started; apart from it, so that the bus reads nothing of what it is made of."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """The lake's folder, and the user's folders of declarations."""

    folder: str
    sources: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return the command line that starts the process."""
        return [sys.executable, "-P", "-m", "eventlake.local.detecting.process", json.dumps(asdict(self))]
