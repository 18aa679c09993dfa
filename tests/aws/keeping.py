"""A lake that forgets what it has kept long enough, and what lies in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aws.client import Aws, eventually
from aws.closable import PREFIX, TABLE
from aws.lake import Lake, deployed
from eventlake.backends.hold_objects import HoldObjects
from eventlake.backends.removal_log import RemovalLog
from eventlake.layout import Hour
from eventlake.pipeline.holds import Hold
from eventlake.pipeline.removals import LINES

NAME = "keeps"
DAYS = "pipeline_execution_state_change=30 failed-records=30"
ALL = Hold("all the time", since="2026-01-01T00:00:00Z")
"""A hold under which hours come into the lake that are over already, as the lake registers any: see the partition function."""


@dataclass(frozen=True)
class Keeping:
    """A lake that keeps its pipelines' executions for thirty days, and what lies in it."""

    lake: Lake

    @property
    def holds(self) -> HoldObjects:
        """Its legal holds, as somebody who may do everything places them."""
        return HoldObjects(self.s3, self.lake.bucket.name)

    @property
    def removals(self) -> RemovalLog:
        """What is known of hours on their way out."""
        return RemovalLog(self.s3, self.lake.bucket.name)

    @property
    def s3(self) -> Any:
        """The client."""
        return self.lake.aws.service("s3")

    def retain(self, **asked: Any) -> dict[str, Any]:
        """What the function answers to a call."""
        called = self.lake.aws.service("lambda").invoke(FunctionName=f"{NAME}-retention", Payload=json.dumps(asked).encode())
        answer: dict[str, Any] = json.load(called["Payload"])
        assert "FunctionError" not in called, answer
        return answer

    def states(self, hour: str, **asked: Any) -> list[str]:
        """What a call of the function makes of an hour of log lines."""
        answer = self.retain(**asked)
        assert answer["failed"] == []
        return [one["state"] for one in answer["hours"] if (one["hour"], one["kind"]) == (hour, LINES)]

    def put(self, hour: str, name: str) -> str:
        """The key of an object that lies in an hour from now on; S3 tells of it as of any."""
        key = f"{PREFIX}/{hour.replace('-', '/').replace('T', '/')}/{name}"
        self.s3.put_object(Bucket=self.lake.bucket.name, Key=key, Body=b"lines")
        return key

    def fill(self, hour: str) -> str:
        """The key of an object in an hour that is registered, though it is over: it came while a hold kept everything."""
        self.holds.place(ALL)
        key = self.put(hour, "a.parquet")
        eventually(lambda: self.is_found(hour))
        self.holds.release(ALL.name)
        return key

    def is_found(self, hour: str) -> bool:
        """Whether readers find an hour."""
        return self.partition(hour) is not None

    def partition(self, hour: str) -> dict[str, Any] | None:
        """The partition of an hour, if there is one."""
        return next((one for one in self.lake.partitions(TABLE) if one["Values"] == Hour.parse(hour).values), None)

    def versions(self, prefix: str) -> list[str]:
        """The keys of all versions and delete markers below a prefix."""
        found = self.s3.list_object_versions(Bucket=self.lake.bucket.name, Prefix=prefix)
        return [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in found.get(kind, [])]

    def age(self, hour: str, hours: int = 25) -> None:
        """Let an hour pass for one that went so long ago."""
        removal = self.removals.of(TABLE, LINES)[Hour.parse(hour)]
        self.removals.write(replace(removal, since=datetime.now(UTC) - timedelta(hours=hours)))

    @contextmanager
    def holding(self, hold: Hold) -> Iterator[None]:
        """A hold for a while."""
        self.holds.place(hold)
        try:
            yield
        finally:
            self.holds.release(hold.name)

    @property
    def role(self) -> str:
        """The name of the function's role."""
        arn = self.lake.aws.service("lambda").get_function_configuration(FunctionName=f"{NAME}-retention")["Role"]
        return str(arn.rsplit("/", 1)[1])


def keeping_lake(aws: Aws, folder: Path) -> Keeping:
    """Deploy it."""
    return Keeping(deployed(aws, NAME, folder, {"Retention": DAYS, "BufferingHintsIntervalInSeconds": "60"}))
