"""Glue's partitions, on a table of their own: limits, expressions, pages, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aws.client import Aws

pytestmark = pytest.mark.aws

TABLE = {"DatabaseName": "partitions", "TableName": "logs"}
HOURS = [("2026-11-20", "22"), ("2026-11-20", "23"), ("2026-11-21", "00"), ("2026-11-21", "01")]


@pytest.fixture(scope="module")
def glue(aws: Aws) -> Any:
    """A client, and a table with four hours."""
    glue = aws.service("glue")
    glue.create_database(DatabaseInput={"Name": "partitions"})
    keys = [{"Name": "date", "Type": "date"}, {"Name": "hour", "Type": "string"}]
    glue.create_table(DatabaseName="partitions", TableInput={"Name": "logs", "PartitionKeys": keys})
    glue.batch_create_partition(**TABLE, PartitionInputList=[partition(*hour) for hour in HOURS])
    return glue


def partition(*values: str) -> dict[str, Any]:
    """A partition with a location and a column."""
    descriptor = {"Location": "s3://example/logs/" + "/".join(values), "Columns": [{"Name": "a", "Type": "string"}]}
    return {"Values": list(values), "StorageDescriptor": descriptor}


def values(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The values of partitions."""
    return [tuple(each["Values"]) for each in found]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([partition("2026-11-22")], "InvalidInputException"),
        ([partition("2026-11-22", f"{number}") for number in range(101)], "ValidationException"),
    ],
)
def test_partitions_that_glue_refuses_are_refused(glue: Any, inputs: list[dict[str, Any]], code: str) -> None:
    """A partition has a value for each key, and a batch at most a hundred partitions."""
    with pytest.raises(ClientError) as refused:
        glue.batch_create_partition(**TABLE, PartitionInputList=inputs)
    assert refused.value.response["Error"]["Code"] == code


def test_a_partition_is_made_once(glue: Any) -> None:
    """The second is refused as there already."""
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_partition(**TABLE, PartitionInput=partition(*HOURS[0]))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("date = '2026-11-21'", HOURS[2:]),
        ("date >= '2026-11-20' AND hour IN ('23', '00')", HOURS[1:3]),
        ("(date = '2026-11-20' AND hour > '22') OR hour = '01'", [HOURS[1], HOURS[3]]),
        ("hour BETWEEN '00' AND '01'", HOURS[2:]),
        ("hour LIKE '2%'", HOURS[:2]),
    ],
)
def test_an_expression_keeps_its_partitions(glue: Any, expression: str, expected: list[tuple[str, str]]) -> None:
    """Partitions are found by the SQL that Athena and Trino send."""
    assert values(glue.get_partitions(**TABLE, Expression=expression)["Partitions"]) == expected


def test_a_wrong_expression_is_refused(glue: Any) -> None:
    """What is no SQL is the caller's mistake."""
    with pytest.raises(glue.exceptions.InvalidInputException):
        glue.get_partitions(**TABLE, Expression="hour = = '1'")


def test_pages_and_segments_hold_each_partition_once(glue: Any) -> None:
    """All pages together, and all segments together, are the table."""
    pages = glue.get_paginator("get_partitions").paginate(**TABLE, PaginationConfig={"PageSize": 3})
    assert values([each for page in pages for each in page["Partitions"]]) == HOURS
    segments = [glue.get_partitions(**TABLE, Segment={"SegmentNumber": n, "TotalSegments": 5})["Partitions"] for n in range(5)]
    assert sorted(values([each for segment in segments for each in segment])) == HOURS


def test_columns_are_left_out_on_request(glue: Any) -> None:
    """ExcludeColumnSchema keeps the location and not the columns."""
    (first, *_) = glue.get_partitions(**TABLE, ExcludeColumnSchema=True)["Partitions"]
    assert set(first["StorageDescriptor"]) == {"Location"}


def test_a_partition_can_be_moved(glue: Any) -> None:
    """UpdatePartition replaces the location; one that is not there is refused."""
    moved = partition(*HOURS[0])
    moved["StorageDescriptor"]["Location"] = "s3://example/compact/"
    glue.update_partition(**TABLE, PartitionValueList=list(HOURS[0]), PartitionInput=moved)
    assert (
        glue.get_partition(**TABLE, PartitionValues=list(HOURS[0]))["Partition"]["StorageDescriptor"]["Location"] == "s3://example/compact/"
    )
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.update_partition(**TABLE, PartitionValueList=["2020-01-01", "00"], PartitionInput=moved)


def test_removing_names_what_is_not_there(glue: Any) -> None:
    """BatchDeletePartition removes what it finds."""
    glue.create_partition(**TABLE, PartitionInput=partition("2026-12-01", "00"))
    wanted = [{"Values": ["2026-12-01", "00"]}, {"Values": ["2026-12-02", "00"]}]
    (error,) = glue.batch_delete_partition(**TABLE, PartitionsToDelete=wanted)["Errors"]
    assert error["PartitionValues"] == ["2026-12-02", "00"]
    assert values(glue.get_partitions(**TABLE)["Partitions"]) == HOURS


def test_a_share_of_the_calls_is_throttled(glue: Any, aws: Aws) -> None:
    """The tester's door lets Glue refuse three calls in ten."""
    aws("cloudwatch", "put-metric-data", "--namespace", "Emulator", "--metric-data", json.dumps(share(0.3)))
    try:
        once = aws.service("glue", Config(retries={"total_max_attempts": 1}))
        answers = [answer_of(once) for _ in range(10)]
    finally:
        aws("cloudwatch", "put-metric-data", "--namespace", "Emulator", "--metric-data", json.dumps(share(0)))
    assert answers.count("ThrottlingException") in (2, 3)


def share(value: float) -> list[dict[str, Any]]:
    """The setting of the tester's door for GetDatabase."""
    return [{"MetricName": "ThrottledShare", "Value": value, "Dimensions": [{"Name": "Action", "Value": "glue:GetDatabase"}]}]


def answer_of(glue: Any) -> str:
    """The code of one call."""
    try:
        glue.get_database(Name="partitions")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"
