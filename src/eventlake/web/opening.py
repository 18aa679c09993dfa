"""Opens the page over the lake in a folder, or over one on AWS; the lake itself is opened when somebody looks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from eventlake.auditing.entry import Entry, named_in
from eventlake.auditing.notes import Notes
from eventlake.lake import Lake
from eventlake.local.audit_asked import bring_audit_in
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.folder import OBJECTS, SystemClock, open_catalog
from eventlake.local.journal import Journal
from eventlake.model import Source
from eventlake.web.asking import AT_ONCE
from eventlake.web.redriving import Redriving
from eventlake.web.site import WAITING, Site

if TYPE_CHECKING:
    from eventlake.backends.aws import Session
    from eventlake.cloud.deployment import Deployment

_log = logging.getLogger(__name__)
MEMORY_MB = 1024
"""What a query of the page may use."""
SECONDS = 30.0
"""How long it may run."""
NICENESS = 5
"""How far its queries give way: to the bus that takes events, and to what delivers them."""
ON_ATHENA_AT_ONCE = 6
"""How many tiles Athena is asked for at the same time: each waits longer than it works."""


def page_of(folder: Path, sources: Sequence[Source], is_stopping: Callable[[], bool], source_folders: Sequence[Path] = ()) -> Site:
    """Make the page of the lake in a folder. is_stopping: whether the bus is to end. source_folders: the user's among the sources."""
    redriving = Redriving(folder, source_folders, is_stopping)
    noted = partial(_note, Journal(folder, _log.warning), _names(sources))

    def note(path: str, asked: str) -> None:
        bring_audit_in(_statement(path, asked) or asked, folder, lambda: sources, _log.warning)
        noted(path, asked)

    now = SystemClock().now
    return Site(lambda: _opened(folder, sources), lambda: LocalFailedRecords(folder), now, is_stopping, redriving=redriving, note=note)


def _note(notes: Notes, tables: Sequence[str], path: str, asked: str) -> None:
    """Note that a page is shown: its address, or the statement of the page for SQL and which of the tables it names.

    Raises StorageError where it must be noted and cannot.
    """
    statement = _statement(path, asked)
    notes.note(Entry(f"page {path}", "page", statement or asked, named_in(statement, tables)))


def _statement(path: str, asked: str) -> str:
    """Return the statement that an address of the page for SQL asks; empty where there is none."""
    return dict(parse_qsl(asked)).get("q", "") if path.startswith("/sql") else ""


def _names(sources: Sequence[Source]) -> list[str]:
    return [table.name for source in sources for table in source.tables]


def page_of_deployment(deployment: Deployment, session: Session, is_stopping: Callable[[], bool]) -> Site:
    """Make the page of a lake on AWS, which Athena answers. is_stopping: whether the service is to end."""
    from eventlake.cloud.auditing import BusNotes
    from eventlake.cloud.looking import KeptFailures, lake_to_look_at, steady

    clock = SystemClock().now
    lake, failed = lake_to_look_at(deployment, session, clock), KeptFailures(deployment, session, clock)
    note = partial(_note, BusNotes(deployment, session, _log.warning), _names(deployment.sources))
    return Site(lambda: lake, lambda: failed, lambda: steady(clock()), is_stopping, ON_ATHENA_AT_ONCE, note=note)


def _opened(folder: Path, sources: Sequence[Source]) -> Lake:
    """Open the lake with an engine that keeps processes ready, so that tiles are answered at once. Raises LakeNotFoundError."""
    from eventlake.backends.directory import DirectoryStore
    from eventlake.backends.duckdb import DuckDBEngine

    catalog = open_catalog(folder)
    engine = DuckDBEngine(
        catalog,
        folder / OBJECTS,
        clock=SystemClock(),
        memory_mb=MEMORY_MB,
        threads=1,
        seconds=SECONDS,
        at_once=AT_ONCE,
        waiting=WAITING * 16,
        warm=AT_ONCE,
        niceness=NICENESS,
    )
    return Lake(tuple(sources), DirectoryStore(folder / OBJECTS), catalog, engine)
