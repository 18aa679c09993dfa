"""The commands on a lake deployed from the templates: what was put on the buses is what they show, also to people who may only query."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.events import samples, tables_of
from aws.lake import Lake, deployed
from aws_lake import client_environment, user
from eventlake.cli import run

pytestmark = pytest.mark.aws

PIPELINES = "pipeline_execution_state_change"
POISON = b"no json at all"
LAKE = ["--lake", "aws:typed"]
METERING = ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "cloudwatch:DescribeAlarms")
"""What docs/cost.md says the bill needs, beside a look at the stack."""
Typed = Callable[..., tuple[int, list[dict[str, Any]], str]]
"""Types a command as a user: its exit code, its answer and what it said."""


@pytest.fixture(scope="module")
def lake(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of CodePipeline alone, with its sample events and one that no column can hold."""
    lake = deployed(aws, "typed", tmp_path_factory.mktemp("typed"), {"BufferingHintsIntervalInSeconds": "60"})
    events = [event for event in samples() if any(table.source == "codepipeline" for table in tables_of(event))]
    lake.arrived(lake.put(events), [table.prefix for event in events for table in tables_of(event)])
    aws.service("firehose").put_record(DeliveryStreamName=f"typed-{PIPELINES.replace('_', '-')}", Record={"Data": POISON})
    eventually(lambda: lake.failures())
    for table in {table.name for event in events for table in tables_of(event)}:
        eventually(lambda table=table: lake.partitions(table))  # type: ignore[misc]  # the loop's own table
    return lake


@pytest.fixture
def typed(lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Typed:
    """Types commands as some user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTLAKE_CACHE", str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)

    def type_words(user: Aws, *words: str) -> tuple[int, list[dict[str, Any]], str]:
        for name, value in client_environment(user).items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        code = run(words)
        said = capfd.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return type_words


@pytest.fixture(scope="module")
def analyst(lake: Lake) -> Aws:
    """A user with the policy that the stack makes for people who query, and nothing else."""
    aws = lake.aws
    aws("iam", "create-user", "--user-name", "typed-analyst")
    policy = lake.outputs()["CodePipelineAnalystPolicyArn"]
    aws("iam", "attach-user-policy", "--user-name", "typed-analyst", "--policy-arn", policy)
    key = aws("iam", "create-access-key", "--user-name", "typed-analyst")["AccessKey"]
    return Aws(aws.endpoint, aws.home.parent / "analyst", key["AccessKeyId"], key["SecretAccessKey"])


def rows_stored(lake: Lake) -> int:
    """The rows in the objects of the pipelines' table, counted by another reader."""
    return sum(len(lake.bucket.rows(key)) for key in lake.bucket.keys(f"{PIPELINES}/"))


def test_what_was_delivered_is_listed_and_counted(lake: Lake, typed: Typed) -> None:
    """Tables of the sources that are switched on; every row of every object, by DuckDB."""
    code, tables, _ = typed(lake.aws, "tables", *LAKE)
    assert (code, {table["database"] for table in tables}) == (0, {"typed_codepipeline_event_logs"})
    assert {table["table"]: table["objects"] for table in tables}[PIPELINES] == len(lake.bucket.keys(f"{PIPELINES}/"))

    code, answer, _ = typed(lake.aws, "query", f"select count(*) n from {PIPELINES}", "--engine", "duckdb", *LAKE)
    assert (code, answer) == (0, [{"n": rows_stored(lake)}])


def test_the_doctor_finds_the_failed_record_and_nothing_else(lake: Lake, typed: Typed) -> None:
    """The stack, its workgroup, tables, partitions and queues are as the doctor wants them."""
    code, findings, said = typed(lake.aws, "doctor", *LAKE)
    assert "bucket typed-123456789012-us-east-1, workgroup typed" in said
    assert (code, [finding["severity"] for finding in findings]) == (1, ["warning"])
    assert f"of failed records lies under error/: 1 of {PIPELINES}" in findings[0]["finding"]


def test_a_failed_record_is_listed_and_shown(lake: Lake, typed: Typed) -> None:
    """As the stream kept it."""
    _, (listed,), _ = typed(lake.aws, "failed", *LAKE)
    assert (listed["table"], listed["bytes"]) == (PIPELINES, len(POISON))
    _, (shown,), _ = typed(lake.aws, "failed", "show", listed["id"], *LAKE)
    assert shown["original"].encode() == POISON


def test_who_may_only_query_sees_the_tables_and_no_failed_record(lake: Lake, analyst: Aws, typed: Typed) -> None:
    """Neither the stack nor `error/` is theirs to look at; the bucket by its name says the same."""
    for named in (["--lake", f"s3://{lake.bucket.name}"], LAKE):
        code, _, said = typed(analyst, "failed", *named)
        assert code == 254
        assert "the permission s3:ListBucket is missing" in said


def test_what_would_read_more_is_refused_before_athena_is_asked(lake: Lake, typed: Typed) -> None:
    """Athena would charge for it; the objects are found in Glue and S3."""
    code, rows, said = typed(lake.aws, "query", f"select * from {PIPELINES}", "--max-bytes", "10", *LAKE)

    assert (code, rows) == (254, [])
    assert "and --max-bytes allows 10: narrow it by date and hour" in said


def test_the_bill_is_what_was_metered_beside_the_estimate(lake: Lake, typed: Typed) -> None:
    """Of the records that the streams took in, in the hour since the lake was made, by who may read metrics and see the stack."""
    code, lines, said = typed(user(lake.aws, "typed-biller", ("cloudformation:DescribeStacks", *METERING)), "cost", *LAKE)

    assert code == 0, said
    bill = {(line["service"], line["unit"].partition(",")[0]): line for line in lines}
    alarms, calls = bill["CloudWatch", "alarms"], bill["Lambda", "calls"]
    assert (float(alarms["quantity"]), alarms["dollars"]) == (24, alarms["estimated"])
    assert float(calls["quantity"]) > 0
    assert float(bill["S3", "PUT and LIST requests"]["quantity"]) > len(lake.bucket.keys(f"{PIPELINES}/"))
    assert "at the pace of the last 1 hours" in said
    assert all(line["price"].startswith("https://aws.amazon.com/") for line in lines)


@pytest.mark.parametrize("missing", METERING)
def test_without_a_permission_there_is_no_bill(lake: Lake, typed: Typed, missing: str) -> None:
    """Its name is told."""
    others = [action for action in ("cloudformation:DescribeStacks", *METERING) if action != missing]
    code, rows, said = typed(user(lake.aws, f"typed-without-{missing.partition(':')[2]}", others), "cost", *LAKE)

    assert (code, rows) == (254, [])
    assert f"the permission {missing} is missing" in said
