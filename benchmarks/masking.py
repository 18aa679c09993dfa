"""What masking costs: Auth0's entries with six places masked, beside the same with all kept.

    python benchmarks/masking.py

Processor time of the demo's entries, in turns, medians: by the standard library, as the Lambda function does it, and by msgspec's objects, as
one machine does it. Two of the six become pseudonyms, two networks, one a mark, one nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.history import demo_history
from eventlake.model import Personal, Source
from eventlake.pipeline.pseudonyms import KeyRing, new_key
from eventlake.pipeline.router import Router
from eventlake.pipeline.transform import Transform
from eventlake.sources import load

ROUNDS = 41
EVENTS = 2_000
PLACES = {"user_id": "hmac", "user_name": "hmac", "ip": "network", "client_ip": "network", "user_agent": "mask", "session_id": "drop"}


def main() -> None:
    """Print the ratio of each way."""
    source = next(source for source in load() if source.name == "auth0")
    (table,) = source.tables
    personal = tuple(Personal(path, PLACES[column.name]) for column in table.columns if column.name in PLACES for path in column.paths)
    masked = replace(source, tables=(replace(table, personal=personal),))
    events = [line.rstrip() for line in demo_history(datetime(2026, 11, 20, tzinfo=UTC)).lines() if b'"Auth0 log"' in line][:EVENTS]
    for way, make in (("standard library", _standard), ("msgspec's objects", _straight)):
        kept_us, masked_us = _in_turns(make(source), make(masked), events)
        print(f"{way}: {kept_us:.1f} us an event, masked {masked_us:.1f} us: {masked_us / kept_us:.2f}")


def _standard(source: Source) -> Callable[[bytes], Any]:
    return Transform(source.tables[0], pseudonyms=KeyRing([new_key("k1", "2026-01-01")]))


def _straight(source: Source) -> Callable[[bytes], Any]:
    return Router([source], FAST, StraightReader, KeyRing([new_key("k1", "2026-01-01")])).route


def _in_turns(first: Callable[[bytes], Any], second: Callable[[bytes], Any], events: list[bytes]) -> tuple[float, float]:
    """Return the median processor time of each, in microseconds an event."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for function, taken in zip((first, second), times, strict=True):
            begun = time.process_time()
            for event in events:
                function(event)
            taken.append((time.process_time() - begun) / len(events) * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
