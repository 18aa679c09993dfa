"""`connect`: a connection to a lake in a folder, a lake on AWS, or tables in memory, as PEP 249 has it.

https://peps.python.org/pep-0249/#connection-objects
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any

from eventlake.dbapi.cursor import Cursor
from eventlake.dbapi.errors import InterfaceError, NotSupportedError, ProgrammingError, as_database_errors
from eventlake.errors import LakeNotFoundError, QueryLimitError
from eventlake.interfaces import Clock, Engine, Result

LEAST_MB = 64
"""Less memory than this holds no query."""


def connect(
    lake: str | os.PathLike[str] | None = None,
    *,
    fixture: str | os.PathLike[str] | Mapping[str, Any] | None = None,  # JSON
    timeout_s: float | None = None,
    memory_mb: int | None = None,
    now: datetime | None = None,
    sources: Iterable[str | os.PathLike[str]] = (),
    workgroup: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
) -> Connection:
    """A connection to a lake, whose cursors take Athena's SQL.

    lake: a folder, `aws:STACK` or `s3://BUCKET`; EVENTLAKE_LAKE, else ./lake, if None.
    fixture: instead of a lake, tables in memory, `{table: {"columns": [{"name", "type"}], "rows": [[...]]}}`, or the file that holds them.
    timeout_s: a query that takes longer is stopped; 300 if None, 1,800 on AWS as Athena has it. memory_mb: what a query may use; not on AWS.
    now: what current_date and current_timestamp answer, aware, so that a test gives the same every day; not on AWS.
    sources: folders of declarations besides the built-in ones, for a lake on AWS; EVENTLAKE_SOURCES if none is named.
    workgroup, profile, region, endpoint_url: for a lake on AWS; the lake's own workgroup and AWS_* as the AWS CLI has them if None.
    Raises InterfaceError for arguments that do not go together, OperationalError if the lake cannot be opened.
    """
    named = os.fspath(lake) if lake is not None else ""
    _require_sense(named, fixture, timeout_s, memory_mb, now)
    with as_database_errors():
        if fixture is not None:
            return Connection(_fixture(fixture, timeout_s, memory_mb, now))
        named = named or os.environ.get("EVENTLAKE_LAKE") or "lake"
        if not named.startswith(("aws:", "s3://")):
            if any((workgroup, profile, region, endpoint_url)):
                raise InterfaceError(f'workgroup, profile, region and endpoint_url are for a lake on AWS, and "{named}" is a folder.')
            return Connection(_folder(Path(named), timeout_s, memory_mb, now))
        if memory_mb is not None or now is not None:
            raise InterfaceError(f"memory_mb and now cannot be set on AWS, where {named} is: leave them out.")
        return Connection(_athena(named, sources, workgroup, profile, region, endpoint_url), timeout_s=timeout_s or ATHENA_TIMEOUT_S)


ATHENA_TIMEOUT_S = 1_800.0
"""https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""


class Connection:
    """A connection of `connect`; threads may share it. timeout_s: after these a query is stopped, if its engine has no limit of its own."""

    def __init__(self, engine: Engine, *, timeout_s: float | None = None) -> None:
        self._engine = engine
        self._timeout_s = timeout_s
        self._closed = threading.Event()

    def cursor(self) -> Cursor:
        """A new cursor. Raises ProgrammingError if the connection is closed."""
        self.require_open()
        return Cursor(self)

    def commit(self) -> None:
        """Does nothing: a lake is only asked."""
        self.require_open()

    def rollback(self) -> None:
        """Raise NotSupportedError: there are no transactions."""
        raise NotSupportedError("A lake is only asked, so there is nothing to roll back.")

    def close(self) -> None:
        """End the connection: what it still runs is stopped, and its cursors are of no use any more."""
        self._closed.set()
        close = getattr(self._engine, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def answer(self, statement: str, cancelled: threading.Event) -> Result:
        """The answer to a statement without parameters, for a cursor. cancelled: set by whoever does not want it any more.

        Raises QueryError and its kinds, QueryLimitError when it is stopped.
        """
        late_at = time.monotonic() + self._timeout_s if self._timeout_s is not None else inf

        def unwanted() -> bool:
            return cancelled.is_set() or self._closed.is_set() or time.monotonic() > late_at

        try:
            return self._engine.query(statement, cancelled=unwanted)
        except QueryLimitError:
            if time.monotonic() > late_at and not cancelled.is_set() and not self._closed.is_set():
                raise QueryLimitError(
                    f"The query ran longer than {self._timeout_s:g} s and was stopped: name fewer days in its WHERE, or ask for less."
                ) from None
            raise

    def require_open(self) -> None:
        """Raise ProgrammingError if the connection is closed."""
        if self._closed.is_set():
            raise ProgrammingError("The connection is closed: connect() makes another.")


def _require_sense(named: str, fixture: object, timeout_s: float | None, memory_mb: int | None, now: datetime | None) -> None:
    """Raise InterfaceError for arguments that cannot be meant."""
    if named and fixture is not None:
        raise InterfaceError(f'A connection is to a lake or to a fixture: leave out "{named}" or fixture=.')
    if timeout_s is not None and not 0 < timeout_s < inf:
        raise InterfaceError(f"timeout_s is {timeout_s!r}: give a number of seconds above 0.")
    if memory_mb is not None and memory_mb < LEAST_MB:
        raise InterfaceError(f"memory_mb is {memory_mb!r}: give {LEAST_MB} MB or more.")
    if now is not None and now.tzinfo is None:
        raise InterfaceError(f"now is {now}, which names no zone: give it one, for example datetime(2026, 11, 7, tzinfo=timezone.utc).")


@dataclass(frozen=True, slots=True)
class _Standing:
    """A clock that stands still."""

    moment: datetime

    def now(self) -> datetime:
        """The moment at which it stands."""
        return self.moment


def _fixture(
    given: str | os.PathLike[str] | Mapping[str, Any], timeout_s: float | None, memory_mb: int | None, now: datetime | None
) -> Engine:
    """What answers over tables in memory. Raises UsageError if they are no fixture."""
    from eventlake.query.fixture import FixtureEngine, load_fixture, make_fixture

    tables = make_fixture(given) if isinstance(given, Mapping) else load_fixture(Path(given))
    return FixtureEngine(tables, clock=_clock(now), **_limits(timeout_s, memory_mb))


def _folder(folder: Path, timeout_s: float | None, memory_mb: int | None, now: datetime | None) -> Engine:
    """What answers over a lake in a folder. Raises LakeNotFoundError."""
    from eventlake.backends.duckdb import DuckDBEngine
    from eventlake.local.opening import CATALOG, OBJECTS, open_catalog

    if not (folder / CATALOG).is_file():
        raise LakeNotFoundError(
            f'There is no lake in "{folder}": give connect() another folder, set EVENTLAKE_LAKE, or make one with `eventlake demo` or `serve`.'
        )
    engine = DuckDBEngine(open_catalog(folder), folder / OBJECTS, clock=_clock(now), warm=1, **_limits(timeout_s, memory_mb))
    engine.prepare()
    return engine


def _athena(
    named: str,
    sources: Iterable[str | os.PathLike[str]],
    workgroup: str | None,
    profile: str | None,
    region: str | None,
    endpoint_url: str | None,
) -> Engine:
    """What answers over a lake on AWS. Raises LakeNotFoundError, ConfigurationError, ServiceError or DeclarationError."""
    from eventlake.backends.aws import Session
    from eventlake.cloud.opening import find, open_athena
    from eventlake.sources import load

    folders = [os.fspath(folder) for folder in sources] or os.environ.get("EVENTLAKE_SOURCES", "").split(os.pathsep)
    session = Session(profile, region, endpoint_url)
    deployment = find(named, load([Path(folder) for folder in folders if folder]), session)
    return open_athena(deployment, session, workgroup)


def _clock(now: datetime | None) -> Clock | None:
    return None if now is None else _Standing(now)


def _limits(timeout_s: float | None, memory_mb: int | None) -> dict[str, Any]:
    """Arguments of an engine; what is not set is the engine's to choose."""
    return {name: value for name, value in (("seconds", timeout_s), ("memory_mb", memory_mb)) if value is not None}
