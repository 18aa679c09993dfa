"""What is known on AWS of an hour that is on its way out: one JSON object each, from before its partition goes until its bytes are gone.

It tells when the grace began, where the hour lay, so that a legal hold that comes within the grace brings it back, and whether its bytes are
being removed already, when it is too late for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from eventlake.interfaces import Partition
from eventlake.layout import REMOVALS, Hour

LINES, FAILED = "lines", "failed"
"""What goes: an hour's log lines, or the failed records that lie in it."""
GRACE = timedelta(hours=24)
"""How long bytes stay that nobody finds any more: longer than any query runs. No query reads failed records."""


@dataclass(frozen=True, slots=True)
class Removal:
    """One hour of a table on its way out.

    kind: LINES or FAILED. since: when its grace began, aware. partition: what the catalog had of it, None if nothing. is_removing: whether
    some of its bytes may be gone.
    """

    table: str
    kind: str
    hour: Hour
    since: datetime
    partition: Partition | None = None
    is_removing: bool = False

    @property
    def key(self) -> str:
        """Return the key of the object that tells of it."""
        return removal_key(self.table, self.kind, self.hour)

    def is_due(self, now: datetime) -> bool:
        """Return True once its bytes may go."""
        return self.kind == FAILED or self.since + GRACE <= now

    def dumps(self) -> bytes:
        """Write it as JSON."""
        said = {name: getattr(self, name) for name in ("table", "kind", "is_removing")}
        partition = asdict(self.partition) | {"hour": str(self.hour)} if self.partition else None
        return json.dumps(said | {"hour": str(self.hour), "since": self.since.isoformat(), "partition": partition}).encode()


def removal_key(table: str, kind: str, hour: Hour) -> str:
    """Return the key of the object that tells of an hour on its way out."""
    return f"{removals_prefix(table, kind)}{hour}"


def removals_prefix(table: str, kind: str) -> str:
    """Return what the keys of a table's removals of a kind begin with."""
    return f"{REMOVALS}{kind}/{table}/"


def loads(body: bytes) -> Removal:
    """Read a removal. Raises ValueError for what is none."""
    try:
        said = json.loads(body)
        since = datetime.fromisoformat(said["since"])
        return Removal(said["table"], said["kind"], Hour.parse(said["hour"]), since, _partition(said["partition"]), said["is_removing"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"This tells of no removal ({type(error).__name__}: {error}).") from None


def _partition(said: Mapping[str, Any] | None) -> Partition | None:  # JSON
    return None if said is None else Partition(**{**said, "hour": Hour.parse(said["hour"])})
