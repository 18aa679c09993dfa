"""A schedule -> the hours that were kept long enough, and that no legal hold keeps, are found no more, and a day later their bytes are gone.

Called by EventBridge Scheduler, and by a person through `eventlake retain`: `{"dry_run": true}`, which is optional. What there was no time for,
the next call does.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from eventlake.backends.glue import GlueCatalog
from eventlake.errors import ConfigurationError, EventlakeError
from eventlake.functions.deployed import retention, tables
from eventlake.functions.metrics import embedded_metrics, say
from eventlake.functions.retaining import BACK, HELD, HIDDEN, KEPT, REMOVED, Done, Retainer
from eventlake.model import Table
from eventlake.naming import nearest

SPARE_MS = 120_000
"""With less time left than this nothing is begun."""

ANSWERED = 5_000
"""How many hours an answer tells of; Lambda takes 6 MB of it. All are counted."""

_TRIES = 5
_COUNTS = {"HoursHidden": HIDDEN, "HoursRemoved": REMOVED, "HoursHeld": HELD, "HoursBroughtBack": BACK, "HoursKept": KEPT}


def handler(event: Any, context: Any) -> dict[str, Any]:  # any JSON value and Lambda's context in, JSON out
    """Remove what is over, and answer what became of it: `hours`, `failed`, and whether something is `left`."""
    _check_names()
    is_dry = isinstance(event, dict) and bool(event.get("dry_run"))
    work = _Work(context)
    retainer = _retainer(work.is_late)
    for table in tables():
        work.take(table, retainer.due if is_dry else retainer.remove)
    if not is_dry:
        work.report()
    hours = [_said(one) for one in work.done]
    return {"hours": hours[:ANSWERED], "more": len(hours[ANSWERED:]), "failed": work.failed, "left": work.has_been_late}


@dataclass
class _Work:
    """What one call has done."""

    context: Any  # Lambda's context, or nothing
    done: list[Done] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    has_been_late: bool = False

    def is_late(self) -> bool:
        """Return True if no time is left to begin anything, and remember it."""
        left = self.context is None or self.context.get_remaining_time_in_millis() >= SPARE_MS
        self.has_been_late |= not left
        return not left

    def take(self, table: Table, work: Callable[[Table], Iterator[Done]]) -> None:
        """Take a table; what fails there fails alone, and what was done before is told."""
        try:
            self.done.extend(work(table))
        except EventlakeError as error:
            say("ERROR", str(error), Table=table.name, error=type(error).__name__)
            self.failed.append({"table": table.name, "reason": str(error)})

    def report(self) -> None:
        """Say what was removed of each table and of the lake; only what failed is a metric, for its alarm."""
        for name in sorted({one.table for one in self.done}):
            say("INFO", "Hours of a table are over.", Table=name, **_counts([one for one in self.done if one.table == name]))
        for one in self.done:
            if one.state == KEPT:
                say("WARNING", "Something of an hour stays for now.", Table=one.table, kind=one.kind, hour=str(one.hour), reason=one.note)
        counts = {**_counts(self.done), "FailedRemovals": len(self.failed)}
        is_well = not self.failed
        say(
            "INFO" if is_well else "WARNING",
            "Hours are removed.",
            left=self.has_been_late,
            **counts,
            _aws=embedded_metrics((["FailedRemovals"], [["Lake"]])),
        )


def _check_names() -> None:
    """Raise ConfigurationError if days are said of a table that the lake does not have: none goes then."""
    known = [table.name for table in tables()]
    for name in retention().tables:
        if name not in known:
            raise ConfigurationError(
                f'Retention names "{name}", which is no table of this lake.{nearest(name, known)} Deploy again with another name.'
            )


def _said(one: Done) -> dict[str, Any]:
    said = {"table": one.table, "kind": one.kind, "hour": str(one.hour), "state": one.state}
    return {**said, "objects": one.objects, "bytes": one.size_bytes, "note": one.note}


def _counts(done: list[Done]) -> dict[str, int]:
    """Count hours by what became of them, and the bytes that are gone."""
    hours = Counter(one.state for one in {(one.kind, one.hour, one.table, one.state): one for one in done}.values())
    return {**{metric: hours[state] for metric, state in _COUNTS.items()}, "BytesRemoved": sum(one.size_bytes for one in done)}


def _retainer(is_late: Callable[[], bool]) -> Retainer:
    bucket = os.environ["LOG_BUCKET"]
    return Retainer(_client("s3"), bucket, GlueCatalog(_client("glue"), tables(), bucket), retention(), is_late)


def _client(service: str) -> Any:  # boto3's clients have no types
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client(service, config=ONCE.merge(Config(connect_timeout=5, read_timeout=30)))
    wait_between_tries(client, _TRIES)
    return client
