"""Which layers of the query box hold on this machine, for whoever asks `doctor`."""

from __future__ import annotations

import platform
import sys

from eventlake.dialect.types.type import INTEGER
from eventlake.query.box import landlock
from eventlake.query.box.pool import Box
from eventlake.query.box.walls import Cell
from eventlake.query.run import Job


def layers() -> str:
    """One line: the layers that hold, and what does not.

    A query is asked, so that they are seen to stand. Raises ConfigurationError if its process cannot be started.
    """
    box = Box(Cell("", 512, 1, 20.0))
    with box.turn() as worker:
        worker.ask(Job("SELECT 1", (), (INTEGER,), "", 512, 1, 20.0))
    return f"Query box: statement, engine, {_process()}, {_landlock()}, answer."


def _process() -> str:
    return (
        "process" if sys.platform.startswith("linux") else f"process ({platform.system()} bounds time and files, not every kind of memory)"
    )


def _landlock() -> str:
    version = landlock.abi()
    if not version:
        return f"no Landlock on {platform.system()} {platform.release()} (the other layers hold without it)"
    missing = "" if version >= 4 else "; TCP is not, Linux 6.7 does that"
    return f"Landlock {version} ({landlock.claims(version)} are kept from it{missing})"
