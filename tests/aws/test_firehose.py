"""Streams as Firehose runs them, on the small stack: buffers, the function, conversion, failures, what AWS refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.objects import Bucket

pytestmark = pytest.mark.aws

STREAM = "harness-upper"


@pytest.fixture(scope="module")
def bucket(small_stack: Aws) -> Bucket:
    """The bucket of the small stack."""
    return Bucket(small_stack, "harness-123456789012-us-east-1")


def put(aws: Aws, *details: dict[str, Any]) -> None:
    """Put records into the stream, all in one buffer."""
    records = [{"Data": json.dumps({"detail": detail}).encode()} for detail in details]
    aws.service("firehose").put_record_batch(DeliveryStreamName=STREAM, Records=records)


@contextmanager
def one_buffer(aws: Aws) -> Iterator[None]:
    """Let what is put meanwhile wait in one buffer, however long that takes."""

    def hold(value: int) -> None:
        aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=[{"MetricName": "BuffersHeld", "Value": value}])

    hold(1)
    try:
        yield
    finally:
        hold(0)


def delivered(bucket: Bucket, prefix: str, *details: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that appear under a prefix once these were put."""
    before = set(bucket.keys())
    put(bucket.aws, *details)
    return eventually(lambda: bucket.new_rows(prefix, before))


def holding(bucket: Bucket, prefix: str, before: set[str], *names: str) -> list[str]:
    """The new objects under a prefix in which these names stand, once each does; what others put just before may come meanwhile."""

    def look() -> list[str] | None:
        said = {key: text(bucket, key) for key in sorted(set(bucket.keys(prefix)) - before)}
        is_whole = all(any(name in one for one in said.values()) for name in names)
        return [key for key, one in said.items() if any(name in one for name in names)] if is_whole else None

    return eventually(look)


def text(bucket: Bucket, key: str) -> str:
    """What an object holds."""
    return str(bucket.rows(key)) if key.endswith(".parquet") else bucket.read(key).decode()


def test_a_buffer_becomes_one_parquet_object(bucket: Bucket) -> None:
    """What is put within a buffer's time lies in one object, as the function answered it, in the columns of the Glue table."""
    before = set(bucket.keys())
    with one_buffer(bucket.aws):
        put(bucket.aws, {"name": "anna", "count": 1})
        put(bucket.aws, {"name": "berta", "count": 2})
    (key,) = holding(bucket, "logs/", before, "ANNA", "BERTA")
    assert {("ANNA", 1), ("BERTA", 2)} <= {(row["name"], row["count"]) for row in bucket.rows(key)}
    assert key.split("/")[5].startswith(f"{STREAM}-1-")
    assert key.endswith(".parquet")


def test_records_are_backed_up_as_they_came(bucket: Bucket) -> None:
    """The backup holds the untransformed records, nothing between them, gzip."""
    before = set(bucket.keys("raw/"))
    put(bucket.aws, {"name": "carla"}, {"name": "dora"})
    (key,) = holding(bucket, "raw/", before, "carla", "dora")
    assert bucket.read(key).endswith(b'{"detail": {"name": "carla"}}{"detail": {"name": "dora"}}')


def test_a_dropped_record_is_nowhere(bucket: Bucket) -> None:
    """What the function drops is neither a log line nor a failure."""
    before = set(bucket.keys())
    put(bucket.aws, {"name": "emil", "answer": "Dropped"}, {"name": "frida"})
    holding(bucket, "logs/", before, "FRIDA")
    assert not [row for row in bucket.new_rows("logs/", before) if row["name"] == "EMIL"]
    assert not bucket.new_rows("error/", before)


@pytest.mark.parametrize(
    ("answer", "code", "attempts"),
    [
        ("ProcessingFailed", "Lambda.ProcessingFailedStatus", 1),
        ("missing", "Lambda.MissingRecordId", 1),
        ("raise", "Lambda.FunctionError", 4),
        ("long", "Lambda.FunctionError", 1),
    ],
)
def test_what_the_function_fails_is_kept_with_its_reason(bucket: Bucket, answer: str, code: str, attempts: int) -> None:
    """A failed record lies under the error prefix with its original bytes; a function that fails was called four times."""
    detail = {"name": "gustav", "answer": answer}
    (failure,) = delivered(bucket, "error/processing-failed/", detail)
    assert json.loads(base64.b64decode(failure["rawData"])) == {"detail": detail}
    assert (failure["errorCode"], failure["attemptsMade"]) == (code, attempts)
    assert failure["lambdaArn"].endswith(":function:harness-upper")


def test_what_does_not_fit_its_column_is_kept_with_its_reason(bucket: Bucket) -> None:
    """A line that does not fit the table fails alone: the others of its batch are delivered."""
    before = set(bucket.keys())
    put(bucket.aws, {"name": "hanna", "count": "many"}, {"name": "ida", "count": 4})
    (failure,) = eventually(lambda: bucket.new_rows("error/format-conversion-failed/", before))
    assert failure["lastErrorCode"] == "DataFormatConversion.MalformedData"
    assert failure["dataCatalogTable"]["tableName"] == "upper"
    assert json.loads(base64.b64decode(failure["rawData"]))["name"] == "HANNA"
    holding(bucket, "logs/", before, "IDA")
    assert not [row for row in bucket.new_rows("logs/", before) if row["name"] == "HANNA"]


def test_a_batch_is_called_in_parts_of_a_megabyte(bucket: Bucket) -> None:
    """A buffer of 2.5 MB is given to the function in three calls, and is one object."""
    before = set(bucket.keys("logs/"))
    with one_buffer(bucket.aws):
        for _ in range(5):
            put(bucket.aws, {"name": "x" * 500_000})
    (key,) = holding(bucket, "logs/", before, "XXXX")
    assert [row["name"] for row in bucket.rows(key)][-5:] == ["X" * 500_000] * 5


def test_nothing_is_lost_while_the_role_may_not_write(bucket: Bucket) -> None:
    """Without s3:PutObject a batch waits, and is delivered when the permission is back."""
    iam = bucket.aws.service("iam")
    policy = iam.get_role_policy(RoleName="harness-stream", PolicyName="deliver")["PolicyDocument"]
    less = json.loads(json.dumps(policy).replace('"s3:PutObject"', '"s3:PutObjectAcl"'))
    iam.put_role_policy(RoleName="harness-stream", PolicyName="deliver", PolicyDocument=json.dumps(less))
    before = set(bucket.keys())
    try:
        put(bucket.aws, {"name": "jana"})
        eventually(lambda: published(bucket.aws, "DeliveryToS3.Success", "Minimum") == 0)
        assert set(bucket.keys()) == before
    finally:
        iam.put_role_policy(RoleName="harness-stream", PolicyName="deliver", PolicyDocument=json.dumps(policy))
    holding(bucket, "logs/", before, "JANA")


def published(aws: Aws, metric: str, statistic: str) -> float | None:
    """A statistic of a metric of the stream over the last hour, None if nothing was published."""
    dimensions = [{"Name": "DeliveryStreamName", "Value": STREAM}]
    alarm = {"Namespace": "AWS/Firehose", "MetricName": metric, "Dimensions": dimensions, "Statistics": [statistic], "Period": 3600}
    points = aws.service("cloudwatch").get_metric_statistics(**alarm, **last_hour())["Datapoints"]
    return min((float(point[statistic]) for point in points), default=None)


def last_hour() -> dict[str, Any]:
    """StartTime and EndTime of a request for metrics."""
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    return {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(minutes=1)}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"CompressionFormat": "GZIP"}, "CompressionFormat must be UNCOMPRESSED"),
        ({"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}}, "SizeInMBs must be at least 64"),
        ({"DataFormatConversionConfiguration": {"SchemaConfiguration": {"DatabaseName": "harness", "TableName": "none"}}}, "was not found"),
    ],
)
def test_a_stream_that_aws_refuses_is_refused(bucket: Bucket, changed: dict[str, Any], sentence: str) -> None:
    """Conversion wants no compression, a buffer of 64 MB, and a table that is there."""
    firehose = bucket.aws.service("firehose")
    own = {
        "RoleARN": "arn:aws:iam::123456789012:role/harness-stream",
        "BucketARN": f"arn:aws:s3:::{bucket.name}",
        "DataFormatConversionConfiguration": {"SchemaConfiguration": {"DatabaseName": "harness", "TableName": "upper"}},
        **changed,
    }
    with pytest.raises(firehose.exceptions.InvalidArgumentException, match=sentence):
        firehose.create_delivery_stream(DeliveryStreamName="refused", ExtendedS3DestinationConfiguration=own)
