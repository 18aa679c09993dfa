"""Rules that lead to a stream, on the small stack: roles, retries, dead letters, the metrics of a rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.objects import Bucket, Queue

pytestmark = pytest.mark.aws


@pytest.fixture
def undelivered(small_stack: Aws) -> Queue:
    """The dead letters of the rule's target."""
    return Queue(small_stack, "harness-undelivered")


@pytest.fixture
def throttled(small_stack: Aws) -> Iterator[None]:
    """The stream refuses every event as too many."""
    throttle(small_stack, 1)
    yield
    throttle(small_stack, 0)


def throttle(aws: Aws, share: float) -> None:
    """Let this share of the events be refused."""
    dimensions = [{"Name": "Action", "Value": "firehose:PutRecord"}]
    datum = {"MetricName": "ThrottledShare", "Value": share, "Dimensions": dimensions}
    aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=[datum])


def put_event(aws: Aws, name: str, source: str = "harness.test") -> None:
    """Put an event on the bus of the small stack, by the CLI."""
    entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps({"name": name, "count": 1}), "EventBusName": "harness"}
    assert aws("events", "put-events", "--entries", json.dumps([entry]))["FailedEntryCount"] == 0


def letters(queue: Queue, name: str) -> list[dict[str, Any]]:
    """The dead letters of one event: what each says of how it came about."""
    of_event = [message for message in queue.take() if json.loads(message["Body"])["detail"]["name"] == name]
    return [{key: value["StringValue"] for key, value in message["MessageAttributes"].items()} for message in of_event]


def test_an_event_without_permission_is_a_dead_letter_at_once(small_stack: Aws, undelivered: Queue) -> None:
    """A rule whose role may not put records gives up without trying again, and says which rule, target and right."""
    iam = small_stack.service("iam")
    policy = iam.get_role_policy(RoleName="harness-rule", PolicyName="put")["PolicyDocument"]
    iam.delete_role_policy(RoleName="harness-rule", PolicyName="put")
    try:
        put_event(small_stack, "karl")
    finally:
        iam.put_role_policy(RoleName="harness-rule", PolicyName="put", PolicyDocument=json.dumps(policy))
    (letter,) = eventually(lambda: letters(undelivered, "karl"))
    assert (letter["ERROR_CODE"], letter["RETRY_ATTEMPTS"]) == ("NO_PERMISSIONS", "0")
    assert letter["RULE_ARN"].endswith(":rule/harness/harness-upper")
    assert letter["TARGET_ARN"].endswith(":deliverystream/harness-upper")
    assert "firehose:PutRecord" in letter["ERROR_MESSAGE"]


def test_a_role_that_does_not_trust_the_service_is_not_assumed(small_stack: Aws, undelivered: Queue) -> None:
    """A rule of another account than the trust policy names is refused."""
    iam = small_stack.service("iam")
    trust = iam.get_role(RoleName="harness-rule")["Role"]["AssumeRolePolicyDocument"]
    foreign = json.dumps(trust).replace("123456789012", "210987654321")
    iam.update_assume_role_policy(RoleName="harness-rule", PolicyDocument=foreign)
    try:
        put_event(small_stack, "lena")
    finally:
        iam.update_assume_role_policy(RoleName="harness-rule", PolicyDocument=json.dumps(trust))
    (letter,) = eventually(lambda: letters(undelivered, "lena"))
    assert "unable to assume role" in letter["ERROR_MESSAGE"]


@pytest.mark.usefixtures("throttled")
def test_a_busy_stream_is_tried_again_and_then_given_up(small_stack: Aws, undelivered: Queue) -> None:
    """After the attempts of its RetryPolicy an event is a dead letter that says so."""
    put_event(small_stack, "mona")
    (letter,) = eventually(lambda: letters(undelivered, "mona"))
    assert (letter["EXHAUSTED_RETRY_CONDITION"], letter["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "2")


def test_a_stream_that_is_busy_for_a_while_loses_nothing(small_stack: Aws, undelivered: Queue) -> None:
    """Of events of which every second is refused once, all are delivered."""
    bucket = Bucket(small_stack, "harness-123456789012-us-east-1")
    before = set(bucket.keys())
    throttle(small_stack, 0.5)
    try:
        for number in range(4):
            put_event(small_stack, f"nora{number}")
        names = {f"NORA{number}" for number in range(4)}
        assert eventually(lambda: {row["name"] for row in bucket.new_rows("logs/", before)} >= names)
    finally:
        throttle(small_stack, 0)
    assert not [letter for number in range(4) for letter in letters(undelivered, f"nora{number}")]


def test_a_rule_counts_what_it_does(small_stack: Aws) -> None:
    """On a bus of its own, a rule's metrics have the names of the rule and the bus."""
    put_event(small_stack, "olga")
    found = small_stack.service("cloudwatch").list_metrics(Namespace="AWS/Events", MetricName="MatchedEvents")["Metrics"]
    dimensions = [{dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]} for metric in found]
    assert {"RuleName": "harness-upper", "EventBusName": "harness"} in dimensions


def test_events_of_aws_can_be_put(small_stack: Aws) -> None:
    """A test may speak for AWS's services."""
    put_event(small_stack, "paul", source="aws.codepipeline")


def test_an_event_keeps_the_time_that_it_is_given(small_stack: Aws) -> None:
    """The time of an entry is the event's."""
    pattern = '{"source": ["harness.time"]}'
    sqs = small_stack.service("sqs")
    queue = sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="harness-undelivered")["QueueUrl"], AttributeNames=["QueueArn"])
    events = small_stack.service("events")
    events.put_rule(Name="times", EventBusName="harness", EventPattern=pattern)
    events.put_targets(Rule="times", EventBusName="harness", Targets=[{"Id": "queue", "Arn": queue["Attributes"]["QueueArn"]}])
    entry = {"Source": "harness.time", "DetailType": "t", "Detail": "{}", "EventBusName": "harness", "Time": "2020-03-10T06:12:43Z"}
    small_stack("events", "put-events", "--entries", json.dumps([entry]))
    undelivered = Queue(small_stack, "harness-undelivered")

    def times() -> list[str]:
        bodies = [json.loads(message["Body"]) for message in undelivered.take()]
        return [body["time"] for body in bodies if body["source"] == "harness.time"]

    assert eventually(times) == ["2020-03-10T06:12:43Z"]
    events.remove_targets(Rule="times", EventBusName="harness", Ids=["queue"])
