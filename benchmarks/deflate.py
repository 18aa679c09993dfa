"""Log lines deflated by ISA-L, as delivery does it, and by zlib at the level that it had before.

    python benchmarks/deflate.py

Prints time and size of each for pipeline events of 0.4 KB, and for a company's of 1.3 KB, which are 16 MB of lines.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import load
from isal import isal_zlib

from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.pipeline.router import Router
from eventlake.sources import load as load_sources

_BYTES = 16_000_000
_TRIES = 5
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "zlib, level 3": lambda text: zlib.compress(text, 3),
    "ISA-L, level 2": lambda text: isal_zlib.compress(text, 2),
}


def lines(kind: str) -> bytes:
    """The log lines that the load's events of a kind become."""
    router = Router(load_sources(), FAST, StraightReader)
    events = load.BODIES[kind](range(40_000)).split(b"\n")
    return b"".join(line for event in events for _, line in router.route(event).lines)[:_BYTES]


def best(way: Callable[[bytes], bytes], text: bytes) -> tuple[float, int]:
    """The least processor time of some tries, in seconds, and the size."""
    times = []
    for _ in range(_TRIES):
        begun = time.process_time()
        size = len(way(text))
        times.append(time.process_time() - begun)
    return min(times), size


if __name__ == "__main__":
    for kind in ("events", "company"):
        text = lines(kind)
        for name, way in WAYS.items():
            seconds, size = best(way, text)
            print(f"{kind}, {name}: {seconds * 1000:.0f} ms, {size / len(text):.1%} of {len(text):,} bytes")
