"""Metrics and alarms: what is published, and when an alarm goes off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.emulator import control
from aws.emulator.alarms import state
from aws.emulator.metrics import embedded_metrics
from aws.objects import Queue

pytestmark = pytest.mark.aws


@pytest.fixture
def clock(small_stack: Aws) -> Iterator[Any]:
    """Sets the alarms' clock ahead, by seconds."""

    def ahead(seconds: int) -> None:
        datum = [{"MetricName": "ClockAhead", "Value": seconds}]
        small_stack("cloudwatch", "put-metric-data", "--namespace", "Emulator", "--metric-data", json.dumps(datum))

    yield ahead
    ahead(0)


def alarm_state(aws: Aws, name: str) -> str:
    """The state of an alarm now."""
    (alarm,) = aws.service("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


ALARM = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 2.0, "StateValue": "OK"}


@pytest.mark.parametrize(
    ("datapoints", "settings", "expected"),
    [
        ([3.0, 1.0, 1.0], {}, "OK"),
        ([3.0, 1.0, 1.0], {"DatapointsToAlarm": 1}, "ALARM"),
        ([3.0, 3.0, 3.0], {}, "ALARM"),
        ([2.0], {}, "OK"),
        ([None], {}, "INSUFFICIENT_DATA"),
        ([None], {"TreatMissingData": "breaching"}, "ALARM"),
        ([None, None], {"TreatMissingData": "notBreaching"}, "OK"),
        ([None], {"TreatMissingData": "ignore", "StateValue": "ALARM"}, "ALARM"),
        ([3.0, None], {"TreatMissingData": "breaching"}, "ALARM"),
        ([3.0, None], {"TreatMissingData": "notBreaching"}, "OK"),
    ],
)
def test_a_state_follows_from_the_datapoints(datapoints: list[float | None], settings: dict[str, Any], expected: str) -> None:
    """M of N datapoints make an alarm; missing ones count as the alarm says."""
    assert state({**ALARM, **settings}, datapoints) == expected


def test_metrics_are_read_from_a_line_of_a_log() -> None:
    """Each metric is published once for each set of dimensions, a list once for each value; other lines hold none."""
    directive = {"Namespace": "n", "Dimensions": [["A"], ["A", "B"]], "Metrics": [{"Name": "rows"}, {"Name": "lag"}]}
    line = json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, "A": "a", "B": "b", "rows": 3, "lag": [1, 2]})
    assert list(embedded_metrics(line)) == [
        ("n", "rows", 3, {"A": "a"}),
        ("n", "lag", 1, {"A": "a"}),
        ("n", "lag", 2, {"A": "a"}),
        ("n", "rows", 3, {"A": "a", "B": "b"}),
        ("n", "lag", 1, {"A": "a", "B": "b"}),
        ("n", "lag", 2, {"A": "a", "B": "b"}),
    ]
    assert list(embedded_metrics("CloudWatchMetrics are in no {line")) == []
    assert list(embedded_metrics('{"level": "INFO"}')) == []


def test_the_tester_door_takes_known_settings_only() -> None:
    """A misspelt setting is not passed over in silence."""
    with pytest.raises(KeyError):
        control.set_value("ClockBehind", 1, {})


def test_no_events_for_hours_makes_an_alarm(small_stack: Aws, clock: Any) -> None:
    """An alarm on silence is quiet while events come, and goes off hours later by the tester's clock."""
    small_stack.service("firehose").put_record(DeliveryStreamName="harness-upper", Record={"Data": b'{"detail": {"name": "q"}}'})
    assert alarm_state(small_stack, "harness-quiet") == "OK"
    clock(3 * 3600)
    assert alarm_state(small_stack, "harness-quiet") == "ALARM"
    clock(0)
    assert alarm_state(small_stack, "harness-quiet") == "OK"


def test_what_a_function_cannot_do_ends_in_the_dead_letters_and_makes_an_alarm(small_stack: Aws) -> None:
    """Of a batch, the message that the function names comes again, then is a dead letter; the others are done with."""
    assert alarm_state(small_stack, "harness-dead") == "OK"
    bucket, s3 = "harness-123456789012-us-east-1", small_stack.service("s3")
    for key in ("logs/2026/01/02/03/good", "logs/2026/01/02/04/fail", "logs/2026/01/02/05/good"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert eventually(lambda: alarm_state(small_stack, "harness-dead") == "ALARM")
    assert [message for message in Queue(small_stack, "harness-objects-dead").take() if "logs/2026/01/02/04/fail" in message["Body"]]
    partitions = small_stack.service("glue").get_partitions(DatabaseName="harness", TableName="upper", Expression="date = '2026-01-02'")
    assert sorted(each["Values"][1] for each in partitions["Partitions"]) == ["03", "05"]
    assert eventually(lambda: alarm_state(small_stack, "harness-dead") == "OK")


def test_what_a_function_logs_and_measures_is_there(small_stack: Aws) -> None:
    """A function's own metrics and Lambda's about it can be asked for."""
    small_stack.service("firehose").put_record(DeliveryStreamName="harness-upper", Record={"Data": b'{"detail": {"name": "r"}}'})
    cloudwatch = small_stack.service("cloudwatch")
    found = eventually(lambda: cloudwatch.list_metrics(Namespace="harness")["Metrics"])
    assert found[0]["Dimensions"] == [{"Name": "Stream", "Value": "upper"}]
    names = {each["MetricName"] for each in cloudwatch.list_metrics(Namespace="AWS/Lambda")["Metrics"]}
    assert names >= {"Invocations", "Errors", "Throttles", "Duration"}
