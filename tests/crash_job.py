"""Fixed jobs that a test ends at their n-th crash point.

`accept` puts four groups of events into the spool and writes the ids of each group it was told is durable to `FOLDER/acknowledged`.
`deliver` recovers the lake and delivers what the spool holds.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from eventlake.local.delivery.pump import Pump
from eventlake.local.folder import SPOOL
from eventlake.local.spool.segments import durable_end
from eventlake.local.spool.writer import SpoolWriter
from eventlake.pipeline.delivery import Hints
from eventlake.sources import load

HOURS = (1_795_000_000_000_000, 1_795_000_000_000_001, 1_795_003_600_000_000, 1_795_000_000_000_002)
"""Arrivals in microseconds: two groups in one hour, one in the next, and one in the first again, of a clock that was set back."""

SOURCES = [source for source in load() if source.name == "codepipeline"]
"""Those of the events; loaded once for all jobs."""


def event(identity: str, kind: str) -> bytes:
    """A small event; of the kind "Other" no rule wants it."""
    return json.dumps(
        {
            "id": identity,
            "detail-type": f"CodePipeline {kind} Execution State Change",
            "source": "aws.codepipeline",
            "detail": {"state": "STARTED"},
        }
    ).encode()


def accept(folder: Path) -> None:
    """Put four groups into the spool; note each that is durable."""
    writer = SpoolWriter(folder / SPOOL, segment_bytes=2000)
    with (folder / "acknowledged").open("a") as told:
        for group, arrival in enumerate(HOURS):
            identities = [f"{group}-{number}" for number in range(9)]
            kinds = ("Pipeline", "Stage", "Other")
            writer.append([(0, arrival, event(identity, kinds[number % 3])) for number, identity in enumerate(identities)])
            told.write("\n".join(identities) + "\n")
            told.flush()
    writer.close()


def deliver(folder: Path, log_format: str) -> None:
    """Recover, then deliver what the spool holds, buffer by buffer."""
    pump = Pump(folder, SOURCES, Hints(seconds=3600, size_bytes=300), time.monotonic, log_format)
    pump.deliver_all(durable_end(folder / SPOOL))
    pump.close()
