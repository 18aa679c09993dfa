"""A lake on AWS for who looks at it again and again: Glue, S3 and Athena are asked once in five minutes at most for the same thing.

Athena is paid by the query, 10 MB at least, and its tables change by the minutes of Firehose's buffers, so that looking sooner shows little
more. https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from eventlake.backends.aws import Session, is_denied
from eventlake.backends.catalog.entries import FailedEntry
from eventlake.cloud.deployment import Deployment, open_athena, open_catalog, open_duckdb, open_store
from eventlake.cloud.failed_events import FailedEvents
from eventlake.dialect.text.names import with_databases
from eventlake.errors import EventlakeError, StorageServiceError
from eventlake.interfaces import Cancelled, Catalog, Contents, Engine, LogObject, Parameters, Partition, Result
from eventlake.lake import Lake
from eventlake.layout import Hour
from eventlake.model import Table

if TYPE_CHECKING:
    from eventlake.backends.duckdb import DuckDBEngine

KEPT = timedelta(minutes=5)
"""How long what AWS said is taken for the state of the lake."""
_LISTERS = 4
"""How many tables are looked at side by side; each lists its prefixes so as well."""
_log = logging.getLogger(__name__)


def steady(now: datetime) -> datetime:
    """Return the last full minute of the five that a moment falls in, so that what is asked up to now is the same statement for as long."""
    begun = now.astimezone(UTC).replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)
    return begun + KEPT - timedelta(minutes=1)


def lake_to_look_at(deployment: Deployment, session: Session, now: Callable[[], datetime]) -> Lake:
    """Open the lake: Athena answers, and DuckDB's translation on this machine says what a statement would read and cost."""
    catalog = KeptCatalog(open_catalog(deployment, session), deployment.tables, now)
    telling = open_duckdb(deployment, session, catalog=catalog)
    engine = AskedAndTold(open_athena(deployment, session), telling, deployment.tables)
    return Lake(deployment.sources, open_store(deployment, session), catalog, engine)


class KeptCatalog:
    """A catalog of tables that is asked for all of them at once, and again when that is five minutes ago.

    not_seen: which tables could not be looked at, by the sentence that says why.
    """

    def __init__(self, catalog: Catalog, tables: Sequence[Table], now: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._names = [table.name for table in tables]
        self._now = now
        self._lock = threading.Lock()
        self._tables: Sequence[Table] = ()
        self._kept: Mapping[str, Contents] = {}
        self._until = datetime.min.replace(tzinfo=UTC)
        self.not_seen: dict[str, str] = {}

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Refuse as the catalog does."""
        self._catalog.register_tables(tables, log_format)

    def tables(self) -> Sequence[Table]:
        """Return every table, by database and name, as they were when somebody asked first: a deployment changes them."""
        with self._lock:
            self._tables = self._tables or self._catalog.tables()
            return self._tables

    def add_partition(self, partition: Partition) -> bool:
        """Add a partition to the catalog."""
        return self._catalog.add_partition(partition)

    def partitions(self, table: str) -> Sequence[Partition]:
        """Return every partition of a table, by hour."""
        return self._catalog.partitions(table)

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """Return the objects of a table as they were kept."""
        return self.contents(table).objects(hours)

    def contents(self, table: str) -> Contents:
        """Return what was seen of a table in the last five minutes; nothing of one that this user may not look at."""
        with self._lock:
            if self._now() >= self._until:
                with ThreadPoolExecutor(_LISTERS) as pool:
                    self._kept = dict(zip(self._names, pool.map(self._seen, self._names), strict=True))
                self._until = self._now() + KEPT
            return self._kept.get(table.lower()) or self._catalog.contents(table)

    def _seen(self, table: str) -> Contents:
        try:
            found = self._catalog.contents(table)
        except StorageServiceError as error:
            if not is_denied(error):
                raise
            self.not_seen[table] = str(error)
            return Contents.of([])
        self.not_seen.pop(table, None)
        return found


class AskedAndTold:
    """Athena for the rows, and a translation on this machine for what a statement would read and cost, which Athena's own plan does not say.

    tables: the lake's; a statement over several of its databases names them, which Athena wants and a lake in a folder does not need.
    """

    def __init__(self, asked: Engine, told: DuckDBEngine, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._asked = asked
        self._told = told

    def query(
        self, sql: str, parameters: Parameters | None = None, *, cancelled: Cancelled | None = None, **more: Any
    ) -> Result:  # what else the engine takes
        """Return the rows of one SELECT, from Athena."""
        return self._asked.query(with_databases(sql, self._tables), parameters, cancelled=cancelled, **more)

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Say what a statement would read and cost; of one that is Athena's alone, Athena's plan."""
        try:
            return self._told.explain(sql, parameters)
        except EventlakeError as error:
            _log.info("A statement is explained by Athena: %s", error)
            return self._asked.explain(with_databases(sql, self._tables), parameters)

    def close(self) -> None:
        """Let go of the processes that translate."""
        self._told.close()


class KeptFailures:
    """What failed in a lake on AWS, read again when that is five minutes ago. Its objects are read, and its queue is looked into."""

    def __init__(self, deployment: Deployment, session: Session, now: Callable[[], datetime]) -> None:
        self._deployment, self._session = deployment, session
        self._now = now
        self._lock = threading.Lock()
        self._newest: dict[int, tuple[list[FailedEntry], bool]] = {}
        self._until = datetime.min.replace(tzinfo=UTC)
        self._failed: FailedEvents | None = None

    def newest(self, limit: int) -> tuple[list[FailedEntry], bool]:
        """Return so many records, the newest first, and whether there are more."""
        with self._lock:
            failed = self._current()
            if limit not in self._newest:
                self._newest[limit] = failed.newest(limit)
            return self._newest[limit]

    def find(self, beginning: str) -> list[FailedEntry]:
        """Find the records whose id begins like this."""
        with self._lock:
            return list(self._current().find(beginning))

    def original(self, entry: FailedEntry) -> bytes:
        """Return the bytes that failed. Raises StorageError, CorruptObjectError."""
        with self._lock:
            return self._current().original(entry)

    def _current(self) -> FailedEvents:
        if self._failed is None or self._now() >= self._until:
            self._failed, self._newest, self._until = FailedEvents(self._deployment, self._session), {}, self._now() + KEPT
        return self._failed
