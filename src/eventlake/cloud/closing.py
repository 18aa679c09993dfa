"""Closing hours of a lake on AWS: its function is called, as its schedule calls it, and what it answers is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from eventlake.backends.aws import Session
from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.glue import GlueCatalog
from eventlake.cloud.deployment import Deployment, open_store
from eventlake.cloud.lake_function import Answer, LakeFunction
from eventlake.functions.closing import Hours
from eventlake.interfaces import HourContents
from eventlake.layout import Hour
from eventlake.model import Table


class ClosingFunction:
    """The function that closes the hours of a lake. Raises ConfigurationError for a lake whose name is unknown."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        absent = "closes no hours: deploy its stack again with Closing=hourly or Closing=daily."
        self._function = LakeFunction(deployment, session, "compaction", "closes its hours", absent)

    def due(self, table: str | None, hour: Hour | None) -> Answer:
        """Ask what would be closed. Raises ConfigurationError if the lake closes no hours, ServiceError."""
        return self._function.call(_asked(table, hour, dry_run=True))

    def close(self, table: str | None, hour: Hour | None) -> Iterator[Answer]:
        """Call it until it has closed what it can; yield what each call answers. Raises ConfigurationError, ServiceError."""
        while True:
            answer = self._function.call(_asked(table, hour, dry_run=False))
            yield answer
            if not answer["left"] or not answer["closed"]:
                return


def _asked(table: str | None, hour: Hour | None, *, dry_run: bool) -> dict[str, Any]:
    return {"table": table, "hour": str(hour) if hour else None, "dry_run": dry_run}


def states(table: Table, deployment: Deployment, catalog: GlueCatalog, session: Session) -> Sequence[HourContents]:
    """Return how far each hour of a table is: also `dirty` where something landed for a closed hour, which nobody reads until it is closed."""
    log, is_over = (
        ClosingLog(session.client("s3"), deployment.bucket),
        partial(deployment.retention.is_over, table.name, now=datetime.now(UTC)),
    )
    landed = Hours(table, catalog, open_store(deployment, session), log, is_over)
    dirty = {one.hour for one in landed.states() if one.state == "dirty"}
    return [replace(one, state="dirty") if one.hour in dirty else one for one in catalog.contents(table.name).hours]
