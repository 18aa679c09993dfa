"""A lake in which a person stands everywhere that something of an event may lie."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aws.client import Aws, eventually
from aws.lake import Lake, deployed
from aws.objects import parquet_rows
from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.glue import GlueCatalog
from eventlake.interfaces import Partition
from eventlake.layout import Hour
from eventlake.model import Table
from eventlake.pipeline.closings import ClosedHour, Closing, closed_place
from eventlake.sources import load

ANNA, MAIL = "auth0|5f7c8e", "Anna@Example.org"
BOTH = (ANNA, MAIL)
TABLE: Table = next(table for source in load() for table in source.tables if table.name == "pipeline_execution_state_change")
PREFIX = TABLE.prefix
CLOSED = Hour("2026-11-03", "05")


def event(identity: str, **detail: Any) -> dict[str, Any]:
    """A pipeline's event as EventBridge hands it on. identity: its execution's, unless it has one."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "account": "123456789012",
        "time": "2026-11-03T05:10:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"state": "STARTED", "pipeline": "web", "version": 1, "execution-id": identity, **detail},
    }


OWN = [event(ANNA), event(ANNA.upper())]
NAMING = [
    event("c", trigger={"detail": f"{ANNA},{ANNA} and {MAIL.lower()}"}),
    event("d", other=[{"by": f"https://x/?u={quote(ANNA, safe='')}&m={quote(MAIL, safe='')}"}]),
    event("e", other={"packed": base64.b64encode(f"{{{ANNA}}}".encode()).decode(), "mail": MAIL.upper()}),
]
OTHERS = [event("f", trigger={"detail": f"{ANNA}99"}), event("g")]
EVENTS = [*OWN, *NAMING, *OTHERS]
STAYING = ["c", "d", "e", "f", "g"]


@dataclass(frozen=True)
class Erasable:
    """A lake with the person in it, and what is read of it."""

    lake: Lake
    bodies: list[bytes] = field(default_factory=list)
    """The objects that landed, with the person in them."""

    @property
    def s3(self) -> Any:
        """The client."""
        return self.lake.aws.service("s3")

    @property
    def bucket(self) -> str:
        """The name of the log bucket."""
        return self.lake.bucket.name

    def fill(self) -> None:
        """Let events come through the whole flow, close one of their hours, and let them stand in all that lies beside."""
        self.put(EVENTS)
        eventually(lambda: sum(len(self.lake.bucket.rows(key)) for key in self.landed()) >= len(EVENTS) or None)
        eventually(lambda: sum(map(len, map(self.raw, self.lake.bucket.keys(f"raw/{TABLE.name}/")))) >= len(EVENTS) or None)
        first = self.landed()[0]
        eventually(lambda: self.lake.partitions(TABLE.name) or None)
        self.bodies.extend(self.lake.bucket.read(key) for key in self.landed())
        self.close(self.bodies)
        self._old_versions(first)
        self._beside()

    def put(self, events: list[dict[str, Any]]) -> None:
        """Put events on the bus."""
        self.lake.aws("events", "put-events", "--entries", json.dumps([_entry(one) for one in events]))

    def landed(self) -> list[str]:
        """The keys of objects where they landed."""
        return self.lake.bucket.keys(f"{PREFIX}/")

    def raw(self, key: str) -> list[dict[str, Any]]:
        """The whole events in an object of raw copies."""
        text, decoder, at, found = self.lake.bucket.read(key).decode(), json.JSONDecoder(), 0, []
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            found.append(value)
        return found

    def close(self, bodies: list[bytes]) -> None:
        """Let objects be those of a closed hour, as the lake's function closes one, and what landed for it stay for the grace."""
        number, place = 1, closed_place(TABLE, CLOSED.date, 1, "ab12cd34")
        location = f"{place}hour={CLOSED.hour}/"
        landed = [f"{PREFIX}/{CLOSED.path}/{at}.parquet" for at in range(len(bodies))]
        for key, body in zip(landed, bodies, strict=True):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
            self.s3.put_object(Bucket=self.bucket, Key=f"{location}{key.rpartition('/')[2]}", Body=body)
        rows, size = sum(len(parquet_rows(body)) for body in bodies), sum(map(len, bodies))
        closed = ClosedHour(CLOSED, 1, location, tuple(landed), rows, rows, 0, len(bodies), len(bodies), size, size)
        closing = Closing(TABLE.name, number, datetime.now(UTC), (closed,))
        ClosingLog(self.s3, self.bucket).append(closing)
        self.catalog().swap(Partition(TABLE.name, CLOSED, location, "parquet", closing.parameters(closed)))

    def catalog(self) -> GlueCatalog:
        """The lake's tables in Glue."""
        from dataclasses import replace

        return GlueCatalog(self.lake.aws.service("glue"), [replace(TABLE, database=self.lake.database(TABLE.name))], self.bucket)

    def fill_again(self) -> None:
        """Let the person stand anew where rows landed, in an hour that is closed, and in all that lies beside."""
        known = next(one for one in self.lake.partitions(TABLE.name) if one["Values"] == [CLOSED.date, CLOSED.hour])
        closed = known["StorageDescriptor"]["Location"].partition(f"{self.bucket}/")[2].rstrip("/")
        for at, body in enumerate(self.bodies):
            for place in (f"{PREFIX}/2026/11/04/06", closed):
                self.s3.put_object(Bucket=self.bucket, Key=f"{place}/again-{at}.parquet", Body=body)
        self._beside()

    def _old_versions(self, key: str) -> None:
        """Leave versions that nobody sees: of what was overwritten, and of what was deleted."""
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        gone = f"{PREFIX}/2026/11/02/01/gone.parquet"
        self.s3.put_object(Bucket=self.bucket, Key=gone, Body=body)
        self.s3.delete_object(Bucket=self.bucket, Key=gone)

    def _beside(self) -> None:
        """Failed records, an undelivered event, a result of Athena's, a text."""
        record = {"arrivalTimestamp": 1_790_000_000_000, "errorCode": "Lambda.FunctionError", "rawData": ""}
        lines = [
            json.dumps(record | {"rawData": base64.b64encode(json.dumps(one).encode()).decode()}) for one in (OWN[0], NAMING[0], OTHERS[1])
        ]
        key = f"error/{TABLE.name}/processing-failed/year=2026/month=11/day=03/hour=05/a"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body="\n".join(lines).encode())
        self.s3.put_object(Bucket=self.bucket, Key=f"{key}.gz", Body=gzip.compress("\n".join(lines).encode()))
        self.s3.put_object(Bucket=f"{self.bucket}-results", Key="lake/x.csv", Body=f'"user"\n"{ANNA}"\n'.encode())
        self.s3.put_object(Bucket=f"{self.bucket}-results", Key="alerts/state.json", Body=json.dumps({"told": [MAIL, "eva"]}).encode())
        self.s3.put_object(Bucket=self.bucket, Key="backfilled/files/x.json", Body=json.dumps({"cursor": ANNA, "writing": []}).encode())
        sqs = self.lake.aws.service("sqs")
        url = sqs.get_queue_url(QueueName=f"{self.lake.name}-undelivered")["QueueUrl"]
        for one in (OWN[0], OTHERS[1]):
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(one))

    def shown(self) -> list[str]:
        """The executions of all rows that readers see, by partition, sorted."""
        found = []
        for partition in self.lake.partitions(TABLE.name):
            location = partition["StorageDescriptor"]["Location"].partition(f"{self.bucket}/")[2].rstrip("/") + "/"
            found += [row["executionid"] for key in self.lake.bucket.keys(location) for row in self.lake.bucket.rows(key)]
        return sorted(found)

    def hits(self) -> list[str]:
        """The versions of objects of all buckets of the lake in which an independent search finds the person.

        Other lakes of the account have had the same events over the same bus.
        """
        wanted = _spellings()
        found = []
        for bucket in [one["Name"] for one in self.s3.list_buckets()["Buckets"] if one["Name"].startswith(self.bucket)]:
            for name, data in versions(self.s3, bucket):
                bytes_ = data.replace(b"5f7c8e99", b"").replace(b"5F7C8E99", b"")
                if any(one in bytes_ for one in wanted):
                    found.append(f"{bucket}/{name}")
        return found


def versions(s3: Any, bucket: str) -> Iterator[tuple[str, bytes]]:
    """Every byte of every version in a bucket, as it lies, decompressed, and with what is packed in it."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in page.get("Versions", []):
            data = s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
            name = f"{one['Key']}?{one['VersionId']}"
            yield name, data
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
                yield name, data
            if data[:4] == b"PAR1":
                yield name, repr(parquet_rows(data)).encode()
            if b'"rawData"' in data:
                yield name, b"\n".join(base64.b64decode(json.loads(line)["rawData"]) for line in data.splitlines())


def erasable_lake(aws: Aws, name: str, folder: Path) -> Erasable:
    """Deploy a lake that keeps whole events too, and whose function looks at tombstones."""
    return Erasable(deployed(aws, name, folder, {"BufferingHintsIntervalInSeconds": "60", "KeepRawEvents": "yes", "Tombstones": "on"}))


def _entry(one: dict[str, Any]) -> dict[str, Any]:
    return {"Source": one["source"], "DetailType": one["detail-type"], "Detail": json.dumps(one["detail"]), "Time": one["time"]}


def _spellings() -> set[bytes]:
    wanted = set()
    for one in BOTH:
        for spelled in (one, one.lower(), one.upper(), quote(one, safe=""), quote(one.lower(), safe=""), quote(one, safe="").lower()):
            wanted.add(spelled.encode())
            wanted |= {base64.b64encode(b"x" * at + spelled.encode())[-(-at * 8 // 6) : (at + len(spelled)) * 8 // 6] for at in range(3)}
    return wanted
