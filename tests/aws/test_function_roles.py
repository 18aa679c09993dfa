"""What Lambda does under a function's role, on the small stack: without the right it does not happen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.objects import Queue

pytestmark = pytest.mark.aws

BUCKET = "harness-123456789012-us-east-1"


@contextmanager
def without(aws: Aws, role: str, policy: str, action: str) -> Iterator[None]:
    """Take an action out of a role's policy for a while."""
    iam = aws.service("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    less = json.dumps(document).replace(f'"{action}"', '"none:None"')
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=less)
    yield
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def partitions(aws: Aws, day: str) -> list[dict[str, Any]]:
    """The partitions of a day."""
    found: list[dict[str, Any]] = aws.service("glue").get_partitions(
        DatabaseName="harness", TableName="upper", Expression=f"date = '{day}'"
    )["Partitions"]
    return found


@pytest.mark.parametrize(
    ("day", "action"),
    [("2026-03-01", "sqs:ReceiveMessage"), ("2026-03-02", "sqs:DeleteMessage"), ("2026-03-03", "glue:CreatePartition")],
)
def test_without_the_right_no_partition_appears(small_stack: Aws, day: str, action: str) -> None:
    """A function that may not read its queue, or not write the catalog, makes no partition; what waited is made up for, what failed is a dead letter."""
    with without(small_stack, "harness-partition-function", "glue", action):
        small_stack.service("s3").put_object(Bucket=BUCKET, Key=f"logs/{day.replace('-', '/')}/00/x", Body=b"")
        eventually(lambda: Queue(small_stack, "harness-objects").waiting() > 0)
        assert not partitions(small_stack, day)
        if action == "glue:CreatePartition":
            dead = Queue(small_stack, "harness-objects-dead")
            eventually(lambda: [message for message in dead.take() if day.replace("-", "/") in message["Body"]])
    if action != "glue:CreatePartition":
        assert eventually(lambda: partitions(small_stack, day))


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_without_the_right_nothing_is_logged(small_stack: Aws, action: str) -> None:
    """A function that may not write its log runs all the same, and says nothing."""
    logs = small_stack.service("logs")
    invoke(small_stack)
    streams = count_streams(logs)
    with without(small_stack, "harness-upper-function", "log", action):
        assert invoke(small_stack) == {"records": []}
        assert count_streams(logs) == streams
    invoke(small_stack)
    assert count_streams(logs) == streams + 1


def invoke(aws: Aws) -> Any:
    """What the function answers to no records."""
    return json.load(aws.service("lambda").invoke(FunctionName="harness-upper", Payload=b'{"records": []}')["Payload"])


def count_streams(logs: Any) -> int:
    """How many log streams the function has; each invocation here has its own."""
    return len(logs.describe_log_streams(logGroupName="/aws/lambda/harness-upper")["logStreams"])
