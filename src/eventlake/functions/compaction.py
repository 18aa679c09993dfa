"""A schedule -> every hour that is over and delivered is one sorted object without duplicates, or stays as it is and is told.

Called by EventBridge Scheduler, and by a person through `eventlake close`: `{"table": ..., "hour": "YYYY-MM-DDTHH", "dry_run": true}`, all of
it optional. What there was no time for, the next call does.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from eventlake.backends.athena import AthenaEngine
from eventlake.backends.glue import GlueCatalog
from eventlake.errors import GenerationConflictError, sentence_of
from eventlake.functions.closing import Closer, Hours
from eventlake.functions.deployed import retention, tables
from eventlake.functions.metrics import embedded_metrics, say
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.batch import Batch
from eventlake.pipeline.closings import ClosedHour

SPARE_MS = 180_000
"""With less time left than this nothing is begun: what a call does not end, nobody sees, and the next one does again."""

_TRIES = 5
_SUMS = {"HoursClosed": "", "RowsClosed": "rows", "DuplicatesLeftOut": "", "BytesBefore": "bytes_before", "BytesAfter": "bytes_after"}


def handler(event: Any, context: Any) -> dict[str, Any]:  # any JSON value and Lambda's context in, JSON out
    """Close what is due, and answer what became of each hour: `due` of a dry run, else `closed`, `failed`, and how many are `left`."""
    asked = event if isinstance(event, dict) else {}
    wanted = Hour.parse(asked["hour"]) if asked.get("hour") else None
    chosen = [one for one in tables() if asked.get("table") in (None, one.name)]
    work = _Work(_closer(), context)
    for table in chosen:
        work.plan(table, wanted)
    if asked.get("dry_run"):
        return {"due": [_due(batch, own) for _, batch in work.batches for own in batch.hours], "failed": work.failed}
    work.close()
    work.report(chosen)
    return {"closed": work.closed, "failed": work.failed, "left": work.left}


@dataclass
class _Work:
    """What one call has to close, and what became of it."""

    closer: Closer
    context: Any  # Lambda's context, or nothing
    batches: list[tuple[Hours, Batch]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0
    _removable: list[Hours] = field(default_factory=list)

    def plan(self, table: Table, wanted: Hour | None) -> None:
        """Look at a table; what cannot be looked at fails alone."""
        try:
            hours = self.closer.hours(table)
            self.batches += [(hours, batch) for batch in self.closer.due(hours, wanted)]
            self._removable.append(hours)
        except Exception as error:  # whatever it is, it stops no other table
            self._fail(table.name, [], error)

    def close(self) -> None:
        """Close the batches, young ones first whatever their table, and remove what was replaced long ago."""
        taken: set[str] = set()
        for hours, batch in sorted(self.batches, key=lambda one: self.closer.is_old(one[1])):
            if self._is_late() or batch.table.name in taken:
                self.left += len(batch.hours)
            elif not self._try(hours, batch):
                taken.add(batch.table.name)
        for hours in self._removable:
            if not self._is_late():
                self._remove(hours)

    def _try(self, hours: Hours, batch: Batch) -> bool:
        """Close a batch; if that fails, each hour of it alone. Return False if somebody else closes the table."""
        number = hours.number
        try:
            closing = self.closer.close(hours, batch)
        except GenerationConflictError as error:
            say("WARNING", str(error), Table=batch.table.name, day=batch.day)
            self.left += len(batch.hours)
            return False
        except Exception as error:  # whatever it is, it stops no other hour
            if hours.number == number:
                return self._try_parts(hours, batch, error)
            self._fail(batch.table.name, [str(one.hour) for one in batch.hours], error)  # written down, and shown by the next that closes
            return True
        self.closed += [_said(batch.table, one) for one in closing.hours]
        return True

    def _try_parts(self, hours: Hours, batch: Batch, error: Exception) -> bool:
        """Close each hour of a batch that failed alone, so that one which cannot be closed keeps no other from it."""
        if len(batch.hours) > 1:
            return all(self._try(hours, part) for part in batch.parts())
        self._fail(batch.table.name, [str(batch.hours[0].hour)], error)
        return True

    def _remove(self, hours: Hours) -> None:
        try:
            self.closer.remove_replaced(hours)
        except Exception as error:
            self._fail(hours.table.name, [], error)

    def _fail(self, table: str, hours: Sequence[str], error: Exception) -> None:
        say("ERROR", sentence_of(error), Table=table, hours=list(hours), error=type(error).__name__)
        self.failed.append({"table": table, "hours": list(hours), "reason": sentence_of(error)})

    def _is_late(self) -> bool:
        return self.context is not None and self.context.get_remaining_time_in_millis() < SPARE_MS

    def report(self, chosen: Sequence[Table]) -> None:
        """Say what was closed of each table, as metrics what of the lake, and how long the hour that waits longest has waited."""
        for table in chosen:
            mine = [one for one in self.closed if one["table"] == table.name]
            if mine:
                say("INFO", "Hours of a table are closed.", Table=table.name, **_sums(mine))
        waited = self.longest_wait(datetime.now(UTC)).total_seconds()
        names = [*_SUMS, "FailedClosings", "LongestWaitSeconds"]
        counts = {**_sums(self.closed), "FailedClosings": len(self.failed), "LongestWaitSeconds": int(waited)}
        say("WARNING" if self.failed else "INFO", "Hours are closed.", left=self.left, **counts, _aws=embedded_metrics((names, [["Lake"]])))

    def longest_wait(self, now: datetime) -> timedelta:
        """Return how long what was due and is not closed waits."""
        done = {(one["table"], one["hour"]) for one in self.closed}
        waiting = [(hours, own.hour) for hours, batch in self.batches for own in batch.hours]
        waits = [now - hours.waits_since(hour) for hours, hour in waiting if (hours.table.name, str(hour)) not in done]
        return max(waits, default=timedelta())


def _said(table: Table, one: ClosedHour) -> dict[str, Any]:
    counts = {name: getattr(one, name) for name in ("generation", "objects_before", "objects", "rows", "bytes_before", "bytes_after")}
    return {"table": table.name, "hour": str(one.hour), **counts, "duplicates": one.rows_before - one.rows}


def _due(batch: Batch, own: Any) -> dict[str, Any]:
    state = "dirty" if own.generation else "open"
    return {"table": batch.table.name, "hour": str(own.hour), "state": state, "objects": len(own.objects), "bytes": own.size_bytes}


def _sums(closed: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Sum what was closed, by the names of the metrics."""
    sums = {metric: sum(one[name] for one in closed) for metric, name in _SUMS.items() if name}
    return {**sums, "HoursClosed": len(closed), "DuplicatesLeftOut": sum(one["duplicates"] for one in closed)}


@cache
def _closer() -> Closer:
    bucket, log_format = os.environ["LOG_BUCKET"], os.environ["LOG_FORMAT"]
    catalog = GlueCatalog(_client("glue"), tables(), bucket)
    athena = AthenaEngine(_client("athena"), os.environ["WORKGROUP"], tables())
    slack = timedelta(seconds=int(os.environ["BUFFER_SECONDS"]), minutes=int(os.environ["SLACK_MINUTES"]))
    return Closer(_client("s3"), bucket, catalog, athena, log_format, slack, retention())


def _client(service: str) -> Any:  # boto3's clients have no types
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client(service, config=ONCE.merge(Config(connect_timeout=5, read_timeout=30)))
    wait_between_tries(client, _TRIES)
    return client
