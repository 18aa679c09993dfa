"""History from a file into the hours in which it happened, and failed events brought back: events a second, memory, objects.

    python benchmarks/backfill.py          30 days and 2 years of history, 10,000 failed events
    python benchmarks/backfill.py 50000 72  so many events in so many hours instead, 10,000 failed events

Each command runs in a process of its own, as a user starts it. Its own time of the processor is told beside the wall's, because a busy machine
stretches the wall's. What comes out is counted: rows, and after closing the objects of each hour.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventlake.local.folder import open_catalog, open_lake
from eventlake.sources import load

TABLE = "pipeline_execution_state_change"
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DECLARATION = """
name = "shop"
title = "The shop"
doc = "Orders."
reference = "https://example.com/orders"
database = "shop_event_logs"

[[table]]
name = "order_placed"
doc = "One log line for each order."
pattern = { source = ["shop.orders"], detail-type = ["Order Placed"] }
columns = [{ name = "amount", type = "bigint", from = "$.detail.amount", doc = "In cents." }]
"""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of the wall, of the processors, and megabytes at most of it and its children."""

    wall_s: float
    cpu_s: float
    memory_mb: int


def command(*words: str, fails: bool = False) -> Cost:
    """Run a command of eventlake; what it took. fails: True for one that tells of failed events."""
    before, begun = os.times(), time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, "-m", "eventlake", *words], stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        said.seek(0)
        if status and not fails:
            raise SystemExit(said.read().decode())
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - begun, cpu_s, usage.ru_maxrss >> 10)


def history(file: Path, events: int, hours: int) -> None:
    """Write events of CodePipeline, in order, the same number in each of so many hours."""
    step = timedelta(hours=hours) / events
    with file.open("w") as lines:
        for number in range(events):
            event = {
                "version": "0",
                "id": f"{number:08d}-0000-4000-8000-000000000000",
                "detail-type": "CodePipeline Pipeline Execution State Change",
                "source": "aws.codepipeline",
                "account": "123456789012",
                "time": f"{FIRST + number * step:%Y-%m-%dT%H:%M:%SZ}",
                "region": "eu-central-1",
                "resources": ["arn:aws:codepipeline:eu-central-1:123456789012:web"],
                "detail": {"pipeline": "web", "execution-id": f"{number:032x}", "state": "STARTED", "version": 3.0},
            }
            lines.write(json.dumps(event) + "\n")


def backfilled(name: str, events: int, hours: int) -> None:
    """Bring in a history and close its hours; tell what that took."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        file, lake = Path(folder, "history.jsonl"), Path(folder, "lake")
        history(file, events, hours)
        took = command("backfill", "files", str(file), "--lake", str(lake))
        before = len(open_catalog(lake).objects(TABLE))
        sent = command("send", str(file), "--lake", str(Path(folder, "sent")))
        closing = command("close", "--all", "--lake", str(lake))
        contents = open_catalog(lake).contents(TABLE)
        rows = open_lake(lake, load()).engine.query(f"select count(*) from {TABLE}").rows[0][0]
        if rows != events or max(one.objects for one in contents.hours) > 1 or len(contents.hours) != hours:
            raise SystemExit(f"{events} events went in, {rows} rows came out in {len(contents.hours)} hours.")
        rate = f"{events / took.cpu_s:,.0f} events/s of the processor, {events / took.wall_s:,.0f} of the wall"
        closed = f"{before:,} objects, {len(contents.hours):,} after closing ({closing.cpu_s:.0f} s, {closing.memory_mb} MB)"
        ratio = f"{took.cpu_s / sent.cpu_s:.2f} times the processor time of `send`"
        print(f"{name}: {rate}, {ratio}; {took.memory_mb} MB; {closed}", flush=True)


def redriven(count: int) -> None:
    """Bring failed events back whose source was declared since; tell what that took."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        file, lake, sources = Path(folder, "orders.jsonl"), str(Path(folder, "lake")), Path(folder, "sources")
        event = {"source": "shop.orders", "detail-type": "Order Placed", "time": "2026-10-03T22:00:00Z", "detail": {"amount": 7}}
        file.write_text("\n".join(json.dumps({"id": f"order-{number}", **event}) for number in range(count)))
        command("send", str(file), "--lake", lake, fails=True)
        (sources / "shop").mkdir(parents=True)
        (sources / "shop/source.toml").write_text(DECLARATION)
        took = command("failed", "redrive", "--lake", lake, "--sources", str(sources))
        if open_catalog(Path(lake)).failed_count():
            raise SystemExit("Not all were redriven.")
        print(f"redrive of {count:,} failed events: {took.wall_s:.1f} s, {took.cpu_s:.1f} s of the processor; {took.memory_mb} MB")


if __name__ == "__main__":
    redriven(10_000)
    if len(sys.argv) == 3:
        backfilled(f"{sys.argv[1]} events in {sys.argv[2]} hours", int(sys.argv[1]), int(sys.argv[2]))
    else:
        backfilled("30 days, 500,000 events", 500_000, 720)
        backfilled("2 years, 1,000,000 events", 1_000_000, 17_520)
