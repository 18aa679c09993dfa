"""A lake whose hours are closed when a test asks for it, and what lies in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aws.athena import Athena
from aws.client import Aws, eventually
from aws.events import TABLES, samples, tables_of
from aws.lake import Lake, deployed

TABLE = "pipeline_execution_state_change"
PREFIX = TABLES[TABLE].prefix
EVENT = next(event for event in samples() if [table.name for table in tables_of(event)] == [TABLE])


@dataclass(frozen=True)
class Closable:
    """A lake whose hours are closed when a test asks for it, and its Athena."""

    lake: Lake
    athena: Athena

    def close(self, **asked: Any) -> dict[str, Any]:
        """What the function answers to a call."""
        called = self.lake.aws.service("lambda").invoke(FunctionName=f"{self.lake.name}-compaction", Payload=json.dumps(asked).encode())
        answer: dict[str, Any] = json.load(called["Payload"])
        assert "FunctionError" not in called, answer
        return answer

    def deliver(self, count: int, hour: str, *copies: str) -> list[str]:
        """The ids of events that lie in objects of an hour that is over, `YYYY/MM/DD/HH`, once under each name."""
        before = set(self.lake.bucket.keys(f"{PREFIX}/"))
        ids = self.lake.put([EVENT] * count)
        self.lake.arrived(ids, [PREFIX])
        for key in set(self.lake.bucket.keys(f"{PREFIX}/")) - before:
            self.move(key, hour, copies)
        eventually(lambda: self.partition(hour))
        self.lake.registered()
        return ids

    def move(self, key: str, hour: str, names: tuple[str, ...]) -> None:
        """Move an object to another hour, once under each name."""
        s3, bucket = self.lake.aws.service("s3"), self.lake.bucket.name
        for name in names:
            wanted = f"{PREFIX}/{hour}/{name}-{key.rpartition('/')[2]}"
            s3.copy_object(Bucket=bucket, Key=wanted, CopySource={"Bucket": bucket, "Key": key})
        s3.delete_object(Bucket=bucket, Key=key)

    def partition(self, hour: str) -> dict[str, Any] | None:
        """The partition of an hour, if there is one."""
        day, _, number = hour.rpartition("/")
        values = [day.replace("/", "-"), number]
        return next((one for one in self.lake.partitions(TABLE) if one["Values"] == values), None)

    def location(self, hour: str) -> str:
        """Where an hour lies, below the bucket."""
        partition = self.partition(hour)
        assert partition is not None
        return str(partition["StorageDescriptor"]["Location"]).partition(f"{self.lake.bucket.name}/")[2]

    def size(self, hour: str) -> int:
        """The bytes of the objects that readers see of an hour."""
        return sum(len(self.lake.bucket.read(key)) for key in self.lake.bucket.keys(self.location(hour)))

    def counts(self, day: str) -> dict[str, tuple[int, int]]:
        """{hour: (rows, events)} of a day, `YYYY-MM-DD`, as Athena sees it."""
        sql = f"SELECT hour, count(*), count(DISTINCT event_id) FROM {TABLE} WHERE date = DATE '{day}' GROUP BY hour"
        return {str(hour): (int(rows or 0), int(events or 0)) for hour, rows, events in self.athena.rows(sql)}

    def seed(self, count: int) -> list[str]:
        """Keys of objects with this many events together, outside of every hour: `fill` puts them there, without waiting for a stream."""
        before = set(self.lake.bucket.keys(f"{PREFIX}/"))
        self.lake.arrived(self.lake.put([EVENT] * count), [PREFIX])
        kept = []
        for key in set(self.lake.bucket.keys(f"{PREFIX}/")) - before:
            kept.append(f"seed/{key.rpartition('/')[2]}")
            self._copy(key, kept[-1])
            self.lake.aws.service("s3").delete_object(Bucket=self.lake.bucket.name, Key=key)
        return kept

    def fill(self, hour: str, seed: list[str], *copies: str) -> None:
        """Let a seed lie in an hour, `YYYY/MM/DD/HH`, once under each name, and be seen there."""
        for key in seed:
            for name in copies:
                self._copy(key, f"{PREFIX}/{hour}/{name}-{key.rpartition('/')[2]}")
        eventually(lambda: self.partition(hour))
        self.lake.registered()

    def _copy(self, key: str, wanted: str) -> None:
        bucket = self.lake.bucket.name
        self.lake.aws.service("s3").copy_object(Bucket=bucket, Key=wanted, CopySource={"Bucket": bucket, "Key": key})

    def age(self, hour: str, closed_at: datetime) -> None:
        """Let an hour pass for closed at another moment."""
        partition = self.partition(hour)
        assert partition is not None
        said = {**partition["Parameters"], "closed_at": f"{closed_at:%Y-%m-%dT%H:%M:%SZ}"}
        wanted = {"Values": partition["Values"], "StorageDescriptor": partition["StorageDescriptor"], "Parameters": said}
        self.lake.aws.service("glue").update_partition(
            DatabaseName=self.lake.database(TABLE), TableName=TABLE, PartitionValueList=partition["Values"], PartitionInput=wanted
        )

    @property
    def role(self) -> str:
        """The name of the function's role."""
        arn = self.lake.aws.service("lambda").get_function_configuration(FunctionName=f"{self.lake.name}-compaction")["Role"]
        return str(arn.rsplit("/", 1)[1])


def closable_lake(aws: Aws, name: str, folder: Path, parameters: dict[str, str] | None = None) -> Closable:
    """A lake whose hours can be closed; its schedule calls at most once while the tests run."""
    lake = deployed(aws, name, folder, {"Closing": "daily", "BufferingHintsIntervalInSeconds": "60", **(parameters or {})})
    return Closable(lake, Athena(aws, name, lake.database(TABLE)))


def of(answer: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """Some of what is said of each closed hour."""
    assert answer["failed"] == []
    return [tuple(one[name] for name in names) for one in answer["closed"]]
