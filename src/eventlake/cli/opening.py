"""Opens the lake that the options name: in a folder of this machine, or on AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

from eventlake.cli.settings import Settings, command_name
from eventlake.errors import ConfigurationError, LakeLockedError

if TYPE_CHECKING:
    from eventlake.backends.aws import Session
    from eventlake.backends.duckdb import DuckDBEngine
    from eventlake.backends.sqlite_catalog import SqliteCatalog
    from eventlake.cloud.deployment import Deployment
    from eventlake.interfaces import Catalog, Engine
    from eventlake.local.backfilling import Backfiller

AWS_LAKE = "aws:eventlake"
"""The lake that Athena is asked about when none is named: the stack of the README."""
TRINO_CATALOG = "lake"
_NICENESS = 10
"""Of who adds to a lake beside its bus: below delivery, as what closes hours is."""


def open_catalog(current: Settings) -> Catalog:
    """Open the catalog of the lake."""
    if current.is_on_aws:
        from eventlake.cloud import deployment as cloud

        deployment, session = open_deployment(current)
        return cloud.open_catalog(deployment, session)
    from eventlake.local.folder import open_catalog as open_local

    return open_local(current.lake_folder)


def answering_name(current: Settings, engine: str | None) -> str:
    """Name the engine that answers, `duckdb`, `athena` or `trino`: as asked, else DuckDB for a folder and Athena for a lake on AWS."""
    return engine or ("athena" if current.is_on_aws else "duckdb")


def open_engine(current: Settings, engine: str | None, workgroup: str | None = None, at_once: int = 1) -> Engine:
    """Open the engine that answers queries. Raises ConfigurationError for one that does not go with the lake.

    at_once: of a lake in a folder, how many queries share the processors and the memory that else one of them has.
    """
    chosen = answering_name(current, engine)
    if workgroup and chosen != "athena":
        raise ConfigurationError(f"--workgroup belongs to Athena, and {chosen} answers here; leave it out.")
    if chosen == "trino":
        return _trino(current)
    if chosen == "athena":
        return _athena(current, workgroup)
    if current.is_on_aws:
        deployment, session = open_deployment(current)
        return _noted(_open_duckdb_on_aws(deployment, session, current), deployment, session, current)
    return _audited(open_duckdb(current, at_once), current)


def _audited(engine: DuckDBEngine, current: Settings) -> Engine:
    """Have the queries of an engine over a lake in a folder noted, if the lake says so."""
    from eventlake.auditing.engine import AuditedEngine
    from eventlake.local.journal import Journal

    catalog = engine.catalog
    return AuditedEngine(engine, lambda: [table.name for table in catalog.tables()], Journal(current.lake_folder, current.say), "cli")


def _noted(engine: Engine, deployment: Deployment, session: Session, current: Settings) -> Engine:
    """Have the queries of an engine over a lake on AWS noted, if the lake keeps an audit."""
    from eventlake.auditing.engine import AuditedEngine
    from eventlake.cloud.auditing import BusNotes

    return AuditedEngine(engine, lambda: [table.name for table in deployment.tables], BusNotes(deployment, session, current.say), "cli")


def noting_on_aws(deployment: Deployment, session: Session, current: Settings, action: str = "") -> AbstractContextManager[None]:
    """Note a deed on a lake on AWS when it ends, if the lake keeps an audit. action: the command that runs, if none is named."""
    from eventlake.cloud.auditing import BusNotes

    return BusNotes(deployment, session, current.say).noting(action or command_name(), "cli")


def noting(current: Settings, action: str = "") -> AbstractContextManager[None]:
    """Note a deed on a lake in a folder when it ends, if the lake says so. action: the command that runs, if none is named."""
    from eventlake.local.journal import Journal

    return Journal(current.lake_folder, current.say).noting(action or command_name(), "cli")


def open_deployment(current: Settings) -> tuple[Deployment, Session]:
    """Find the lake on AWS that the options name, and return it with the session that reaches it."""
    from eventlake.backends.aws import Session
    from eventlake.cloud.deployment import find

    session = Session(current.profile, current.region, current.endpoint_url)
    return find(current.lake_name or AWS_LAKE, current.load_sources(), session), session


@contextmanager
def taken_lake(current: Settings) -> Iterator[SqliteCatalog]:
    """Take the lake in a folder to write, deliver what its spool holds, and give its catalog. Raises LakeLockedError."""
    from eventlake.local.importing import Importer

    with Importer(current.lake_folder, current.load_sources()) as importer:
        importer.deliver()
        yield importer.catalog


@contextmanager
def shared_lake(current: Settings) -> Iterator[SqliteCatalog]:
    """Take the lake in a folder to write, or add to it beside the bus that writes it, and give its catalog. Raises LakeLockedError.

    What is done with it is noted as the command that runs, where the lake is told to note deeds.
    """
    from eventlake.local.joining import added_to
    from eventlake.local.lock import read_holder

    with ExitStack() as opened:
        try:
            catalog = opened.enter_context(taken_lake(current))
        except LakeLockedError:
            if not read_holder(current.lake_folder).get("shares"):
                raise
            catalog = opened.enter_context(added_to(current.lake_folder, current.load_sources()))
            os.nice(_NICENESS)
        opened.enter_context(noting(current))
        yield catalog


@contextmanager
def backfiller(current: Settings) -> Iterator[Backfiller]:
    """Open the lake that the options name to bring histories into it; one in a folder is taken to write, or added to beside its bus. Raises LakeLockedError."""
    from eventlake.local.backfilling import Backfiller

    if current.is_on_aws:
        from eventlake.cloud.deployment import pseudonyms
        from eventlake.cloud.histories import AwsHistories
        from eventlake.cloud.tombstones import read_forgetting as read_erased

        deployment, session = open_deployment(current)
        known, gone = pseudonyms(deployment, session), read_erased(deployment, session)
        with noting_on_aws(deployment, session, current):
            yield Backfiller(AwsHistories(deployment, session), deployment.sources, pseudonyms=known, forgetting=gone)
        return
    from eventlake.local.histories import LocalHistories
    from eventlake.local.keys import read_keys
    from eventlake.local.tombstones import read_forgetting

    folder = current.lake_folder
    with shared_lake(current) as catalog:
        kept, left_out = read_keys(folder), read_forgetting(folder)
        yield Backfiller(LocalHistories(catalog, folder), current.load_sources(), aside=folder, pseudonyms=kept, forgetting=left_out)


def open_duckdb(current: Settings, at_once: int = 1) -> DuckDBEngine:
    """Open the lake that the options name for DuckDB, wherever it lies. at_once: as for `open_engine`."""
    from eventlake.query.box.zygote import shared

    shared().start()  # it gets ready while the declarations are read
    if current.is_on_aws:
        return _open_duckdb_on_aws(*open_deployment(current), current)
    from eventlake.local.folder import open_lake

    return cast("DuckDBEngine", open_lake(current.lake_folder, current.load_sources(), at_once=at_once).engine)


def _open_duckdb_on_aws(deployment: Deployment, session: Session, current: Settings) -> DuckDBEngine:
    from eventlake.cloud.deployment import open_duckdb

    return open_duckdb(deployment, session, partial(_tell_fetched, current))


def _tell_fetched(current: Settings, done: int, total: int) -> None:
    """Tell how far a fetch is, in megabytes."""
    current.progress(f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB fetched from S3", is_done=done == total)


def _athena(current: Settings, workgroup: str | None) -> Engine:
    if current.lake_name and not current.is_on_aws:
        raise ConfigurationError(
            f'Athena answers for a lake on AWS, and "{current.lake_name}" is a folder: name one with --lake aws:STACK, or leave --engine out.'
        )
    from eventlake.cloud.deployment import open_athena

    deployment, session = open_deployment(current)
    return _noted(open_athena(deployment, session, workgroup), deployment, session, current)


def _trino(current: Settings) -> Engine:
    """Open the Trino that EVENTLAKE_TRINO names; the tables are the lake's on AWS, or as declared if none is named."""
    url = os.environ.get("EVENTLAKE_TRINO")
    if not url:
        raise ConfigurationError("No Trino is named: set EVENTLAKE_TRINO to its URL, for example http://127.0.0.1:8080.")
    from eventlake.backends.trino import TrinoEngine

    sources = open_deployment(current)[0].sources if current.is_on_aws else current.load_sources()
    tables = [table for source in sources for table in source.tables]
    return TrinoEngine(url, os.environ.get("EVENTLAKE_TRINO_CATALOG") or TRINO_CATALOG, tables)
