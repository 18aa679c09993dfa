"""What lies in the buckets and queues of the emulator, read by boto3 because tests look often."""

from __future__ import annotations

import gzip
import json
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import duckdb

from aws.client import Aws


def parquet_rows(data: bytes) -> list[dict[str, Any]]:
    """The rows of a Parquet object."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as connection:
        file.write(data)
        file.flush()
        relation = connection.from_parquet(file.name)
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


@dataclass(frozen=True)
class Bucket:
    """A bucket."""

    aws: Aws
    name: str

    @cached_property
    def s3(self) -> Any:
        """The client."""
        return self.aws.service("s3")

    def keys(self, prefix: str = "") -> list[str]:
        """The keys under a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object, decompressed if its name says that it is compressed."""
        data: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return gzip.decompress(data) if key.endswith(".gz") else data

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The rows of a Parquet object or of JSON lines."""
        data = self.read(key)
        if not key.endswith(".parquet"):
            return [json.loads(line) for line in data.splitlines()]
        return parquet_rows(data)

    def new_rows(self, prefix: str, before: set[str]) -> list[dict[str, Any]]:
        """The rows of the objects under a prefix that were not there before."""
        return [row for key in self.keys(prefix) if key not in before for row in self.rows(key)]


@dataclass
class Queue:
    """A queue. seen: the messages taken from it, since taking is the only way to look."""

    aws: Aws
    name: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def sqs(self) -> Any:
        """The client."""
        return self.aws.service("sqs")

    @cached_property
    def url(self) -> str:
        """Where it is."""
        return str(self.sqs.get_queue_url(QueueName=self.name)["QueueUrl"])

    def waiting(self) -> int:
        """Messages that wait, and those being worked on."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=counts)["Attributes"]
        return sum(int(told[name]) for name in counts)

    def take(self) -> list[dict[str, Any]]:
        """All messages taken so far, with what waits now."""
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            self.seen += messages
        return self.seen
