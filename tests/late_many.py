"""Lets every event arrive three times, late and far apart, over a midnight, a month's end and New Year, closes the hours, and counts.

    python tests/late_many.py --events 100000 --seed 1 [--log-format json]

The events happen within 72 hours from 30 December on; each arrives up to 48 hours late, three times within 48 hours. Every tenth is a log entry
without a key, whose three arrivals are three rows. What is over is closed six times while more arrives. In the end each key must be there once,
each row without a key, and the rows of each day by their own time must be the truth. Ends with 1 and says what is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from closing_lake import AFTER, FIRST, RUNS, SOURCES, close, event, store
from eventlake.local.folder import open_catalog, open_lake
from eventlake.local.item import Item

LOGS = "auth0_logs"
TIMES = 3
SPAN, LATE, APART = timedelta(hours=72), timedelta(hours=48), timedelta(hours=48)
CLOSINGS = 6
OBJECTS = 2
"""How many objects an hour gets at most."""


@dataclass
class Truth:
    """What must be there in the end: the keys, and for each table the rows of each day by the time of the event."""

    keys: set[str] = field(default_factory=set)
    per_day: dict[str, Counter[str]] = field(default_factory=lambda: {RUNS: Counter(), LOGS: Counter()})


def log_entry(happened: datetime) -> Item:
    """A log entry of Auth0 that has no key."""
    entry = {"type": "s", "date": f"{happened:%Y-%m-%dT%H:%M:%S.000Z}"}
    envelope = {
        "id": "e",
        "detail-type": "Auth0 log",
        "source": "aws.partner/auth0.com/example/auth0.logs",
        "time": f"{happened:%Y-%m-%dT%H:%M:%SZ}",
    }
    return Item(1, json.dumps({**envelope, "detail": {"data": entry}}).encode())


def arrivals(events: int, chance: random.Random, truth: Truth) -> list[tuple[datetime, list[Item]]]:
    """Make the events, and say when what arrives; tell the truth."""
    came: dict[datetime, list[Item]] = defaultdict(list)
    for number in range(events):
        happened = FIRST + chance.random() * SPAN
        has_key = number % 10 != 0
        item = event(f"e{number}", happened) if has_key else log_entry(happened)
        truth.per_day[RUNS if has_key else LOGS][happened.date().isoformat()] += 1 if has_key else TIMES
        if has_key:
            truth.keys.add(f"e{number}")
        late = happened + chance.random() * LATE
        for _ in range(TIMES):
            moment = late + chance.random() * APART
            part = moment.minute * OBJECTS // 60 * (60 // OBJECTS)
            came[moment.replace(minute=part, second=0, microsecond=0)].append(item)
    return sorted(came.items(), key=lambda one: one[0])


def arrived(lake: Path, came: Sequence[tuple[datetime, list[Item]]], log_format: str) -> int:
    """Store all of it as it arrives, and close what is over now and then; how many rows were left out."""
    left_out = 0
    for turn in range(CLOSINGS):
        part = came[len(came) * turn // CLOSINGS : len(came) * (turn + 1) // CLOSINGS]
        store(lake, part, log_format if turn == 0 else None)
        now = part[-1][0] if turn < CLOSINGS - 1 else AFTER
        closed = [one for table in (RUNS, LOGS) for one in close(lake, now, table)]
        assert not [one.problem for one in closed if one.problem]
        left_out += sum(one.duplicates for one in closed)
    return left_out


def wrong(lake: Path, truth: Truth) -> Iterator[str]:
    """Yield what is not as it must be."""
    engine = open_lake(lake, SOURCES).engine
    ((rows, keys),) = engine.query(f"select count(*), count(distinct event_id) from {RUNS}").rows
    if (rows, keys) != (len(truth.keys), len(truth.keys)):
        yield f"{rows:,} rows of {keys:,} keys, not of {len(truth.keys):,}"
    for table, expected in truth.per_day.items():
        asked = engine.query(f"select cast(date(event_time) as varchar), count(*) from {table} group by 1").rows
        if dict(asked) != dict(expected):
            yield f"{table}, by day: {sorted(asked)}, not {sorted(expected.items())}"
    ((with_key,),) = engine.query(f"select count(log_id) from {LOGS}").rows
    if with_key:
        yield f"{with_key:,} log entries have a key that came without"
    with closing(open_catalog(lake)) as catalog:
        waiting = [f"{table} {one.hour}" for table in truth.per_day for one in catalog.contents(table).hours if one.state != "closed"]
    if waiting:
        yield f"not closed: {waiting}"


def run(lake: Path, events: int, seed: int, log_format: str = "parquet") -> tuple[int, int, list[str]]:
    """How many rows arrived, how many were left out, and what is wrong."""
    truth = Truth()
    came = arrivals(events, random.Random(seed), truth)
    left_out = arrived(lake, came, log_format)
    return sum(len(items) for _, items in came), left_out, list(wrong(lake, truth))


def main() -> int:
    """Let them arrive, close, and count; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-format", choices=["parquet", "json"], default="parquet")
    options = parser.parse_args()
    begun = sum(os.times()[:4])
    with tempfile.TemporaryDirectory(prefix="late-many-") as name:
        rows, left_out, found = run(Path(name), options.events, options.seed, options.log_format)
    seconds = sum(os.times()[:4]) - begun
    print(
        f"{options.events:,} events, {rows:,} rows arrived, {left_out:,} left out ({options.log_format}, {seconds:.0f} s of the processor)"
    )
    print(*(found or ["Each key once, every row without a key, each day as it was."]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
