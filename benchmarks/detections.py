"""What a tick of the detections takes, and a backtest of all: `python benchmarks/detections.py [EVENTS] [FOLDER]`.

A lake of EVENTS (1,000,000) in 30 days, closed but for the last two hours, which came at buffers of five seconds and are merged as `serve` does. A tick
is all built-in detections together, as when `serve` starts; then those that run every five minutes or more often, as when events come in; and each by
itself, for comparison. Seconds are of the processor, of all processes together, of ticks the median of three; of the backtests of all,
two side by side, by the clock. FOLDER keeps the lake for another run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from backfill import command
from questions import processor_s

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.backtest import backtest, backtests
from eventlake.detections.detection import Detection, load_detections
from eventlake.detections.evaluating import Asked, evaluate, evaluate_all
from eventlake.history import sized_history
from eventlake.local.closing.closer import Closer
from eventlake.local.folder import OBJECTS, open_catalog
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
OPEN = timedelta(hours=2)
BUFFER_S = 5
DAYS = 30


def made(folder: Path, events: int) -> None:
    """Make the lake."""
    closed, opened = folder / "closed.jsonl", []
    with closed.open("wb") as file:
        for at, body in sized_history(events, DAYS, END):
            if at < (END - OPEN).replace(minute=0, second=0):
                file.write(body + b"\n")
            else:
                opened.append((at, body))
    command("backfill", "files", str(closed), "--lake", str(folder), fails=True)
    command("close", "--lake", str(folder))
    closed.unlink()
    moment = END
    with Importer(folder, load(), now=lambda: moment) as importer:
        number = 0
        for _, group in groupby(opened, lambda one: int(one[0].timestamp()) // BUFFER_S):
            batch = list(group)
            moment = batch[-1][0]
            importer.accept([Item(number + index, body) for index, (_, body) in enumerate(batch)])
            importer.deliver()
            number += len(batch)
    with Importer(folder, load()) as importer, Closer(importer.catalog, folder / OBJECTS) as closer:
        for table in importer.catalog.tables():
            for state in importer.catalog.contents(table.name).hours:
                while state.state != "closed" and closer.merge(table, state.hour):
                    pass


def ticking(engine: DuckDBEngine, detections: Sequence[Detection]) -> float:
    """Return the seconds of a tick."""
    return seconds(lambda: list(evaluate_all([Asked(one, END) for one in detections], engine)))


def seconds(run: Callable[[], object]) -> float:
    """Return the seconds of a run."""
    before = processor_s()
    run()
    return processor_s() - before


def main(folder: Path, events: int) -> None:
    """Print what a tick and a backtest take."""
    if not (folder / "catalog.db").exists():
        made(folder, events)
    catalog = open_catalog(folder)
    detections = list(load_detections(load()).values())
    often = [one for one in detections if one.every <= timedelta(minutes=5)]
    engine = DuckDBEngine(catalog, folder / OBJECTS, memory_mb=1024, threads=1, seconds=600)
    for some in (detections, often):
        taken = statistics.median(ticking(engine, some) for _ in range(3))
        print(f"tick of {len(some)}: {taken:.2f} s", flush=True)
    alone = {one.name: seconds(lambda one=one: evaluate(one, engine, END)) for one in detections}
    print(f"each of {len(alone)} by itself: {sum(alone.values()):.2f} s", flush=True)
    for name in sorted(alone, key=lambda name: -alone[name]):
        print(f"    {name:28} {alone[name]:.2f} s")
    told = {one.name: seconds(lambda one=one: backtest(one, engine, END - timedelta(days=DAYS), END)) for one in detections}
    print(f"backtest of {len(detections)} over {DAYS} days: {sum(told.values()):.1f} s")
    for name in sorted(told, key=lambda name: -told[name]):
        print(f"    {name:28} {told[name]:.2f} s")
    begun = time.perf_counter()
    list(backtests(detections, engine, END - timedelta(days=DAYS), END, at_once=2))
    print(f"two side by side: {time.perf_counter() - begun:.1f} s by the clock")
    engine.close()


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if len(sys.argv) > 2:
        Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[2]), wanted)
    else:
        with tempfile.TemporaryDirectory() as name:
            main(Path(name), wanted)
