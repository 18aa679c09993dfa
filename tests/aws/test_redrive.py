"""Failed events of a lake on AWS, sent again: each once, though Firehose takes only a part of each call, and with no more rights than that needs."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from aws.client import Aws, eventually
from aws.events import samples, tables_of
from aws.lake import Lake
from aws_lake import client_environment, user
from eventlake.backends.aws import Session
from eventlake.backends.delivery_streams import DeliveryStreams
from eventlake.cli import run
from eventlake.cloud.deployment import find
from eventlake.cloud.redriving import AwsRedriver
from eventlake.pipeline.redrive import Filter
from eventlake.pipeline.router import Router
from eventlake.sources import load

pytestmark = pytest.mark.aws

TABLE = "build_state_change"
STREAM = "build-state-change"
SAMPLE = next(event for event in samples() if [table.name for table in tables_of(event)] == [TABLE])
OF_TABLE = Filter(stream=TABLE)
RIGHTS = [
    "cloudformation:DescribeStacks",
    "firehose:PutRecordBatch",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
]
"""What docs/deploying.md says that a person needs."""
Typed = Callable[..., tuple[int, list[dict[str, Any]], str]]
"""Types a command: its exit code, its answer and what it said."""


@pytest.fixture
def person(lake: Lake) -> Aws:
    """A user who may do what the docs say, and no more."""
    return user(lake.aws, "redriver", RIGHTS)


@pytest.fixture
def typed(lake: Lake, person: Aws, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types commands as that user."""
    for name, value in client_environment(person).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def type_words(*words: str) -> tuple[int, list[dict[str, Any]], str]:
        capfd.readouterr()
        code = run([*words, "--lake", f"aws:{lake.name}"])
        said = capfd.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return type_words


@pytest.fixture
def throttled(lake: Lake) -> Iterator[None]:
    """Firehose does not take one record of ten."""
    throttle(lake.aws, 0.1)
    yield
    throttle(lake.aws, 0)


def throttle(aws: Aws, share: float) -> None:
    """Let this share of the records of a batch be refused."""
    datum = {"MetricName": "ThrottledShare", "Value": share, "Dimensions": [{"Name": "Action", "Value": "firehose:PutRecordBatch"}]}
    aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=[datum])


def failed(lake: Lake, count: int, stream: str = TABLE, kind: str = "processing-failed") -> list[str]:
    """The ids of events that failed: an object as Firehose writes it, of a time when the function was broken or the table another."""
    ids = [str(uuid4()) for _ in range(count)]
    router = Router(load())
    events = [json.dumps({**SAMPLE, "id": one}).encode() for one in ids]
    raw = events if kind == "processing-failed" else [router.route(event).lines[0][1] for event in events]
    lines = [
        {
            "attemptsMade": 4,
            "arrivalTimestamp": 1_790_000_000_000,
            "errorCode": "Lambda.FunctionError",
            "errorMessage": "The function returned an error.",
            "rawData": base64.b64encode(one).decode(),
        }
        for one in raw
    ]
    key = f"error/{stream}/{kind}/year=2026/month=09/day=21/hour=14/{uuid4()}"
    lake.aws.service("s3").put_object(Bucket=lake.bucket.name, Key=key, Body="\n".join(map(json.dumps, lines)).encode())
    return ids


def rows(lake: Lake, ids: Sequence[str]) -> Counter[str]:
    """How often each event is a row, once all of them are."""
    found = lake.arrived(ids, [TABLE])
    return Counter(row["event_id"] for row in found[TABLE])


@pytest.mark.usefixtures("throttled")
def test_what_a_call_does_not_take_is_sent_again_and_nothing_twice(lake: Lake, typed: Typed) -> None:
    """1,200 events in three calls, of which Firehose takes nine of ten records."""
    ids = failed(lake, 1200)
    code, (counted,), said = typed("failed", "redrive", "--table", TABLE)
    assert (code, counted["failed"], counted["redriven"], counted["still_failing"]) == (0, 1200, 1200, 0)
    assert "1,200 failed = 1,200 redriven + 0 still failing." in said
    assert rows(lake, ids) == dict.fromkeys(ids, 1)

    assert typed("failed", "redrive", "--table", TABLE)[1] == []
    assert TABLE not in {row["table"] for row in typed("failed", "list", "--limit", "5000")[1]}
    marked = [row for row in typed("failed", "list", "--all", "--limit", "5000")[1] if row["table"] == TABLE]
    assert {row["into"] for row in marked} == {TABLE}
    code, _, said = typed("failed", "redrive", str(marked[0]["id"]))
    assert f"was redriven into {TABLE} already" in said


def test_a_dry_run_shows_and_sends_nothing(lake: Lake, typed: Typed) -> None:
    """The row that it would become stands beside the old reason."""
    failed(lake, 2)
    before = lake.bucket.keys("redriven/")
    _, (shown,), _ = typed("failed", "redrive", "--table", TABLE, "--dry-run")
    assert (shown["events"], shown["becomes"], shown["code"]) == (2, TABLE, "Lambda.FunctionError")
    assert lake.bucket.keys("redriven/") == before
    assert typed("failed", "redrive", "--table", TABLE)[1][0]["redriven"] == 2


@pytest.mark.parametrize(("stream", "kind"), [(TABLE, "format-conversion-failed"), ("unmatched", "processing-failed")])
def test_what_is_left_of_an_event_is_enough(lake: Lake, typed: Typed, stream: str, kind: str) -> None:
    """A log line that Firehose could not convert is made an event again; what a history brought that no rule matched finds its table."""
    ids = failed(lake, 3, stream, kind)
    _, (counted,), _ = typed("failed", "redrive", "--table", stream)
    assert (counted["redriven"], counted["into"]) == (3, TABLE)
    assert rows(lake, ids) == dict.fromkeys(ids, 1)


class _Killed(DeliveryStreams):
    """Streams whose sender is killed when they have taken a batch."""

    def put(self, stream: str, records: Sequence[bytes]) -> dict[int, str]:
        """Take the batch, and end."""
        super().put(stream, records)
        raise KeyboardInterrupt


def test_who_is_killed_between_sending_and_noting_sends_that_batch_again(lake: Lake) -> None:
    """501 events: the first call is sent twice, and every event is there."""
    ids = failed(lake, 501)
    session = Session(endpoint_url=lake.aws.endpoint, region="us-east-1")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in client_environment(lake.aws).items():
            patched.setenv(name, value)
        deployment = find(f"aws:{lake.name}", load(), session)
        killed = AwsRedriver(deployment, session, _Killed(session.client("firehose")))
        with pytest.raises(KeyboardInterrupt):
            list(killed.redrive(killed.wanted(OF_TABLE)))
        again = AwsRedriver(deployment, session)
        assert [one.error for one in again.redrive(again.wanted(OF_TABLE))] == [None] * 501
        assert AwsRedriver(deployment, session).wanted(OF_TABLE) == []
    counted = eventually(lambda: found if sum((found := rows(lake, ids)).values()) == 1001 else None)
    assert Counter(counted.values()) == {2: 500, 1: 1}


def test_what_was_not_delivered_is_listed_with_its_reason_and_sent(lake: Lake, typed: Typed) -> None:
    """An event in the queue of undelivered events becomes a row, and leaves the queue."""
    event = {**SAMPLE, "id": str(uuid4())}
    sqs = lake.aws.service("sqs")
    url = sqs.get_queue_url(QueueName=f"{lake.name}-undelivered")["QueueUrl"]
    said = {
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": "The role may not put records.",
        "RULE_ARN": f"arn:aws:events:us-east-1:123456789012:rule/{lake.name}-{STREAM}",
        "TARGET_ARN": f"arn:aws:firehose:us-east-1:123456789012:deliverystream/{lake.name}-{STREAM}",
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in said.items()}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event), MessageAttributes=attributes)

    (listed,) = [row for row in typed("failed")[1] if row["code"] == "NO_PERMISSIONS"]
    assert (listed["table"], f"rule/{lake.name}-{STREAM}" in listed["reason"]) == (TABLE, True)
    _, (shown,), _ = typed("failed", "show", listed["id"])
    assert json.loads(shown["original"]) == event

    _, (counted,), _ = typed("failed", "redrive", "--reason", "NO_PERMISSIONS")
    assert (counted["failed"], counted["redriven"]) == (1, 1)
    assert rows(lake, [event["id"]]) == {event["id"]: 1}
    assert not sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0).get("Messages")


def test_who_may_not_look_into_the_queue_is_told_so(lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The rest is listed all the same."""
    person = user(lake.aws, "queueless", ["cloudformation:DescribeStacks", "s3:GetObject", "s3:ListBucket"])
    for name, value in client_environment(person).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    assert run(["failed", "--lake", f"aws:{lake.name}"]) == 0
    assert "the permission sqs:GetQueueUrl" in capfd.readouterr().err


def test_a_mark_is_of_now(lake: Lake, typed: Typed) -> None:
    """When an event was sent again is shown."""
    failed(lake, 1)
    before = datetime.now(UTC).replace(microsecond=0)
    (entry,) = [row for row in typed("failed", "--limit", "5000")[1] if row["table"] == TABLE]
    typed("failed", "redrive", entry["id"])
    _, (shown,), _ = typed("failed", "show", entry["id"])
    assert datetime.fromisoformat(shown["redriven"].removesuffix(" UTC")).replace(tzinfo=UTC) >= before
    assert shown["into"] == TABLE
