"""`connect`: a connection to a lake in a folder, a lake on AWS, or tables in memory.

https://peps.python.org/pep-0249/#constructors
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Any

from eventlake.dbapi.connection import Connection
from eventlake.dbapi.errors import InterfaceError, as_database_errors
from eventlake.errors import LakeNotFoundError
from eventlake.interfaces import Engine
from eventlake.model import Source
from eventlake.stack_names import is_on_aws

LEAST_MB = 64
"""Less memory than this holds no query."""
ATHENA_TIMEOUT_S = 1_800.0
"""https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""
PathName = str | os.PathLike[str]


def connect(
    lake: PathName | None = None,
    *,
    fixture: PathName | Mapping[str, Any] | None = None,  # JSON
    timeout_s: float | None = None,
    memory_mb: int | None = None,
    now: datetime | None = None,
    engine: str | None = None,
    sources: Iterable[PathName] = (),
    workgroup: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
) -> Connection:
    """Connect to a lake; the connection's cursors take Athena's SQL.

    lake: a folder, `aws:STACK` or `s3://BUCKET`; EVENTLAKE_LAKE, else ./lake, if None.
    fixture: instead of a lake, tables in memory, `{table: {"columns": [{"name", "type"}], "rows": [[...]]}}`, or the file that holds them.
    timeout_s: a query that takes longer is stopped; 300 if None (1,800 of Athena). memory_mb: what a query may use; 2,048 if None.
    now: what current_date and current_timestamp answer, aware, so that a test gives the same every day.
    engine: what answers for a lake on AWS, `athena` if None, or `duckdb` on this machine. Athena takes neither memory_mb nor now.
    sources: folders of declarations besides the built-in ones, for a lake on AWS; EVENTLAKE_SOURCES if none is named.
    workgroup, profile, region, endpoint_url: for a lake on AWS; the workgroup of the source or lake and AWS_* as the AWS CLI has them if None.
    Raises InterfaceError for arguments that do not go together, OperationalError if the lake cannot be opened.
    """
    named = os.fspath(lake) if lake is not None else ""
    if named and fixture is not None:
        raise InterfaceError(f'A connection is to a lake or to a fixture: leave out "{named}" or fixture=.')
    bounds = Bounds(timeout_s, memory_mb, now)
    named = named or os.environ.get("EVENTLAKE_LAKE") or "lake"
    with as_database_errors():
        if fixture is None and is_on_aws(named):
            return _on_aws(_Place(named, tuple(sources), profile, region, endpoint_url), engine or "athena", workgroup, bounds)
        if any((engine, workgroup, profile, region, endpoint_url)):
            raise InterfaceError("engine, workgroup, profile, region and endpoint_url are for a lake on AWS: name one, or leave them out.")
        return Connection(_folder(Path(named), bounds) if fixture is None else _fixture(fixture, bounds))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query may take, and when it is asked; None where the engine is to choose. Raises InterfaceError for what cannot be meant."""

    timeout_s: float | None
    memory_mb: int | None
    moment: datetime | None

    def __post_init__(self) -> None:
        if self.timeout_s is not None and not 0 < self.timeout_s < inf:
            raise InterfaceError(f"timeout_s is {self.timeout_s!r}: give a number of seconds above 0.")
        if self.memory_mb is not None and self.memory_mb < LEAST_MB:
            raise InterfaceError(f"memory_mb is {self.memory_mb!r}: give {LEAST_MB} MB or more.")
        if self.moment is not None and self.moment.tzinfo is None:
            raise InterfaceError(
                f"now is {self.moment}, which names no zone: give it one, as datetime(2026, 11, 7, tzinfo=timezone.utc) has."
            )

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the arguments of an engine on this machine."""
        clock = None if self.moment is None else _Standing(self.moment)
        given = {"seconds": self.timeout_s, "memory_mb": self.memory_mb, "clock": clock}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Standing:
    """A clock that stands still."""

    moment: datetime

    def now(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self.moment


def _fixture(given: PathName | Mapping[str, Any], bounds: Bounds) -> Engine:
    """Open an engine over tables in memory. Raises UsageError if they are no fixture."""
    from eventlake.conformance.fixture import FixtureEngine, load_fixture, make_fixture

    return FixtureEngine(make_fixture(given) if isinstance(given, Mapping) else load_fixture(Path(given)), **bounds.arguments)


def _folder(folder: Path, bounds: Bounds) -> Engine:
    """Open an engine over a lake in a folder, with a process ready for the first query. Raises LakeNotFoundError."""
    from eventlake.auditing.engine import AuditedEngine
    from eventlake.backends.duckdb import DuckDBEngine
    from eventlake.local.audit_asked import bring_audit_in
    from eventlake.local.folder import CATALOG, OBJECTS, open_catalog
    from eventlake.local.journal import Journal

    if not (folder / CATALOG).is_file():
        raise LakeNotFoundError(
            f'There is no lake in "{folder}": give connect() another folder, set EVENTLAKE_LAKE, or make one with `eventlake demo` or `serve`.'
        )
    engine = DuckDBEngine(open_catalog(folder), folder / OBJECTS, warm=1, **bounds.arguments)
    engine.prepare()
    journal = Journal(folder, _warn)
    return AuditedEngine(
        engine,
        lambda: [table.name for table in engine.catalog.tables()],
        journal,
        "python",
        lambda statement: bring_audit_in(statement, folder, lambda: _sources(()), _warn),
    )


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=2)


def _sources(named: tuple[PathName, ...]) -> Sequence[Source]:
    """Load the built-in sources, and those of the folders that are named, or else of EVENTLAKE_SOURCES. Raises DeclarationError."""
    from eventlake.sources import folder_of, load

    folders = [os.fspath(folder) for folder in named] or os.environ.get("EVENTLAKE_SOURCES", "").split(os.pathsep)
    return load([folder_of(folder) for folder in folders if folder])


@dataclass(frozen=True, slots=True)
class _Place:
    """A lake on AWS, and how it is reached."""

    named: str
    sources: tuple[PathName, ...]
    profile: str | None
    region: str | None
    endpoint_url: str | None


def _on_aws(place: _Place, engine: str, workgroup: str | None, bounds: Bounds) -> Connection:
    """Connect to a lake on AWS. Raises LakeNotFoundError, ConfigurationError, ServiceError or DeclarationError."""
    from eventlake.auditing.engine import AuditedEngine
    from eventlake.backends.aws import Session
    from eventlake.cloud.auditing import BusNotes
    from eventlake.cloud.deployment import find, open_athena, open_duckdb

    if engine not in {"athena", "duckdb"}:
        raise InterfaceError(f'engine is "athena" or "duckdb", not {engine!r}.')
    if engine == "athena" and (bounds.memory_mb is not None or bounds.moment is not None):
        raise InterfaceError(
            f'Athena answers for {place.named}, and takes neither memory_mb nor now: leave them out, or add engine="duckdb".'
        )
    session = Session(place.profile, place.region, place.endpoint_url)
    deployment = find(place.named, _sources(place.sources), session)
    notes, names = BusNotes(deployment, session, _warn), [table.name for table in deployment.tables]
    if engine == "duckdb":
        duckdb = open_duckdb(deployment, session, warm=1, **bounds.arguments)
        return Connection(AuditedEngine(duckdb, lambda: names, notes, "python"))
    athena = open_athena(deployment, session, workgroup)
    return Connection(AuditedEngine(athena, lambda: names, notes, "python"), timeout_s=bounds.timeout_s or ATHENA_TIMEOUT_S)
