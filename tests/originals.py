"""What the two public projects left in an account, as far as it is read here: a bucket, a Glue table, partitions at the day's folder.

Written after what they deploy: keys `<prefix>/YYYY/MM/DD/HH/<name>.gz`, JSON lines, and partitions whose columns stand in another order than
the table's.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aws.client import Aws
from aws_lake import new_bucket
from eventlake.layout import Hour
from eventlake.model import STORAGE_FORMATS

STAGES = "stage_execution_state_change"
COLUMNS = ("timestamp", "eventVersion", "pipelineArn", "pipeline", "version", "state", "stage", "executionId")
OF_PARTITIONS = ("timestamp", "eventVersion", "pipelineArn", "pipeline", "version", "state", "executionId", "stage")
READS, WRITES, SERDE = STORAGE_FORMATS["json"]


@dataclass(frozen=True)
class Original:
    """A bucket with one table of stages."""

    aws: Aws
    bucket: str

    @property
    def database(self) -> str:
        """Its Glue database."""
        return self.bucket.replace("-", "_")

    @property
    def table(self) -> dict[str, str]:
        """Its table, as Glue's calls name it."""
        return {"DatabaseName": self.database, "TableName": STAGES}

    def put(self, hour: Hour, rows: int = 1) -> None:
        """Put an object with so many rows into an hour."""
        lines = [
            json.dumps({"pipeline": "web", "stage": "Build", "executionId": f"{hour}-{row}", "state": "STARTED"}) for row in range(rows)
        ]
        key = f"{STAGES}/{hour.path}/stages-1-{hour.date}-{hour.hour}-00-00-a.gz"
        self.aws.service("s3").put_object(Bucket=self.bucket, Key=key, Body=gzip.compress("".join(f"{line}\n" for line in lines).encode()))

    def register(self, values: Iterable[Sequence[str]], *, at: str = "") -> None:
        """Register hours as the function did, at their day's folder. at: another place."""
        glue, inputs = self.aws.service("glue"), [partition(self.bucket, *one, at=at) for one in values]
        for begin in range(0, len(inputs), 100):
            glue.batch_create_partition(**self.table, PartitionInputList=inputs[begin : begin + 100])

    def places(self) -> dict[tuple[str, ...], str]:
        """Where Glue says that each partition lies."""
        pages = self.aws.service("glue").get_paginator("get_partitions").paginate(**self.table)
        return {tuple(one["Values"]): one["StorageDescriptor"]["Location"] for page in pages for one in page["Partitions"]}

    def right(self, hours: Iterable[Hour]) -> dict[tuple[str, ...], str]:
        """Where they should lie."""
        return {tuple(hour.values): f"s3://{self.bucket}/{STAGES}/{hour.path}/" for hour in hours}


def partition(bucket: str, date: str, hour: str, *, at: str = "") -> dict[str, Any]:
    """A partition as the function made it."""
    return {"Values": [date, hour], "StorageDescriptor": described(at or f"s3://{bucket}/{STAGES}/{date.replace('-', '/')}", OF_PARTITIONS)}


def described(location: str, columns: Iterable[str]) -> dict[str, Any]:
    """How Glue describes JSON lines at a place."""
    return {
        "Columns": [{"Name": name, "Type": "string"} for name in columns],
        "Location": location,
        "InputFormat": READS,
        "OutputFormat": WRITES,
        "SerdeInfo": {"SerializationLibrary": SERDE, "Parameters": {"serialization.format": "1"}},
    }


def original(aws: Aws) -> Original:
    """A new one, without hours."""
    found = Original(aws, new_bucket(aws))
    glue = aws.service("glue")
    glue.create_database(DatabaseInput={"Name": found.database})
    keys = [{"Name": "date", "Type": "date"}, {"Name": "hour", "Type": "string"}]
    told = {"Name": STAGES, "TableType": "EXTERNAL_TABLE", "PartitionKeys": keys}
    glue.create_table(
        DatabaseName=found.database, TableInput={**told, "StorageDescriptor": described(f"s3://{found.bucket}/{STAGES}/", COLUMNS)}
    )
    return found
