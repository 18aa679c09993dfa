"""No tick is blind: hours are opened, merged, closed and opened again while detections run, and events come three times and hours late."""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.detections.detection import read_detection
from eventlake.detections.evaluating import evaluate_all
from eventlake.layout import Hour
from eventlake.local.closing.closer import Closer
from eventlake.local.detecting.memory import Memory
from eventlake.local.detecting.receivers import FileReceiver
from eventlake.local.detecting.sinks import Sink
from eventlake.local.detecting.ticker import Ticker
from eventlake.local.folder import CATALOG, OBJECTS, open_catalog
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources.declaration import parse_source
from local.detecting.alerting import ORDERS, SHOP, START, Clock

pytestmark = pytest.mark.slow

SOURCE = parse_source(SHOP)
TURNS, STEP = 18, timedelta(minutes=11)
LATE = timedelta(hours=2)


def _orders(key: str, when: datetime) -> list[Item]:
    """Three orders of one key, each three times."""
    events = [
        {"id": f"{key}-{number}", "source": "shop", "detail-type": "Order", "time": (when + timedelta(seconds=number)).isoformat()}
        for number in range(3)
    ]
    return [Item(number, json.dumps(event | {"detail": {"who": key}}).encode()) for number, event in enumerate(events * 3)]


def _kept(folder: Path, epoch: int, now: datetime) -> Counter[str]:
    """Merge the hour that goes on, and close those that are over and those to which something came; what was done."""
    done: Counter[str] = Counter()
    with closing(SqliteCatalog(folder / CATALOG, epoch=epoch)) as catalog, Closer(catalog, folder / OBJECTS, lambda: now) as closer:
        (table,) = SOURCE.tables
        done["merged"] += closer.merge(table, Hour.of(now)) > 0
        for state in closer.waiting(table, Hour.of(now)):
            done["closed again" if state.generation else "closed"] += not closer.close(table, state).problem
    return done


def test_each_key_is_told_once_whatever_becomes_of_its_hours(tmp_path: Path) -> None:
    """Hours are merged, closed and closed again beside each tick; every third key is two hours late, and all come again and again."""
    choice, clock, arrives, said = random.Random(15), Clock(START), Clock(START), list[str]()
    text = ORDERS.replace("-- quiet", "-- lateness 3h\n-- quiet")
    one = read_detection(text, "many_orders", "shop", ["orders"], where="many_orders")
    sent: list[list[Item]] = []
    done: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        importer = stack.enter_context(Importer(tmp_path, [SOURCE], now=arrives))
        memory = stack.enter_context(closing(Memory(tmp_path / "detections.db")))
        beside = stack.enter_context(ThreadPoolExecutor(1))
        catalog = open_catalog(tmp_path)
        engine = stack.enter_context(closing(DuckDBEngine(catalog, tmp_path / OBJECTS, clock=None, threads=1)))
        sinks = [Sink("file", "low", FileReceiver(tmp_path / "told"))]
        ticker = Ticker([one], lambda runs: evaluate_all(runs, engine), catalog.newest, memory, sinks, said.append)
        for turn in range(TURNS):
            when = clock() - (LATE if turn % 3 == 0 else timedelta(0))
            sent.append(_orders(f"key-{turn}", when))
            arrives.time = clock()
            for item in choice.sample(sent[-1], len(sent[-1])):
                importer.accept([item])
                importer.deliver()
            arrives.time -= timedelta(minutes=choice.choice([0, 70]))  # as of a delivery that was behind, into an hour that is closed
            importer.accept(choice.choice(sent[-3:]))
            importer.deliver()
            clock.pass_(minutes=1)
            keeping = beside.submit(_kept, tmp_path, importer.catalog.epoch, clock())
            ticker.tick(clock())
            done += keeping.result()
            clock.time += STEP
        opened = Counter(detail["key"] for detail in _told(memory) if detail["state"] == "opened")
    assert said == []
    assert opened == {f"key-{turn}": 1 for turn in range(TURNS)}
    assert min(done["merged"], done["closed"], done["closed again"]) >= 1


def _told(memory: Memory) -> list[dict[str, str]]:
    return [json.loads(body)["detail"] for _, body in memory.unaccepted()]
