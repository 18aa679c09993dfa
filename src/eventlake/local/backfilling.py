"""History -> the hours in which it happened: read from files, brought in beside the spool, and never twice.

How far a file is read is stored in one transaction with its rows; so whoever is stopped, by Ctrl-C or a kill, goes on where it was, and a file
that is named again is known by its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import EventError
from eventlake.local.additions import Additions, Line
from eventlake.local.delivery.budget import Budget
from eventlake.local.folder import OBJECTS
from eventlake.local.item import Item
from eventlake.model import Source
from eventlake.pipeline.backfill import Backfill, Became, Row
from eventlake.pipeline.delivery import FailedRecord, failed_record
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router

GROUP_BYTES = 16 << 20
"""Bytes of events and log lines that are brought in by one transaction."""
DONE = 1 << 62
"""How far a file is read whose end was reached."""


@dataclass(slots=True)
class Progress:
    """How far a file is: where its next item begins, and how many events, rows and failed records came of it so far."""

    at: int = 0
    events: int = 0
    rows: int = 0
    failed: int = 0


class Backfiller:
    """Brings histories into a lake that this process writes. now: the moment, aware."""

    def __init__(
        self, catalog: SqliteCatalog, folder: Path, sources: Iterable[Source], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        known = list(sources)
        self._catalog = catalog
        self._additions = Additions(catalog, folder / OBJECTS)
        self._budget = Budget(Router(known, FAST).route)
        self._backfill = Backfill(Intake(known, FAST), self._budget.route, FAST)
        self._now = now

    def is_done(self, history: str) -> bool:
        """Return True if a history was read to its end."""
        return self._catalog.cursor(history) == DONE

    def items(self, history: str, items: Iterable[Item]) -> Iterator[Progress]:
        """Bring in the items of a history that are new, a group at a time; tell after each how far it is. Raises StorageError.

        history: what it is known by. The items come in the order of their places.
        """
        progress = Progress(self._catalog.cursor(history))
        group: list[Became] = []
        size = 0
        for item in items:
            if item.at < progress.at:
                continue
            if size >= GROUP_BYTES:
                yield self._bring_in(history, group, progress, item.at)
                group, size = [], 0
            with self._budget:
                became = self._backfill.became(item.data, self._now())
            group.append(_placed(became, item))
            size += sum(len(row.line) + len(row.event) for row in became.rows) + sum(len(one.raw) for one in became.failures)
        yield self._bring_in(history, group, progress, DONE)

    def _bring_in(self, history: str, group: list[Became], progress: Progress, at: int) -> Progress:
        """Make a group visible, with how far its history is read."""
        rows = {f"{place}": row for place, row in enumerate(row for became in group for row in became.rows)}
        staged, refused = self._additions.stage([Line(row.table, row.moment, row.line, name) for name, row in rows.items()])
        failures = [one for became in group for one in became.failures]
        failures += [_refused(rows[name], reason, self._now()) for name, reason in refused.items()]
        self._additions.register([*staged, *self._additions.stage_failures(failures)], cursors={history: at})
        progress.at = at
        progress.events += sum(became.events for became in group)
        progress.rows += len(rows) - len(refused)
        progress.failed += len(failures)
        return progress


def history_of(file: Path) -> str:
    """Return what a file is known by: its bytes, wherever it lies. Raises StorageError."""
    try:
        with file.open("rb") as content:
            return f"file/{hashlib.file_digest(content, 'sha256').hexdigest()}"
    except OSError as error:
        raise storage_error(error, f'"{file}" cannot be read') from None


def _placed(became: Became, item: Item) -> Became:
    """Say in the reason of what is no event where it stands in its file."""
    for place, one in enumerate(became.failures):
        if one.raw is item.data and one.stream == "rejected":
            error = item.failed(EventError(one.code, one.message))
            became.failures[place] = failed_record(one.stream, error, one.arrival, one.raw)
    return became


def _refused(row: Row, reason: str, now: datetime) -> FailedRecord:
    error = EventError("ConversionFailed", f"The {row.table.name} line cannot be stored: {reason}")
    return failed_record(row.table.name, error, now, row.event)
