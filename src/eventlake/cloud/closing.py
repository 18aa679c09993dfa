"""Closing hours of a lake on AWS: its function is called, as its schedule calls it, and what it answers is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.glue import GlueCatalog
from eventlake.cloud.deployment import Deployment, open_store
from eventlake.errors import ConfigurationError, ServiceError
from eventlake.functions.closing import Hours
from eventlake.interfaces import HourContents
from eventlake.layout import Hour
from eventlake.model import Table

Answer = dict[str, Any]
"""What the function answers, JSON."""


class ClosingFunction:
    """The function that closes the hours of a lake. Raises ConfigurationError for a lake whose name is unknown."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        if not deployment.name:
            raise ConfigurationError(
                f'The name of "{deployment.named}" does not tell what closes its hours: name the lake by its stack, aws:NAME.'
            )
        self._name = f"{deployment.name}-compaction"
        self._lake = deployment.name
        self._session = session

    def due(self, table: str | None, hour: Hour | None) -> Answer:
        """Ask what would be closed. Raises ConfigurationError if the lake closes no hours, ServiceError."""
        return self._call(table, hour, dry_run=True)

    def close(self, table: str | None, hour: Hour | None) -> Iterator[Answer]:
        """Call it until it has closed what it can; yield what each call answers. Raises ConfigurationError, ServiceError."""
        while True:
            answer = self._call(table, hour)
            yield answer
            if not answer["left"] or not answer["closed"]:
                return

    def _call(self, table: str | None, hour: Hour | None, *, dry_run: bool = False) -> Answer:
        asked = {"table": table, "hour": str(hour) if hour else None, "dry_run": dry_run}
        with failing(f'The function "{self._name}" cannot be called'):
            try:
                called = self._session.client("lambda").invoke(FunctionName=self._name, Payload=json.dumps(asked).encode())
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                raise ConfigurationError(
                    f'The lake "{self._lake}" closes no hours: deploy its stack again with Closing=hourly or Closing=daily.'
                ) from None
            answer: Answer = json.load(called["Payload"])
        if "FunctionError" in called:
            raise ServiceError(f'The function "{self._name}" failed ({answer.get("errorMessage", answer)}); its log says more.')
        return answer


def states(table: Table, deployment: Deployment, catalog: GlueCatalog, session: Session) -> Sequence[HourContents]:
    """Return how far each hour of a table is: also `dirty` where something landed for a closed hour, which nobody reads until it is closed."""
    landed = Hours(table, catalog, open_store(deployment, session), ClosingLog(session.client("s3"), deployment.bucket))
    dirty = {one.hour for one in landed.states() if one.state == "dirty"}
    return [replace(one, state="dirty") if one.hour in dirty else one for one in catalog.contents(table.name).hours]
