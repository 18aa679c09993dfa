"""A lake whose events arrived at any moment, and its hours; for the tests of closing."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventlake.local.closing.closer import Closed, Closer
from eventlake.local.folder import open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.pipeline.compaction import due
from eventlake.sources import load

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
RUNS = "pipeline_execution_state_change"
FIRST = datetime(2026, 12, 30, 10, 5, tzinfo=UTC)
PAST = datetime(2026, 6, 30, 10, 5, tzinfo=UTC)
"""Over by the clock of the machine too."""
AFTER = datetime(2027, 2, 1, tzinfo=UTC)


def event(identity: str, time: datetime = FIRST, **detail: Any) -> Item:
    """A pipeline event."""
    envelope = {
        "id": identity,
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "time": f"{time.date()}T{time:%H:%M:%SZ}",
    }
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED", "pipeline": "web", **detail}}).encode())


def store(lake: Path, arrivals: Iterable[tuple[datetime, list[Item]]], log_format: str | None = None) -> None:
    """Store events, each group in an object of its own, at its moment of arrival."""
    clock = [FIRST]
    with Importer(lake, SOURCES, now=lambda: clock[0], log_format=log_format) as importer:
        for moment, items in arrivals:
            clock[0] = moment
            importer.accept(items)
            importer.deliver()


def copied(lake: Path, place: Path) -> Path:
    """Copy a lake that nobody has open: cheaper by far than to fill another."""
    shutil.copytree(lake, place)
    return place


def close(lake: Path, now: datetime = AFTER, table: str = RUNS) -> list[Closed]:
    """Close what is due at a moment."""
    with Importer(lake, SOURCES) as importer, Closer(importer.catalog, lake / "objects", lambda: now) as closer, warm(closer):
        return list(closer.close_all(TABLES[table], due(importer.catalog.contents(table).hours, now)))


@contextmanager
def warm(closer: Closer) -> Iterator[None]:
    """Have a closer rewrite in the process of the one before: to start one takes longer than an hour of a few events.

    Where a test ends a closing, it does so between two tasks of that process.
    """
    rewriter = closer._rewriter
    rewriter._process = _KEPT.pop() if _KEPT else None
    try:
        yield
    finally:
        if rewriter._process is not None and rewriter._process.poll() is None:
            _KEPT.append(rewriter._process)
            rewriter._process = None


_KEPT: list[subprocess.Popen[str]] = []
"""The process that waits for the next closer, if there is one."""


@atexit.register
def _end() -> None:
    for process in _KEPT:
        with process:
            process.kill()


def states(lake: Path) -> list[tuple[str, str, int, int, int | None, int]]:
    """Hour, state, generation, objects, rows and duplicates of each hour."""
    with closing(open_catalog(lake)) as catalog:
        return [(str(one.hour), one.state, one.generation, one.objects, one.rows, one.duplicates) for one in catalog.contents(RUNS).hours]


def rows(lake: Path, columns: str = "event_id") -> list[tuple[Any, ...]]:
    """Columns of every row, by hour and as they lie."""
    return list(open_lake(lake, SOURCES).engine.query(f"select {columns} from {RUNS}").rows)
