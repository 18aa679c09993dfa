"""The doctor of a lake on AWS: each thing that is wrong is found, and told with its remedy."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aws.client import Aws
from aws_lake import create_tables, new_bucket, nobody
from eventlake.backends.aws import Session
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.s3 import S3Store
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.examine import GRACE, check_lake
from eventlake.interfaces import Partition
from eventlake.lake import Finding
from eventlake.layout import Hour
from eventlake.sources import load

AUTH0 = next(source for source in load() if source.name == "auth0")
HOUR = Hour("2026-11-20", "10")
QUEUES = ("objects-dead", "undelivered", "functions-dead")


@functools.cache
def session_of(_access_key: str) -> Session:
    """A session as the environment says, kept because its clients cost more than their calls."""
    return Session()


class Lake:
    """A healthy lake of one source, and ways to spoil it."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.bucket = new_bucket(aws)
        table = replace(AUTH0.tables[0], database=self.bucket.replace("-", "_"))
        self.table = table
        source = replace(AUTH0, database=table.database, tables=(table,))
        self.deployment = Deployment(f"aws:{self.bucket}", self.bucket, self.bucket, self.bucket, (source,), "CREATE_COMPLETE")
        create_tables(aws, [table], self.bucket)
        self.store = S3Store(aws.service("s3"), self.bucket)
        self.catalog = GlueCatalog(aws.service("glue"), [table], self.bucket, self.store)
        self.athena = aws.service("athena")
        for name in (self.bucket, f"{self.bucket}-auth0"):
            self.athena.create_work_group(Name=name, Configuration={"ResultConfiguration": {"OutputLocation": "s3://results/"}})
        self.queues = {suffix: aws.service("sqs").create_queue(QueueName=f"{self.bucket}-{suffix}")["QueueUrl"] for suffix in QUEUES}
        self.store.put(f"logs/{HOUR.path}/a.parquet", b"x")
        self.add_partition(HOUR)

    def add_partition(self, hour: Hour, location: str = "", log_format: str = "parquet") -> None:
        """A partition, by default at its own place."""
        self.catalog.add_partition(Partition(self.table.name, hour, location or f"logs/{hour.path}/", log_format))

    def findings(self, later: timedelta = timedelta(hours=1), deployment: Deployment | None = None) -> list[Finding]:
        """What is found, so long after the objects were written."""
        return list(check_lake(deployment or self.deployment, session_of(os.environ["AWS_ACCESS_KEY_ID"]), datetime.now(UTC) + later))


@pytest.fixture
def lake(here: Aws) -> Lake:
    """A healthy lake."""
    return Lake(here)


def test_a_healthy_lake_has_no_finding(lake: Lake) -> None:
    """An object that has just arrived waits for its partition, and that is no finding."""
    lake.store.put("logs/2026/11/20/11/new.parquet", b"x")
    assert lake.findings(later=GRACE / 2) == []


@pytest.mark.aws
def test_a_closed_hour_lies_where_its_closing_wrote(lake: Lake) -> None:
    """Which is no finding."""
    lake.add_partition(Hour("2026-11-20", "12"), "closed/auth0/logs/2026/11/20/1-ab/hour=12/")
    assert lake.findings() == []


SPOILED: list[tuple[Callable[[Lake], object], str, str]] = [
    (
        lambda lake: lake.store.put("logs/2026/11/20/11/b.parquet", b"x"),
        "error",
        "auth0_logs has no partition for 2026-11-20T11, where 1 object lies.",
    ),
    (lambda lake: lake.store.put("logs/2026/11/20/b.parquet", b"x"), "warning", '"logs/2026/11/20/b.parquet" is not a log object'),
    (
        lambda lake: lake.add_partition(Hour("2026-11-20", "12"), "logs/2026/11/20/"),
        "error",
        'The partition 2026-11-20T12 of auth0_logs lies in "logs/2026/11/20/", which is not its own hour.',
    ),
    (lambda lake: lake.add_partition(Hour("2026-11-20", "24")), "error", "date=2026-11-20/hour=24; it fails every query"),
    (lambda lake: lake.add_partition(Hour("today", "10"), "logs/x/"), "error", "date=today/hour=10; it fails every query"),
    (lambda lake: lake.add_partition(Hour("2026-11-20", "12"), log_format="json"), "error", "1 in parquet and 1 in json; Athena reads one"),
    (
        lambda lake: lake.store.put("error/auth0_logs/processing-failed/x", b"{}"),
        "warning",
        "1 object of failed records lies under error/: 1 of auth0_logs.",
    ),
    (
        lambda lake: lake.aws.service("sqs").send_message(QueueUrl=lake.queues["undelivered"], MessageBody="x"),
        "error",
        "holds 1 message: events that EventBridge could not put",
    ),
    (lambda lake: lake.aws.service("sqs").delete_queue(QueueUrl=lake.queues["objects-dead"]), "error", "There is no queue"),
    (lambda lake: lake.athena.delete_work_group(WorkGroup=lake.bucket), "error", "There is no Athena workgroup"),
    (lambda lake: lake.athena.delete_work_group(WorkGroup=f"{lake.bucket}-auth0"), "error", '-auth0".'),
    (
        lambda lake: lake.aws.service("glue").delete_table(DatabaseName=lake.table.database, Name=lake.table.name),
        "error",
        "auth0_logs is not in Glue.",
    ),
]


@pytest.mark.aws
@pytest.mark.parametrize(("spoil", "severity", "sentence"), SPOILED)
def test_what_is_wrong_is_found(lake: Lake, spoil: Callable[[Lake], object], severity: str, sentence: str) -> None:
    """With a remedy, and nothing else is called wrong that is not."""
    spoil(lake)

    found = [one for one in lake.findings() if sentence in one.sentence]
    assert [one.severity for one in found] == [severity]
    assert found[0].remedy


@pytest.mark.aws
def test_a_changed_format_is_found(lake: Lake) -> None:
    """The stack was deployed with another LogFormat than its partitions have."""
    glue = lake.aws.service("glue")
    glue.delete_table(DatabaseName=lake.table.database, Name=lake.table.name)
    create_tables(lake.aws, [lake.table], lake.bucket, "json")
    lake.add_partition(HOUR)

    (found,) = lake.findings()
    assert found.sentence == "New objects of auth0_logs are json and its partitions are parquet; Athena reads one format of a table."
    assert found.remedy == "Deploy the stack again with LogFormat=parquet."


@pytest.mark.aws
def test_a_column_that_glue_lacks_is_found(lake: Lake) -> None:
    """The stack is older than the declaration."""
    described = lake.aws.service("glue").get_table(DatabaseName=lake.table.database, Name=lake.table.name)["Table"]
    columns = [
        {**one, "Type": "bigint"} if one["Name"] == "ip" else one
        for one in described["StorageDescriptor"]["Columns"]
        if one["Name"] != "log_id"
    ]
    wanted = {name: described[name] for name in ("Name", "PartitionKeys", "TableType")}
    table = {**wanted, "StorageDescriptor": {**described["StorageDescriptor"], "Columns": columns}}
    lake.aws.service("glue").update_table(DatabaseName=lake.table.database, TableInput=table)

    assert [one.sentence for one in lake.findings()] == [
        'The column "log_id" of auth0_logs is not in Glue.',
        'The column "ip" of auth0_logs is bigint in Glue and declared as string.',
    ]


@pytest.mark.aws
def test_many_of_a_kind_are_counted(lake: Lake) -> None:
    """Five are told, the rest is a number."""
    for hour in range(11, 20):
        lake.store.put(f"logs/2026/11/20/{hour}/x.parquet", b"x")

    sentences = [one.sentence for one in lake.findings()]
    assert len(sentences) == 6
    assert sentences[-1].startswith("4 more like: ")


@pytest.mark.aws
@pytest.mark.parametrize(
    ("status", "severity", "sentence"),
    [("UPDATE_IN_PROGRESS", "warning", "is being changed"), ("UPDATE_ROLLBACK_COMPLETE", "error", "failed (UPDATE_ROLLBACK_COMPLETE)")],
)
def test_a_stack_that_is_not_whole_is_found(lake: Lake, status: str, severity: str, sentence: str) -> None:
    """A change that goes on, or one that failed."""
    (found,) = lake.findings(deployment=replace(lake.deployment, status=status))
    assert found.severity == severity
    assert sentence in found.sentence


@pytest.mark.aws
def test_a_lake_of_unknown_name_is_examined_as_far_as_it_can_be(lake: Lake) -> None:
    """Opened by its bucket: no stack, no workgroup, no queues, and no word about sources that may be switched off."""
    sources = (*lake.deployment.sources, next(source for source in load() if source.name == "codebuild"))
    assert lake.findings(deployment=replace(lake.deployment, name="", workgroup="", status="", sources=sources)) == []


@pytest.mark.aws
def test_a_lake_without_any_table_is_found(lake: Lake) -> None:
    """The wrong region, or declarations of somebody else."""
    sources = tuple(source for source in load() if source.name == "codebuild")
    (found,) = lake.findings(deployment=replace(lake.deployment, name="", workgroup="", status="", sources=sources))
    assert found.sentence == "Glue has no table that is declared here."


@pytest.mark.aws
def test_what_may_not_be_looked_at_hides_nothing_else(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each permission that is missing is a finding."""
    stranger = nobody(lake.aws)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stranger.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stranger.secret_key)

    sentences = "\n".join(one.sentence for one in lake.findings())
    for action in ("athena:GetWorkGroup", "glue:GetTables", "glue:GetPartitions", "sqs:GetQueueUrl", "s3:ListBucket"):
        assert f"the permission {action}" in sentences
