"""The process that closes hours for `serve`, and removes those that were kept long enough: does what is to be done, once, and ends.

It tells on stdout, a sentence a line, what it could not do. If stdin ends, the bus was killed: this process and what rewrites for it end at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from eventlake.auditing.entry import Entry
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import ConfigurationError, EventlakeError, StorageError, sentence_of
from eventlake.layout import Hour
from eventlake.local.closing.closer import Closer
from eventlake.local.closing.leftovers import tidy
from eventlake.local.closing.task import Task
from eventlake.local.folder import CATALOG, OBJECTS
from eventlake.local.journal import Journal
from eventlake.local.retaining.retainer import Retainer
from eventlake.local.retaining.wall_clock import going_on
from eventlake.model import Table

_NICENESS = 10
"""Below delivery; what rewrites is below this one, which holds the catalog now and then and must not keep it for long."""


def main(arguments: Sequence[str]) -> int:
    """Run the process, which leads a process group; 1 if anything could not be done."""
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_the_bus, daemon=True).start()
    task = Task(**json.loads(arguments[0]))
    try:
        return _closed(task)
    except (EventlakeError, OSError) as error:
        _say(str(error))
        return 1


def _closed(task: Task) -> int:
    catalog = SqliteCatalog(Path(task.folder) / CATALOG, epoch=task.epoch)
    with Closer(catalog, Path(task.folder) / OBJECTS, going_on(datetime.fromisoformat(task.now))) as closer:
        tidy(catalog, Path(task.folder) / OBJECTS, closer.now())
        problems = _removed(closer, catalog, Path(task.folder)) if task.removes else []
        problems += [problem for table in catalog.tables() for problem in _table(closer, table, catalog, Hour.parse(task.before))]
    for problem in problems:
        _say(problem)
    return 1 if problems else 0


def _removed(closer: Closer, catalog: SqliteCatalog, folder: Path) -> list[str]:
    """Remove what was replaced, and what was kept long enough; what keeps the latter from that, in sentences. Raises StorageError."""
    closer.remove_replaced()
    return _retained(catalog, folder, closer.now)


def _retained(catalog: SqliteCatalog, folder: Path, now: Callable[[], datetime]) -> list[str]:
    """Remove what was kept long enough; what keeps it from that, in sentences, keeps no hour from being closed."""
    journal = Journal(folder, _say)
    try:
        journal.require()
        rows = [one.rows for one in Retainer(catalog, folder, now).remove() if not one.hold]
        if rows:
            journal.note(Entry("retain", "serve", rows=sum(rows)))
    except Exception as error:
        return [sentence_of(error)]
    return []


def _table(closer: Closer, table: Table, catalog: SqliteCatalog, before: Hour) -> list[str]:
    """Close a table; what keeps all of it from that is noted for the oldest of its open hours, and stops no other table.

    Raises StorageError, and ConfigurationError where another process has taken the lake.
    """
    try:
        return _close_table(closer, table, catalog, before)
    except (StorageError, ConfigurationError):
        raise
    except Exception as error:
        problem = sentence_of(error)
        for hour in catalog.contents(table.name).open_hours[:1]:
            catalog.keep_open(hour, table.name, problem, closer.now())
        return [problem]


def _close_table(closer: Closer, table: Table, catalog: SqliteCatalog, before: Hour) -> list[str]:
    """Close the hours of a table that wait, and merge the small objects of those that go on; what could not be closed, in sentences."""
    problems = [one.problem for one in closer.close_all(table, closer.waiting(table, before))]
    for state in catalog.contents(table.name).hours:
        if state.hour >= before:
            try:
                closer.merge(table, state.hour)
            except Exception as error:  # whatever it is, it stops no other hour
                problems.append(sentence_of(error))
                catalog.keep_open(state.hour, table.name, problems[-1], closer.now())
    return [problem for problem in problems if problem]


def _end_with_the_bus() -> None:
    while os.read(0, 1 << 10):
        pass
    os.killpg(0, signal.SIGKILL)


def _say(sentence: str) -> None:
    os.write(1, sentence.replace("\n", " ").encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
