"""What a lake on AWS used: from the metrics of ten days, that of a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aws.client import Aws
from eventlake.backends.aws import Session
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.metering import looked_at, plan, usage
from eventlake.errors import ConfigurationError
from eventlake.sources import load

pytestmark = pytest.mark.aws

NOW = datetime.now(UTC)
AUTH0 = next(source for source in load() if source.name == "auth0")
LAKE = Deployment(
    "aws:metered",
    "metered",
    "metered-bucket",
    "metered",
    (AUTH0,),
    parameters={"LogFormat": "json", "Closing": "hourly", "Detections": "on", "Retention": "declared", "Alarms": "off"},
    made=NOW - timedelta(days=10, minutes=10),
    results_bucket="metered-bucket-results",
)
STREAM = {"DeliveryStreamName": "metered-auth0-logs"}


def put(aws: Aws, namespace: str, name: str, dimensions: Mapping[str, str], *values: float, days_ago: float = 5) -> None:
    """Put values of a metric."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    data = [
        {"MetricName": name, "Dimensions": named, "Value": value, "Timestamp": NOW - timedelta(days=days_ago, minutes=number)}
        for number, value in enumerate(values)
    ]
    aws.service("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


@pytest.fixture(scope="module")
def metered(aws: Aws) -> Aws:
    """AWS with the metrics of a lake of ten days, and some of before and of others."""
    put(aws, "AWS/Firehose", "IncomingRecords", STREAM, 100, 200)
    put(aws, "AWS/Firehose", "IncomingRecords", STREAM, 5000, days_ago=20)
    put(aws, "AWS/Firehose", "IncomingRecords", {"DeliveryStreamName": "other-auth0-logs"}, 5000)
    put(aws, "AWS/Firehose", "IncomingBytes", STREAM, 450_000)
    put(aws, "AWS/Firehose", "DeliveryToS3.ObjectCount", STREAM, 7)
    put(aws, "AWS/Lambda", "Invocations", {"FunctionName": "metered-transform"}, 40, 50)
    put(aws, "AWS/Lambda", "Duration", {"FunctionName": "metered-transform"}, 2_000, 1_000)
    put(aws, "AWS/SQS", "NumberOfEmptyReceives", {"QueueName": "metered-objects"}, 1_000)
    put(aws, "AWS/SQS", "NumberOfMessagesSent", {"QueueName": "metered-objects"}, 7)
    put(aws, "AWS/Logs", "IncomingBytes", {"LogGroupName": "/aws/lambda/metered-transform"}, 1_000)
    for state in ("SUCCEEDED", "CANCELED", "FAILED"):
        put(aws, "AWS/Athena", "ProcessedBytes", {"QueryState": state, "QueryType": "DML", "WorkGroup": "metered-auth0"}, 3e6, 5e6)
    put(aws, "AWS/S3", "BucketSizeBytes", {"BucketName": "metered-bucket", "StorageType": "StandardStorage"}, 900, days_ago=2.5)
    put(aws, "AWS/S3", "BucketSizeBytes", {"BucketName": "metered-bucket", "StorageType": "StandardStorage"}, 1_000, days_ago=1.5)
    put(aws, "eventlake", "FailedObjects", {"Lake": "metered"}, 1)
    put(aws, "eventlake", "FailedObjects", {"Lake": "other"}, 1)
    alarm = {"MetricName": "x", "Namespace": "y", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    for name in ("metered-transform", "metered-objects", "other-transform"):
        aws.service("cloudwatch").put_metric_alarm(AlarmName=name, ComparisonOperator="GreaterThanThreshold", **alarm)
    return aws


def test_what_ten_days_used_is_taken_for_a_month(metered: Aws, here: Aws) -> None:
    """Three times as much; what lies and what watches is as it is."""
    used = usage(LAKE, Session(), NOW)

    (stream,) = used.streams
    assert (stream.records, stream.bytes, stream.objects) == pytest.approx((900, 1_350_000, 21))
    transform = used.functions[0]
    assert (transform.calls, transform.seconds, transform.gb) == pytest.approx((270, 9, 0.256))
    assert used.queue_requests == pytest.approx(3_021)
    assert used.log_bytes == pytest.approx(3_000)
    asked = used.workgroups["metered-auth0"]
    assert (asked.queries, asked.bytes) == pytest.approx((12, 48e6))
    assert (used.stored_bytes, used.metrics, used.alarms) == (1_000, 1, 2)


def test_the_estimate_is_of_the_lakes_own_parameters(metered: Aws, here: Aws) -> None:
    """As many events, and as many queries of people's."""
    planned = plan(LAKE, usage(LAKE, Session(), NOW), NOW)

    assert (planned.events, planned.queries, planned.months_kept) == pytest.approx((900, 12, 1))
    assert (planned.log_format, planned.closing, planned.detections, planned.retention, planned.alarms) == (
        "json",
        "hourly",
        True,
        True,
        False,
    )


def test_a_lake_without_metrics_used_nothing(here: Aws) -> None:
    """And S3 has not counted its bytes."""
    used = usage(replace(LAKE, name="unmetered", bucket="unmetered", workgroup="unmetered"), Session(), NOW)

    assert (used.events, used.queue_requests, used.stored_bytes, used.alarms) == (0, 0, None, 0)


def test_a_lake_whose_name_is_unknown_is_refused(here: Aws) -> None:
    """Its functions and streams are called after it."""
    with pytest.raises(ConfigurationError, match="name the lake by its stack, aws:NAME"):
        usage(replace(LAKE, named="s3://some-bucket", name=""), Session(), NOW)


@pytest.mark.parametrize(
    ("age", "hours"), [(timedelta(minutes=5), 1), (timedelta(days=2, minutes=30), 48), (timedelta(days=400), 720), (None, 720)]
)
def test_it_is_looked_at_a_month_or_as_long_as_there_is_a_lake(age: timedelta | None, hours: int) -> None:
    """In whole hours."""
    assert looked_at(replace(LAKE, made=None if age is None else NOW - age), NOW) == timedelta(hours=hours)
