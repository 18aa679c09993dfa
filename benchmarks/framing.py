"""What cutting costs: the same events with line breaks between them and with nothing, read and routed in turns; processor time.

    python benchmarks/framing.py

Prints microseconds an event for both, and the ratio of the fastest runs.
"""

from __future__ import annotations

import time

import load

from eventlake.backends.msgspec_codec import FAST
from eventlake.local.documents import taken_of
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router
from eventlake.sources import load as load_sources

EVENTS = 6000
RUNS = 7


def seconds(text: bytes, intake: Intake, router: Router) -> float:
    """Read and route the events of a text; the processor time of it."""
    begun = time.process_time()
    for _, found in taken_of(text, intake.take):
        for event in found.accepted:
            router.route(event.body)
    return time.process_time() - begun


def main() -> None:
    """Run both forms in turns."""
    sources = load_sources()
    intake, router = Intake(sources, FAST), Router(sources, FAST)
    lines = load.events_body(range(EVENTS))
    runs = [[seconds(text, intake, router) for text in (lines, lines.replace(b"\n", b""))] for _ in range(RUNS)]
    with_breaks, joined = (min(column) / EVENTS * 1e6 for column in zip(*runs, strict=True))
    print(f"lines {with_breaks:.1f} us an event, joined {joined:.1f} us, ratio {joined / with_breaks:.2f}")


if __name__ == "__main__":
    main()
